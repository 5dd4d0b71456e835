//! Paging.

use std::pin::pin;

use crate::support::*;

/// Three pages of numbers, whose links point elsewhere.
fn server() -> MockHttp {
    MockHttp::answering(|sent| {
        let page: i64 = sent.query("page").map_or(1, |p| p.parse().unwrap());
        let link = |n: i64, rel: &str| {
            format!("<https://elsewhere.example/steal/./x?page={n}&limit=2>; rel=\"{rel}\"")
        };
        let mut links = vec![link(1, "first"), link(page, "current")];
        if page < 3 {
            links.push(link(page + 1, "next"));
        }
        let items = json!([{"data": format!("{page}a")}, {"data": format!("{page}b")}]);
        Some(Reply::json(200, items).header("link", &links.join(", ")))
    })
}

fn data(page: &ably_rest::PaginatedResult<Arc<Message>>) -> Vec<String> {
    let texts = page.items().iter().filter_map(|m| m.data.as_text());
    texts.map(String::from).collect()
}

#[test]
fn tg_next_first_and_current_stay_on_the_host_and_path_of_the_first_request() {
    let http = server();
    let (rt, rest) = client(&http);
    let query = HistoryQuery::new().limit(2).start(9);
    let one = rt.wait(rest.channels().get("c").history(query)).unwrap();
    assert_eq!(data(&one), ["1a", "1b"]);
    assert!(one.has_next() && !one.is_last() && one.has_first() && one.has_current());
    let two = rt.wait(one.next()).unwrap().unwrap();
    let three = rt.wait(two.next()).unwrap().unwrap();
    assert_eq!(data(&three), ["3a", "3b"]);
    assert!(!three.has_next() && three.is_last());
    assert!(rt.wait(three.next()).unwrap().is_none());
    assert_eq!(data(&rt.wait(three.first()).unwrap()), ["1a", "1b"]);
    assert_eq!(data(&rt.wait(two.current()).unwrap()), ["2a", "2b"]);
    let sent = http.requests();
    assert_eq!(sent.len(), 5);
    for request in &sent {
        assert_eq!(request.host, "main.realtime.ably.net");
        assert_eq!(request.path, "/channels/c/messages");
        assert!(request.header("authorization").is_some());
        assert_eq!(request.header("accept"), Some("application/json"));
    }
    // The link's query, all of it and nothing else.
    assert_eq!(
        (sent[1].query("page"), sent[1].query("start")),
        (Some("2"), None)
    );
}

#[test]
fn tg_without_links_there_is_one_page() {
    let (rt, rest) = client(&always(Reply::json(200, json!([{"data": "x"}]))));
    let page = rt.wait(rest.channels().get("c").history(())).unwrap();
    assert!(page.is_last() && !page.has_first() && !page.has_current());
    assert!(rt.wait(page.next()).unwrap().is_none());
    for missing in [rt.wait(page.first()), rt.wait(page.current())] {
        let error = missing.unwrap_err();
        assert_eq!(
            (error.code(), error.status_code()),
            (ErrorCode::NOT_FOUND, 404)
        );
    }
}

#[test]
fn all_items_come_as_a_stream_that_asks_only_for_what_it_needs() {
    let http = server();
    let (rt, rest) = client(&http);
    let page = rt.wait(rest.channels().get("c").history(())).unwrap();
    let mut stream = page.into_stream();
    let mut seen = Vec::new();
    for requests in [1, 1, 2, 2, 3, 3] {
        let item = rt.wait(pin!(stream.next())).unwrap().unwrap();
        seen.push(item.data.as_text().unwrap().to_owned());
        assert_eq!(http.requests().len(), requests);
    }
    assert_eq!(seen, ["1a", "1b", "2a", "2b", "3a", "3b"]);
    assert!(rt.wait(pin!(stream.next())).is_none());
    assert_eq!(http.requests().len(), 3);
}

#[test]
fn a_stream_ends_after_an_error_and_a_page_survives_one() {
    let next = r#"<./messages?page=2>; rel="next""#;
    let http = MockHttp::replying([
        Reply::json(200, json!([{"data": "x"}])).header("link", next),
        Reply::error(400, 40011),
    ]);
    let (rt, rest) = client(&http);
    let page = rt.wait(rest.channels().get("c").history(())).unwrap();
    assert_eq!(rt.wait(page.next()).unwrap_err().code(), 40011);
    assert_eq!(page.items().len(), 1);
    let mut stream = page.into_stream();
    assert!(rt.wait(pin!(stream.next())).unwrap().is_ok());
    assert_eq!(
        rt.wait(pin!(stream.next())).unwrap().unwrap_err().code(),
        40011
    );
    assert!(rt.wait(pin!(stream.next())).is_none());
}

#[test]
fn a_dropped_next_of_a_stream_loses_nothing() {
    let http = MockHttp::new();
    let (rt, rest) = client(&http);
    let mut asked = rest.channels().get("c").history(());
    assert!(rt.poll_now(&mut asked).is_none());
    let next = r#"<./messages?page=2>; rel="next""#;
    let answer = |data: &str| Reply::json(200, json!([{ "data": data }]));
    http.take_request()
        .unwrap()
        .respond(answer("1").header("link", next));
    let mut stream = rt.wait(asked).unwrap().into_stream();
    assert_eq!(rt.wait(pin!(stream.next())).unwrap().unwrap().data, "1");
    assert!(rt.poll_now(&mut Box::pin(stream.next())).is_none());
    http.take_request().unwrap().respond(answer("2"));
    assert_eq!(rt.wait(pin!(stream.next())).unwrap().unwrap().data, "2");
    assert_eq!(http.requests().len(), 2);
}
