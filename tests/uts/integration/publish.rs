//! `rest/integration/publish.md`

use crate::live::*;

// UTS: rest/integration/RSL1d/publish-failure-error-0
#[test]
fn rsl1d_a_publish_without_the_capability_fails() {
    run_protocols(async |app, options| {
        let client = rest(options.key(&app.keys[2]));
        let channel = client.channels().get(&unique("forbidden-channel"));
        let error = channel.publish("event", "data").await;
        let error = error.expect_err("refused");
        assert_eq!((error.code().0, error.status_code()), (40160, 401));
    });
}

// UTS: rest/integration/RSL1k5/idempotent-client-ids-0
#[test]
fn rsl1k5_an_id_published_again_is_one_message() {
    run_protocols(async |_, options| {
        let channel = rest(options).channels().get(&unique("idempotent-explicit"));
        let id = unique("client-supplied-id");
        for i in 1..=3 {
            let message = Message::new("event", format!("data-{i}")).id(&*id);
            let published = channel.publish_message(message).await;
            published.expect("published");
        }
        let history = poll_until(s(10), async || {
            let page = channel.history(()).await.expect("a page");
            (!page.items().is_empty()).then_some(page)
        })
        .await;
        assert_eq!(history.items().len(), 1);
        assert_eq!(history.items()[0].id.as_deref(), Some(&*id));
        assert_eq!(history.items()[0].data, "data-1");
    });
}

// UTS: rest/integration/RSL1l1/publish-params-force-nack-0
#[test]
fn rsl1l1_parameters_reach_the_server() {
    run_protocols(async |_, options| {
        let channel = rest(options).channels().get(&unique("force-nack-test"));
        let publish = channel.publish_message(Message::new("event", "data"));
        let error = publish.param("_forceNack", "true").await;
        assert_eq!(error.expect_err("refused").code().0, 40099);
    });
}

// UTS: rest/integration/RSL1m4/clientid-mismatch-rejected-0
#[test]
fn rsl1m4_another_client_id_is_refused() {
    run(async {
        for binary in [false, true] {
            clientid_mismatch(binary).await;
        }
    });
}

async fn clientid_mismatch(binary: bool) {
    let app = TestApp::start().await;
    let options = app.with_key().use_binary_protocol(binary);
    let key_client = rest(options);
    let params = TokenParams::new().client_id("authenticated-client-id");
    let details = key_client.auth().request_token(Some(params), None).await;
    let token = details.expect("a token").token.expose().clone();
    let client = rest(app.direct().token(token).use_binary_protocol(binary));
    let channel = client.channels().get(&unique("clientid-mismatch"));
    let message = Message::new("event", "data").client_id("different-client-id");
    let error = channel.publish_message(message).await;
    let error = error.expect_err("refused");
    assert_eq!((error.code().0, error.status_code()), (40012, 400));
}
