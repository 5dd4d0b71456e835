//! `realtime/integration/channels/channel_attach_test.md`

use crate::live::*;
use ChannelState as C;

// UTS: realtime/integration/RTL4c/attach-succeeds-0
#[test]
fn rtl4c_a_channel_attaches() {
    run(async {
        let app = TestApp::start().await;
        let client = realtime(app.with_key().use_binary_protocol(false));
        connect(&client).await;
        let channel = channel(&client, &unique("attach-RTL4c"));
        assert_eq!(channel.state(), C::Initialized);
        channel.attach().await.expect("attached");
        assert_eq!(channel.state(), C::Attached);
        assert_eq!(channel.error_reason(), None);
        close(&client).await;
    });
}

// UTS: realtime/integration/RTL5d/detach-succeeds-0
#[test]
fn rtl5d_a_channel_detaches() {
    run(async {
        let app = TestApp::start().await;
        let client = realtime(app.with_key().use_binary_protocol(false));
        connect(&client).await;
        let channel = channel(&client, &unique("detach-RTL5d"));
        attach(&channel).await;
        channel.detach().await.expect("detached");
        assert_eq!(channel.state(), C::Detached);
        close(&client).await;
    });
}

// UTS: realtime/integration/RTL14/insufficient-capability-failed-0
#[test]
fn rtl14_a_publish_without_the_capability_fails() {
    run(async {
        let app = TestApp::start().await;
        let options = app.with_key().key(&app.keys[3]);
        let client = realtime(options.use_binary_protocol(false));
        connect(&client).await;
        let channel = channel(&client, &unique("publish-not-allowed"));
        attach(&channel).await;
        let error = channel.publish("test", "data").await;
        let error = error.expect_err("refused");
        assert_eq!((error.code().0, error.status_code()), (40160, 401));
        assert_eq!(client.connection().state(), ConnectionState::Connected);
        close(&client).await;
    });
}
