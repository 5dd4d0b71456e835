//! The plugins of the enabled features, by themselves and together.

use ably_base::{ErrorInfo, Plugin, Plugins};

#[cfg(feature = "annotations")]
pub use ably_annotations as annotations;
#[cfg(feature = "crypto")]
pub use ably_crypto as crypto;
#[cfg(feature = "delta")]
pub use ably_delta as delta;
#[cfg(feature = "filter")]
pub use ably_filter as filter;
#[cfg(feature = "http")]
pub use ably_http as http;
#[cfg(feature = "msgpack")]
pub use ably_msgpack as msgpack;
#[cfg(feature = "polling")]
pub use ably_polling as polling;
#[cfg(feature = "presence")]
pub use ably_presence as presence;
#[cfg(feature = "proxy")]
pub use ably_proxy as proxy;
#[cfg(feature = "push")]
pub use ably_push as push;
#[cfg(feature = "rest")]
pub use ably_rest as rest;
#[cfg(feature = "stats")]
pub use ably_stats as stats;
#[cfg(feature = "native-tls")]
pub use ably_tls_native as native_tls;
#[cfg(feature = "rustls")]
pub use ably_tls_rustls as rustls;
#[cfg(feature = "token")]
pub use ably_token as token;
#[cfg(feature = "tokio")]
pub use ably_tokio as tokio;
#[cfg(feature = "websocket")]
pub use ably_websocket as websocket;

/// One line a feature: registers its plugin and adds it to [`DefaultPlugins`].
macro_rules! features {
    ($($feature:literal => $id:literal, $plugin:expr $(, later by $later:literal)?;)*) => {
        $(
            #[cfg(feature = $feature)]
            ably_base::register_plugin!($id, PRIORITY $(+ $later)?, |into| Plugin::install(&$plugin, into));
        )*

        impl Plugin for DefaultPlugins {
            fn id(&self) -> &'static str {
                "Default"
            }

            fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
                $(
                    #[cfg(feature = $feature)]
                    into.install(&$plugin)?;
                )*
                let _ = into;
                Ok(())
            }
        }
    };
}

features! {
    "tokio" => "tokio", ably_tokio::Tokio;
    "websocket" => "WebSocketTransport", ably_websocket::WebSocketTransport;
    "polling" => "XHRPolling", ably_polling::XhrPolling;
    "polling" => "Comet", ably_polling::Comet;
    "msgpack" => "MsgPack", ably_msgpack::MsgPack;
    "crypto" => "Crypto", ably_crypto::Crypto;
    "delta" => "vcdiff", ably_delta::Vcdiff::new();
    "presence" => "RealtimePresence", ably_presence::RealtimePresence;
    "annotations" => "Annotations", ably_annotations::Annotations;
    "rustls" => "rustls", ably_tls_rustls::Rustls::new();
    "native-tls" => "native-tls", ably_tls_native::NativeTls::new(), later by 1;
    "proxy" => "Proxy", ably_proxy::Proxy;
    "http" => "FetchRequest", ably_http::Http::new();
    "token" => "Token", ably_token::Token;
}

/// What the features register comes after what others register, whose priority is 0 by custom.
#[allow(dead_code)]
const PRIORITY: i32 = 100;

/// The plugins of all enabled features as one: see [`default_plugins`].
#[derive(Clone, Copy, Debug, Default)]
pub struct DefaultPlugins;

/// The plugins of all enabled features, to be handed over by name.
///
/// [`crate::Realtime`] installs them by itself. This is for [`ably_base::BaseRealtime`], and for
/// where the linker drops what is only registered: static archives and wasm.
///
/// ```no_run
/// # fn f() -> Result<(), ably::ErrorInfo> {
/// let options = ably::ClientOptions::with_key("appId.keyId:secret");
/// let client = ably::BaseRealtime::new(options.plugin(ably::default_plugins()))?;
/// # Ok(())
/// # }
/// ```
pub fn default_plugins() -> DefaultPlugins {
    DefaultPlugins
}
