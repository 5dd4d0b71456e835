//! `rest/integration/presence.md`

use std::collections::BTreeSet;

use ably::plugins::crypto::{ChannelOptionsExt, CipherParamOptions};
use ably::plugins::rest::{PaginatedResult, RestPresence};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::live::*;

const FIXTURES: &str = "persisted:presence_fixtures";

type Members = PaginatedResult<PresenceMessage>;

fn presence(options: ClientOptions, channel: &str) -> RestPresence {
    rest(options).channels().get(channel).presence()
}

async fn get(presence: &RestPresence, query: PresenceQuery) -> Members {
    presence.get(query).await.expect("a page")
}

fn client_ids(page: &Members) -> Vec<&str> {
    let ids = page.items().iter().map(|m| m.client_id.as_deref());
    ids.map(|id| id.expect("a clientId")).collect()
}

/// A channel of a connected client, on which `f` makes events; the client is closed then.
async fn events(options: ClientOptions, name: &str, id: &str, f: impl AsyncFn(&Channel)) {
    let client = realtime(options.client_id(id));
    client.connect();
    let channel = channel(&client, name);
    f(&channel).await;
    close(&client).await;
}

/// The history, when there are so many events in it.
async fn history(presence: &RestPresence, count: usize) -> Members {
    poll_until(s(10), async || {
        let page = presence.history(()).await.expect("a page");
        (page.items().len() >= count).then_some(page)
    })
    .await
}

// UTS: rest/integration/RSP1/access-presence-from-channel-0
#[test]
fn rsp1_a_channel_has_presence() {
    run_protocols(async |_, options| {
        let _: RestPresence = presence(options, FIXTURES);
    });
}

// UTS: rest/integration/RSP3/get-presence-members-0
#[test]
fn rsp3_get_finds_the_members() {
    run_protocols(async |_, options| {
        let members = get(&presence(options, FIXTURES), PresenceQuery::new()).await;
        assert!(members.items().len() >= 5);
        for id in ["client_bool", "client_string", "client_json"] {
            assert!(client_ids(&members).contains(&id), "{id}");
        }
    });
}

// UTS: rest/integration/RSP3/presence-message-fields-1
#[test]
fn rsp3_members_have_their_fields() {
    run_protocols(async |_, options| {
        let members = get(&presence(options, FIXTURES), PresenceQuery::new()).await;
        let mut members = members.items().iter();
        let member = members.find(|m| m.client_id.as_deref() == Some("client_string"));
        let member = member.expect("the member");
        assert_eq!(member.action, PresenceAction::PRESENT);
        assert_eq!(member.client_id.as_deref(), Some("client_string"));
        assert_eq!(member.data, "This is a string clientData payload");
        assert!(!member.connection_id.as_deref().expect("an id").is_empty());
    });
}

// UTS: rest/integration/RSP3a1/get-with-limit-0
#[test]
fn rsp3a1_get_up_to_a_limit() {
    run_protocols(async |_, options| {
        let members = get(&presence(options, FIXTURES), PresenceQuery::new().limit(2)).await;
        assert!(members.items().len() <= 2);
        if members.has_next() {
            assert_eq!(members.items().len(), 2);
        }
    });
}

// UTS: rest/integration/RSP3a2/get-with-clientid-filter-0
#[test]
fn rsp3a2_get_of_a_client_id() {
    run_protocols(async |_, options| {
        let query = PresenceQuery::new().client_id("client_json");
        let members = get(&presence(options, FIXTURES), query).await;
        assert_eq!(members.items().len(), 1);
        assert_eq!(client_ids(&members), ["client_json"]);
        let expected = "{ \"test\": \"This is a JSONObject clientData payload\"}";
        assert_eq!(members.items()[0].data.as_text(), Some(expected));
    });
}

// UTS: rest/integration/RSP3/get-empty-channel-2
#[test]
fn rsp3_get_of_an_unused_channel_is_empty() {
    run_protocols(async |_, options| {
        let presence = presence(options, &unique("presence-empty"));
        let members = get(&presence, PresenceQuery::new()).await;
        assert_eq!(members.items().len(), 0);
        assert!(!members.has_next());
    });
}

// UTS: rest/integration/RSP4/history-returns-events-0
#[test]
fn rsp4_the_history_holds_the_events() {
    run_protocols(async |_, options| {
        let name = unique("presence-history");
        events(options.clone(), &name, "test-client", async |channel| {
            let presence = channel.presence();
            presence.enter("entered").await.expect("entered");
            presence.update("updated").await.expect("updated");
            presence.leave("left").await.expect("left");
        })
        .await;
        let history = history(&presence(options, &name), 3).await;
        assert!(history.items().len() >= 3);
        let actions: Vec<_> = history.items().iter().map(|m| m.action).collect();
        for action in [
            PresenceAction::ENTER,
            PresenceAction::UPDATE,
            PresenceAction::LEAVE,
        ] {
            assert!(actions.contains(&action), "{action:?}");
        }
    });
}

// UTS: rest/integration/RSP4b1/history-time-range-0
#[test]
fn rsp4b1_the_history_of_a_time() {
    run_protocols(async |_, options| {
        let name = unique("presence-history-time");
        let before = unix_ms();
        events(
            options.clone(),
            &name,
            "time-test-client",
            async |channel| {
                channel.presence().enter("test").await.expect("entered");
                channel.presence().leave(()).await.expect("left");
            },
        )
        .await;
        let after = unix_ms();
        let presence = presence(options.client_id("test-client"), &name);
        history(&presence, 2).await;
        let query = HistoryQuery::new().start(before).end(after);
        let history = presence.history(query).await.expect("a page");
        assert!(history.items().len() >= 2);
    });
}

// UTS: rest/integration/RSP4b2/history-direction-forwards-0
#[test]
fn rsp4b2_the_history_both_ways() {
    run_protocols(async |_, options| {
        let name = unique("presence-direction");
        events(
            options.clone(),
            &name,
            "direction-client",
            async |channel| {
                let presence = channel.presence();
                presence.enter("first").await.expect("entered");
                presence.update("second").await.expect("updated");
                presence.update("third").await.expect("updated");
            },
        )
        .await;
        let presence = presence(options, &name);
        history(&presence, 3).await;
        let forwards = HistoryQuery::new().direction(Direction::Forwards);
        let forwards = presence.history(forwards).await.expect("a page");
        assert!(forwards.items().len() >= 3);
        assert_eq!(forwards.items()[0].data, "first");
        let backwards = HistoryQuery::new().direction(Direction::Backwards);
        let backwards = presence.history(backwards).await.expect("a page");
        assert_eq!(backwards.items()[0].data, "third");
    });
}

// UTS: rest/integration/RSP4b3/history-limit-pagination-0
#[test]
fn rsp4b3_the_history_in_pages() {
    run_protocols(async |_, options| {
        let name = unique("presence-limit");
        events(options.clone(), &name, "limit-client", async |channel| {
            for i in 1..=5 {
                let update = channel.presence().update(format!("update-{i}"));
                update.await.expect("updated");
            }
        })
        .await;
        let presence = presence(options, &name);
        history(&presence, 5).await;
        let one = presence.history(HistoryQuery::new().limit(2)).await;
        let one = one.expect("a page");
        assert_eq!(one.items().len(), 2);
        assert!(one.has_next());
        let two = one.next().await.expect("a page").expect("a next page");
        assert!(!two.items().is_empty());
    });
}

// UTS: rest/integration/RSP5/decode-string-data-0
#[test]
fn rsp5_strings_are_strings() {
    run_protocols(async |_, options| {
        let query = PresenceQuery::new().client_id("client_string");
        let members = get(&presence(options, FIXTURES), query).await;
        assert_eq!(members.items().len(), 1);
        let expected = "This is a string clientData payload";
        assert_eq!(members.items()[0].data.as_text(), Some(expected));
    });
}

// UTS: rest/integration/RSP5/decode-json-data-1
#[test]
fn rsp5_json_is_decoded() {
    run_protocols(async |_, options| {
        let query = PresenceQuery::new().client_id("client_decoded");
        let members = get(&presence(options, FIXTURES), query).await;
        assert_eq!(members.items().len(), 1);
        assert_eq!(
            json_of(&members.items()[0].data)["example"]["json"],
            "Object"
        );
    });
}

// UTS: rest/integration/RSP5/decode-encrypted-data-2
#[test]
fn rsp5_what_is_encrypted_is_decrypted() {
    run_protocols(async |_, options| {
        let key = BASE64_STANDARD
            .decode("WUP6u0K7MXI5Zeo0VppPwg==")
            .expect("a key");
        let cipher = ChannelOptions::new().cipher(CipherParamOptions::new(key));
        let client = rest(options);
        let channel = client.channels().get_with(FIXTURES, cipher);
        let presence = channel.expect("a channel").presence();
        let members = get(&presence, PresenceQuery::new().client_id("client_encoded")).await;
        assert_eq!(members.items().len(), 1);
        // What ably-common says that it is.
        let data = json_of(&members.items()[0].data);
        assert_eq!(data, json!({"example": {"json": "Object"}}));
    });
}

// UTS: rest/integration/RSP5/decode-history-messages-3
#[test]
fn rsp5_the_history_is_decoded() {
    run_protocols(async |_, options| {
        let name = unique("presence-decode-history");
        let data = json!({"key": "value", "number": 123});
        events(options.clone(), &name, "decode-client", async |channel| {
            let data = Data::json(&data).expect("JSON");
            channel.presence().enter(data).await.expect("entered");
        })
        .await;
        let history = history(&presence(options, &name), 1).await;
        let data = json_of(&history.items()[0].data);
        assert_eq!(data["key"], "value");
        assert_eq!(data["number"], 123);
    });
}

// UTS: rest/integration/RSP3/full-pagination-3
#[test]
fn rsp3_all_pages_hold_all_members() {
    run_protocols(async |_, options| {
        let mut page = get(&presence(options, FIXTURES), PresenceQuery::new().limit(2)).await;
        let mut all: Vec<String> = client_ids(&page).into_iter().map(Into::into).collect();
        while page.has_next() {
            page = page.next().await.expect("a page").expect("a next page");
            all.extend(client_ids(&page).into_iter().map(String::from));
        }
        assert!(all.len() >= 5);
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    });
}

// UTS: rest/integration/RSP3/invalid-credentials-rejected-4
#[test]
fn rsp3_an_unknown_key_is_refused() {
    run_protocols(async |_, options| {
        let presence = presence(options.key("invalid.key:secret"), "test");
        let error = presence.get(()).await.expect_err("refused");
        assert_eq!(error.status_code(), 401);
        assert!((40100..40200).contains(&error.code().0), "{error:?}");
    });
}

// UTS: rest/integration/RSP3/subscribe-capability-sufficient-5
#[test]
fn rsp3_who_may_subscribe_may_get() {
    run_protocols(async |app, options| {
        let presence = presence(options.key(&app.keys[3]), FIXTURES);
        let members = get(&presence, PresenceQuery::new()).await;
        assert!(!members.items().is_empty());
    });
}
