//! [`RestAnnotations`]: annotations without a connection.
//!
//! Spec: RSL10, RSAN.

use ably_base::{
    Annotation, AnnotationAction, ChannelOptions, ErrorInfo, RestChannel,
    engine::BoxFuture,
    protocol::Value,
    rest::{RestCore, RestPath, RestRequest},
};
use ably_rest::PaginatedResult;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::BytesMut;

use crate::{AnnotationsQuery, MessageSerial, decode::AnnotationPage, outgoing};

/// Random bytes of an id. Spec: RSAN1c4.
const ID_BYTES: usize = 9;

/// Annotations of a REST channel.
pub trait RestAnnotationsApi {
    /// What was added to messages of the channel. Spec: RSL10.
    fn annotations(&self) -> RestAnnotations;
}

impl RestAnnotationsApi for RestChannel {
    fn annotations(&self) -> RestAnnotations {
        RestAnnotations(self.clone())
    }
}

/// Annotations of a REST channel.
///
/// Spec: RSL10.
#[derive(Clone, Debug)]
pub struct RestAnnotations(RestChannel);

impl RestAnnotations {
    /// Adds an annotation to a message, as a list of one in a POST to
    /// `/channels/NAME/messages/SERIAL/annotations`.
    ///
    /// It needs a type. Whether it needs a name, and what its count means, the server decides by
    /// the type. Its data is encoded as that of a message, but never encrypted: the server has to
    /// read it. Unless `idempotent_rest_publishing` is off it gets an id, if it has none, so that a
    /// retry cannot add it twice.
    ///
    /// # Errors
    /// - `40003` no type; no message, or one without a serial. The server's, for a name or count
    ///   that does not go with the type.
    /// - `40010` the channel is called `.` or `..`, or has no name.
    /// - `40160` the capability does not allow it. `93002` the channel does not take annotations.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken the annotation.
    ///
    /// Spec: RSAN1.
    pub fn publish(
        &self,
        message: impl Into<MessageSerial>,
        annotation: Annotation,
    ) -> BoxFuture<Result<(), ErrorInfo>> {
        self.send(message.into(), annotation, AnnotationAction::CREATE)
    }

    /// Takes back an annotation of this client: the one of the same type and, where it has one,
    /// the same name.
    ///
    /// # Errors
    /// - as [`RestAnnotations::publish`].
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have taken the annotation back.
    ///
    /// Spec: RSAN2.
    pub fn delete(
        &self,
        message: impl Into<MessageSerial>,
        annotation: Annotation,
    ) -> BoxFuture<Result<(), ErrorInfo>> {
        self.send(message.into(), annotation, AnnotationAction::DELETE)
    }

    /// Asks for the annotations of a message, the oldest first, page by page; `()` for the first
    /// hundred.
    ///
    /// # Errors
    /// - `40003` no message, or one without a serial.
    /// - `40010` the channel is called `.` or `..`, or has no name.
    /// - `40160` the capability does not allow it, and other refusals of the server.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSAN3.
    pub fn get(
        &self,
        message: impl Into<MessageSerial>,
        query: impl Into<AnnotationsQuery>,
    ) -> BoxFuture<Result<PaginatedResult<Annotation>, ErrorInfo>> {
        let core = Ok(self.0.core().clone());
        let (name, options) = (self.0.name(), self.0.options());
        get(core, name, options, &message.into(), query.into())
    }

    fn send(
        &self,
        message: MessageSerial,
        mut annotation: Annotation,
        action: AnnotationAction,
    ) -> BoxFuture<Result<(), ErrorInfo>> {
        let channel = self.0.clone();
        Box::pin(async move {
            let core = channel.core();
            let serial = message.checked()?;
            let path = path(channel.name(), &serial)?;
            outgoing::complete(&mut annotation, serial, action)?;
            // DEVIATION: RSAN1c4 - 2.12.0 gives no id (ably-js#2195).
            if core.idempotent_publishing() && annotation.id.as_deref().is_none_or(str::is_empty) {
                let mut random = [0; ID_BYTES];
                core.with_entropy(|entropy| entropy.fill(&mut random));
                let base = BASE64_URL_SAFE_NO_PAD.encode(random);
                annotation.id = Some(format!("{base}:0").into());
            }
            let mut chain = core.open_chain(&ChannelOptions::default())?;
            core.with_entropy(|entropy| outgoing::encode(&mut annotation, &mut chain, entropy))?;
            let format = core.format();
            let whole = Value::List(vec![annotation.to_item()?.into_value(format)]);
            let mut body = BytesMut::new();
            core.codec(format)?.encode_value(&whole, &mut body)?;
            let request = RestRequest::post(path, body.freeze());
            core.request(request).await.map(drop)
        })
    }
}

/// Spec: RSAN3b, RTAN3a.
pub(crate) fn get(
    core: Result<RestCore, ErrorInfo>,
    channel: &str,
    options: ChannelOptions,
    message: &MessageSerial,
    query: AnnotationsQuery,
) -> BoxFuture<Result<PaginatedResult<Annotation>, ErrorInfo>> {
    let serial = message.checked();
    let path = serial.and_then(|serial| path(channel, &serial));
    let decode = AnnotationPage(options);
    PaginatedResult::first_page(core, path, Ok(query.into_params()), decode)
}

/// Spec: RSAN1c6, RSAN3b.
fn path(channel: &str, serial: &str) -> Result<RestPath, ErrorInfo> {
    RestPath::of_channel(channel, ["messages", serial, "annotations"])
}
