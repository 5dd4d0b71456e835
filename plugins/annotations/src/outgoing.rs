//! From an annotation of the application to what is sent, over REST and on a connection alike.
//!
//! Spec: RSAN1a3, RSAN1c1–RSAN1c3, RTAN1a, TAN2f1.

use ably_base::{
    Annotation, AnnotationAction, ErrorCode, ErrorInfo, Str,
    engine::{Entropy, encoding::Chain},
};

/// Completes and checks an annotation.
///
/// # Errors
/// - `40003` it has no type.
pub(crate) fn complete(
    annotation: &mut Annotation,
    serial: Str,
    action: AnnotationAction,
) -> Result<(), ErrorInfo> {
    // DEVIATION: RSAN1a3 - 2.12.0 leaves it to the server (ably-js#2194).
    if annotation.r#type.as_deref().is_none_or(str::is_empty) {
        return Err(ErrorInfo::new(
            ErrorCode::INVALID_PARAMETER,
            400,
            "an annotation needs a type",
        ));
    }
    annotation.message_serial = Some(serial);
    annotation.action = action;
    Ok(())
}

/// Encodes the data. The chain is one without a cipher: the server has to read annotations.
///
/// # Errors
/// - what the chain says.
pub(crate) fn encode(
    annotation: &mut Annotation,
    chain: &mut Chain,
    entropy: &mut dyn Entropy,
) -> Result<(), ErrorInfo> {
    let data = std::mem::take(&mut annotation.data);
    let encoding = annotation.encoding.take();
    (annotation.data, annotation.encoding) = chain.encode(data, encoding, entropy)?;
    Ok(())
}
