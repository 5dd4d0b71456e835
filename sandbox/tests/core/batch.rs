//! Batch requests.

use ably_sandbox::core::Limits;
use serde_json::{Value as Json, json};

use crate::world::{World, body, data_of};

fn world() -> World {
    let spec = r#"{"keys":[{"capability":{"*":["*"],"[meta]*":["subscribe"]}}]}"#;
    World::with(Limits::default(), spec)
}

#[test]
fn rsc22_every_channel_of_a_batch_succeeds_or_fails_by_itself() {
    let mut world = world();
    let listener = world.connect(&[]);
    world.attach(&listener, "a");
    let spec =
        json!({"channels": ["a", ":bad", "[meta]log"], "messages": [{"data": "1"}, {"data": "2"}]});
    let one = json!({"channels": "b", "messages": {"data": "3"}});
    let response = world.request("POST", "/messages", json!([spec, one]));
    assert_eq!(response.status, 201);
    let answer = body(&response);
    assert_eq!(
        (&answer[0]["successCount"], &answer[0]["failureCount"]),
        (&json!(1), &json!(2))
    );
    let results = &answer[0]["results"];
    assert_eq!(results[0]["channel"], "a");
    assert_eq!(
        (
            &results[1]["error"]["code"],
            &results[1]["error"]["statusCode"]
        ),
        (&json!(40010), &json!(400))
    );
    assert_eq!(
        (
            &results[2]["error"]["code"],
            &results[2]["error"]["statusCode"]
        ),
        (&json!(40160), &json!(401))
    );
    assert_eq!(answer[1]["successCount"], 1);
    let frames = world.take(&listener);
    assert_eq!(data_of(&frames), ["1", "2"]);
    assert_eq!(frames[0]["id"], results[0]["messageId"]);
    assert_eq!(world.get("/channels/b/messages")[0]["data"], "3");

    let single = world.request(
        "POST",
        "/messages",
        json!({"channels": ["c"], "messages": {"data": "4"}}),
    );
    assert_eq!(body(&single)["results"][0]["channel"], "c");
}

#[test]
fn version_2_answers_batches_with_a_flat_list() {
    let mut world = world();
    world.version = 2;
    let good = json!({"channels": ["a", "b"], "messages": {"data": "x"}});
    let response = world.request("POST", "/messages", good);
    let channels = |list: &Json| -> Vec<Json> {
        let list = list.as_array().expect("a list").iter();
        list.map(|result| result["channel"].clone()).collect()
    };
    assert_eq!(response.status, 201);
    assert_eq!(channels(&body(&response)), ["a", "b"]);
    let mixed = json!({"channels": ["[bad", "b"], "messages": {"data": "x"}});
    let response = world.request("POST", "/messages", mixed.clone());
    let answer = body(&response);
    assert_eq!(
        (response.status, &answer["error"]["code"]),
        (400, &json!(40020))
    );
    assert_eq!(channels(&answer["batchResponse"]), ["[bad", "b"]);
    assert_eq!(answer["batchResponse"][0]["error"]["code"], 40010);
    assert!(answer["batchResponse"][1]["messageId"].is_string());
    let response = world.request("POST", "/messages?newBatchResponse=true", mixed);
    assert_eq!(
        (response.status, &body(&response)["failureCount"]),
        (201, &json!(1))
    );
}

#[test]
fn ids_of_a_batch_are_idempotent_per_channel() {
    let mut world = world();
    let spec = json!({"channels": ["a", "b"], "messages": {"id": "once", "data": "x"}});
    for _ in 0..3 {
        assert_eq!(
            body(&world.request("POST", "/messages", spec.clone()))["successCount"],
            2
        );
    }
    for channel in ["a", "b"] {
        let history = world.get(&format!("/channels/{channel}/messages"));
        assert_eq!(history.as_array().map(Vec::len), Some(1));
    }
}

#[test]
fn batches_that_are_none_are_refused_whole() {
    let mut world = world();
    let message = json!({"data": "x"});
    let many: Vec<_> = (0..1_001).map(|n| format!("c{n}")).collect();
    for (batch, code) in [
        (json!("x"), 40001),
        (json!([]), 40030),
        (json!([5]), 40001),
        (json!({"channels": [], "messages": message}), 40030),
        (json!({"channels": many, "messages": message}), 40030),
        (json!({"channels": [1], "messages": message}), 40001),
        (json!({"channels": "a"}), 40001),
        (json!({"channels": "a", "messages": "x"}), 40001),
        (
            json!([{"channels": "a", "messages": message}, {"messages": message}]),
            40001,
        ),
    ] {
        let response = world.request("POST", "/messages", batch.clone());
        assert_eq!(
            (response.status, &body(&response)["error"]["code"]),
            (400, &json!(code)),
            "{batch}"
        );
    }
    assert_eq!(world.get("/channels/a/messages"), json!([]));
}

#[test]
fn rsc24_presence_of_several_channels_comes_in_one_answer() {
    let mut world = world();
    let alice = world.connect(&[("clientId", "alice")]);
    world.attach(&alice, "a");
    world.enter(&alice, 0, "a", "hi");
    let answer = world.get("/presence?channels=a,b,:bad");
    assert_eq!(
        (&answer["successCount"], &answer["failureCount"]),
        (&json!(2), &json!(1))
    );
    let results = &answer["results"];
    assert_eq!(
        (
            &results[0]["presence"][0]["clientId"],
            &results[0]["presence"][0]["action"]
        ),
        (&json!("alice"), &json!(1))
    );
    assert_eq!(results[1], json!({"channel": "b", "presence": []}));
    assert_eq!(results[2]["error"]["code"], 40010);
    for path in ["/presence", "/presence?channels=,"] {
        let response = world.request("GET", path, Json::Null);
        assert_eq!(body(&response)["error"]["code"], 40003);
    }
}
