//! [`Links`]: where other pages are, from `Link` headers.
//!
//! Only the query of a link is used, against the path of the first request: a server cannot send
//! the client, and its credential, elsewhere.
//!
//! Spec: TG, RFC 8288 as far as Ably uses it.

use ably_base::engine::HttpReply;

/// The longest `Link` header that is read, in bytes.
const MAX_HEADER: usize = 64 * 1024;
/// Links that are read of one reply.
const MAX_LINKS: usize = 16;
/// Parameters of one link.
const MAX_PARAMS: usize = 64;

pub(crate) type Query = Vec<(String, String)>;

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) first: Option<Query>,
    pub(crate) current: Option<Query>,
    pub(crate) next: Option<Query>,
}

impl Links {
    pub(crate) fn of(reply: &HttpReply) -> Self {
        let mut links = Self::default();
        let headers = reply
            .headers
            .iter()
            .filter(|(name, value)| name.eq_ignore_ascii_case("link") && value.len() <= MAX_HEADER);
        let all = headers.flat_map(|(_, value)| Entries(value));
        for (target, params) in all.take(MAX_LINKS) {
            let Some(rel) = rel(params) else { continue };
            let place = match rel {
                "first" => &mut links.first,
                "current" => &mut links.current,
                "next" => &mut links.next,
                _ => continue,
            };
            match target.split_once('?') {
                Some((_, query)) => *place = Some(parse(query)),
                // The same list from its beginning; as the next page it would never end.
                None if rel != "next" => *place = Some(Query::new()),
                None => {}
            }
        }
        links
    }
}

/// The `<target>; params` of one header.
struct Entries<'a>(&'a str);

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let (_, after) = self.0.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let mut is_quoted = false;
        let end = after
            .find(|c| {
                is_quoted ^= c == '"';
                c == ',' && !is_quoted
            })
            .unwrap_or(after.len());
        let (params, rest) = after.split_at(end);
        self.0 = rest;
        Some((target, params))
    }
}

/// The value of `rel` among `; name=value` parameters.
fn rel(params: &str) -> Option<&str> {
    params.split(';').find_map(|param| {
        let (name, value) = param.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("rel")
            .then(|| value.trim().trim_matches('"'))
    })
}

/// The query of a server's link.
fn parse(query: &str) -> Query {
    let pairs = pairs(query).take(MAX_PARAMS);
    pairs
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// Names and values of a query, encoded as they are.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = query.split('#').next().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Undoes percent-encoding and `+`; what is malformed stays as it is.
fn decode(text: &str) -> String {
    String::from_utf8(decode_bytes(text, true))
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Undoes percent-encoding, and `+` for a space where that is meant.
pub(crate) fn decode_bytes(text: &str, plus_is_space: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&b, after)) = rest.split_first() {
        let digit = |i: usize| after.get(i).and_then(|d| char::from(*d).to_digit(16));
        rest = after;
        match (b, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', ..) if plus_is_space => bytes.push(b' '),
            _ => bytes.push(b),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(headers: &[&str]) -> Links {
        let headers = headers
            .iter()
            .map(|v| (String::from("link"), String::from(*v)))
            .collect();
        Links::of(&HttpReply::new(200, headers, Default::default()))
    }

    fn query(pairs: &[(&str, &str)]) -> Option<Query> {
        Some(
            pairs
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect(),
        )
    }

    #[test]
    fn one_header_or_several_and_every_relation() {
        let wanted = Links {
            first: query(&[("limit", "2")]),
            current: query(&[("limit", "2"), ("from", "a b")]),
            next: query(&[("cursor", "x,y"), ("e", "é=")]),
        };
        let parts = [
            r#"<./messages?limit=2>; rel="first""#,
            r#"<./messages?limit=2&from=a%20b>; rel="current""#,
            r#"<./messages?cursor=x,y&e=%C3%A9%3D>; rel="next""#,
        ];
        assert_eq!(links(&parts), wanted);
        assert_eq!(links(&[&parts.join(", ")]), wanted);
        assert_eq!(links(&[&parts.join(",")]), wanted);
    }

    #[test]
    fn other_spellings_are_read() {
        for header in [
            "<./messages?a=1>;rel=next",
            r#"  <./messages?a=1> ; title="x, y" ; REL="next" "#,
            r#"<https://elsewhere.example/steal?a=1#f>; rel="next""#,
            r#"<?a=1>; rel="next""#,
        ] {
            assert_eq!(links(&[header]).next, query(&[("a", "1")]), "{header}");
        }
    }

    #[test]
    fn a_link_without_a_query_is_the_beginning_but_not_the_next_page() {
        let l = links(&[r#"<./m>; rel="first", <./m>; rel="current", <./m>; rel="next""#]);
        assert_eq!((l.first, l.current, l.next), (query(&[]), query(&[]), None));
    }

    #[test]
    fn what_is_hostile_is_ignored_or_bounded() {
        for header in [
            "",
            "<",
            "<./m?a=1",
            "<./m?a=1>",
            r#"<./m>; rel="next""#,
            r#"<./m?a=1>; rel="prev""#,
            r#"./m?a=1; rel="next""#,
            r#">; rel="next"<"#,
        ] {
            assert_eq!(links(&[header]), Links::default(), "{header}");
        }
        let many = format!(r#"<./m?{}>; rel="next""#, "a=1&".repeat(1000));
        assert_eq!(links(&[&many]).next.unwrap().len(), MAX_PARAMS);
        let late = format!(
            r#"{}<./m?a=1>; rel="next""#,
            r#"<./m?b=1>; rel="other","#.repeat(MAX_LINKS)
        );
        assert_eq!(links(&[&late]).next, None);
        let long = format!(r#"<./m?{}>; rel="next""#, "a".repeat(MAX_HEADER));
        assert_eq!(links(&[&long]).next, None);
        // Line ends and delimiters come out as data, to be encoded again.
        assert_eq!(
            links(&[r#"<./m?a%0d%0aX=%26b%zz%>; rel="next""#]).next,
            query(&[("a\r\nX", "&b%zz%")])
        );
        assert_eq!(decode("%ff%"), "\u{fffd}%");
    }
}
