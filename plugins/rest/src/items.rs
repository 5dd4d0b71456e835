//! [`AllItems`]: the items of all pages.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use ably_base::{
    ErrorInfo,
    engine::{BoxFuture, MaybeSend},
};
use futures_core::Stream;

use crate::PaginatedResult;

/// The items of a page and those after it. Ends after an error.
#[must_use = "a stream does nothing until it is polled"]
pub struct AllItems<T> {
    items: vec::IntoIter<T>,
    page: Option<PaginatedResult<T>>,
    coming: Option<BoxFuture<Result<Option<PaginatedResult<T>>, ErrorInfo>>>,
}

impl<T: MaybeSend + 'static> AllItems<T> {
    pub(crate) fn new(mut page: PaginatedResult<T>) -> Self {
        Self {
            items: page.take_items().into_iter(),
            page: Some(page),
            coming: None,
        }
    }

    /// The next item; `None` after the last one or after an error.
    ///
    /// # Errors
    /// - those of the request for the next page.
    ///
    /// # Cancel safety
    /// Dropping the future loses no item: the request goes on when this is called again.
    pub async fn next(&mut self) -> Option<Result<T, ErrorInfo>>
    where
        T: Unpin,
    {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<T: MaybeSend + Unpin + 'static> Stream for AllItems<T> {
    type Item = Result<T, ErrorInfo>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.items.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            if let Some(coming) = &mut self.coming {
                let came = ready!(coming.as_mut().poll(cx));
                self.coming = None;
                match came {
                    Ok(Some(mut page)) => {
                        self.items = page.take_items().into_iter();
                        self.page = Some(page);
                    }
                    Ok(None) => {}
                    Err(error) => return Poll::Ready(Some(Err(error))),
                }
                continue;
            }
            match self.page.take() {
                Some(page) => self.coming = Some(page.next()),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> std::fmt::Debug for AllItems<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AllItems")
    }
}
