//! Which devices, subscriptions and channels are meant.
//!
//! Spec: RSH1b2, RSH1b5, RSH1c1, RSH1c2, RSH1c5, RSH7e.

use crate::DevicePushState;

macro_rules! query {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$about:meta])* $set:ident($arg:ident: $t:ty) => $param:literal, $value:expr;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[must_use]
        pub struct $name(pub(crate) Vec<(String, String)>);

        impl $name {
            /// All.
            pub fn new() -> Self {
                Self::default()
            }

            $($(#[$about])*
            pub fn $set(self, $arg: $t) -> Self {
                self.param($param, $value)
            })*

            /// Any other parameter, in place of an earlier one of this name.
            pub fn param(mut self, name: impl Into<String>, value: impl ToString) -> Self {
                let name = name.into();
                self.0.retain(|(n, _)| *n != name);
                self.0.push((name, value.to_string()));
                self
            }
        }

        /// All.
        impl From<()> for $name {
            fn from((): ()) -> Self {
                Self::new()
            }
        }
    };
}

query! {
    /// Which registered devices are meant: those that fit all that is said.
    ///
    /// Spec: RSH1b2, RSH1b5.
    DeviceRegistrationQuery {
        /// This device.
        device_id(id: impl ToString) => "deviceId", id;
        /// Those of this client.
        client_id(id: impl ToString) => "clientId", id;
        /// Those that are so reached by notifications.
        state(state: &DevicePushState) => "state", state;
        /// So many a page; the server's default is 100 and its maximum 1000.
        limit(n: u32) => "limit", n;
    }
}

query! {
    /// Which subscriptions of channels are meant: those that fit all that is said.
    ///
    /// Spec: RSH1c1, RSH1c5, RSH7e.
    PushChannelSubscriptionQuery {
        /// Those to this channel.
        channel(name: impl ToString) => "channel", name;
        /// Those of this device.
        device_id(id: impl ToString) => "deviceId", id;
        /// Those of this client.
        client_id(id: impl ToString) => "clientId", id;
        /// So many a page; the server's default is 100 and its maximum 1000.
        limit(n: u32) => "limit", n;
    }
}

query! {
    /// Which channels with subscriptions are meant.
    ///
    /// Spec: RSH1c2.
    PushChannelsQuery {
        /// So many a page; the server's default is 100 and its maximum 1000.
        limit(n: u32) => "limit", n;
    }
}
