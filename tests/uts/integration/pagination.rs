//! `rest/integration/pagination.md`

use std::collections::BTreeSet;

use crate::live::*;

/// A channel in whose history are this many messages, `event-1` and so on.
async fn published(name: &str, count: usize) -> (TestApp, ably::RestChannel) {
    let app = TestApp::start().await;
    let channel = rest(app.with_key()).channels().get(&unique(name));
    for i in 1..=count {
        let published = channel.publish(format!("event-{i}"), i.to_string()).await;
        published.expect("published");
    }
    poll_until(s(30), async || {
        let page = channel.history(()).await.expect("a page");
        (page.items().len() == count).then_some(())
    })
    .await;
    (app, channel)
}

type Page = ably::plugins::rest::PaginatedResult<Arc<Message>>;

async fn first(channel: &ably::RestChannel, limit: u32) -> Page {
    let page = channel.history(HistoryQuery::new().limit(limit)).await;
    page.expect("a page")
}

async fn next(page: &Page) -> Page {
    page.next().await.expect("a page").expect("a next page")
}

fn ids(page: &Page) -> Vec<&str> {
    let ids = page.items().iter().map(|m| m.id.as_deref());
    ids.map(|id| id.expect("an id")).collect()
}

// UTS: rest/integration/TG1/items-and-navigation-0
#[test]
fn tg1_a_page_has_items_and_says_whether_more_follow() {
    run(async {
        let (_app, channel) = published("pagination-basic", 15).await;
        let page = first(&channel, 5).await;
        assert_eq!(page.items().len(), 5);
        assert!(page.has_next());
        assert!(!page.is_last());
    });
}

// UTS: rest/integration/TG3/next-retrieves-page-0
#[test]
fn tg3_next_is_the_next_page() {
    run(async {
        let (_app, channel) = published("pagination-next", 12).await;
        let one = first(&channel, 5).await;
        let two = next(&one).await;
        let three = next(&two).await;
        let pages = [&one, &two, &three];
        assert_eq!(pages.map(|page| page.items().len()), [5, 5, 2]);
        let all: BTreeSet<_> = pages.into_iter().flat_map(ids).collect();
        assert_eq!(all.len(), 12);
    });
}

// UTS: rest/integration/TG4/first-retrieves-page-0
#[test]
fn tg4_first_is_the_first_page() {
    run(async {
        let (_app, channel) = published("pagination-first", 10).await;
        let one = first(&channel, 3).await;
        let two = next(&one).await;
        let again = two.first().await.expect("a page");
        assert_eq!(again.items().len(), one.items().len());
        assert_eq!(ids(&again), ids(&one));
    });
}

// UTS: rest/integration/TG5/iterate-all-pages-0
#[test]
fn tg5_all_pages_hold_all_items() {
    run(async {
        let (_app, channel) = published("pagination-iterate", 25).await;
        let mut page = first(&channel, 7).await;
        let mut all = page.items().to_vec();
        while page.has_next() {
            page = next(&page).await;
            all.extend_from_slice(page.items());
        }
        assert_eq!(all.len(), 25);
        let names: Vec<_> = all.iter().filter_map(|m| m.name.as_deref()).collect();
        for i in 1..=25 {
            assert!(names.contains(&&*format!("event-{i}")), "{i}");
        }
    });
}

// UTS: rest/integration/TG3/next-last-page-null-1
#[test]
fn tg3_there_is_nothing_after_the_last_page() {
    run(async {
        let (_app, channel) = published("pagination-lastnext", 3).await;
        let page = first(&channel, 10).await;
        assert_eq!(page.items().len(), 3);
        assert!(!page.has_next());
        assert!(page.is_last());
        assert!(page.next().await.expect("an answer").is_none());
    });
}
