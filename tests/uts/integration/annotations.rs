//! `rest/integration/mutable_messages.md`: its annotations. The message's serial is taken from the
//! history, as a publish does not return it.

use ably_annotations::{RestAnnotations, RestAnnotationsApi};
use ably_base::{Annotation, AnnotationAction};

use crate::live::*;

const TYPE: &str = "com.ably.reactions";

type Page = ably::plugins::rest::PaginatedResult<Annotation>;

/// A message to annotate: the annotations of its channel, and its serial.
async fn published(options: ClientOptions, channel: &str, name: &str) -> (RestAnnotations, String) {
    let channel = rest(options).channels().get(&unique(channel));
    let published = channel.publish(name, "content").await;
    published.expect("published");
    let serial = poll_until(s(10), async || {
        let page = channel.history(()).await.expect("a page");
        let message = page.items().first()?;
        Some(message.serial.as_deref().expect("a serial").to_owned())
    })
    .await;
    (channel.annotations(), serial)
}

/// `poll_until_success`: the annotations, when there are so many.
async fn annotations(of: &RestAnnotations, serial: &str, count: usize) -> Page {
    poll_until(s(10), async || {
        let page = of.get(serial, ()).await.ok()?;
        (page.items().len() >= count).then_some(page)
    })
    .await
}

// UTS: rest/integration/RSAN1/annotation-lifecycle-0
#[test]
fn rsan1_an_annotation_is_added_and_deleted() {
    run_protocols(async |_, options| {
        let channel = "mutable:test-RSAN-lifecycle";
        let (channel, serial) = published(options, channel, "annotatable").await;
        let like = Annotation::new(TYPE).name("like");
        let added = channel.publish(&*serial, like.clone()).await;
        added.expect("added");
        let page = annotations(&channel, &serial, 1).await;
        assert!(!page.items().is_empty());
        let is_like = |a: &&Annotation| {
            a.r#type.as_deref() == Some(TYPE) && a.name.as_deref() == Some("like")
        };
        let found: Vec<_> = page.items().iter().filter(is_like).collect();
        assert!(!found.is_empty());
        for annotation in found {
            assert_eq!(annotation.action, AnnotationAction::CREATE);
            assert_eq!(annotation.message_serial.as_deref(), Some(&*serial));
        }
        let deleted = channel.delete(&*serial, like).await;
        deleted.expect("deleted");
    });
}

// UTS: rest/integration/RSAN3/get-annotations-paginated-0
#[test]
fn rsan3_annotations_come_in_pages() {
    run_protocols(async |_, options| {
        let channel = "mutable:test-RSAN3-paginated";
        let (channel, serial) = published(options, channel, "multi-annotated").await;
        for name in ["like", "heart"] {
            let annotation = Annotation::new(TYPE).name(name);
            let added = channel.publish(&*serial, annotation).await;
            added.expect("added");
        }
        let page = annotations(&channel, &serial, 2).await;
        assert!(page.items().len() >= 2);
        for annotation in page.items() {
            assert_eq!(annotation.message_serial.as_deref(), Some(&*serial));
            assert_eq!(annotation.r#type.as_deref(), Some(TYPE));
            assert!(annotation.timestamp.expect("a timestamp") > 0);
        }
    });
}
