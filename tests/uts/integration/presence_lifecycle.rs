//! `realtime/integration/presence_lifecycle_test.md`

use std::collections::BTreeSet;

use crate::live::*;

const ENTER: PresenceAction = PresenceAction::ENTER;
const PRESENT: PresenceAction = PresenceAction::PRESENT;

async fn members(channel: &Channel) -> Vec<Arc<PresenceMessage>> {
    let members = channel.presence().get(RealtimePresenceParams::new());
    within(s(10), members).await.expect("members")
}

// UTS: realtime/integration/RTP4/bulk-enter-observed-0
#[test]
fn rtp4_many_members_are_seen_elsewhere() {
    run_protocols(async |_, options| {
        const COUNT: usize = 50;
        let name = unique("presence-bulk");
        let (client_a, client_b) = (realtime(options.clone()), realtime(options));
        connect(&client_a).await;
        connect(&client_b).await;
        let (channel_a, channel_b) = (channel(&client_a, &name), channel(&client_b, &name));
        attach(&channel_b).await;
        let events = Heard::<PresenceMessage>::new();
        let subscribed = channel_b
            .presence()
            .subscribe_with([ENTER, PRESENT], events.listener());
        subscribed.await.expect("attached");
        attach(&channel_a).await;
        let enters: Vec<_> = (0..COUNT)
            .map(|i| {
                let presence = channel_a.presence();
                presence.enter_client(format!("user-{i}"), format!("data-{i}"))
            })
            .collect();
        for enter in enters {
            enter.await.expect("entered");
        }
        let distinct = |all: &[PresenceMessage]| {
            let ids: BTreeSet<_> = all.iter().map(|m| m.client_id.clone()).collect();
            ids.len()
        };
        let events = events.until(s(15), |all| distinct(all) >= COUNT).await;
        let members = members(&channel_b).await;

        assert_eq!(distinct(&events), COUNT);
        assert_eq!(members.len(), COUNT);
        for i in 0..COUNT {
            let id = format!("user-{i}");
            let member = members.iter().find(|m| m.client_id.as_deref() == Some(&id));
            assert_eq!(member.expect("a member").data, *format!("data-{i}"));
        }
        close(&client_a).await;
        close(&client_b).await;
    });
}

// UTS: realtime/integration/RTP8/enter-update-leave-lifecycle-0
#[test]
fn rtp8_a_member_enters_updates_and_leaves() {
    run_protocols(async |_, options| {
        let name = unique("presence-lifecycle");
        let client_a = realtime(options.clone().client_id("lifecycle-client"));
        let client_b = realtime(options);
        connect(&client_a).await;
        connect(&client_b).await;
        let (channel_a, channel_b) = (channel(&client_a, &name), channel(&client_b, &name));
        attach(&channel_b).await;
        let events = Heard::<PresenceMessage>::new();
        let subscribed = channel_b.presence().subscribe_with((), events.listener());
        subscribed.await.expect("attached");
        attach(&channel_a).await;

        channel_a.presence().enter("hello").await.expect("entered");
        events.until(s(10), |all| !all.is_empty()).await;
        let after_enter = members(&channel_b).await;
        assert_eq!(after_enter.len(), 1);
        assert_eq!(
            after_enter[0].client_id.as_deref(),
            Some("lifecycle-client")
        );
        assert_eq!(after_enter[0].data, "hello");

        channel_a.presence().update("world").await.expect("updated");
        events.until(s(10), |all| all.len() >= 2).await;
        let after_update = members(&channel_b).await;
        assert_eq!(after_update.len(), 1);
        assert_eq!(after_update[0].data, "world");

        channel_a.presence().leave("goodbye").await.expect("left");
        let events = events.until(s(10), |all| all.len() >= 3).await;
        assert_eq!(members(&channel_b).await.len(), 0);

        let expected = [
            (ENTER, "hello"),
            (PresenceAction::UPDATE, "world"),
            (PresenceAction::LEAVE, "goodbye"),
        ];
        for (event, (action, data)) in events.iter().zip(expected) {
            assert_eq!(event.action, action);
            assert_eq!(event.client_id.as_deref(), Some("lifecycle-client"));
            assert_eq!(event.data, data);
        }
        close(&client_a).await;
        close(&client_b).await;
    });
}
