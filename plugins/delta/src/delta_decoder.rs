//! [`DeltaDecoder`]: what applies a delta to a payload, ours or another.
//!
//! Which payload a delta is for, and what follows when it does not fit, is the plugin's business.
//!
//! Spec: PC3, PC3a.

use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use ably_base::{ErrorCode, ErrorInfo};

use crate::{decode, reader::refused};

/// Applies deltas, for [`crate::Vcdiff::with_decoder`].
///
/// ```no_run
/// use std::error::Error;
///
/// use ably_base::ClientOptions;
/// use ably_delta::{DeltaDecoder, Vcdiff};
///
/// struct Fast;
/// # mod fast { pub fn apply(_: &[u8], _: &[u8], _: usize) -> Result<Vec<u8>, std::fmt::Error> { Ok(Vec::new()) } }
///
/// impl DeltaDecoder for Fast {
///     fn decode(
///         &self,
///         delta: &[u8],
///         base: &[u8],
///         max_output: usize,
///     ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
///         Ok(fast::apply(delta, base, max_output)?)
///     }
/// }
///
/// let options = ClientOptions::with_key("app.key:secret").plugin(Vcdiff::with_decoder(Fast));
/// ```
///
/// Spec: PC3.
pub trait DeltaDecoder: Send + Sync + 'static {
    /// Returns what `delta` makes of `base`, `max_output` bytes at most.
    ///
    /// It is called in the middle of receiving a message, for any channel, and nothing else of the
    /// client goes on before it returns. Both inputs come from the network: a delta of a few bytes
    /// may ask for gigabytes, so the bound has to be watched while there is still time; what comes
    /// back longer is refused too.
    ///
    /// # Errors
    /// Any. The channel then attaches again from its last good message, with `40018` as the reason
    /// and this error as its cause. A panic counts as an error.
    ///
    /// Spec: PC3a.
    fn decode(
        &self,
        delta: &[u8],
        base: &[u8],
        max_output: usize,
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;
}

/// [`decode`].
pub(crate) struct Own;

impl DeltaDecoder for Own {
    fn decode(
        &self,
        delta: &[u8],
        base: &[u8],
        max_output: usize,
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        Ok(decode(delta, base, max_output)?)
    }
}

/// Decodes, and holds the decoder to what it has promised.
pub(crate) fn apply(
    decoder: &dyn DeltaDecoder,
    delta: &[u8],
    base: &[u8],
    max_output: usize,
) -> Result<Vec<u8>, ErrorInfo> {
    let made = catch_unwind(AssertUnwindSafe(|| decoder.decode(delta, base, max_output)));
    let made = made.map_err(|_| refused("the decoder of deltas has panicked"))?;
    match made {
        Ok(made) if made.len() > max_output => {
            Err(refused("the delta has made more than is allowed"))
        }
        Ok(made) => Ok(made),
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: Box<dyn Error + Send + Sync>) -> ErrorInfo {
    let failed = ErrorInfo::builder(
        ErrorCode::DELTA_FAILED,
        400,
        "the delta could not be applied",
    );
    match error.downcast::<ErrorInfo>() {
        Ok(error) if error.code() == ErrorCode::DELTA_FAILED => *error,
        Ok(error) => failed.cause(*error).build(),
        Err(error) => failed.source(Arc::from(error)).build(),
    }
}
