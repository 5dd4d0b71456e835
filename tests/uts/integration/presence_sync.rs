//! `realtime/integration/presence/presence_sync_test.md`

use crate::live::*;

/// The members that a client finds which attaches now.
async fn found(app: &TestApp, name: &str) -> (Realtime, Vec<Arc<PresenceMessage>>) {
    let client = realtime(app.with_key().use_binary_protocol(false));
    connect(&client).await;
    let channel = channel(&client, name);
    attach(&channel).await;
    let members = channel.presence().get(RealtimePresenceParams::new());
    let members = within(s(10), members).await.expect("members");
    (client, members)
}

// UTS: realtime/integration/RTP2/sync-delivers-members-0
#[test]
fn rtp2_who_comes_later_finds_who_is_there() {
    run(async {
        let app = TestApp::start().await;
        let name = unique("presence-sync");
        let options = app.with_key().client_id("sync-member-a");
        let client_a = realtime(options.use_binary_protocol(false));
        connect(&client_a).await;
        let channel_a = channel(&client_a, &name);
        attach(&channel_a).await;
        channel_a
            .presence()
            .enter("sync-data")
            .await
            .expect("entered");
        let (client_b, members) = found(&app, &name).await;
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].client_id.as_deref(), Some("sync-member-a"));
        assert_eq!(members[0].data, "sync-data");
        assert_eq!(members[0].action, PresenceAction::PRESENT);
        close(&client_a).await;
        close(&client_b).await;
    });
}

// UTS: realtime/integration/RTP2/sync-multiple-members-1
#[test]
fn rtp2_who_comes_later_finds_all() {
    run(async {
        const COUNT: usize = 10;
        let app = TestApp::start().await;
        let name = unique("presence-sync-multi");
        let client_a = realtime(app.with_key().use_binary_protocol(false));
        connect(&client_a).await;
        let channel_a = channel(&client_a, &name);
        attach(&channel_a).await;
        for i in 0..COUNT {
            let presence = channel_a.presence();
            let enter = presence.enter_client(format!("sync-user-{i}"), format!("data-{i}"));
            enter.await.expect("entered");
        }
        let (client_b, members) = found(&app, &name).await;
        assert_eq!(members.len(), COUNT);
        for i in 0..COUNT {
            let id = format!("sync-user-{i}");
            let member = members.iter().find(|m| m.client_id.as_deref() == Some(&id));
            assert_eq!(member.expect("a member").data, *format!("data-{i}"));
        }
        close(&client_a).await;
        close(&client_b).await;
    });
}
