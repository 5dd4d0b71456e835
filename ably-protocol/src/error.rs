//! [`ErrorInfo`], the one public error.

use alloc::{borrow::Cow, string::String, sync::Arc};
use core::{any::Any, error::Error, fmt};

use crate::{ErrorCode, Str};

/// The error behind an [`ErrorInfo`], shared because one failure fans out to many waiters.
pub type ErrorSource = Arc<dyn Error + Send + Sync>;

/// An error as Ably describes it: a code, an HTTP-like status and what led to it.
///
/// One pointer in size and cheap to clone. `Display` is one line that ends with the help link.
///
/// Spec: TI1–TI5.
#[derive(Clone)]
pub struct ErrorInfo(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    code: ErrorCode,
    status_code: u16,
    message: Cow<'static, str>,
    href: Option<Str>,
    request_id: Option<Str>,
    cause: Option<Cause>,
    detail: Option<Arc<dyn Any + Send + Sync>>,
}

#[derive(Clone)]
enum Cause {
    Ably(ErrorInfo),
    Other(ErrorSource),
}

impl ErrorInfo {
    /// Makes an error of `code`, `status_code` and a message that says what to do next.
    pub fn new(code: ErrorCode, status_code: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self::builder(code, status_code, message).build()
    }

    /// Starts an error that has more than code, status and message.
    pub fn builder(
        code: ErrorCode,
        status_code: u16,
        message: impl Into<Cow<'static, str>>,
    ) -> ErrorInfoBuilder {
        ErrorInfoBuilder(Inner {
            code,
            status_code,
            message: message.into(),
            href: None,
            request_id: None,
            cause: None,
            detail: None,
        })
    }

    /// `40019`: `plugin` (ably-js's name of it) is needed and not installed; `feature` brings it.
    ///
    /// Spec: PC1.
    pub fn missing_plugin(plugin: &str, feature: &str) -> Self {
        Self::new(
            ErrorCode::MISSING_PLUGIN,
            400,
            alloc::format!(
                "{plugin} plugin not provided: enable the `{feature}` feature of `ably`, or hand \
                 the plugin over with `ClientOptions::plugin`. If it was handed over, two versions \
                 of ably-base are linked (this one is {}).",
                env!("CARGO_PKG_VERSION")
            ),
        )
    }

    /// Ably's error code, [`ErrorCode::NONE`] when there is none.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The HTTP-like status, 0 when there is none.
    pub fn status_code(&self) -> u16 {
        self.0.status_code
    }

    /// What happened, in words.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where to read more: the server's link, else Ably's page for the code. Spec: TI4, TI5.
    pub fn href(&self) -> Option<Str> {
        self.0.href.clone().or_else(|| {
            (self.0.code != ErrorCode::NONE)
                .then(|| alloc::format!("https://help.ably.io/error/{}", self.0.code.0).into())
        })
    }

    /// The link that was given, without Ably's page as a fallback.
    pub(crate) fn given_href(&self) -> &Option<Str> {
        &self.0.href
    }

    /// The id of the request that failed, when request ids are on. Spec: RSC7c.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The same error, as that of the request with this id. Spec: RSC7c.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<Str>) -> Self {
        Arc::make_mut(&mut self.0).request_id = Some(id.into());
        self
    }

    /// The same error, with this status.
    #[must_use]
    pub fn with_status_code(mut self, status_code: u16) -> Self {
        Arc::make_mut(&mut self.0).status_code = status_code;
        self
    }

    /// The Ably error that led to this one, if it was one. Spec: TI1.
    pub fn cause(&self) -> Option<&ErrorInfo> {
        match &self.0.cause {
            Some(Cause::Ably(e)) => Some(e),
            _ => None,
        }
    }

    /// What else is known about the failure, when it is a `T`: of a refused request the reply.
    pub fn detail<T: Any>(&self) -> Option<&T> {
        self.0.detail.as_ref()?.downcast_ref()
    }

    /// True for the codes that mean "get a new token": 40140–40149. Spec: RSA4b.
    pub fn is_token_error(&self) -> bool {
        (40140..40150).contains(&self.0.code.0)
    }
}

/// Makes an [`ErrorInfo`] with a cause, link or request id.
#[must_use]
pub struct ErrorInfoBuilder(Inner);

impl ErrorInfoBuilder {
    /// Keeps the Ably error that led here.
    pub fn cause(mut self, cause: ErrorInfo) -> Self {
        self.0.cause = Some(Cause::Ably(cause));
        self
    }

    /// Keeps the error of another kind that led here.
    pub fn source(mut self, source: ErrorSource) -> Self {
        self.0.cause = Some(Cause::Other(source));
        self
    }

    /// Keeps a message as the cause, for sources that cannot be kept themselves.
    pub fn source_text(self, text: String) -> Self {
        self.source(Arc::new(Text(text)))
    }

    /// Keeps what else is known about the failure, for [`ErrorInfo::detail`]. It is never printed.
    pub fn detail(mut self, detail: Arc<dyn Any + Send + Sync>) -> Self {
        self.0.detail = Some(detail);
        self
    }

    /// Sets the link that the server sent.
    pub fn href(mut self, href: Option<Str>) -> Self {
        self.0.href = href;
        self
    }

    /// Sets the id of the failed request.
    pub fn request_id(mut self, id: Option<Str>) -> Self {
        self.0.request_id = id;
        self
    }

    /// The error.
    pub fn build(self) -> ErrorInfo {
        ErrorInfo(Arc::new(self.0))
    }
}

#[derive(Debug)]
struct Text(String);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Text {}

impl Error for ErrorInfo {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.cause {
            Some(Cause::Ably(e)) => Some(e),
            Some(Cause::Other(e)) => Some(&**e),
            None => None,
        }
    }
}

impl fmt::Display for ErrorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.message)?;
        if self.0.code != ErrorCode::NONE {
            write!(
                f,
                " (code {}, status {})",
                self.0.code.0, self.0.status_code
            )?;
        }
        if let Some(href) = self.href() {
            write!(f, "; see {href}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ErrorInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut d = f.debug_struct("ErrorInfo");
        d.field("code", &self.0.code.0)
            .field("status_code", &self.0.status_code)
            .field("message", &self.0.message);
        match &self.0.cause {
            Some(Cause::Ably(e)) => d.field("cause", e),
            Some(Cause::Other(e)) => d.field("cause", e),
            None => &mut d,
        };
        d.finish()
    }
}

/// Equal when code, status and message are.
impl PartialEq for ErrorInfo {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.code == other.0.code
                && self.0.status_code == other.0.status_code
                && self.0.message == other.0.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn display_is_one_line_with_the_help_link_and_the_cause_is_kept() {
        let inner = ErrorInfo::new(ErrorCode::TOKEN_EXPIRED, 401, "token expired");
        let e = ErrorInfo::builder(ErrorCode::AUTH_FAILED, 401, "auth failed")
            .cause(inner)
            .build();
        assert_eq!(
            e.to_string(),
            "auth failed (code 80019, status 401); see https://help.ably.io/error/80019"
        );
        assert_eq!(
            e.cause().map(ErrorInfo::code),
            Some(ErrorCode::TOKEN_EXPIRED)
        );
        assert!(e.cause().is_some_and(ErrorInfo::is_token_error));
        assert_eq!(e.detail::<u8>(), None);
        assert_eq!(
            core::mem::size_of::<ErrorInfo>(),
            core::mem::size_of::<usize>()
        );
    }

    #[test]
    fn a_missing_plugin_is_named_and_how_to_bring_it() {
        assert_eq!(
            ErrorInfo::missing_plugin("Token", "token").message(),
            alloc::format!(
                "Token plugin not provided: enable the `token` feature of `ably`, or hand the \
                 plugin over with `ClientOptions::plugin`. If it was handed over, two versions of \
                 ably-base are linked (this one is {}).",
                env!("CARGO_PKG_VERSION")
            )
        );
    }

    #[test]
    fn a_detail_is_found_by_its_type_and_not_printed() {
        let e = ErrorInfo::builder(ErrorCode::BAD_REQUEST, 400, "no")
            .detail(Arc::new("hidden"))
            .build();
        assert_eq!(e.detail::<&str>(), Some(&"hidden"));
        assert_eq!(e.detail::<u8>(), None);
        assert_eq!(e.clone(), e);
        assert!(!alloc::format!("{e} {e:?}").contains("hidden"));
    }
}
