//! Authentication: where tokens come from, and the handle with which applications ask for them.
//!
//! ```text
//!  connection --FetchToken--.                        .-> authCallback --.
//!  request ------NeedToken--+--> TokenFlight: one ---+-> authUrl -------+-> token, or token request
//!  authorize --(supersedes)-'    fetch for all       `-> key: sign -----'          |
//!                                      ^                                 POST requestToken
//!                                      `------------- token <----------------------'
//! ```
//!
//! All but a callback that answers with a token needs the plugin `Token`, so that a client without
//! it does not carry that code.
//!
//! Spec: RSA.

mod authority;
mod flight;
mod handle;
mod obtain;
mod options;
mod site;
mod url;

pub use handle::Auth;
pub use options::{AuthMethod, AuthOptions};

pub(crate) use authority::{Authority, warn_of_no_renewal};
pub(crate) use flight::{TokenWait, join};
pub(crate) use obtain::{Obtain, ObtainFn, obtain};
pub(crate) use site::Site;
