//! [`PaginatedResult`]: one page, and the way to the others.
//!
//! Spec: TG.

use std::sync::Arc;

use ably_base::{
    ErrorCode, ErrorInfo,
    engine::{BoxFuture, HttpReply, MaybeSend, MaybeSync},
    rest::{RestCore, RestPath, RestRequest},
};

use crate::{
    items::AllItems,
    links::{Links, Query},
};

/// Reads the items of a page; for plugins with pages of their own.
pub trait DecodePage<T>: MaybeSend + MaybeSync {
    /// Reads a body.
    ///
    /// # Errors
    /// - `40013` it is malformed.
    fn decode(&self, core: &RestCore, reply: &HttpReply) -> Result<Vec<T>, ErrorInfo>;
}

/// A page of results. The other pages are asked for when they are wanted.
///
/// ```no_run
/// use ably_base::{BaseRest, ErrorInfo};
/// use ably_rest::History;
///
/// # async fn f(rest: BaseRest) -> Result<(), ErrorInfo> {
/// let mut all = rest.channels().get("news").history(()).await?.into_stream();
/// while let Some(message) = all.next().await {
///     println!("{:?}", message?.data);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Spec: TG1–TG7.
pub struct PaginatedResult<T> {
    items: Vec<T>,
    links: Links,
    source: Arc<Source<T>>,
}

/// Where pages come from.
struct Source<T> {
    core: RestCore,
    /// Without a query.
    request: RestRequest,
    decode: Box<dyn DecodePage<T>>,
}

impl<T: MaybeSend + 'static> PaginatedResult<T> {
    /// Gets the first page: the answer to GET `path` with this query. Failures of what led here
    /// are handed over, so that an operation fails when it is awaited.
    ///
    /// # Errors
    /// - those handed over, those of the request, those of `decode`.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    pub fn first_page(
        core: Result<RestCore, ErrorInfo>,
        path: Result<RestPath, ErrorInfo>,
        query: Result<Vec<(String, String)>, ErrorInfo>,
        decode: impl DecodePage<T> + 'static,
    ) -> BoxFuture<Result<Self, ErrorInfo>> {
        Self::first_page_of(core, path.map(RestRequest::get), query, decode)
    }

    /// Gets the first page: the answer to `request`, which has headers of its own and no query, with
    /// this query. Further pages are asked for in the same way.
    ///
    /// # Errors
    /// - as [`PaginatedResult::first_page`].
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    pub fn first_page_of(
        core: Result<RestCore, ErrorInfo>,
        request: Result<RestRequest, ErrorInfo>,
        query: Result<Vec<(String, String)>, ErrorInfo>,
        decode: impl DecodePage<T> + 'static,
    ) -> BoxFuture<Result<Self, ErrorInfo>> {
        Box::pin(async move {
            let query = query?;
            let source = Arc::new(Source {
                core: core?,
                request: request?,
                decode: Box::new(decode),
            });
            Self::get(source, query).await
        })
    }

    /// The items of this page.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The items of this page, for keeps.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }

    /// True when there is a next page. Spec: TG6.
    pub fn has_next(&self) -> bool {
        self.links.next.is_some()
    }

    /// True when this is the last page. Spec: TG7.
    pub fn is_last(&self) -> bool {
        !self.has_next()
    }

    /// True when the server told where the first page is.
    pub fn has_first(&self) -> bool {
        self.links.first.is_some()
    }

    /// True when the server told where this page is.
    pub fn has_current(&self) -> bool {
        self.links.current.is_some()
    }

    /// Gets the next page; `None` when this is the last one.
    ///
    /// # Errors
    /// - those of the request.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; this page stays as it is.
    ///
    /// Spec: TG4.
    pub fn next(&self) -> BoxFuture<Result<Option<Self>, ErrorInfo>> {
        let (source, next) = (self.source.clone(), self.links.next.clone());
        Box::pin(async move {
            match next {
                Some(query) => Self::get(source, query).await.map(Some),
                None => Ok(None),
            }
        })
    }

    /// Gets the first page.
    ///
    /// # Errors
    /// - `40400` the server did not tell where it is.
    /// - those of the request.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; this page stays as it is.
    ///
    /// Spec: TG5.
    pub fn first(&self) -> BoxFuture<Result<Self, ErrorInfo>> {
        self.follow(self.links.first.clone(), "first")
    }

    /// Gets this page anew.
    ///
    /// # Errors
    /// - `40400` the server did not tell where it is.
    /// - those of the request.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; this page stays as it is.
    pub fn current(&self) -> BoxFuture<Result<Self, ErrorInfo>> {
        self.follow(self.links.current.clone(), "current")
    }

    /// All items from this page on, as a stream that gets further pages as they are needed.
    pub fn into_stream(self) -> AllItems<T> {
        AllItems::new(self)
    }

    fn follow(
        &self,
        link: Option<Query>,
        which: &'static str,
    ) -> BoxFuture<Result<Self, ErrorInfo>> {
        let source = self.source.clone();
        Box::pin(async move {
            let query = link.ok_or_else(|| no_link(which))?;
            Self::get(source, query).await
        })
    }

    /// Spec: TG, with the original path whatever a link says.
    async fn get(source: Arc<Source<T>>, query: Query) -> Result<Self, ErrorInfo> {
        let request = source.request.clone().queries(query);
        let reply = source.core.request(request).await?;
        let items = if reply.status == 204 {
            Vec::new()
        } else {
            source.decode.decode(&source.core, &reply)?
        };
        Ok(Self {
            items,
            links: Links::of(&reply),
            source,
        })
    }

    pub(crate) fn take_items(&mut self) -> Vec<T> {
        std::mem::take(&mut self.items)
    }
}

pub(crate) fn no_link(which: &'static str) -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::NOT_FOUND,
        404,
        format!("the server gave no link to the {which} page of results"),
    )
}

impl<T: std::fmt::Debug> std::fmt::Debug for PaginatedResult<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaginatedResult")
            .field("items", &self.items)
            .field("has_next", &self.links.next.is_some())
            .finish_non_exhaustive()
    }
}
