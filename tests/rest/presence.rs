//! Presence of REST channels.

use ably_base::PresenceAction;
use ably_rest::{PresenceQuery, RestPresenceApi};

use crate::support::*;

#[test]
fn rsp3_members_come_decoded() {
    let http = always(Reply::json(
        200,
        json!([{"action": 1, "clientId": "c", "connectionId": "x", "id": "i", "timestamp": 5,
                "data": "[1]", "encoding": "json"}]),
    ));
    let (rt, rest) = client(&http);
    let presence = rest.channels().get("a/b").presence();
    let query = PresenceQuery::new()
        .limit(2)
        .client_id("c")
        .connection_id("x");
    let page = rt.wait(presence.get(query)).unwrap();
    let [member] = page.items() else {
        panic!("one member")
    };
    assert_eq!(member.action, PresenceAction::PRESENT);
    assert_eq!(
        (member.client_id.as_deref(), member.connection_id.as_deref()),
        (Some("c"), Some("x"))
    );
    assert_eq!(member.data.as_json().unwrap().as_str(), "[1]");
    assert_eq!(
        (member.encoding.as_deref(), member.timestamp),
        (None, Some(5))
    );
    let sent = http.last();
    assert_eq!(
        (&*sent.method, &*sent.path),
        ("GET", "/channels/a%2Fb/presence")
    );
    let names: Vec<_> = sent.query.iter().map(|(n, v)| format!("{n}={v}")).collect();
    assert_eq!(names, ["clientId=c", "connectionId=x", "limit=2"]);
}

#[test]
fn rsp4_history_is_asked_for_below_presence() {
    let http = always(Reply::json(200, json!([{"action": 3, "clientId": "c"}])));
    let (rt, rest) = client(&http);
    let presence = rest.channels().get("c").presence();
    let page = rt
        .wait(presence.history(HistoryQuery::new().limit(1)))
        .unwrap();
    assert_eq!(page.items()[0].action, PresenceAction::LEAVE);
    assert_eq!(http.last().path, "/channels/c/presence/history");
    assert_eq!(http.last().query("limit"), Some("1"));
    let error = rt
        .wait(presence.history(HistoryQuery::new().until_attach()))
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::BAD_REQUEST);
}

#[test]
fn what_is_no_list_of_members_is_an_error() {
    for body in [json!({}), json!([1]), json!("x")] {
        let (rt, rest) = client(&always(Reply::json(200, body)));
        let error = rt
            .wait(rest.channels().get("c").presence().get(()))
            .unwrap_err();
        assert_eq!(error.code(), ErrorCode::INVALID_DATA);
    }
}
