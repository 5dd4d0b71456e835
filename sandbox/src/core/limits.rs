//! Every bound and interval of the server, in one place.

/// Bounds and intervals; the defaults are Ably's where Ably's are known.
///
/// Times are in milliseconds, sizes in bytes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest sum of message sizes in one publish.
    pub max_message_size: usize,
    /// Largest WebSocket frame, and REST body, from a client.
    pub max_frame_size: usize,
    /// How long a lost connection can be resumed.
    pub connection_state_ttl: u64,
    /// Longest silence a client has to bear.
    pub max_idle_interval: u64,
    /// Silence after which a client counts as gone.
    pub dead_after: u64,
    /// How long one answer of comet streams before the client has to ask again.
    pub comet_stream: u64,
    /// How long messages of ordinary channels are kept.
    pub retention: u64,
    /// How long messages of persisted namespaces are kept.
    pub persisted_retention: u64,
    /// Most entries kept per channel.
    pub max_entries: usize,
    /// Most bytes kept per channel.
    pub max_channel_bytes: usize,
    /// Most bytes kept by all channels together.
    pub max_kept_bytes: usize,
    /// How long presence outlives a lost transport, unless the client says otherwise.
    pub remain_present_for: u64,
    /// Most presence members per channel, unless the app says otherwise.
    pub max_members: usize,
    /// Most bytes of presence data per channel.
    pub max_presence_bytes: usize,
    /// Most frames waiting for one client.
    pub max_outbox_frames: usize,
    /// Most bytes waiting for one client.
    pub max_outbox_bytes: usize,
    /// Bytes waiting for a client above which nothing more is read from it.
    pub outbox_high_water: usize,
    /// Most messages in one publish. Clients bundle what they have queued by size, not by number.
    pub max_batch: usize,
    /// Most annotations kept per message.
    pub max_annotations: usize,
    /// Most sockets open at once, of WebSockets and of HTTP. More wait until one is closed.
    pub max_sockets: usize,
    /// Most connections, lost ones included.
    pub max_connections: usize,
    /// Most channels of an app.
    pub max_channels: usize,
    /// Most channels one connection attaches to.
    pub max_attachments: usize,
    /// Most apps.
    pub max_apps: usize,
    /// Most tokens alive at once.
    pub max_tokens: usize,
    /// How long changes of occupancy are gathered before they are told.
    pub occupancy_interval: u64,
    /// How far a token request's timestamp may be off.
    pub token_request_window: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_message_size: 65_536,
            max_frame_size: 524_288,
            connection_state_ttl: 120_000,
            max_idle_interval: 15_000,
            dead_after: 45_000,
            comet_stream: 300_000,
            retention: 120_000,
            persisted_retention: 24 * 3_600_000,
            max_entries: 10_000,
            max_channel_bytes: 4 << 20,
            max_kept_bytes: 512 << 20,
            remain_present_for: 15_000,
            max_members: 250,
            max_presence_bytes: 4 << 20,
            max_outbox_frames: 20_000,
            max_outbox_bytes: 16 << 20,
            outbox_high_water: 2 << 20,
            max_batch: 10_000,
            max_annotations: 1_000,
            max_sockets: 10_000,
            max_connections: 10_000,
            max_channels: 10_000,
            max_attachments: 1_000,
            max_apps: 1_000,
            max_tokens: 100_000,
            occupancy_interval: 1_000,
            token_request_window: 120_000,
        }
    }
}
