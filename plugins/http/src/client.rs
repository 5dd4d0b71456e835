//! [`Client`]: the plugin's [`HttpClient`].

use std::sync::Arc;

use ably_base::{
    ErrorCode, ErrorInfo, FailureKind, HttpClient, TransportError,
    engine::{BoxFuture, HttpRequest},
    ext::HttpResponse,
};
use reqwest::{
    Method, Url,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};

use crate::{Http, body::Streamed, error::classify, tls};

#[derive(Debug)]
pub(crate) struct Client(reqwest::Client);

impl Client {
    /// # Errors
    /// - `40000` reqwest cannot be set up, for example for a root certificate that is none.
    pub(crate) fn new(options: &Http) -> Result<Self, ErrorInfo> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false);
        if options.ignores_proxies {
            builder = builder.no_proxy();
        }
        let unusable = |source| {
            ErrorInfo::builder(
                ErrorCode::BAD_REQUEST,
                400,
                "the HTTP client cannot be set up; see the source",
            )
            .source(source)
            .build()
        };
        tls::configure(builder, &options.roots)
            .map_err(unusable)?
            .build()
            .map(Self)
            .map_err(|error| unusable(Arc::new(error.without_url())))
    }
}

impl HttpClient for Client {
    fn execute(&self, request: HttpRequest) -> BoxFuture<Result<HttpResponse, TransportError>> {
        let client = self.0.clone();
        Box::pin(async move {
            // hyper panics outside of a runtime.
            if let Err(error) = tokio::runtime::Handle::try_current() {
                return Err(TransportError::with_source(
                    FailureKind::Other,
                    Arc::new(error),
                ));
            }
            let response = client
                .execute(translate(request)?)
                .await
                .map_err(classify)?;
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
            let body = Streamed::new(response);
            Ok(HttpResponse::new(status, headers, Box::new(body)))
        })
    }

    fn has_tls(&self) -> bool {
        tls::IS_THERE
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
