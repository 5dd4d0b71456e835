//! [`BatchResult`]: what came of the parts of a batch.
//!
//! Spec: BAR, BPF, BGF.

use ably_base::{
    ErrorCode, ErrorInfo, Str,
    engine::request::read_error,
    protocol::{Item, Value},
};

/// What came of a batch, part by part.
///
/// Spec: BAR1–BAR2.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BatchResult<T> {
    /// How many parts succeeded. Spec: BAR2a.
    pub success_count: u32,
    /// How many failed. Spec: BAR2b.
    pub failure_count: u32,
    /// What came of each. Spec: BAR2c.
    pub results: Vec<T>,
}

/// The channel of a batch that failed, and why.
///
/// Spec: BPF1–BPF2, BGF1–BGF2.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BatchFailureResult {
    /// The channel. Spec: BPF2a, BGF2a.
    pub channel: Str,
    /// Why it failed. Spec: BPF2b, BGF2b.
    pub error: ErrorInfo,
}

impl<S> BatchResult<Result<S, BatchFailureResult>> {
    /// Reads what came of each channel; `success` reads the rest of those that did not fail. The
    /// counts are the server's; those that it does not tell are taken.
    pub(crate) fn read(
        value: Value,
        mut success: impl FnMut(Str, &Item) -> Result<S, ErrorInfo>,
    ) -> Result<Self, ErrorInfo> {
        let Value::Map(fields) = value else {
            return Err(unreadable());
        };
        let whole = Item::from_fields(fields);
        let Some(Value::List(parts)) = whole.get("results") else {
            return Err(unreadable());
        };
        let results = parts.iter().map(|part| {
            let Value::Map(fields) = part else {
                return Err(unreadable());
            };
            let part = Item::from_fields(fields.clone());
            let channel = part.text("channel").unwrap_or_default();
            match part.get("error") {
                None | Some(Value::Null) => success(channel, &part).map(Ok),
                Some(error) => Ok(Err(BatchFailureResult {
                    channel,
                    error: read_error(error),
                })),
            }
        });
        let results = results.collect::<Result<Vec<Result<_, _>>, _>>()?;
        let count = |name: &str, is_counted: fn(&Result<S, BatchFailureResult>) -> bool| {
            let told = whole.int(name).and_then(|n| u32::try_from(n).ok());
            told.unwrap_or_else(|| results.iter().filter(|r| is_counted(r)).count() as u32)
        };
        Ok(Self {
            success_count: count("successCount", Result::is_ok),
            failure_count: count("failureCount", Result::is_err),
            results,
        })
    }
}

pub(crate) fn unreadable() -> ErrorInfo {
    ErrorInfo::new(
        ErrorCode::INVALID_DATA,
        400,
        "the server's answer is not the result of a batch",
    )
}

pub(crate) fn invalid(why: &'static str) -> ErrorInfo {
    ErrorInfo::new(ErrorCode::INVALID_PARAMETER, 400, why)
}
