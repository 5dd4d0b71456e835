//! [`RestPath`]: paths and queries that nothing breaks out of.
//!
//! Spec: RSL1, RSL2; RFC 3986 §2.3, §3.3.

use std::fmt::Write as _;

use ably_engine::protocol::{ErrorCode, ErrorInfo};

/// A path of segments, each percent-encoded: a channel name stays one segment whatever is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestPath(String);

impl RestPath {
    /// The path `/a/b/c` of the segments `a`, `b`, `c`.
    ///
    /// # Errors
    /// - `40000` a segment is `.` or `..`: HTTP clients resolve these, encoded or not, so that the
    ///   request would go elsewhere.
    pub fn of<'a>(segments: impl IntoIterator<Item = &'a str>) -> Result<Self, ErrorInfo> {
        let mut path = String::new();
        for segment in segments {
            if matches!(segment, "." | "..") {
                return Err(ErrorInfo::new(
                    ErrorCode::BAD_REQUEST,
                    400,
                    "a name in a request must not be `.` or `..`",
                ));
            }
            path.push('/');
            encode(segment, &mut path);
        }
        Ok(Self(path))
    }

    /// The path of a channel and what is under it: `/channels/NAME/…`.
    ///
    /// # Errors
    /// - `40010` the channel is called `.` or `..`, or has no name.
    pub fn of_channel<'a>(
        name: &'a str,
        rest: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ErrorInfo> {
        if name.is_empty() {
            return Err(ErrorInfo::new(
                ErrorCode::INVALID_CHANNEL_NAME,
                400,
                "the channel name is empty",
            ));
        }
        Self::of(["channels", name].into_iter().chain(rest)).map_err(|error| {
            ErrorInfo::builder(
                ErrorCode::INVALID_CHANNEL_NAME,
                400,
                "a channel called `.` or `..` cannot be named in a request",
            )
            .cause(error)
            .build()
        })
    }

    /// The encoded path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The URL of a request.
pub(super) fn url(
    tls: bool,
    host: &str,
    port: u16,
    path: &RestPath,
    query: &[(String, String)],
) -> String {
    let mut url = String::from(if tls { "https://" } else { "http://" });
    // An IPv6 address; ably-js 2.12.0 forgets the brackets.
    if host.contains(':') && !host.starts_with('[') {
        let _ = write!(url, "[{host}]");
    } else {
        url.push_str(host);
    }
    if port != if tls { 443 } else { 80 } {
        let _ = write!(url, ":{port}");
    }
    url.push_str(path.as_str());
    for (i, (name, value)) in query.iter().enumerate() {
        url.push(if i == 0 { '?' } else { '&' });
        encode(name, &mut url);
        url.push('=');
        encode(value, &mut url);
    }
    url
}

/// Percent-encodes all but unreserved characters.
pub(crate) fn encode(text: &str, into: &mut String) {
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') {
            into.push(char::from(b));
        } else {
            // Writing to a string does not fail.
            let _ = write!(into, "%{b:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_name_stays_one_segment() {
        let path =
            |name| RestPath::of_channel(name, ["messages"]).map(|p| String::from(p.as_str()));
        for (name, encoded) in [
            ("plain-name_1.x~", "plain-name_1.x~"),
            ("a/b", "a%2Fb"),
            ("../../keys", "..%2F..%2Fkeys"),
            ("%2e%2e", "%252e%252e"),
            ("a?x=1#y", "a%3Fx%3D1%23y"),
            ("a b+c", "a%20b%2Bc"),
            ("ü:\r\n\\", "%C3%BC%3A%0D%0A%5C"),
        ] {
            assert_eq!(
                path(name).unwrap(),
                format!("/channels/{encoded}/messages"),
                "{name}"
            );
        }
        for name in [".", ".."] {
            assert_eq!(path(name).unwrap_err().code(), 40010);
        }
        let error = path("").unwrap_err();
        assert_eq!((error.code().0, error.status_code()), (40010, 400));
        assert_eq!(error.message(), "the channel name is empty");
    }

    #[test]
    fn a_url_names_host_port_and_query() {
        let path = RestPath::of(["time"]).unwrap();
        let query = [(String::from("a&b"), String::from("c=d e"))];
        assert_eq!(
            url(true, "h", 443, &path, &query),
            "https://h/time?a%26b=c%3Dd%20e"
        );
        assert_eq!(url(false, "h", 443, &path, &[]), "http://h:443/time");
        assert_eq!(url(false, "h", 80, &path, &[]), "http://h/time");
        assert_eq!(
            url(true, "::1", 8443, &path, &[]),
            "https://[::1]:8443/time"
        );
        assert_eq!(url(true, "[::1]", 443, &path, &[]), "https://[::1]/time");
    }
}
