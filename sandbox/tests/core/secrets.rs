//! Nothing that is shown for debugging shows a secret.

use ably_sandbox::core::ConnectRequest;
use ably_sandbox::core::auth::Credential;
use ably_sandbox::wire::{ProtocolMessage, Request};
use serde_json::json;

use crate::world::{World, value};

#[test]
fn debug_output_holds_no_secret() {
    let mut world = World::new();
    let secret = world.key.split(':').nth(1).expect("a secret").to_owned();
    let client = world.connect(&[]);
    let transport = world.open(&[]);
    let query = vec![("key".to_owned(), world.key.clone())];
    let auth = json!({"action": 17, "auth": {"accessToken": "topsecret"}});
    let request = Request::read(&value(&auth.to_string())).expect("a request");
    assert_eq!(request.access_token.as_deref(), Some("topsecret"));
    let mut connected = ProtocolMessage::new(4);
    connected.connection_details = Some("topsecret".into());
    world.core.keep_journal();
    let name = world.key.split(':').next().expect("a name").to_owned();
    let path = format!("/keys/{name}/requestToken");
    let issued = world.request("POST", &path, json!({"clientId": "topsecret"}));
    let device = json!({"id": "d", "platform": "ios", "deviceSecret": "topsecret",
        "push": {"recipient": {"transportType": "apns", "deviceToken": "topsecret"}}});
    world.device_token = Some("topsecret".to_owned());
    let registered = world.request("POST", "/push/deviceRegistrations", device);
    assert_eq!((issued.status, registered.status), (201, 201));
    let shown = [
        format!("{issued:?}"),
        format!("{registered:?}"),
        format!("{:?}", world.core),
        format!("{:?}", ConnectRequest { query }),
        format!("{:?}", Credential::Key(world.key.clone())),
        format!("{:?}", Credential::Token("topsecret".to_owned())),
        format!("{request:?}"),
        format!("{connected:?}"),
        format!("{:?}", world.core.poll_send(transport)),
    ];
    for text in shown {
        assert!(text.len() > 3, "{text}");
        for hidden in [secret.as_str(), client.key.as_str(), "topsecret"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
}
