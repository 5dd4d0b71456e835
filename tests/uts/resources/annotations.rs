//! `rest/unit/channel/annotations.md`

use ably_annotations::{AnnotationsQuery, RestAnnotations, RestAnnotationsApi};

use super::common::*;

const TYPE: &str = "com.example.reaction";

/// The annotations of a channel.
fn annotations(client: &BaseRest, channel: &str) -> RestAnnotations {
    client.channels().get(channel).annotations()
}

/// What was sent, when this is published on `test-RSAN1`.
fn published(
    annotation: Annotation,
    set: impl FnOnce(ClientOptions) -> ClientOptions,
) -> (SentRequest, Value) {
    let http = always(201, json!({}));
    let (rt, client) = rest_with(&http, |o| set(o.key(KEY)));
    rt.wait(annotations(&client, "test-RSAN1").publish("msg-serial-1", annotation))
        .unwrap();
    let request = only(&http);
    let body = request.json();
    assert_eq!(body.as_array().expect("a list").len(), 1);
    (request, body[0].clone())
}

// UTS: rest/unit/RSL10/annotations-attribute-type-0
#[test]
fn rsl10_annotations_attribute_type() {
    let (_, client) = rest(&always(200, json!({})));
    let channel = client.channels().get("test-RSL10");
    let _: RestAnnotations = channel.annotations();
}

// UTS: rest/unit/RSAN1c6/publish-post-annotation-create-0
#[test]
fn rsan1c6_publish_post_annotation_create() {
    let (request, annotation) = published(Annotation::new(TYPE).name("like"), |o| o);
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.path,
        "/channels/test-RSAN1/messages/msg-serial-1/annotations"
    );
    assert_eq!(annotation["action"], 0);
    assert_eq!(annotation["messageSerial"], "msg-serial-1");
    assert_eq!(annotation["type"], TYPE);
    assert_eq!(annotation["name"], "like");
}

// DEVIATION: RSAN1a3 - 2.12.0 leaves it to the server.
// UTS: rest/unit/RSAN1a3/publish-type-required-0
#[test]
fn rsan1a3_publish_type_required() {
    let http = always(201, json!({}));
    let (rt, client) = rest(&http);
    let annotation = Annotation::default().name("like");
    let error = rt
        .wait(annotations(&client, "test-RSAN1a3").publish("msg-serial-1", annotation))
        .unwrap_err();
    assert_eq!(error.code().0, 40003);
    assert_eq!(http.requests().len(), 0);
}

// UTS: rest/unit/RSAN1c3/annotation-data-encoded-0
#[test]
fn rsan1c3_annotation_data_encoded() {
    let data = json!({"key": "value", "nested": {"a": 1}});
    let annotation = Annotation::new("com.example.data").data(Data::json(&data).unwrap());
    let (_, annotation) = published(annotation, |o| o);
    let text = annotation["data"].as_str().expect("a string");
    assert_eq!(annotation["encoding"], "json");
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), data);
}

// DEVIATION: RSAN1c4 - 2.12.0 gives no id.
// UTS: rest/unit/RSAN1c4/idempotent-id-generated-0
#[test]
fn rsan1c4_idempotent_id_generated() {
    let (_, annotation) = published(Annotation::new(TYPE), |o| {
        o.idempotent_rest_publishing(true)
    });
    let id = annotation["id"].as_str().expect("an id");
    let parts: Vec<&str> = id.split(':').collect();
    assert_eq!(parts.len(), 2);
    let of_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    assert!(parts[0].chars().all(of_base64), "{id}");
    assert!(parts[0].len() >= 12, "{id}");
    assert_eq!(parts[1], "0");
}

// UTS: rest/unit/RSAN1c4/idempotent-id-not-generated-1
#[test]
fn rsan1c4_idempotent_id_not_generated() {
    let (_, annotation) = published(Annotation::new(TYPE), |o| {
        o.idempotent_rest_publishing(false)
    });
    assert_eq!(annotation.get("id"), None);
}

// UTS: (no-id) rest/unit/channel/annotations.md#L280
#[test]
fn rsan2a_delete_post_annotation_delete() {
    let http = always(201, json!({}));
    let (rt, client) = rest(&http);
    let annotation = Annotation::new(TYPE).name("like");
    rt.wait(annotations(&client, "test-RSAN2").delete("msg-serial-1", annotation))
        .unwrap();
    let request = only(&http);
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.path,
        "/channels/test-RSAN2/messages/msg-serial-1/annotations"
    );
    let body = request.json();
    assert_eq!(body.as_array().expect("a list").len(), 1);
    let annotation = &body[0];
    assert_eq!(annotation["action"], 1);
    assert_eq!(annotation["messageSerial"], "msg-serial-1");
    assert_eq!(annotation["type"], TYPE);
    assert_eq!(annotation["name"], "like");
}

// UTS: (no-id) rest/unit/channel/annotations.md#L331
#[test]
fn rsan3b_get_sends_get() {
    let http = always(
        200,
        json!([{
            "id": "ann-1", "action": 0, "type": TYPE, "name": "like", "clientId": "user-1",
            "serial": "ann-serial-1", "messageSerial": "msg-serial-1",
            "timestamp": 1_700_000_000_000_i64,
        }]),
    );
    let (rt, client) = rest(&http);
    rt.wait(annotations(&client, "test-RSAN3").get("msg-serial-1", ()))
        .unwrap();
    let request = only(&http);
    assert_eq!(request.method, "GET");
    assert_eq!(
        request.path,
        "/channels/test-RSAN3/messages/msg-serial-1/annotations"
    );
}

// UTS: (no-id) rest/unit/channel/annotations.md#L382
#[test]
fn rsan3c_get_returns_annotations() {
    let http = always(
        200,
        json!([
            {
                "id": "ann-1", "action": 0, "type": TYPE, "name": "like", "clientId": "user-1",
                "count": 1, "data": "thumbs-up", "serial": "ann-serial-1",
                "messageSerial": "msg-serial-1", "timestamp": 1_700_000_000_000_i64,
                "extras": {"custom": "metadata"},
            },
            {
                "id": "ann-2", "action": 0, "type": TYPE, "name": "heart", "clientId": "user-2",
                "serial": "ann-serial-2", "messageSerial": "msg-serial-1",
                "timestamp": 1_700_000_001_000_i64,
            },
        ]),
    );
    let (rt, client) = rest(&http);
    let result: PaginatedResult<Annotation> = rt
        .wait(annotations(&client, "test-RSAN3c").get("msg-serial-1", ()))
        .unwrap();
    let [first, second] = result.items() else {
        panic!("two annotations")
    };
    assert_eq!(first.id.as_deref(), Some("ann-1"));
    assert_eq!(first.action, AnnotationAction::CREATE);
    assert_eq!(first.r#type.as_deref(), Some(TYPE));
    assert_eq!(first.name.as_deref(), Some("like"));
    assert_eq!(first.client_id.as_deref(), Some("user-1"));
    assert_eq!(first.count, Some(1));
    assert_eq!(first.data, "thumbs-up");
    assert_eq!(first.serial.as_deref(), Some("ann-serial-1"));
    assert_eq!(first.message_serial.as_deref(), Some("msg-serial-1"));
    assert_eq!(first.timestamp, Some(1_700_000_000_000));
    let extras: Value = first.extras.as_ref().unwrap().parse().unwrap();
    assert_eq!(extras["custom"], "metadata");
    assert_eq!(second.name.as_deref(), Some("heart"));
    assert_eq!(second.client_id.as_deref(), Some("user-2"));
}

// UTS: (no-id) rest/unit/channel/annotations.md#L459
#[test]
fn rsan3b_get_passes_params() {
    let http = always(200, json!([]));
    let (rt, client) = rest(&http);
    let query = AnnotationsQuery::new().limit(50);
    rt.wait(annotations(&client, "test-RSAN3b").get("msg-serial-1", query))
        .unwrap();
    assert_eq!(only(&http).query("limit"), Some("50"));
}
