//! Tokens: shown, renewed and refused.

use ably_base::Runtime;

use crate::support::*;

const FIRST: Option<&str> = Some("token-1");
const SECOND: Option<&str> = Some("token-2");

#[test]
fn a_token_is_shown_with_every_request() {
    for kind in KINDS {
        let world = World::connected_with(kind, with_tokens);
        world.attach();
        for request in world.http.requests() {
            assert_eq!(request.query("access_token"), FIRST, "{request:?}");
            assert_eq!(request.query("key"), None);
        }
    }
}

#[test]
fn authorize_sends_auth_with_the_new_token_and_goes_on_with_it() {
    for kind in KINDS {
        let world = World::connected_with(kind, with_tokens);
        let auth = world.client.auth();
        let result = Arc::new(Mutex::new(None));
        let sink = result.clone();
        world.rt.spawn(Box::pin(async move {
            let authorized = auth.authorize(None, None).await;
            *sink.lock().unwrap() = Some(authorized);
        }));
        let (request, sent) = world.sent();
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0]["action"], action::AUTH);
        assert_eq!(sent[0]["auth"]["accessToken"], "token-2");
        assert_eq!(request.request().query("access_token"), SECOND);
        request.respond(HttpMockReply::empty(204));
        world.rt.run_until_idle();
        assert!(result.lock().unwrap().is_none());
        world.say(&[connected("id", "key!1")]);
        let details = result.lock().unwrap().take().unwrap().unwrap();
        assert_eq!(details.token.expose(), "token-2");
        world.ping();
        let (request, _) = world.sent();
        assert_eq!(request.request().query("access_token"), SECOND);
        assert_eq!(world.state(), S::Connected);
        if kind == Kind::Polling {
            let request = world.waiting();
            assert_eq!(request.request().query("access_token"), SECOND);
        }
    }
}

#[test]
fn the_server_may_ask_for_a_new_token() {
    for kind in KINDS {
        let world = World::connected_with(kind, with_tokens);
        world.say(&[json!({"action": action::AUTH})]);
        let (request, sent) = world.sent();
        assert_eq!(sent[0]["auth"]["accessToken"], "token-2");
        request.respond(HttpMockReply::json(200, json!([connected("id", "key!1")])));
        assert_eq!(world.state(), S::Connected);
    }
}

#[test]
fn a_token_that_is_refused_is_renewed_once_and_at_once() {
    for kind in KINDS {
        let world = World::with(kind, with_tokens);
        let states = Arc::new(Mutex::new(Vec::new()));
        let sink = states.clone();
        let connection = world.client.connection();
        connection.on((), move |c| sink.lock().unwrap().push(c.current));
        world.client.connect();
        let request = world.asked("GET", "/comet/connect");
        assert_eq!(request.request().query("access_token"), FIRST);
        request.respond(ably_error(401, 40142));
        let request = world.accept("id", "key!1");
        assert_eq!(request.request().query("access_token"), SECOND);
        assert_eq!(world.state(), S::Connected);
        let states = states.lock().unwrap().clone();
        assert_eq!(
            states,
            [S::Connecting, S::Disconnected, S::Connecting, S::Connected]
        );
    }
}

#[test]
fn a_token_that_expires_while_connected_is_renewed_and_the_connection_resumed() {
    let world = World::connected_with(Kind::Polling, with_tokens);
    world.waiting().respond(ably_error(401, 40142));
    let request = world.accept("id", "key!2");
    assert_eq!(request.request().query("access_token"), SECOND);
    assert_eq!(request.request().query("resume"), Some("key!1"));
    assert_eq!(world.state(), S::Connected);
}
