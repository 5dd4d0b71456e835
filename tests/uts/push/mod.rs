//! Push notifications: `rest/unit/push`

mod common;
mod push_admin_publish;
mod push_channel_subscriptions;
mod push_channels;
mod push_device_registrations;
