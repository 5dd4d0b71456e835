//! Null implementations: they refuse, and say so. For tests and as a place to start.

use std::future::ready;

use ably_engine::{BoxFuture, FailureKind, HttpRequest, Target, TransportError};

use super::{
    ByteStream, ConnectContext, Dial, HttpClient, HttpResponse, TlsProvider, Transport,
    TransportLink,
};

fn refuse<T: 'static + ably_engine::MaybeSend>() -> BoxFuture<Result<T, TransportError>> {
    Box::pin(ready(Err(TransportError::new(FailureKind::Refused))))
}

/// A transport that reaches nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTransport;

impl Transport for NoTransport {
    fn id(&self) -> &'static str {
        "none"
    }

    fn connect(
        &self,
        _: Target,
        _: ConnectContext,
    ) -> BoxFuture<Result<Box<dyn TransportLink>, TransportError>> {
        refuse()
    }
}

/// An HTTP client that reaches nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHttp;

impl HttpClient for NoHttp {
    fn execute(&self, _: HttpRequest) -> BoxFuture<Result<HttpResponse, TransportError>> {
        refuse()
    }
}

/// A dialler that reaches nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDial;

impl Dial for NoDial {
    fn dial(&self, _: String, _: u16) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
        refuse()
    }
}

/// A TLS provider that trusts nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTls;

impl TlsProvider for NoTls {
    fn id(&self) -> &'static str {
        "none"
    }

    fn connect(
        &self,
        _: String,
        _: Box<dyn ByteStream>,
    ) -> BoxFuture<Result<Box<dyn ByteStream>, TransportError>> {
        Box::pin(ready(Err(TransportError::new(FailureKind::Tls))))
    }
}
