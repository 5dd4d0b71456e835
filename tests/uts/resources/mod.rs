//! `rest/unit`: requests, batches, channel status and annotations.

mod annotations;
mod batch_presence;
mod batch_publish;
mod common;
mod realtime_request;
mod request;
mod request_endpoint;
mod rest_channel_attributes;
