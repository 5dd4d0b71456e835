//! Requests, batches, channel status and annotations over real sockets, against the sandbox.

use ably_annotations::{AnnotationsQuery, RestAnnotationsApi};
use ably_base::{
    Annotation, AnnotationAction, BaseRealtime, Data, JsonText, PresenceAction,
    protocol::Value as Item,
};
use ably_presence::{ChannelPresence, RealtimePresence};
use ably_rest::{BatchPublishSpec, StatusApi};
use ably_sandbox::Sandbox;
use ably_websocket::WebSocketTransport;

use crate::{
    sandbox::{PATIENCE, options},
    support::*,
};

/// A key that may do everything below `open:` and `mutable:`, and nothing elsewhere.
fn spec() -> String {
    json!({
        "keys": [{"capability": r#"{"open:*":["*"],"mutable:*":["*"]}"#}],
        "namespaces": [{"id": "mutable", "mutableMessages": true}],
    })
    .to_string()
}

async fn with_both_formats(test: impl AsyncFn(ClientOptions)) {
    for binary in [false, true] {
        let sandbox = Sandbox::builder().app_spec(spec()).start().await;
        let sandbox = sandbox.expect("the sandbox starts");
        let run = test(options(&sandbox, binary).client_id("me"));
        tokio::time::timeout(PATIENCE, run).await.expect("in time");
        sandbox.stop().await;
    }
}

fn realtime(options: ClientOptions) -> BaseRealtime {
    let options = options.plugin(WebSocketTransport).plugin(RealtimePresence);
    BaseRealtime::new(options).expect("the options are fine")
}

fn as_json(items: &[Item]) -> Vec<Value> {
    let items = items.iter();
    items
        .map(|item| serde_json::from_str(&item.to_json()).expect("JSON"))
        .collect()
}

#[tokio::test]
async fn rsc19_a_request_publishes_and_reads_page_by_page() {
    with_both_formats(async |options| {
        let rest = BaseRest::new(options).unwrap();
        let path = "/channels/open%3Aa%2Fb/messages";
        for n in 0..3 {
            let body = Data::json(&json!({"name": "n", "data": format!("d{n}")})).unwrap();
            let made = rest.request("POST", path, 3).body(body).await.unwrap();
            assert_eq!((made.status_code(), made.success()), (201, true));
            assert_eq!(made.error_code(), None);
            assert_eq!(as_json(made.items())[0]["channel"], "open:a/b");
        }
        let request = rest.request("GET", path, 3);
        let page = request
            .param("limit", 2)
            .param("direction", "forwards")
            .await
            .unwrap();
        let data = |items| {
            let items = as_json(items).into_iter();
            items.map(|i| i["data"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(data(page.items()), ["d0", "d1"]);
        let next = page.next().await.unwrap().expect("a next page");
        assert_eq!(data(next.items()), ["d2"]);
        assert!(next.is_last());
        assert_eq!(data(next.first().await.unwrap().items()), ["d0", "d1"]);
        // What was published so is a message like others.
        let history = rest.channels().get("open:a/b").history(()).await.unwrap();
        assert_eq!(history.items().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn rsc19e_a_refusal_of_the_server_is_an_answer() {
    with_both_formats(async |options| {
        let rest = BaseRest::new(options).unwrap();
        for (method, path, status, code) in [
            ("GET", "/nowhere", 404, 40400),
            ("PATCH", "/time", 405, 40500),
            ("GET", "/channels/closed/messages", 401, 40160),
        ] {
            let answer = rest.request(method, path, 3).await.unwrap();
            assert_eq!((answer.status_code(), answer.success()), (status, false));
            assert_eq!(answer.error_code().unwrap().0, code, "{path}");
            assert!(answer.error_message().is_some_and(|m| !m.is_empty()));
            assert_eq!(as_json(answer.items())[0]["error"]["code"], code);
            assert_eq!(answer.header("X-Ably-ErrorCode"), Some(&*code.to_string()));
        }
    })
    .await;
}

#[tokio::test]
async fn rsc22_a_batch_is_published_channel_by_channel() {
    with_both_formats(async |options| {
        let rest = BaseRest::new(options).unwrap();
        let object = JsonText::new(r#"{"é":[1]}"#).unwrap();
        let messages = [
            Message::new("text", "plain"),
            Message::new("bytes", &[0, 255]),
            Message::new("json", object.clone()),
        ];
        let spec = BatchPublishSpec::new(["open:a/b", "closed", "open:c"], messages);
        let result = rest.batch_publish(spec.clone()).await.unwrap();
        assert_eq!((result.success_count, result.failure_count), (2, 1));
        let [Ok(first), Err(second), Ok(third)] = &result.results[..] else {
            panic!("not what is allowed: {:?}", result.results)
        };
        assert_eq!(first.channel, "open:a/b");
        assert!(!first.message_id.is_empty());
        assert_eq!(third.channel, "open:c");
        assert_eq!(second.channel, "closed");
        let refusal = (second.error.code(), second.error.status_code());
        assert_eq!(refusal, (ErrorCode::CAPABILITY, 401));
        for name in ["open:a/b", "open:c"] {
            let query = HistoryQuery::new().direction(ably_rest::Direction::Forwards);
            let page = rest.channels().get(name).history(query).await.unwrap();
            let data: Vec<_> = page.items().iter().map(|m| m.data.clone()).collect();
            let wanted: [Data; 3] = ["plain".into(), (&[0u8, 255]).into(), object.clone().into()];
            assert_eq!(data, wanted, "{name}");
        }
        // A list gives a list; the same ids are not published again.
        let same = BatchPublishSpec::new(["open:ids"], [Message::new("n", "d").id("id")]);
        let results = rest.batch_publish([same.clone(), same]).await.unwrap();
        assert_eq!(results.len(), 2);
        assert!(
            results
                .iter()
                .all(|r| (r.success_count, r.failure_count) == (1, 0))
        );
        let page = rest.channels().get("open:ids").history(()).await.unwrap();
        assert_eq!(page.items().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn rsc24_rsl8_presence_and_status_of_channels() {
    with_both_formats(async |options| {
        let rest = BaseRest::new(options.clone()).unwrap();
        let status = |name: &'static str| {
            let channel = rest.channels().get(name);
            async move { channel.status().await }
        };
        let empty = status("open:p").await.unwrap();
        assert_eq!(empty.channel_id, "open:p");
        assert!(!empty.status.is_active);
        assert_eq!(empty.status.occupancy, Default::default());
        assert_eq!(
            status("closed").await.unwrap_err().code(),
            ErrorCode::CAPABILITY
        );

        let realtime = realtime(options);
        let channel = realtime.channels().get("open:p");
        let object = JsonText::new(r#"{"mood":"é"}"#).unwrap();
        channel.presence().enter(object.clone()).await.unwrap();
        let names = ["open:p", "closed", "open:nobody"];
        let result = rest.batch_presence(names).await.unwrap();
        assert_eq!((result.success_count, result.failure_count), (2, 1));
        let [Ok(present), Err(refused), Ok(nobody)] = &result.results[..] else {
            panic!("not what is allowed: {:?}", result.results)
        };
        assert_eq!(
            (&*present.channel, &*nobody.channel),
            ("open:p", "open:nobody")
        );
        let [member] = &present.presence[..] else {
            panic!("one member")
        };
        assert_eq!(member.client_id.as_deref(), Some("me"));
        assert_eq!(member.action, PresenceAction::PRESENT);
        assert_eq!(member.data, Data::Json(object));
        assert_eq!(member.encoding, None);
        assert!(nobody.presence.is_empty());
        assert_eq!(refused.error.code(), ErrorCode::CAPABILITY);

        for used in [
            status("open:p").await.unwrap(),
            channel.status().await.unwrap(),
        ] {
            assert!(used.status.is_active);
            let metrics = used.status.occupancy.metrics;
            assert_eq!((metrics.connections, metrics.presence_members), (1, 1));
            assert_eq!((metrics.publishers, metrics.subscribers), (1, 1));
        }
        realtime.close();
    })
    .await;
}

#[tokio::test]
async fn rsan_annotations_are_published_read_and_taken_back() {
    with_both_formats(async |options| {
        let rest = BaseRest::new(options).unwrap();
        let channel = rest.channels().get("mutable:a/b");
        channel.publish("n", "annotated").await.unwrap();
        let page = channel.history(()).await.unwrap();
        let message = &page.items()[0];
        let serial = message.serial.clone().expect("a serial");
        let annotations = channel.annotations();
        let like = Annotation::new("reaction:multiple.v1").name("👍");
        let object = JsonText::new(r#"{"é":[1]}"#).unwrap();
        for (n, data) in [Data::from("text"), Data::from(&[0, 255]), object.into()]
            .into_iter()
            .enumerate()
        {
            let one = like.clone().count(n as u64 + 1).data(data);
            annotations.publish(message, one).await.unwrap();
        }
        // The same id is not taken twice.
        for _ in 0..2 {
            let same = Annotation::new("seen:total.v1").id("id:0");
            annotations.publish(&*serial, same).await.unwrap();
        }
        annotations
            .delete(serial.clone(), like.clone())
            .await
            .unwrap();
        let mut page = annotations
            .get(message, AnnotationsQuery::new().limit(2))
            .await
            .unwrap();
        let mut all = page.items().to_vec();
        while let Some(next) = page.next().await.unwrap() {
            assert!(next.items().len() <= 2);
            all.extend_from_slice(next.items());
            page = next;
        }
        assert_eq!(all.len(), 5);
        for (n, annotation) in all[..3].iter().enumerate() {
            assert_eq!(annotation.action, AnnotationAction::CREATE);
            assert_eq!(annotation.r#type.as_deref(), Some("reaction:multiple.v1"));
            assert_eq!(annotation.name.as_deref(), Some("👍"));
            assert_eq!(annotation.count, Some(n as u64 + 1));
            assert_eq!(annotation.client_id.as_deref(), Some("me"));
            assert_eq!(annotation.message_serial, Some(serial.clone()));
            assert!(annotation.serial.as_deref().is_some_and(|s| s > &*serial));
            assert!(annotation.timestamp.is_some_and(|t| t > 1_600_000_000_000));
        }
        assert_eq!(all[0].data, "text");
        assert_eq!(all[1].data, Data::from(&[0, 255]));
        assert_eq!(all[2].data.as_json().unwrap().as_str(), r#"{"é":[1]}"#);
        assert_eq!(all[3].id.as_deref(), Some("id:0"));
        assert_eq!(all[4].action, AnnotationAction::DELETE);

        // What goes with a type, the server decides.
        for (bad, code) in [
            (Annotation::new("reaction:unheard-of.v1"), 40003),
            (Annotation::new("reaction:distinct.v1"), 40003),
            (Annotation::new("reaction:flag.v1").count(2), 40003),
        ] {
            let error = annotations.publish(message, bad).await.unwrap_err();
            assert_eq!((error.code().0, error.status_code()), (code, 400));
        }
        let plain = rest.channels().get("open:plain");
        plain.publish("n", "d").await.unwrap();
        let page = plain.history(()).await.unwrap();
        let error = plain.annotations().publish(&page.items()[0], like).await;
        assert_eq!(error.unwrap_err().code().0, 93002);
    })
    .await;
}
