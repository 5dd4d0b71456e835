//! [`RestConfig`]: what of the options concerns requests.

use std::sync::Arc;

use ably_engine::{
    Hosts, LogLevel,
    protocol::{ErrorInfo, Format, Str},
    request::RequestPolicy,
};

use super::Connectivity;
use crate::{
    ClientOptions,
    ext::{HttpClient, HttpContext, Plugins, RestAgentOptions},
};

#[derive(Clone, Debug)]
pub(crate) struct RestConfig {
    pub(crate) hosts: Hosts,
    pub(crate) port: u16,
    pub(crate) tls: bool,
    pub(crate) format: Format,
    pub(crate) agent: String,
    pub(crate) client_id: Option<Str>,
    pub(crate) policy: RequestPolicy,
    pub(crate) idempotent_publishing: bool,
    pub(crate) push_full_wait: bool,
    pub(crate) add_request_ids: bool,
    pub(crate) max_message_size: u64,
    pub(crate) log_level: LogLevel,
    pub(crate) http: HttpContext,
    pub(crate) connectivity: Connectivity,
}

impl RestConfig {
    /// The HTTP client among the plugins, set up for this client.
    ///
    /// # Errors
    /// - `40019` there is none.
    /// - what it says of the context.
    pub(crate) fn http_client(&self, plugins: &Plugins) -> Result<Arc<dyn HttpClient>, ErrorInfo> {
        let http = plugins.require_http()?;
        Ok(http.configured(&self.http)?.unwrap_or(http))
    }

    /// An HTTP client for transports, with connections of its own. Its requests wait for as long as
    /// the server has nothing to say: among the sockets of `rest_agent_options`, one of which may
    /// be all there are, they would keep others waiting.
    ///
    /// # Errors
    /// - `40019` there is none, or it has no TLS where that is wanted.
    pub(crate) fn transport_http(
        &self,
        plugins: &Plugins,
    ) -> Result<Arc<dyn HttpClient>, ErrorInfo> {
        let mut config = self.clone();
        config.http.agent = RestAgentOptions::new();
        let http = config.http_client(plugins)?;
        self.check_tls(&*http, plugins)?;
        Ok(http)
    }

    /// # Errors
    /// - `40019` TLS is wanted, and the HTTP client has none.
    pub(super) fn check_tls(
        &self,
        http: &dyn HttpClient,
        plugins: &Plugins,
    ) -> Result<(), ErrorInfo> {
        if self.tls && !http.has_tls() {
            plugins.require_tls()?;
            return Err(ErrorInfo::missing_plugin("TLS", "rustls` or `native-tls"));
        }
        Ok(())
    }
}

impl ClientOptions {
    /// What of these options concerns requests.
    ///
    /// # Errors
    /// - `40106` options that contradict each other.
    /// - `40000` a proxy of the environment cannot be read.
    pub(crate) fn rest_config(&self) -> Result<RestConfig, ErrorInfo> {
        let mut policy = RequestPolicy::default();
        policy.request_timeout = self.http_request_timeout;
        policy.max_retry_count = self.engine.timeouts.http_max_retry_count;
        policy.max_retry_duration = self.http_max_retry_duration;
        policy.fallback_retry_timeout = self.fallback_retry_timeout;
        // A callback or URL, then perhaps the exchange of what it gave.
        let most = self.engine.timeouts.realtime_request;
        policy.token_timeout = most.saturating_add(self.http_max_retry_duration);
        Ok(RestConfig {
            hosts: self.hosts()?,
            port: self.effective_port(),
            tls: self.tls,
            format: self.format(),
            agent: self.agent_string(),
            client_id: self.client_id.clone(),
            policy,
            idempotent_publishing: self.idempotent_rest_publishing,
            push_full_wait: self.push_full_wait,
            add_request_ids: self.add_request_ids,
            max_message_size: self.engine.max_message_size,
            log_level: self.engine.log_level,
            http: self.http_context()?,
            connectivity: self.connectivity.clone(),
        })
    }
}
