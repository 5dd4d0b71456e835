//! The HTTP interface for tests in other programs.
//!
//! ```text
//! GET    /health
//! POST   /sessions               {"endpoint", "rules"?, "port"?, "timeoutMs"?} -> {"sessionId", "proxyHost", "proxyPort"}
//! POST   /sessions/ID/rules      {"rules", "position"?}
//! POST   /sessions/ID/actions    an action
//! GET    /sessions/ID/log        -> {"events", "forgotten"}
//! DELETE /sessions/ID
//! ```

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::http::{Body, made};
use crate::rules::Position;
use crate::session::{ActionError, Session};
use crate::upstream::Target;

/// Serves the HTTP interface.
#[derive(Debug)]
pub struct Control {
    listener: TcpListener,
    sessions: Arc<Sessions>,
}

#[derive(Debug, Default)]
struct Sessions {
    all: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    sessions: BTreeMap<String, Arc<Session>>,
    made: u64,
}

impl Control {
    /// Listens on this address, which must be a loopback one.
    ///
    /// # Errors
    /// It is not, or cannot be had.
    ///
    /// # Cancel safety
    /// If the future is dropped, nothing is left listening.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let why = "this proxy listens on loopback only";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        Ok(Self {
            listener: TcpListener::bind(address).await?,
            sessions: Arc::default(),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves for ever.
    ///
    /// # Cancel safety
    /// If the future is dropped, it stops listening, and the sessions end.
    pub async fn serve(self) {
        loop {
            let Ok((tcp, _)) = self.listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let sessions = Arc::clone(&self.sessions);
            tokio::spawn(async move {
                let service = service_fn(|request| async {
                    let answer = sessions.answer(request).await;
                    let (status, body) = answer
                        .unwrap_or_else(|Refused(status, why)| (status, json!({"error": why})));
                    Ok::<Response<Body>, io::Error>(made(status, Some(body), BTreeMap::new()))
                });
                let served = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(tcp), service);
                // An error is a client that went away.
                let _ = served.await;
            });
        }
    }
}

/// A status and why.
struct Refused(u16, String);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewSession {
    endpoint: String,
    #[serde(default)]
    rules: Vec<Value>,
    #[serde(default)]
    port: u16,
    #[serde(default = "thirty_seconds")]
    timeout_ms: u64,
}

fn thirty_seconds() -> u64 {
    30_000
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewRules {
    rules: Vec<Value>,
    #[serde(default)]
    position: Place,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    #[default]
    Append,
    Prepend,
}

impl Sessions {
    async fn answer(&self, request: Request<Incoming>) -> Result<(u16, Value), Refused> {
        let path = request.uri().path().trim_matches('/').to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        let method = request.method().as_str().to_owned();
        match (method.as_str(), &parts[..]) {
            ("GET", ["health"]) => Ok((200, json!({"ok": true}))),
            ("POST", ["sessions"]) => self.create(read(request).await?).await,
            ("POST", ["sessions", id, "rules"]) => {
                let session = self.get(id)?;
                let NewRules { rules, position } = parse(read(request).await?)?;
                let position = match position {
                    Place::Append => Position::Append,
                    Place::Prepend => Position::Prepend,
                };
                let added = session.add_rules(rules.into(), position);
                added.map_err(|e| Refused(400, e.to_string()))?;
                Ok((200, json!({})))
            }
            ("POST", ["sessions", id, "actions"]) => {
                let session = self.get(id)?;
                let done = session.trigger_action(read(request).await?).await;
                done.map_err(|e| match e {
                    ActionError::NoWebSocket => Refused(409, e.to_string()),
                    _ => Refused(400, e.to_string()),
                })?;
                Ok((200, json!({})))
            }
            ("GET", ["sessions", id, "log"]) => Ok((200, json!(self.get(id)?.log()))),
            ("DELETE", ["sessions", id]) => {
                let gone = self.lock(|table| table.sessions.remove(*id));
                gone.map(|_| (200, json!({}))).ok_or_else(no_session)
            }
            _ => Err(Refused(404, "no such path".into())),
        }
    }

    async fn create(&self, body: Value) -> Result<(u16, Value), Refused> {
        let new: NewSession = parse(body)?;
        let bad = |error: &dyn std::fmt::Display| Refused(400, error.to_string());
        let target = Target::parse(&new.endpoint).map_err(|e| bad(&e))?;
        let builder = Session::builder(target)
            .rules(new.rules.into())
            .map_err(|e| bad(&e))?
            .port(new.port)
            .idle_timeout(Duration::from_millis(new.timeout_ms));
        let full = self.lock(|table| {
            table.sessions.retain(|_, session| !session.has_ended());
            table.sessions.len() >= MAX_SESSIONS
        });
        if full {
            return Err(Refused(503, "too many sessions".into()));
        }
        let session = builder
            .start()
            .await
            .map_err(|e| Refused(409, e.to_string()))?;
        let port = session.port();
        let id = self.lock(|table| {
            table.made += 1;
            let id = table.made.to_string();
            table.sessions.insert(id.clone(), Arc::new(session));
            id
        });
        let told = json!({"sessionId": id, "proxyHost": "localhost", "proxyPort": port});
        Ok((201, told))
    }

    fn get(&self, id: &str) -> Result<Arc<Session>, Refused> {
        let session = self.lock(|table| table.sessions.get(id).cloned());
        let session = session.filter(|session| !session.has_ended());
        session.ok_or_else(no_session)
    }

    fn lock<T>(&self, f: impl FnOnce(&mut Table) -> T) -> T {
        f(&mut self.all.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn no_session() -> Refused {
    Refused(404, "no such session".into())
}

async fn read(request: Request<Incoming>) -> Result<Value, Refused> {
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    let bytes: Bytes = body.map_err(|e| Refused(400, e.to_string()))?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|e| Refused(400, e.to_string()))
}

fn parse<T: for<'de> Deserialize<'de>>(body: Value) -> Result<T, Refused> {
    serde_json::from_value(body).map_err(|e| Refused(400, e.to_string()))
}

const MAX_SESSIONS: usize = 1000;
const MAX_BODY: usize = 4 << 20;
