//! Channel names and their qualifiers.
//!
//! `[?rewind=1]news` is the channel `news` with a param; `[meta]log` is a channel of its own.
//! `[filter=…?rewind=1]news` is `news` too, for a client that wants some of its messages.

use crate::core::filter::Filter;
use crate::wire::ErrorInfo;
use crate::wire::data::{from_base64, from_base64url};
use crate::wire::error::BAD_CHANNEL;

/// A channel name taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChannelName {
    /// The channel, without `[?…]` and `[filter=…]`.
    pub(crate) channel: String,
    /// The params of the qualifier.
    pub(crate) params: Vec<(String, String)>,
    /// Which messages are wanted, if not all.
    pub(crate) filter: Option<Filter>,
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
        let mut filter = None;
        if let Some(rest) = name.strip_prefix('[') {
            let Some((qualifier, rest)) = rest.split_once(']') else {
                return invalid("has an open qualifier");
            };
            if let Some(query) = qualifier.strip_prefix('?') {
                params = parse_query(query);
                channel = rest;
            } else if let Some(wanted) = qualifier.strip_prefix("filter=") {
                let (encoded, query) = wanted.split_once('?').unwrap_or((wanted, ""));
                match read_filter(encoded) {
                    Ok(read) => filter = Some(read),
                    Err(why) => return invalid(&format!("has a filter that is wrong: {why}")),
                }
                params = parse_query(query);
                channel = rest;
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
            filter,
        })
    }

    /// Returns the channel of a name, where a filter would have no meaning.
    ///
    /// # Errors
    /// - `40010` no valid name, or one with a filter.
    pub(crate) fn without_filter(name: &str) -> Result<String, ErrorInfo> {
        let parsed = ChannelName::parse(name)?;
        if parsed.filter.is_some() {
            let why = "a channel with a filter can only be attached to";
            return Err(ErrorInfo::bad(BAD_CHANNEL, why));
        }
        Ok(parsed.channel)
    }

    /// Returns the namespace: what stands before the first colon.
    pub(crate) fn namespace(channel: &str) -> &str {
        channel.split(':').next().unwrap_or_default()
    }
}

fn read_filter(encoded: &str) -> Result<Filter, String> {
    let bytes = from_base64(encoded).or_else(|| from_base64url(encoded));
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    Filter::parse(&text.ok_or("it is no text in base64")?)
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
