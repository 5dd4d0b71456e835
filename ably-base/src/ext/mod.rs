//! Extension points: what plugins implement.

mod byte_stream;
mod http;
mod log;
mod null;
mod plugin;
mod proxy;
mod push;
mod runtime;
mod storage;
mod token;
mod transport;

pub use byte_stream::{ByteStream, Dial, TlsProvider};
pub use http::{Body, HttpClient, HttpContext, HttpResponse, RestAgentOptions, collect};
pub use log::{LogSink, TracingSink};
pub use null::{NoDial, NoHttp, NoTls, NoTransport};
pub use plugin::{Plugin, Plugins, Registered};
pub use proxy::{Forwarding, Journey, ProxyOptions, ProxyProvider, Routes};
pub use push::PushPlatform;
pub use runtime::{Runtime, Timer};
pub use storage::{MemoryStorage, Storage};
pub use token::{TokenSigner, TokenSource};
pub use transport::{ConnectContext, Transport, TransportLink};
