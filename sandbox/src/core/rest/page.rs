//! Link headers.
//!
//! ably-js takes a link only in the form `<./word?query>` and applies its query to the path it
//! asked for; it splits the header at commas, so queries must not hold any.
//!
//! Spec: TG.

use crate::core::history::{Page, read_limit};
use crate::core::name::percent_encode;
use crate::core::rest::{Request, Response};
use crate::wire::{ErrorInfo, Value};

/// Answers with one page and the links to others.
pub(crate) fn respond(request: &Request, page: Page) -> Response {
    let word = request.path.last().map_or("", String::as_str);
    let kept = request.query.iter();
    let kept = kept.filter(|(key, _)| !PRIVATE.contains(&key.as_str()));
    let query = |cursor: Option<&str>| {
        let pairs = kept.clone().filter(|(key, _)| key != "cursor");
        let mut parts: Vec<String> = pairs
            .map(|(key, value)| format!("{}={}", percent_encode(key), percent_encode(value)))
            .collect();
        if let Some(cursor) = cursor {
            parts.push(format!("cursor={}", percent_encode(cursor)));
        }
        // Without a query the link would not be recognised.
        if parts.is_empty() {
            parts.push("limit=100".to_owned());
        }
        parts.join("&")
    };
    let link =
        |rel: &str, cursor: Option<&str>| format!("<./{word}?{}>; rel=\"{rel}\"", query(cursor));
    let mut links = vec![
        link("first", None),
        link("current", request.param("cursor")),
    ];
    if let Some(next) = &page.next {
        links.push(link("next", Some(next)));
    }
    let mut response = Response::new(200, Value::List(page.items));
    response.headers.push(("link", links.join(", ")));
    response
}

/// Cuts a page out of items that are sorted by their keys.
pub(crate) fn by_key<T>(
    request: &Request,
    items: impl Iterator<Item = (String, T)>,
    render: impl Fn(T) -> Value,
) -> Result<Page, ErrorInfo> {
    let limit = read_limit(&request.query)?;
    let cursor = request.param("cursor");
    let mut rest = items
        .filter(|(key, _)| cursor.is_none_or(|cursor| key.as_str() > cursor))
        .peekable();
    let mut page = Page {
        items: Vec::new(),
        next: None,
    };
    while let Some((key, item)) = rest.next() {
        page.items.push(render(item));
        if page.items.len() == limit {
            page.next = rest.peek().map(|_| key);
            break;
        }
    }
    Ok(page)
}

/// Never repeated in a link: credentials, and what clients add to every request by themselves.
const PRIVATE: [&str; 5] = ["key", "access_token", "accessToken", "envelope", "format"];
