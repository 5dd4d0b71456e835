//! Bodies: [`Outgoing`] in one piece, [`Streamed`] piece by piece.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ably_base::{TransportError, ext};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use crate::error::of_hyper;

/// A request's body.
pub(crate) struct Outgoing(Option<Bytes>);

impl Outgoing {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// A response's body.
pub(crate) struct Streamed {
    body: Incoming,
    /// The request counts until its body is read.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Streamed {
    pub(crate) fn new(body: Incoming, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            body,
            _permit: permit,
        }
    }
}

impl ext::Body for Streamed {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, TransportError>>> {
        loop {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(of_hyper(error)))),
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
