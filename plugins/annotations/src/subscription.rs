//! [`AnnotationSubscription`]: annotations as a stream.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use ably_base::{Annotation, Channel, ErrorInfo, Lagged, Str, StreamReader, Subscribed};
use futures_core::Stream;

/// Annotations of a channel as a stream of `Result<Arc<Annotation>, Lagged>`.
///
/// A reader that is too slow misses annotations and is told how many;
/// [`crate::RealtimeAnnotations::get`] has them all. Bounded by 65,536 annotations and 64 MiB
/// of their data, names and other texts unless [`AnnotationSubscription::bounded`] says otherwise. Dropping it unsubscribes; the channel stays attached.
#[must_use = "dropping it unsubscribes"]
pub struct AnnotationSubscription {
    reader: StreamReader<Str, Annotation>,
    attach: Option<Subscribed>,
    /// Keeps the client open.
    _channel: Channel,
}

impl AnnotationSubscription {
    pub(crate) fn new(
        channel: Channel,
        reader: StreamReader<Str, Annotation>,
        attach: Subscribed,
    ) -> Self {
        Self {
            reader,
            attach: Some(attach),
            _channel: channel,
        }
    }

    /// Resolves when the implicit attach has succeeded or failed; at once when there is none.
    ///
    /// # Errors
    /// - `40019` the plugin is not installed.
    /// - `93001` the channel is attached without the mode `annotation_subscribe`.
    /// - as [`Channel::attach`].
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing; call it again.
    pub async fn attached(&mut self) -> Result<(), ErrorInfo> {
        let Some(attach) = &mut self.attach else {
            return Ok(());
        };
        let result = attach.await;
        self.attach = None;
        result.map(|_| ())
    }

    /// Sets the bounds: annotations, and bytes of their data, names and other texts.
    pub fn bounded(self, annotations: usize, bytes: usize) -> Self {
        self.reader.set_bounds(annotations, bytes);
        self
    }

    /// Keeps every annotation until it is read. Memory is then the only bound.
    pub fn unbounded(self) -> Self {
        self.bounded(usize::MAX, usize::MAX)
    }

    /// The next annotation; `None` when the channel was released or the client has ended.
    ///
    /// # Errors
    /// [`Lagged`] annotations were missed; the stream goes on after it.
    ///
    /// # Cancel safety
    /// Dropping the future loses no annotation.
    pub async fn next(&mut self) -> Option<Result<Arc<Annotation>, Lagged>> {
        self.reader.next().await
    }

    /// An annotation that is there already.
    pub fn try_next(&mut self) -> Option<Result<Arc<Annotation>, Lagged>> {
        self.reader.try_next()
    }
}

impl Stream for AnnotationSubscription {
    type Item = Result<Arc<Annotation>, Lagged>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().reader.poll_next(cx)
    }
}

impl std::fmt::Debug for AnnotationSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "AnnotationSubscription({} waiting)",
            self.reader.waiting()
        )
    }
}

/// A stream that is dropped at once is noticed:
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// fn f(annotations: &ably_annotations::RealtimeAnnotations) { annotations.subscribe(()); }
/// ```
///
/// and one that is kept is not:
///
/// ```
/// #![deny(unused_must_use)]
/// fn f(annotations: &ably_annotations::RealtimeAnnotations) { let _s = annotations.subscribe(()); }
/// ```
#[cfg(doctest)]
pub struct MustUse;
