//! [`StatusApi`]: whether a channel is in use, and by how many.
//!
//! Spec: RSL8, CHD, CHS, CHO, CHM.

use ably_base::{
    Channel, ErrorCode, ErrorInfo, RestChannel, Str,
    engine::{BoxFuture, HttpReply},
    protocol::{Item, Value},
    rest::{RestCore, RestPath, RestRequest},
};

/// The status of a channel.
pub trait StatusApi {
    /// Asks whether the channel is in use, and by how many.
    ///
    /// # Errors
    /// - `40010` the channel is called `.` or `..`, or has no name.
    /// - `40013` an answer that cannot be read.
    /// - `40019` there is no HTTP client.
    /// - `40160` the capability does not allow it, and other refusals of the server.
    /// - `50003` no answer in time; `80003` no host could be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request.
    ///
    /// Spec: RSL8.
    fn status(&self) -> BoxFuture<Result<ChannelDetails, ErrorInfo>>;
}

impl StatusApi for RestChannel {
    fn status(&self) -> BoxFuture<Result<ChannelDetails, ErrorInfo>> {
        ask(Ok(self.core().clone()), self.name())
    }
}

impl StatusApi for Channel {
    fn status(&self) -> BoxFuture<Result<ChannelDetails, ErrorInfo>> {
        ask(self.rest_core(), self.name())
    }
}

/// A channel and its status.
///
/// Spec: CHD1–CHD2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelDetails {
    /// The channel. Spec: CHD2a.
    pub channel_id: Str,
    /// Its status. Spec: CHD2b.
    pub status: ChannelStatus,
}

/// The status of a channel.
///
/// Spec: CHS1–CHS2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelStatus {
    /// True when the channel is in use. Spec: CHS2a.
    pub is_active: bool,
    /// Who is on it. Spec: CHS2b.
    pub occupancy: ChannelOccupancy,
}

/// Who is on a channel.
///
/// Spec: CHO1–CHO2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelOccupancy {
    /// By how many, counted by what they may do. Spec: CHO2a.
    pub metrics: ChannelMetrics,
}

/// How many are on a channel. What the server does not tell is 0.
///
/// Spec: CHM1–CHM2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelMetrics {
    /// Connections that are attached. Spec: CHM2a.
    pub connections: u64,
    /// Connections that may enter presence. Spec: CHM2b.
    pub presence_connections: u64,
    /// Members of the presence set. Spec: CHM2c.
    pub presence_members: u64,
    /// Connections that get presence messages. Spec: CHM2d.
    pub presence_subscribers: u64,
    /// Connections that may publish. Spec: CHM2e.
    pub publishers: u64,
    /// Connections that get messages. Spec: CHM2f.
    pub subscribers: u64,
    /// Connections that may publish object messages. Spec: CHM2g.
    pub object_publishers: u64,
    /// Connections that get object messages. Spec: CHM2h.
    pub object_subscribers: u64,
}

fn ask(
    core: Result<RestCore, ErrorInfo>,
    name: &str,
) -> BoxFuture<Result<ChannelDetails, ErrorInfo>> {
    let path = RestPath::of_channel(name, []);
    Box::pin(async move {
        let core = core?;
        let reply = core.request(RestRequest::get(path?)).await?;
        read(&core, &reply)
    })
}

fn read(core: &RestCore, reply: &HttpReply) -> Result<ChannelDetails, ErrorInfo> {
    let unreadable = || {
        ErrorInfo::new(
            ErrorCode::INVALID_DATA,
            400,
            "the server's answer is not the status of a channel",
        )
    };
    let Value::Map(fields) = core.codec_of(reply)?.decode_value(&reply.body)? else {
        return Err(unreadable());
    };
    let details = Item::from_fields(fields);
    let channel_id = details.text("channelId").ok_or_else(unreadable)?;
    let status = map(&details, "status");
    let metrics = map(&map(&status, "occupancy"), "metrics");
    let count = |name| {
        let told = metrics.int(name).and_then(|n| u64::try_from(n).ok());
        told.unwrap_or(0)
    };
    Ok(ChannelDetails {
        channel_id,
        status: ChannelStatus {
            is_active: status.get("isActive") == Some(&Value::Bool(true)),
            occupancy: ChannelOccupancy {
                metrics: ChannelMetrics {
                    connections: count("connections"),
                    presence_connections: count("presenceConnections"),
                    presence_members: count("presenceMembers"),
                    presence_subscribers: count("presenceSubscribers"),
                    publishers: count("publishers"),
                    subscribers: count("subscribers"),
                    object_publishers: count("objectPublishers"),
                    object_subscribers: count("objectSubscribers"),
                },
            },
        },
    })
}

/// A field that is a map; an empty one in place of anything else.
fn map(item: &Item, name: &str) -> Item {
    match item.get(name) {
        Some(Value::Map(fields)) => Item::from_fields(fields.clone()),
        _ => Item::new(),
    }
}
