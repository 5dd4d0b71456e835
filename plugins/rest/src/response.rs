//! [`HttpPaginatedResponse`]: an answer as the server gave it.
//!
//! Spec: HP1–HP8, RSC19d, RSC19e.

use std::sync::Arc;

use ably_base::{
    ErrorCode, ErrorInfo,
    engine::HttpReply,
    protocol::Value,
    rest::{RestCore, RestRequest},
};

use crate::{
    links::{Links, Query},
    page::no_link,
};

/// The answer to a [`crate::Request`], and the way to further pages of it.
///
/// Spec: HP1.
pub struct HttpPaginatedResponse {
    items: Vec<Value>,
    status: u16,
    headers: Vec<(String, String)>,
    error: Option<ErrorInfo>,
    links: Links,
    source: Arc<Source>,
}

/// Where pages come from.
struct Source {
    core: RestCore,
    /// For another page, without a query.
    page: RestRequest,
}

impl HttpPaginatedResponse {
    pub(crate) async fn first_page(
        core: RestCore,
        first: RestRequest,
        page: RestRequest,
    ) -> Result<Self, ErrorInfo> {
        Self::ask(Arc::new(Source { core, page }), first).await
    }

    /// What the body holds: the items of a list, or the one thing that it is instead; of a refusal
    /// that is the server's error. Nothing when there is no body. Spec: HP3.
    pub fn items(&self) -> &[Value] {
        &self.items
    }

    /// What the body holds, for keeps.
    pub fn into_items(self) -> Vec<Value> {
        self.items
    }

    /// The HTTP status. Spec: HP4.
    pub fn status_code(&self) -> u16 {
        self.status
    }

    /// True for a status of 200 to 299. Spec: HP5.
    pub fn success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The server's error code: from its header, else from the body or the status of a refusal.
    /// Spec: HP6.
    pub fn error_code(&self) -> Option<ErrorCode> {
        let told = self.header("x-ably-errorcode");
        let told = told.and_then(|code| code.trim().parse().ok());
        told.map(ErrorCode)
            .or_else(|| self.error.as_ref().map(ErrorInfo::code))
    }

    /// The server's error message: from its header, else from the body or the status of a refusal.
    /// Spec: HP7.
    pub fn error_message(&self) -> Option<&str> {
        let told = self.header("x-ably-errormessage");
        told.or_else(|| self.error.as_ref().map(ErrorInfo::message))
    }

    /// The error of a refusal as other methods would have it. Not in spec.
    pub fn error(&self) -> Option<&ErrorInfo> {
        self.error.as_ref()
    }

    /// All headers, in the order they came. Spec: HP8.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// A header, whatever the case of its name. Spec: HP8.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// True when there is a next page. Spec: HP2, TG6.
    pub fn has_next(&self) -> bool {
        self.links.next.is_some()
    }

    /// True when this is the last page. Spec: HP2, TG7.
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

    /// Gets the next page, with GET, the same version and the same headers; `None` when this is
    /// the last one.
    ///
    /// # Errors
    /// - as [`crate::Request`].
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; this page stays as it is.
    ///
    /// Spec: HP2, TG4.
    pub async fn next(&self) -> Result<Option<Self>, ErrorInfo> {
        match &self.links.next {
            Some(query) => self.page(query).await.map(Some),
            None => Ok(None),
        }
    }

    /// Gets the first page.
    ///
    /// # Errors
    /// - `40400` the server did not tell where it is.
    /// - as [`crate::Request`].
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; this page stays as it is.
    ///
    /// Spec: HP2, TG5.
    pub async fn first(&self) -> Result<Self, ErrorInfo> {
        let query = self.links.first.as_ref().ok_or_else(|| no_link("first"))?;
        self.page(query).await
    }

    /// Gets this page anew.
    ///
    /// # Errors
    /// - `40400` the server did not tell where it is.
    /// - as [`crate::Request`].
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; this page stays as it is.
    pub async fn current(&self) -> Result<Self, ErrorInfo> {
        let link = self.links.current.as_ref();
        self.page(link.ok_or_else(|| no_link("current"))?).await
    }

    async fn page(&self, query: &Query) -> Result<Self, ErrorInfo> {
        let request = self.source.page.clone().queries(query.iter().cloned());
        Self::ask(self.source.clone(), request).await
    }

    /// A refusal is an answer when its body can be read. Spec: RSC19e.
    async fn ask(source: Arc<Source>, request: RestRequest) -> Result<Self, ErrorInfo> {
        let (reply, error) = match source.core.request(request).await {
            Ok(reply) => (reply, None),
            Err(error) => match error.detail::<HttpReply>() {
                Some(reply) => (reply.clone(), Some(error)),
                None => return Err(error),
            },
        };
        let items = match items(&source.core, &reply) {
            Ok(items) => items,
            Err(unreadable) => return Err(error.unwrap_or(unreadable)),
        };
        Ok(Self {
            items,
            status: reply.status,
            links: Links::of(&reply),
            headers: reply.headers,
            error,
            source,
        })
    }
}

fn items(core: &RestCore, reply: &HttpReply) -> Result<Vec<Value>, ErrorInfo> {
    if reply.status == 204 || reply.body.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match core.codec_of(reply)?.decode_value(&reply.body)? {
        Value::List(items) => items,
        one => vec![one],
    })
}

/// Prints no headers and no body.
impl std::fmt::Debug for HttpPaginatedResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpPaginatedResponse")
            .field("status_code", &self.status)
            .field("items", &self.items.len())
            .field("has_next", &self.has_next())
            .finish_non_exhaustive()
    }
}
