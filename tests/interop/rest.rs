//! REST seen by both: batches, presence, status, requests and annotations.

use ably::{
    Annotation, BaseRest, Data, JsonText, Message, PresenceMessage, Rest,
    plugins::{
        annotations::AnnotationsQuery,
        rest::{
            BatchFailureResult, BatchPublishSuccessResult, BatchResult, ChannelDetails,
            HttpPaginatedResponse,
        },
    },
    prelude::*,
    protocol::Value as Item,
};
use ably_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{peer::Peer, support::*};

/// Runs `test` for all pairs of formats, with an app whose key may do everything below `open:` and
/// `mutable:` and nothing elsewhere. It gets our client and that of the peer, which is called `js`.
fn with_all_formats(test: impl AsyncFn(&Sandbox, &Peer, &BaseRest, bool)) {
    run(async {
        for (ours, theirs) in FORMATS {
            let spec = json!({
                "keys": [{"capability": r#"{"open:*":["*"],"mutable:*":["*"]}"#}],
                "namespaces": [{"id": "mutable", "mutableMessages": true}],
            });
            let sandbox = Sandbox::builder().app_spec(spec.to_string()).start().await;
            let sandbox = sandbox.expect("starts");
            let peer = Peer::start(&sandbox).await;
            peer.rest("js", sandbox.key(), theirs).await;
            let rest = Rest::new(options(&sandbox, "rust", ours)).expect("the options are fine");
            test(&sandbox, &peer, &rest, ours).await;
        }
    });
}

fn value(item: &Item) -> Value {
    serde_json::from_str(&item.to_json()).expect("JSON")
}

/// A failure as the peer tells it.
fn failure(failure: &BatchFailureResult) -> Value {
    let error = &failure.error;
    json!({"channel": failure.channel.as_str(), "error": {
        "code": error.code().0, "statusCode": error.status_code(), "message": error.message(),
    }})
}

/// A batch as the peer tells it.
fn batch<S>(
    batch: &BatchResult<Result<S, BatchFailureResult>>,
    success: impl Fn(&S) -> Value,
) -> Value {
    let results = batch.results.iter();
    let results = results.map(|r| r.as_ref().map_or_else(failure, &success));
    json!({
        "successCount": batch.success_count, "failureCount": batch.failure_count,
        "results": results.collect::<Vec<_>>(),
    })
}

/// Takes the ids, which differ, out of a published batch; there must be some.
fn without_ids(mut batches: Value) -> Value {
    for batch in batches.as_array_mut().expect("a list") {
        for result in batch["results"].as_array_mut().expect("results") {
            let result = result.as_object_mut().expect("an object");
            if let Some(id) = result.remove("messageId") {
                assert!(id.as_str().is_some_and(|id| !id.is_empty()));
            }
        }
    }
    batches
}

#[test]
fn batches_of_messages() {
    with_all_formats(async |_, peer, rest, _| {
        let object = JsonText::new(r#"{"é":[1,null]}"#).expect("JSON");
        let messages = [
            Message::new("text", "plain ☃"),
            Message::new("bytes", &[0u8, 1, 255]),
            Message::new("json", object),
        ];
        let specs = [
            BatchPublishSpec::new(["open:a/b", "closed"], messages.clone()),
            BatchPublishSpec::new(["open:c"], messages.clone()),
        ];
        let ours = rest.batch_publish(specs).await.expect("published");
        let told = |s: &BatchPublishSuccessResult| json!({"channel": s.channel.as_str(), "messageId": s.message_id.as_str()});
        let ours = ours.iter().map(|b| batch(b, told)).collect();
        let request = json!({"client": "js", "specs": [
            {"channels": ["open:a/b", "closed"], "messages": [
                {"name": "theirs", "data": {"type": "text", "value": "plain ☃"}},
            ]},
            {"channels": ["open:c"], "messages": [
                {"name": "theirs", "data": {"type": "text", "value": "plain ☃"}},
            ]},
        ]});
        let theirs = peer.ask("batchPublish", request).await;
        assert_eq!(without_ids(ours), without_ids(theirs));

        let mut wanted: Vec<Value> = messages.iter().map(seen).collect();
        wanted.push(seen(&Message::new("theirs", "plain ☃")));
        for name in ["open:a/b", "open:c"] {
            let query = HistoryQuery::new().direction(Direction::Forwards);
            let page = rest
                .channels()
                .get(name)
                .history(query)
                .await
                .expect("a page");
            let of_ours: Vec<Value> = page.items().iter().map(|m| seen(m)).collect();
            assert_eq!(of_ours, wanted);
            let history = json!({"client": "js", "channel": name});
            let of_theirs = peer.ask("history", history).await["items"].take();
            let of_theirs = of_theirs
                .as_array()
                .expect("a list")
                .iter()
                .map(seen_by_peer);
            assert_eq!(of_theirs.collect::<Vec<_>>(), wanted);
        }
    });
}

/// A member as the wire has it.
fn member(m: &PresenceMessage) -> Value {
    let mut item = m.to_item().expect("extras are JSON");
    if matches!(m.data, Data::Json(_)) {
        item.set("encoding", "json");
    }
    value(&Item::Map(item.fields().to_vec()))
}

#[test]
fn presence_and_status_of_channels() {
    with_all_formats(async |sandbox, peer, rest, binary| {
        let realtime = connect(options(sandbox, "rust", binary)).await;
        let channel = realtime.channels().get("open:p");
        let mood = JsonText::new(r#"{"mood":"☃"}"#).expect("JSON");
        channel.presence().enter(mood).await.expect("entered");
        peer.connect("other", sandbox.key(), !binary).await;
        let enter = json!({
            "client": "other", "channel": "open:p", "data": {"type": "text", "value": "here"},
        });
        peer.ask("enter", enter).await;

        let names = ["open:p", "closed", "open:nobody"];
        let ours = rest.batch_presence(names).await.expect("an answer");
        let mut clients: Vec<_> = ours.results[0]
            .as_ref()
            .expect("allowed")
            .presence
            .iter()
            .map(|m| (m.client_id.as_deref(), coded(&m.data)))
            .collect();
        clients.sort_by(|a, b| a.0.cmp(&b.0));
        let mood = json!({"type": "json", "value": {"mood": "☃"}});
        let here = json!({"type": "text", "value": "here"});
        assert_eq!(clients, [(Some("other"), here), (Some("rust"), mood)]);
        // ably-js leaves the members as they came.
        let ours = batch(&ours, |s| {
            let presence: Vec<Value> = s.presence.iter().map(member).collect();
            json!({"channel": s.channel.as_str(), "presence": presence})
        });
        let request = json!({"client": "js", "channels": names});
        assert_eq!(ours, peer.ask("batchPresence", request).await);

        for name in names {
            let ours = rest.channels().get(name).status().await;
            let request = json!({"client": "js", "channel": name});
            let theirs = peer.try_ask("status", request).await;
            match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => assert_same_status(&ours, &theirs),
                (Err(ours), Err(theirs)) => {
                    assert_eq!(name, "closed");
                    assert_eq!(json!(ours.code().0), theirs["code"]);
                    assert_eq!(json!(ours.status_code()), theirs["statusCode"]);
                }
                (ours, theirs) => panic!("{ours:?}, {theirs:?}"),
            }
        }
        let used = channel.status().await.expect("a status");
        assert_eq!(used.status.occupancy.metrics.presence_members, 2);
        realtime.close();
    });
}

#[track_caller]
fn assert_same_status(ours: &ChannelDetails, theirs: &Value) {
    assert_eq!(ours.channel_id.as_str(), theirs["channelId"]);
    assert_eq!(ours.status.is_active, theirs["status"]["isActive"]);
    let told = &theirs["status"]["occupancy"]["metrics"];
    let metrics = &ours.status.occupancy.metrics;
    for (name, ours) in [
        ("connections", metrics.connections),
        ("presenceConnections", metrics.presence_connections),
        ("presenceMembers", metrics.presence_members),
        ("presenceSubscribers", metrics.presence_subscribers),
        ("publishers", metrics.publishers),
        ("subscribers", metrics.subscribers),
    ] {
        assert_eq!(json!(ours), told[name], "{name}");
    }
}

/// An answer as the peer tells it.
fn answer(answer: &HttpPaginatedResponse) -> Value {
    json!({
        "items": answer.items().iter().map(value).collect::<Vec<_>>(),
        "statusCode": answer.status_code(),
        "success": answer.success(),
        "errorCode": answer.error_code().map(|c| c.0),
    })
}

#[test]
fn requests_of_the_applications_own() {
    with_all_formats(async |_, peer, rest, _| {
        let path = "/channels/open%3Aa%2Fb/messages";
        let body = json!({"name": "n", "data": "d ☃", "id": "same"});
        let both = async |method: &str, path: &str, body: Option<&Value>| {
            let mut request = rest.request(method, path, 3).param("limit", 10);
            if let Some(body) = body {
                request = request.body(Data::json(body).expect("JSON"));
            }
            let ours = answer(&request.await.expect("an answer"));
            let request = json!({
                "client": "js", "method": method, "path": path, "params": {"limit": 10},
                "body": body,
            });
            let mut theirs = peer.ask("request", request).await;
            theirs
                .as_object_mut()
                .expect("an object")
                .remove("errorMessage");
            (ours, theirs)
        };
        let (ours, theirs) = both("POST", path, Some(&body)).await;
        for made in [&ours, &theirs] {
            assert_eq!(
                (&made["statusCode"], &made["success"]),
                (&json!(201), &json!(true))
            );
            assert_eq!(made["items"][0]["channel"], "open:a/b");
        }
        let (ours, theirs) = both("GET", path, None).await;
        assert_eq!(ours, theirs);
        let items = ours["items"].as_array().expect("a list");
        assert_eq!(items.len(), 1, "one id is one message");
        assert_eq!(items[0]["data"], "d ☃");
        for (method, path, code) in [
            ("GET", "/nowhere", 40400),
            ("DELETE", "/time", 40500),
            ("GET", "/channels/closed/messages", 40160),
        ] {
            let (ours, theirs) = both(method, path, None).await;
            assert_eq!(ours, theirs, "{path}");
            assert_eq!(ours["errorCode"], code);
        }
    });
}

/// An annotation as the peer tells it.
fn told(a: &Annotation) -> Value {
    json!({
        "action": a.action.as_str(), "type": a.r#type.as_deref(), "name": a.name.as_deref(),
        "count": a.count, "data": coded(&a.data), "clientId": a.client_id.as_deref(),
        "messageSerial": a.message_serial.as_deref(), "serial": a.serial.as_deref(),
    })
}

#[test]
fn annotations_of_a_message() {
    with_all_formats(async |_, peer, rest, _| {
        let channel = rest.channels().get("mutable:a/b");
        channel.publish("n", "annotated").await.expect("published");
        let page = channel.history(()).await.expect("a page");
        let message = &page.items()[0];
        let serial = message.serial.as_deref().expect("a serial");
        let kind = "reaction:multiple.v1";
        let annotations = channel.annotations();
        let object = JsonText::new(r#"{"é":[1]}"#).expect("JSON");
        let mut wanted = Vec::new();
        for data in [
            Data::from("text ☃"),
            Data::from(&[0, 255]),
            object.into(),
            Data::None,
        ] {
            let one = Annotation::new(kind).name("👍").count(2).data(data.clone());
            annotations.publish(message, one).await.expect("published");
            let request = json!({
                "client": "js", "channel": "mutable:a/b", "serial": serial,
                "annotation": {"type": kind, "name": "👍", "count": 2, "data": coded(&data)},
            });
            peer.ask("annotate", request).await;
            for client in ["rust", "js"] {
                wanted.push((json!("annotation.create"), json!(client), coded(&data)));
            }
        }
        let like = Annotation::new(kind).name("👍");
        annotations.delete(serial, like).await.expect("deleted");
        let request = json!({
            "client": "js", "channel": "mutable:a/b", "serial": serial,
            "annotation": {"type": kind, "name": "👍"},
        });
        peer.ask("takeBack", request.clone()).await;
        for client in ["rust", "js"] {
            let nothing = coded(&Data::None);
            wanted.push((json!("annotation.delete"), json!(client), nothing));
        }

        let query = AnnotationsQuery::new().limit(3);
        let mut all = annotations
            .get(message, query)
            .await
            .expect("a page")
            .into_stream();
        let mut ours = Vec::new();
        while let Some(annotation) = all.next().await {
            ours.push(told(&annotation.expect("an annotation")));
        }
        let theirs = peer.ask("annotations", request).await;
        assert_eq!(json!(ours), theirs);
        let seen = ours.iter().map(|a| {
            (
                a["action"].clone(),
                a["clientId"].clone(),
                a["data"].clone(),
            )
        });
        assert_eq!(seen.collect::<Vec<_>>(), wanted);
    });
}
