//! [`Client`]: the plugin's [`HttpClient`].

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
};

use ably_base::{
    ErrorCode, ErrorInfo, FailureKind, HttpClient, TransportError,
    engine::{BoxFuture, HttpRequest},
    ext::{HttpContext, HttpResponse},
};
use reqwest::{
    ClientBuilder, Method, Url,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use tokio::sync::Semaphore;

use crate::{Http, body::Streamed, error::classify, tls};

pub(crate) struct Client {
    options: Http,
    context: HttpContext,
    /// Made with the first request, for the TLS plugin then reads whom to trust.
    made: Mutex<Option<Made>>,
    sockets: Arc<Semaphore>,
}

struct Made {
    client: reqwest::Client,
    has_tls: bool,
}

impl Client {
    pub(crate) fn new(options: Http, context: HttpContext) -> Self {
        let sockets = context.agent.sockets().min(Semaphore::MAX_PERMITS);
        Self {
            options,
            sockets: Arc::new(Semaphore::new(sockets)),
            context,
            made: Mutex::default(),
        }
    }

    fn prepare(
        &self,
        request: HttpRequest,
    ) -> Result<(reqwest::Client, reqwest::Request), TransportError> {
        let request = translate(request)?;
        let client = self.made(request.url().scheme() == "https")?;
        Ok((client, request))
    }

    /// reqwest's client.
    ///
    /// # Errors
    /// - [`FailureKind::Tls`] it is for TLS, and there is no such.
    fn made(&self, for_tls: bool) -> Result<reqwest::Client, TransportError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = made.as_ref().filter(|made| made.has_tls || !for_tls) {
            return Ok(made.client.clone());
        }
        let (builder, failure) = match self.tls_config() {
            Ok(config) => match tls::configure(self.builder(), config) {
                Ok(builder) => (builder, None),
                Err(builder) => (tls::disable(builder), Some(self.no_tls())),
            },
            Err(error) => (tls::disable(self.builder()), Some(error)),
        };
        let has_tls = failure.is_none();
        // What fails now may be there later.
        if let Some(error) = failure.filter(|_| for_tls) {
            return Err(error);
        }
        let client = builder.build().map_err(classify)?;
        *made = Some(Made {
            client: client.clone(),
            has_tls,
        });
        Ok(client)
    }

    fn builder(&self) -> ClientBuilder {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .pool_idle_timeout(self.options.pool_idle_timeout)
            .pool_max_idle_per_host(match self.context.agent.keeps_alive() {
                true => self.options.pool_max_idle_per_host,
                false => 0,
            })
            // The environment is not reqwest's to read.
            .no_proxy();
        if let Some(routes) = self.context.routes.clone() {
            builder = builder.proxy(reqwest::Proxy::custom(move |url| {
                let proxy = routes.proxy_url(url.scheme() == "https", url.host_str()?)?;
                Url::parse(proxy.expose()).ok()
            }));
        }
        builder
    }

    fn tls_config(&self) -> Result<Box<dyn Any + Send>, TransportError> {
        let tls = self.context.tls.as_ref().ok_or_else(|| self.no_tls())?;
        tls.http_config()
    }

    fn no_tls(&self) -> TransportError {
        let error = match &self.context.tls {
            Some(tls) => ErrorInfo::new(
                ErrorCode::MISSING_PLUGIN,
                400,
                format!(
                    "ably-http cannot use the TLS plugin {}: enable its feature of that name",
                    tls.id()
                ),
            ),
            None => ErrorInfo::missing_plugin("TLS", "rustls` or `native-tls"),
        };
        TransportError::with_source(FailureKind::Tls, Arc::new(error))
    }
}

impl HttpClient for Client {
    fn execute(&self, request: HttpRequest) -> BoxFuture<Result<HttpResponse, TransportError>> {
        let prepared = self.prepare(request);
        let sockets = self.sockets.clone();
        Box::pin(async move {
            // hyper panics outside of a runtime.
            if let Err(error) = tokio::runtime::Handle::try_current() {
                return Err(TransportError::with_source(
                    FailureKind::Other,
                    Arc::new(error),
                ));
            }
            let (client, request) = prepared?;
            // Never closed, so always granted.
            let permit = sockets.acquire_owned().await.ok();
            let response = client.execute(request).await.map_err(classify)?;
            let status = response.status().as_u16();
            let headers = response
                .headers()
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
            let body = Streamed::new(response, permit);
            Ok(HttpResponse::new(status, headers, Box::new(body)))
        })
    }

    fn has_tls(&self) -> bool {
        self.context
            .tls
            .as_ref()
            .is_some_and(|tls| tls.serves_http())
    }

    fn configured(&self, context: &HttpContext) -> Result<Option<Arc<dyn HttpClient>>, ErrorInfo> {
        let client = Self::new(self.options.clone(), context.clone());
        Ok(Some(Arc::new(client)))
    }
}

fn translate(request: HttpRequest) -> Result<reqwest::Request, TransportError> {
    // Errors of these parsers quote nothing of their input.
    let invalid = |source| TransportError::with_source(FailureKind::Other, source);
    let method =
        Method::from_bytes(request.method.as_bytes()).map_err(|error| invalid(Arc::new(error)))?;
    let url = Url::parse(&request.url).map_err(|error| invalid(Arc::new(error)))?;
    let mut translated = reqwest::Request::new(method, url);
    let headers = translated.headers_mut();
    for (name, value) in request.headers {
        let name = HeaderName::try_from(name).map_err(|error| invalid(Arc::new(error)))?;
        let mut value = HeaderValue::try_from(value).map_err(|error| invalid(Arc::new(error)))?;
        value.set_sensitive(name == AUTHORIZATION);
        headers.append(name, value);
    }
    if !request.body.is_empty() {
        *translated.body_mut() = Some(request.body.into());
    }
    Ok(translated)
}
