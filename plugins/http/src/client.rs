//! [`Client`]: the plugin's [`HttpClient`].

use std::sync::Arc;

use ably_base::{
    ErrorInfo, HttpClient, TransportError,
    engine::{BoxFuture, HttpRequest},
    ext::{HttpContext, HttpResponse},
};
use http::{
    HeaderName, HeaderValue, Method, Request,
    header::{AUTHORIZATION, PROXY_AUTHORIZATION},
    uri::Scheme,
};
use hyper_util::{
    client::legacy,
    rt::{TokioExecutor, TokioTimer},
};
use tokio::sync::Semaphore;

use crate::{
    Http, address,
    body::{Outgoing, Streamed},
    connector::{Connector, no_tls},
    error::{of_input, of_request},
};

pub(crate) struct Client {
    options: Http,
    context: HttpContext,
    pool: legacy::Client<Connector, Outgoing>,
    sockets: Arc<Semaphore>,
}

impl Client {
    pub(crate) fn new(options: Http, context: HttpContext) -> Self {
        let sockets = context.agent.sockets().min(Semaphore::MAX_PERMITS);
        let pool = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(options.pool_idle_timeout)
            .pool_max_idle_per_host(match context.agent.keeps_alive() {
                true => options.pool_max_idle_per_host,
                false => 0,
            })
            .build(Connector::new(context.clone()));
        Self {
            options,
            context,
            pool,
            sockets: Arc::new(Semaphore::new(sockets)),
        }
    }

    /// # Errors
    /// - `FailureKind::Tls` it is for TLS, and there is no such.
    /// - `FailureKind::Other` it cannot be sent.
    fn prepare(&self, request: HttpRequest) -> Result<Request<Outgoing>, TransportError> {
        let mut prepared = Request::new(Outgoing::new(request.body));
        *prepared.method_mut() = Method::from_bytes(request.method.as_bytes()).map_err(of_input)?;
        *prepared.uri_mut() = address::read(&request.url)?;
        let headers = prepared.headers_mut();
        for (name, value) in request.headers {
            let name = HeaderName::try_from(name).map_err(of_input)?;
            let mut value = HeaderValue::try_from(value).map_err(of_input)?;
            value.set_sensitive(name == AUTHORIZATION);
            headers.append(name, value);
        }
        if prepared.uri().scheme() == Some(&Scheme::HTTPS) {
            if self.context.tls.is_none() {
                return Err(no_tls());
            }
        } else if let Some(authorization) = self.proxy_authorization(&prepared)? {
            prepared
                .headers_mut()
                .insert(PROXY_AUTHORIZATION, authorization);
        }
        Ok(prepared)
    }

    /// What the proxy wants that takes this request whole.
    fn proxy_authorization(
        &self,
        request: &Request<Outgoing>,
    ) -> Result<Option<HeaderValue>, TransportError> {
        let host = request.uri().host().unwrap_or_default();
        let forwarding = self
            .context
            .routes
            .as_ref()
            .and_then(|routes| routes.forwarding(host));
        let Some(authorization) = forwarding.and_then(|f| f.authorization) else {
            return Ok(None);
        };
        let mut value = HeaderValue::try_from(authorization.expose()).map_err(of_input)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

impl HttpClient for Client {
    fn execute(&self, request: HttpRequest) -> BoxFuture<Result<HttpResponse, TransportError>> {
        let prepared = self.prepare(request);
        let sockets = self.sockets.clone();
        let pool = self.pool.clone();
        Box::pin(async move {
            // hyper panics outside of a runtime.
            tokio::runtime::Handle::try_current().map_err(of_input)?;
            let request = prepared?;
            // Never closed, so always granted.
            let permit = sockets.acquire_owned().await.ok();
            let response = pool.request(request).await.map_err(of_request)?;
            let (head, body) = response.into_parts();
            let headers = head
                .headers
                .iter()
                .map(|(name, value)| {
                    // ISO 8859-1 is what HTTP says of odd bytes.
                    let value = match value.to_str() {
                        Ok(text) => text.into(),
                        Err(_) => value.as_bytes().iter().map(|b| char::from(*b)).collect(),
                    };
                    (name.as_str().into(), value)
                })
                .collect();
            let body = Streamed::new(body, permit);
            let status = head.status.as_u16();
            Ok(HttpResponse::new(status, headers, Box::new(body)))
        })
    }

    fn has_tls(&self) -> bool {
        self.context.tls.is_some()
    }

    fn configured(&self, context: &HttpContext) -> Result<Option<Arc<dyn HttpClient>>, ErrorInfo> {
        let client = Self::new(self.options.clone(), context.clone());
        Ok(Some(Arc::new(client)))
    }
}
