//! Channel names and their qualifiers.
//!
//! `[?rewind=1]news` is the channel `news` with a param; `[meta]log` is a channel of its own.
//! Derived channels (`[filter=…]`) are not supported yet and are refused.

use crate::wire::ErrorInfo;
use crate::wire::error::BAD_CHANNEL;

/// A channel name taken apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ChannelName {
    /// The channel, without `[?…]`.
    pub(crate) channel: String,
    /// The params of `[?…]`.
    pub(crate) params: Vec<(String, String)>,
}

impl ChannelName {
    /// Takes a name apart.
    ///
    /// # Errors
    /// - `40010` no valid name.
    pub(crate) fn parse(name: &str) -> Result<ChannelName, ErrorInfo> {
        let invalid = |why: &str| Err(ErrorInfo::bad(BAD_CHANNEL, format!("channel name {why}")));
        if name.len() > MAX_LENGTH {
            return invalid("is too long");
        }
        let mut channel = name;
        let mut params = Vec::new();
        if let Some(rest) = name.strip_prefix('[') {
            let Some((qualifier, rest)) = rest.split_once(']') else {
                return invalid("has an open qualifier");
            };
            if let Some(query) = qualifier.strip_prefix('?') {
                params = parse_query(query);
                channel = rest;
            } else if qualifier.starts_with("filter=") {
                return invalid("asks for a filter, which this sandbox does not support");
            } else if qualifier != "meta" && qualifier != "queue" {
                return invalid("has an unknown qualifier");
            }
            if !is_plain(rest) {
                return invalid("is invalid");
            }
        } else if !is_plain(name) {
            return invalid("is invalid");
        }
        Ok(ChannelName {
            channel: channel.to_owned(),
            params,
        })
    }

    /// Returns the namespace: what stands before the first colon.
    pub(crate) fn namespace(channel: &str) -> &str {
        channel.split(':').next().unwrap_or_default()
    }
}

/// Splits `a=1&b=2`, decoding percent and plus.
pub(crate) fn parse_query(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                percent_decode(&key.replace('+', " ")),
                percent_decode(&value.replace('+', " ")),
            )
        })
        .collect()
}

/// Undoes percent-encoding; what is not encoded properly stays as it is.
pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(byte) = bytes.get(index) {
        let hex = bytes.get(index + 1..index + 3).filter(|_| *byte == b'%');
        let code = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                decoded.push(code);
                index += 3;
            }
            None => {
                decoded.push(*byte);
                index += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Percent-encodes everything but letters, digits and `-_.~`.
pub(crate) fn percent_encode(text: &str) -> String {
    let bytes = text.bytes();
    bytes.fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}

fn is_plain(name: &str) -> bool {
    let starts_well = name
        .chars()
        .next()
        .is_some_and(|first| !first.is_whitespace() && !matches!(first, ':' | ',' | '['));
    starts_well && !name.contains(['\n', '\r'])
}

const MAX_LENGTH: usize = 2048;
