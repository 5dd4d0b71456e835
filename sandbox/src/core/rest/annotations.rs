//! Annotations of a message over REST.
//!
//! Spec: RSAN1–RSAN3.

use crate::core::Core;
use crate::core::name::ChannelName;
use crate::core::rest::{Request, Response, page};
use crate::wire::error::{BAD_BODY, NOT_FOUND};
use crate::wire::{Annotation, ErrorInfo, Value};

impl Core {
    pub(crate) fn post_annotations(
        &mut self,
        request: &Request,
        name: &str,
        message: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        let channel = ChannelName::without_filter(name)?;
        let (body, format) = (&request.body, request.body_format);
        if !matches!(body, Value::Map(_) | Value::List(_)) {
            return Err(ErrorInfo::bad(
                BAD_BODY,
                "annotations must be an object or an array",
            ));
        }
        self.annotate_rest(&identity, &channel, message, body, format, now)?;
        Ok(Response::new(201, Value::Map(Vec::new())))
    }

    pub(crate) fn get_annotations(
        &mut self,
        request: &Request,
        name: &str,
        message: &str,
        now: u64,
    ) -> Result<Response, ErrorInfo> {
        let identity = self.identify(request, now)?;
        let name = ChannelName::without_filter(name)?;
        identity.require_any(&name, &["annotation-subscribe", "history"])?;
        let channel = self.existing_channel(&identity.app, &name);
        let channel = channel.filter(|channel| channel.message(message).is_some());
        let Some(channel) = channel else {
            let why = "there is no message with this serial";
            return Err(ErrorInfo::new(NOT_FOUND, 404, why));
        };
        let annotations = channel.annotations.get(message);
        let annotations = annotations.into_iter().flatten();
        let annotations = annotations.map(|annotation| (annotation.serial.clone(), annotation));
        let render = |annotation: &Annotation| annotation.to_value(request.format);
        let page = page::by_key(request, annotations, render)?;
        Ok(page::respond(request, page))
    }
}
