//! All ways to get a token but one: [`Token`].
//!
//! A client whose `authCallback` answers with tokens does not need it. With it, tokens also come from
//! a key (`use_token_auth`, `authorize`), from a callback that answers with a token request, and from
//! an authUrl; and `create_token_request` works, which a server answers its clients with:
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use ably_base::{BaseRest, ClientOptions, TokenParams};
//! use ably_token::Token;
//!
//! # async fn f() -> Result<(), ably_base::ErrorInfo> {
//! let options = ClientOptions::with_key("appId.keyId:secret").plugin(Token);
//! // … and plugins for HTTP and the runtime.
//! let rest = BaseRest::new(options)?;
//! let params = TokenParams::new().client_id("alice").ttl(Duration::from_secs(60));
//! let request = rest.auth().create_token_request(params, None).await?;
//! println!("{}", request.to_json());
//! # Ok(())
//! # }
//! ```
//!
//! Exchanging a request and asking a URL need an HTTP client too (feature `http`). Without the plugin
//! what needs it is `40019`. This crate holds the HMAC and nothing else; the code that composes
//! requests is the base's, and is linked only with the plugin.
//!
//! ably-js: in its base. Spec: RSA9g.

use std::sync::Arc;

use ably_base::{ErrorInfo, Plugin, Plugins, ext::TokenSigner, protocol::Secret};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The token plugin.
///
/// ```
/// use ably_base::ClientOptions;
/// let options = ClientOptions::with_key("appId.keyId:secret").plugin(ably_token::Token);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Token;

impl Plugin for Token {
    fn id(&self) -> &'static str {
        "Token"
    }

    fn install(&self, into: &mut Plugins) -> Result<(), ErrorInfo> {
        into.set_signer(Arc::new(HmacSigner));
        Ok(())
    }
}

/// Signs with HMAC-SHA256.
#[derive(Clone, Copy, Debug, Default)]
pub struct HmacSigner;

impl TokenSigner for HmacSigner {
    fn sign(&self, secret: &Secret<String>, text: &str) -> String {
        BASE64_STANDARD.encode(mac(secret.expose().as_bytes(), text.as_bytes()))
    }
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        // HMAC takes keys of any length.
        Err(_) => return [0; 32],
    };
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 1, 2, 3, 6 and 7.
    #[test]
    fn the_vectors_of_the_rfc() {
        let hex =
            |bytes: [u8; 32]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
        let long: &[u8] = b"This is a test using a larger than block-size key and a larger than \
            block-size data. The key needs to be hashed before being used by the HMAC algorithm.";
        let cases: [(&[u8], &[u8], &str); 5] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                long,
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (key, text, expected) in cases {
            assert_eq!(hex(mac(key, text)), expected);
        }
    }

    /// `createTokenRequest` of ably-js 2.12.0 gave this `mac` for these parameters.
    #[test]
    fn a_token_request_is_signed_as_ably_js_does() {
        let mut plugins = Plugins::none();
        plugins.install(&Token).unwrap();
        assert_eq!(plugins.ids(), ["Token"]);
        let text = "appId.keyId\n3600000\n{\"*\":[\"*\"]}\nme\n1700000000000\n0123456789abcdef\n";
        let mac = plugins
            .signer()
            .unwrap()
            .sign(&Secret::from("secret_é"), text);
        assert_eq!(mac, "ZXsY9RGiooDaZwv2FOaP2ZpxMizibiqW7DsI0Ty5NSw=");
    }
}
