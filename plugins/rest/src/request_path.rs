//! Paths that an application writes.
//!
//! They are taken apart and put together again by [`RestPath`], so that nothing in them is anything
//! but a path.
//!
//! Spec: RSC19f.

use ably_base::{ErrorCode, ErrorInfo, rest::RestPath};

use crate::links::{self, Query};

/// Reads `/a/b%2Fc?d=e`; the first slash may be missing, where ably-js would leave the host.
pub(crate) fn read(text: &str) -> Result<(RestPath, Query), ErrorInfo> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let path = path.strip_prefix('/').unwrap_or(path);
    let segments = path.split('/').map(|segment| decode(segment, false));
    let segments = segments.collect::<Result<Vec<_>, _>>()?;
    let path = RestPath::of(segments.iter().map(String::as_str))?;
    let query =
        links::pairs(query).map(|(name, value)| Ok((decode(name, true)?, decode(value, true)?)));
    Ok((path, query.collect::<Result<_, _>>()?))
}

fn decode(text: &str, plus_is_space: bool) -> Result<String, ErrorInfo> {
    String::from_utf8(links::decode_bytes(text, plus_is_space)).map_err(|error| {
        ErrorInfo::builder(
            ErrorCode::BAD_REQUEST,
            400,
            "path and query of a request must be UTF-8 when they are decoded",
        )
        .source(std::sync::Arc::new(error))
        .build()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_a_path() {
        for (text, path, query) in [
            ("/channels/test", "/channels/test", &[][..]),
            ("channels/test", "/channels/test", &[]),
            ("", "/", &[]),
            ("/", "/", &[]),
            ("/a/", "/a/", &[]),
            ("/channels/a%2Fb:c/m", "/channels/a%2Fb%3Ac/m", &[]),
            ("/a+b/é/%C3%A9", "/a%2Bb/%C3%A9/%C3%A9", &[]),
            ("/100%", "/100%25", &[]),
            ("/a\r\nX: y", "/a%0D%0AX%3A%20y", &[]),
            ("/a%0d%0aX", "/a%0D%0AX", &[]),
            ("/a#b\\c", "/a%23b%5Cc", &[]),
            ("@evil.example/x", "/%40evil.example/x", &[]),
            ("//evil.example/x", "//evil.example/x", &[]),
            ("https://evil.example", "/https%3A//evil.example", &[]),
            ("/a?b=c%26d&e", "/a", &[("b", "c&d"), ("e", "")]),
            ("/a?b=1?c=2#d", "/a", &[("b", "1?c=2")]),
        ] {
            let (read, params) = read(text).unwrap();
            assert_eq!(read.as_str(), path, "{text}");
            let wanted: Query = query
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect();
            assert_eq!(params, wanted, "{text}");
        }
        for text in [
            "/a/../b",
            "/a/%2e%2E/b",
            "/.",
            "..",
            "/a/%2e",
            "/%ff",
            "/a?b=%ff",
            "/a?%C3=b",
        ] {
            assert_eq!(
                read(text).unwrap_err().code(),
                ErrorCode::BAD_REQUEST,
                "{text}"
            );
        }
    }

    #[test]
    fn rsc19f_all_parameters_of_the_application_are_sent() {
        let text: Vec<_> = (0..1000).map(|i| format!("p{i}={i}")).collect();
        let (_, params) = read(&format!("/a?{}", text.join("&"))).unwrap();
        assert_eq!(params.len(), 1000);
        assert_eq!(params[999], ("p999".into(), "999".into()));
    }
}
