//! [`DeriveOptions`], and the name of the channel that they make.
//!
//! Spec: RTS5, DO.

use ably_engine::protocol::{ErrorCode, ErrorInfo, Params};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::rest::encode;

/// How a channel is derived from another one.
///
/// Spec: DO1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct DeriveOptions {
    filter: Option<String>,
}

impl DeriveOptions {
    /// The channel itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only messages for which this JMESPath expression is true; the server evaluates it.
    ///
    /// Spec: DO2a.
    pub fn filter(mut self, expression: impl Into<String>) -> Self {
        self.filter = Some(expression.into());
        self
    }

    /// `[filter=FILTER?PARAMS]NAME`. The parameters are those that stand in the name, as in
    /// `[?rewind=1]NAME`, else those of the options.
    ///
    /// # Errors
    /// - `40010` there is no name, or it has another qualifier already.
    pub(super) fn name(&self, name: &str, params: &Params) -> Result<String, ErrorInfo> {
        let Some(filter) = self.filter.as_deref().filter(|f| !f.is_empty()) else {
            return Ok(name.to_owned());
        };
        let qualified = name.strip_prefix('[').and_then(|n| n.split_once(']'));
        let (qualifier, base) = qualified.unwrap_or(("", name));
        if base.is_empty() {
            return Err(invalid("a derived channel needs the name of a channel"));
        }
        let mut given = match qualifier.strip_prefix('?') {
            Some(given) => given.to_owned(),
            None if qualifier.is_empty() => String::new(),
            None => return Err(invalid("a channel with a qualifier cannot be derived from")),
        };
        if given.is_empty() {
            given = query(params);
        }
        let filter = BASE64_STANDARD.encode(filter);
        let mark = if given.is_empty() { "" } else { "?" };
        Ok(format!("[filter={filter}{mark}{given}]{base}"))
    }
}

fn query(params: &Params) -> String {
    let mut query = String::new();
    for (name, value) in params {
        if !query.is_empty() {
            query.push('&');
        }
        encode(name, &mut query);
        query.push('=');
        encode(value, &mut query);
    }
    query
}

fn invalid(why: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::INVALID_CHANNEL_NAME, 400, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(name: &str, params: &[(&str, &str)]) -> Result<String, u32> {
        let params = params.iter().map(|(n, v)| ((*n).into(), (*v).into()));
        let options = DeriveOptions::new().filter("true");
        let name = options.name(name, &params.collect());
        name.map_err(|e| e.code().0)
    }

    #[test]
    fn parameters_of_the_name_are_kept() {
        let kept = derived("[?rewind=1]foo", &[("delta", "vcdiff")]);
        assert_eq!(kept.as_deref(), Ok("[filter=dHJ1ZQ==?rewind=1]foo"));
    }

    #[test]
    fn parameters_of_the_options_cannot_end_the_qualifier() {
        let hostile = derived("foo", &[("a]", "&b=é")]);
        assert_eq!(
            hostile.as_deref(),
            Ok("[filter=dHJ1ZQ==?a%5D=%26b%3D%C3%A9]foo")
        );
    }

    #[test]
    fn other_qualifiers_and_no_name_are_refused() {
        for name in ["[meta]foo", "[filter=dHJ1ZQ==]foo", "", "[?rewind=1]"] {
            assert_eq!(derived(name, &[]), Err(40010), "{name}");
        }
    }

    #[test]
    fn without_a_filter_the_name_is_that_of_the_channel() {
        for options in [DeriveOptions::new(), DeriveOptions::new().filter("")] {
            let name = options.name("[meta]foo", &Params::new());
            assert_eq!(name.as_deref().ok(), Some("[meta]foo"));
        }
    }
}
