//! [`Streamed`]: a response's body, piece by piece.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use ably_base::{TransportError, ext::Body};
use bytes::Bytes;
use http_body::Body as _;
use tokio::sync::OwnedSemaphorePermit;

use crate::error::classify;

pub(crate) struct Streamed {
    body: reqwest::Body,
    /// The request counts until its body is read.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Streamed {
    pub(crate) fn new(response: reqwest::Response, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            body: response.into(),
            _permit: permit,
        }
    }
}

impl Body for Streamed {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        loop {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(classify(error)))),
                Some(Ok(frame)) => {
                    // Trailers mean nothing here.
                    if let Ok(chunk) = frame.into_data() {
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                }
            }
        }
    }
}
