//! Bodies to annotations.
//!
//! Spec: RSAN3c, TAN2f1.

use ably_base::{
    Annotation, ChannelOptions, DecodeFailure, ErrorCode, ErrorInfo, LogLevel, MessageMeta,
    engine::HttpReply,
    protocol::{Item, Value},
    rest::RestCore,
};
use ably_rest::DecodePage;

/// A page of annotations of a channel with these options.
pub(crate) struct AnnotationPage(pub(crate) ChannelOptions);

impl DecodePage<Annotation> for AnnotationPage {
    fn decode(&self, core: &RestCore, reply: &HttpReply) -> Result<Vec<Annotation>, ErrorInfo> {
        let malformed = || {
            ErrorInfo::new(
                ErrorCode::INVALID_DATA,
                400,
                "the server's answer is not a list of annotations",
            )
        };
        let Value::List(items) = core.codec_of(reply)?.decode_value(&reply.body)? else {
            return Err(malformed());
        };
        let mut chain = core.open_chain(&self.0)?;
        let decoded = items.into_iter().map(|item| {
            let Value::Map(fields) = item else {
                return Err(malformed());
            };
            let mut annotation = Annotation::from_item(&Item::from_fields(fields))?;
            let mut meta = MessageMeta::default();
            let id = annotation.id.clone();
            meta.id = id.as_deref().unwrap_or_default();
            let data = std::mem::take(&mut annotation.data);
            let done = chain.decode(data, annotation.encoding.take(), &meta);
            annotation.data = done.data;
            annotation.encoding = done.encoding;
            if let Some(
                DecodeFailure::Leave(error)
                | DecodeFailure::Recover(error)
                | DecodeFailure::Fail(error),
            ) = done.failure
            {
                core.log(LogLevel::Error, || {
                    format!("an annotation could not be decoded: {error}")
                });
            }
            Ok(annotation)
        });
        decoded.collect()
    }
}
