//! The least code that speaks the protocol: typed JSON over a WebSocket on one thread.
//!
//! It has no states, no retries, no queue, no errors worth the name. The size and the cost of the
//! real client are given as multiples of this, so it must stay as lean as it can be.

use std::error::Error;

use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;

/// Any failure.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The actions that are used here.
pub mod action {
    /// The connection is made.
    pub const CONNECTED: u8 = 4;
    /// The connection or a request failed for good.
    pub const ERROR: u8 = 9;
    /// Asks for a channel.
    pub const ATTACH: u8 = 10;
    /// The channel is there.
    pub const ATTACHED: u8 = 11;
    /// Messages, in either direction.
    pub const MESSAGE: u8 = 15;
}

/// What travels in a frame.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProtocolMessage {
    /// What it is: see [`action`].
    pub action: u8,
    /// The channel that it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The place in the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_serial: Option<String>,
    /// The sender's connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// The id that the ids of the messages are made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The number of a message to be acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg_serial: Option<u64>,
    /// Milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<i64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorInfo>,
    /// The messages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
}

/// Why something failed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorInfo {
    /// Ably's code.
    pub code: u32,
    /// A sentence.
    pub message: String,
}

/// A message of an application.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Message {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Its sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// How `data` is encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Its own place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The place of its newest version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Created, updated, deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<u8>,
}

/// An open connection.
#[derive(Debug)]
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects to `ws://host:port`, with what goes into the query.
    ///
    /// # Errors
    /// The URL is of another kind, or the socket cannot be opened.
    pub async fn connect(url: &str, query: &str) -> Result<Self, Failure> {
        let host = url
            .strip_prefix("ws://")
            .ok_or("not a ws:// URL")?
            .trim_end_matches('/');
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        let url = format!("ws://{host}/?{query}");
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await?;
        Ok(Self(socket))
    }

    /// Sends a frame of text.
    ///
    /// # Errors
    /// The message cannot be written as JSON, or the socket has failed.
    pub async fn send(&mut self, message: &ProtocolMessage) -> Result<(), Failure> {
        self.send_frame(Frame::text(serde_json::to_string(message)?))
            .await
    }

    /// Sends a frame as it is.
    ///
    /// # Errors
    /// The socket has failed.
    pub async fn send_frame(&mut self, frame: Frame) -> Result<(), Failure> {
        Ok(self.0.send(frame).await?)
    }

    /// The next frame of text.
    ///
    /// # Errors
    /// The socket has failed or ended, or the text is not of a message.
    pub async fn receive(&mut self) -> Result<ProtocolMessage, Failure> {
        loop {
            if let Frame::Text(text) = self.receive_frame().await? {
                return Ok(serde_json::from_str(&text)?);
            }
        }
    }

    /// The next frame as it is.
    ///
    /// # Errors
    /// The socket has failed or ended.
    pub async fn receive_frame(&mut self) -> Result<Frame, Failure> {
        Ok(self.0.next().await.ok_or("the connection ended")??)
    }
}
