//! `realtime/integration/proxy/auth_reauth.md`

use crate::live::*;
use ConnectionState as S;

// UTS: realtime/proxy/RTN22/server-initiated-reauth-0
#[test]
fn rtn22_an_auth_of_the_server_is_answered_with_a_new_token() {
    run(async {
        let app = TestApp::start().await;
        let session = app.proxy(json!([])).await;
        let calls = Arc::new(AtomicUsize::new(0));
        let (counter, key) = (calls.clone(), app.key().to_owned());
        let options = app.through(&session).auth_callback(move |_: TokenParams| {
            counter.fetch_add(1, Ordering::SeqCst);
            let jwt = generate_jwt(&key, json!({}));
            std::future::ready(Ok(Credential::Token(TokenDetails::new(jwt))))
        });
        let client = realtime(options);
        connect(&client).await;
        let id = client.connection().id().expect("an id");
        let before = calls.load(Ordering::SeqCst);
        assert!(before >= 1);
        let changes = record_connection(&client);
        let auth = json!({"type": "inject_to_client", "message": {"action": 17}});
        session.trigger_action(auth).await.unwrap();

        // The AUTH frame comes after the callback, so that both are there when it is.
        let answers = |log: &Log| {
            let frames = log.frames(To::ClientToServer, 17).into_iter();
            frames.filter(|f| f.message()["auth"].is_object()).count()
        };
        let log = within(s(15), session.wait_for(|log| answers(log) > 0)).await;
        assert_eq!(calls.load(Ordering::SeqCst), before + 1);
        assert_eq!(client.connection().state(), S::Connected);
        assert_eq!(client.connection().id(), Some(id));
        let away = connection_states(&changes)
            .into_iter()
            .find(|state| *state != S::Connected);
        assert_eq!(away, None);
        assert!(answers(&log) >= 1);
        close(&client).await;
    });
}
