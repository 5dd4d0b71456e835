//! [`Peer`]: a process that runs the official client, driven line by line.

use std::{
    collections::BTreeMap,
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ably_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::{Mutex as AsyncMutex, mpsc, oneshot},
    time::timeout,
};

/// How long anything may take. Nothing here waits for time to pass; this only ends a hang.
pub const PATIENCE: Duration = Duration::from_secs(30);

type Waiting = Arc<Mutex<BTreeMap<u64, oneshot::Sender<Result<Value, Value>>>>>;

/// The official client, in a process of its own.
pub struct Peer {
    stdin: AsyncMutex<ChildStdin>,
    waiting: Waiting,
    events: AsyncMutex<mpsc::UnboundedReceiver<Value>>,
    next: AtomicU64,
    host: String,
    port: u16,
    _child: Child,
}

impl Peer {
    /// Starts the process; its clients will talk to `sandbox`.
    pub async fn start(sandbox: &Sandbox) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"));
        assert!(
            std::path::Path::new(folder)
                .join("node_modules/ably")
                .exists(),
            "run `npm ci` in tests/interop first (`cargo xtask test` does)"
        );
        let mut child = Command::new("node")
            .arg("peer.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is installed");
        let stdin = child.stdin.take().expect("piped");
        let stdout = child.stdout.take().expect("piped");
        let waiting = Waiting::default();
        let (events_in, events) = mpsc::unbounded_channel();
        let answers = waiting.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stdout).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let value: Value = serde_json::from_str(&line).expect("the peer writes JSON");
                match value["id"].as_u64() {
                    Some(id) => {
                        let answer = match value.get("error") {
                            Some(e) => Err(e.clone()),
                            None => Ok(value["value"].clone()),
                        };
                        if let Some(tx) = answers.lock().unwrap().remove(&id) {
                            let _ = tx.send(answer);
                        }
                    }
                    None => {
                        let _ = events_in.send(value);
                    }
                }
            }
            answers.lock().unwrap().clear();
        });
        Self {
            stdin: AsyncMutex::new(stdin),
            waiting,
            events: AsyncMutex::new(events),
            next: AtomicU64::new(1),
            host: sandbox.host(),
            port: sandbox.port(),
            _child: child,
        }
    }

    /// Asks for `op` and waits for the answer: a value, or an error as ably-js has it.
    pub async fn try_ask(&self, op: &str, mut request: Value) -> Result<Value, Value> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (tx, rx) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id, tx);
        request["id"] = id.into();
        request["op"] = op.into();
        let line = format!("{request}\n");
        self.stdin
            .lock()
            .await
            .write_all(line.as_bytes())
            .await
            .expect("the peer reads");
        timeout(PATIENCE, rx)
            .await
            .unwrap_or_else(|_| panic!("the peer did not answer {op}"))
            .expect("the peer lives")
    }

    /// As [`Peer::try_ask`], for what must work.
    #[track_caller]
    pub fn ask(&self, op: &'static str, request: Value) -> impl Future<Output = Value> {
        let at = std::panic::Location::caller();
        async move {
            self.try_ask(op, request)
                .await
                .unwrap_or_else(|e| panic!("{op} failed in ably-js ({at}): {e}"))
        }
    }

    /// Makes a client that begins to connect.
    pub async fn client(&self, name: &str, key: &str, binary: bool, mut options: Value) {
        options["key"] = key.into();
        let request = json!({
            "client": name, "host": self.host, "port": self.port, "binary": binary,
            "options": options,
        });
        self.ask("new", request).await;
    }

    /// Makes a client without a connection.
    pub async fn rest(&self, name: &str, key: &str, binary: bool) {
        let request = json!({
            "client": name, "host": self.host, "port": self.port, "binary": binary,
            "options": {"key": key, "clientId": name},
        });
        self.ask("newRest", request).await;
    }

    /// Makes a client without a key, whose authCallback gives these answers in turn.
    pub async fn client_with_answers(
        &self,
        name: &str,
        binary: bool,
        answers: Vec<Value>,
        options: Value,
    ) {
        let request = json!({
            "client": name, "host": self.host, "port": self.port, "binary": binary,
            "options": options, "answers": answers,
        });
        self.ask("newWithAnswers", request).await;
    }

    /// Makes a client and waits until it is connected.
    pub async fn connect(&self, name: &str, key: &str, binary: bool) {
        self.client(name, key, binary, json!({"clientId": name}))
            .await;
        self.ask("connected", json!({"client": name})).await;
    }

    /// The next event of this kind; others are passed over.
    pub async fn event(&self, kind: &str) -> Value {
        let mut events = self.events.lock().await;
        loop {
            let event = timeout(PATIENCE, events.recv())
                .await
                .unwrap_or_else(|_| panic!("no {kind} event of ably-js came"))
                .expect("the peer lives");
            if event["event"] == kind {
                return event;
            }
        }
    }

    /// The next message that a subscription got.
    pub async fn message(&self) -> Value {
        self.event("message").await["message"].take()
    }
}
