//! `Link` headers of a page, one a line.
#![no_main]

use ably_base::engine::HttpReply;
use libfuzzer_sys::fuzz_target;

// The module as it stands in the plugin, which does not show it to others.
#[allow(dead_code)]
#[path = "../../plugins/rest/src/links.rs"]
mod links;

use links::Links;

fuzz_target!(|text: &str| {
    let headers = text
        .split('\n')
        .map(|line| (String::from("Link"), String::from(line)))
        .collect();
    let found = Links::of(&HttpReply::new(200, headers, Default::default()));
    let most = text.len();
    for query in [&found.first, &found.current, &found.next]
        .into_iter()
        .flatten()
    {
        assert!(query.len() <= 64);
        let bytes: usize = query.iter().map(|(n, v)| n.len() + v.len()).sum();
        // A broken byte becomes U+FFFD, which is three.
        assert!(bytes <= 3 * most);
        // Written as a query again, it is read as the same.
        let written: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let written = written.join("&");
        let link = format!("<./messages?{written}>; rel=\"next\"");
        let again = [(String::from("link"), link.clone())].into();
        let again = Links::of(&HttpReply::new(200, again, Default::default()));
        if link.len() <= 64 * 1024 {
            assert_eq!(again.next.as_ref(), Some(query));
        }
    }
});

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
