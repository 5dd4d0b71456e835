//! Push notifications: `rest/unit/push`, `rest/integration/push_*`

mod common;
mod live_admin;
mod live_channels;
mod push_admin_publish;
mod push_channel_subscriptions;
mod push_channels;
mod push_device_registrations;
