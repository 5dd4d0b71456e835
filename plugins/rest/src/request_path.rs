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
    let segments = path.split('/').map(|segment| {
        String::from_utf8(links::decode_bytes(segment, false)).map_err(|error| {
            ErrorInfo::builder(
                ErrorCode::BAD_REQUEST,
                400,
                "a path of a request must be UTF-8 when it is decoded",
            )
            .source(std::sync::Arc::new(error))
            .build()
        })
    });
    let segments = segments.collect::<Result<Vec<_>, _>>()?;
    let path = RestPath::of(segments.iter().map(String::as_str))?;
    Ok((path, links::parse(query)))
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
        for text in ["/a/../b", "/a/%2e%2E/b", "/.", "..", "/a/%2e", "/%ff"] {
            assert_eq!(
                read(text).unwrap_err().code(),
                ErrorCode::BAD_REQUEST,
                "{text}"
            );
        }
    }
}
