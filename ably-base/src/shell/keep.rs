//! [`Keeper`]: keeps what the next client may begin with.
//!
//! Names and contents are those of ably-js in a browser, which writes the recovery key when a page
//! goes. A program may end without notice, so here it is written whenever it has changed, before
//! anything more is sent: a serial that was used must never be used again. Serials of channels may
//! be older: then messages come again. They change with every message that comes, and all are
//! written, so when nothing else has changed they wait for up to [`SERIALS_EVERY`].

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use ably_engine::{
    Config, ConnectionState, Engine, Instant, Now, RecoveryMark,
    protocol::{ErrorCode, ErrorInfo, Str, Value},
};

use super::Shared;
use crate::{ClientOptions, ext::Storage, options::LastConnection};

/// The name of a transport that is to come first.
const TRANSPORT: &str = "ably-transport-preference";
/// The default name of the recovery key.
const RECOVERY: &str = "ably-connection-recovery";
/// How old the time in the storage may become, in ms.
const STALE_MS: i64 = 15_000;
/// How long the serials of channels in the storage may be out of date.
const SERIALS_EVERY: Duration = Duration::from_secs(1);

pub(crate) type OpenFn =
    fn(&ClientOptions, &mut Config, Now) -> Result<Option<Box<Keeper>>, ErrorInfo>;

pub(crate) struct Keeper {
    storage: Arc<dyn Storage>,
    /// The name of the recovery key, if one is kept.
    name: Option<String>,
    /// What recovery key is in the storage, and when it was written.
    written: Option<(RecoveryMark, Now)>,
    transport: Option<&'static str>,
    /// There may be a recovery key in the storage.
    is_there: bool,
    keep: fn(&mut Keeper, &Shared) -> Option<Instant>,
}

impl Keeper {
    /// Brings the storage up to date. To be called before anything is sent, and when the instant that
    /// it gives has come.
    pub(crate) fn keep(&mut self, shared: &Shared) -> Option<Instant> {
        (self.keep)(self, shared)
    }
}

/// Opens the storage, and has the client begin with what is in there.
///
/// # Errors
/// - `40000` something is to be kept, and there is no storage.
pub(crate) fn open(
    options: &ClientOptions,
    config: &mut Config,
    now: Now,
) -> Result<Option<Box<Keeper>>, ErrorInfo> {
    let Some(keeping) = options.keeping.as_deref() else {
        return Ok(None);
    };
    let storage = keeping.storage.clone().ok_or_else(|| {
        ErrorInfo::new(
            ErrorCode::BAD_REQUEST,
            400,
            "recover_if and recovery_key_storage_name need a storage",
        )
    })?;
    let mut transport = None;
    if let Some(base) = config.base_transport.take() {
        let id = base.id();
        let comes_first = storage.get(TRANSPORT).as_deref() == Some(id);
        transport = comes_first.then_some(id);
        config.base_transport = Some(base.coming_first(comes_first));
    }
    let name = keeping.decide.is_some().then(|| {
        let name = keeping.name.as_deref();
        name.unwrap_or(RECOVERY).to_owned()
    });
    if let (Some(name), Some(decide), None) = (&name, &keeping.decide, &config.recover) {
        let last = storage.get(name).and_then(|text| read(&text, now));
        config.recover = last.filter(|l| decide(l)).map(|l| l.recovery_key);
    }
    Ok(Some(Box::new(Keeper {
        storage,
        name,
        written: None,
        transport,
        is_there: true,
        keep,
    })))
}

/// What was kept, unless it is of no use any more.
fn read(text: &str, now: Now) -> Option<LastConnection> {
    let Ok(Value::Map(fields)) = Value::from_json(text) else {
        return None;
    };
    let (mut key, mut at, mut until, mut client_id) = (None, 0, i64::MAX, None);
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("recoveryKey", Value::Text(text)) => key = Some(text.as_str().to_owned()),
            ("disconnectedAt", Value::Int(ms)) => at = ms,
            ("expires", Value::Int(ms)) => until = ms,
            ("clientId", Value::Text(id)) => client_id = Some(id),
            _ => {}
        }
    }
    let recovery_key = key.filter(|_| now.unix_ms <= until)?;
    Some(LastConnection {
        recovery_key,
        disconnected_at: at,
        client_id,
    })
}

fn write(key: &str, client_id: Option<Str>, at: i64, ttl: Duration) -> String {
    let until = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
    let mut fields = vec![
        ("recoveryKey".into(), Value::Text(Str::new(key))),
        ("disconnectedAt".into(), Value::Int(at)),
        ("expires".into(), Value::Int(at.saturating_add(until))),
    ];
    if let Some(id) = client_id {
        fields.push(("clientId".into(), Value::Text(id)));
    }
    Value::Map(fields).to_json()
}

fn keep(keeper: &mut Keeper, shared: &Shared) -> Option<Instant> {
    // A storage that panics harms nobody but itself.
    let kept = catch_unwind(AssertUnwindSafe(|| {
        let next = keep_key(keeper, shared);
        let transport = shared.read(Engine::transport_preference);
        if transport != std::mem::replace(&mut keeper.transport, transport) {
            match transport {
                Some(id) => keeper.storage.set(TRANSPORT, id, None),
                None => keeper.storage.remove(TRANSPORT),
            }
        }
        next
    }));
    kept.unwrap_or_default()
}

/// Gives when to come again, if there is something that can wait.
fn keep_key(keeper: &mut Keeper, shared: &Shared) -> Option<Instant> {
    use ConnectionState as S;
    let name = keeper.name.as_deref()?;
    let now = shared.runtime.now();
    let (state, mark) = shared.read(|e| (e.connection_state(), e.recovery_mark()));
    let Some(mark) = mark else {
        // Before the first connection, what an earlier client has left stays.
        let over = matches!(state, S::Closing | S::Closed | S::Failed | S::Suspended);
        if over && std::mem::take(&mut keeper.is_there) {
            keeper.written = None;
            keeper.storage.remove(name);
        }
        return None;
    };
    if let Some((last, at)) = &keeper.written {
        let age = now.unix_ms.saturating_sub(at.unix_ms);
        let is_fresh = (0..STALE_MS).contains(&age) || state != S::Connected;
        let is_same =
            mark.connection_key == last.connection_key && mark.msg_serial == last.msg_serial;
        let next = at.mono.after(SERIALS_EVERY);
        if is_fresh && mark == *last {
            return None;
        }
        if is_fresh && is_same && now.mono < next {
            return Some(next);
        }
    }
    let (key, client_id, ttl) = shared.read(|e| {
        let ttl = e.connection_kept_for();
        (e.create_recovery_key(), e.client_id(), ttl)
    });
    let text = write(&key?, client_id, now.unix_ms, ttl);
    keeper.is_there = true;
    keeper.written = Some((mark, now));
    keeper.storage.set(name, &text, Some(ttl));
    None
}
