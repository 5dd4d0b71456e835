//! `cargo xtask bench reconnect`: how long a client is away when its socket is cut.
//!
//! From the moment in which both directions of its TCP connection are shut down, without a word of
//! WebSocket, until the client has resumed and said so on its standard output: noticing, connecting
//! anew over loopback, the handshake, CONNECTED with the same connection id, and the listener. Both
//! clients make the first attempt at once, unless the one before was less than a second ago; no
//! client is cut so often. Neither has a channel.
//!
//! A process has several clients, and one of them is cut at a time. They reach the sandbox through a
//! relay in this process, which costs all of them the same.

use std::io::{BufRead, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::ably_js;
use crate::Result;
use crate::process::{self, Background};

/// Clients in a process.
const CLIENTS: usize = 50;
/// How often each is cut. The first time is not counted: Node compiles then.
const ROUNDS: usize = 21;
/// No client is cut again before this.
const APART: Duration = Duration::from_millis(1200);
/// Nothing takes longer.
const LIMIT: Duration = Duration::from_secs(20);

const KEY: &str = "app.key:secret";

/// Builds, runs and prints the table.
pub(super) fn run() -> Result<()> {
    for package in ["ably-sandbox", "ably-bench-reconnect"] {
        let args = ["build", "--release", "--quiet", "--locked", "-p", package];
        process::run(&mut process::cargo(args))?;
    }
    let mut sandbox = Command::new(process::binary("release", "ably-sandbox"));
    let sandbox = Background::start(sandbox.args(["--listen", "127.0.0.1:0", "--key", KEY]))?;
    let address = sandbox.line.rsplit('/').next().unwrap_or_default();
    let address: SocketAddr = address
        .parse()
        .map_err(|_| format!("the sandbox said: {}", sandbox.line))?;
    let ours = Command::new(process::binary("release", "ably-bench-reconnect"));
    let mut clients = vec![("ably", ours)];
    if let Some((script, modules)) = ably_js("reconnect.cjs") {
        let mut node = Command::new("node");
        node.arg(script).env("NODE_PATH", modules);
        clients.push(("ably-js", node));
    } else {
        println!("SKIPPED: ably-js not installed; `cargo xtask test npm` installs it");
    }
    let mut rows = Vec::new();
    for (name, mut command) in clients {
        rows.push((name, measure(&mut command, address)?));
    }
    print!("{}", table(&mut rows));
    Ok(())
}

fn measure(command: &mut Command, sandbox: SocketAddr) -> Result<Vec<Duration>> {
    let relay = Relay::start(sandbox).map_err(|e| format!("the relay: {e}"))?;
    command.args([
        "127.0.0.1",
        &relay.port.to_string(),
        KEY,
        &CLIENTS.to_string(),
    ]);
    let clients = Clients::start(command)?;
    clients.say("ready")?;
    let mut links = relay.links(0);
    let mut cut = vec![Instant::now(); links.len()];
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        for (link, last) in links.iter_mut().zip(&mut cut) {
            thread::sleep((*last + APART).saturating_duration_since(Instant::now()));
            let before = relay.count();
            *last = Instant::now();
            link.cut();
            let resumed = clients.say("resumed")?;
            if round > 0 {
                times.push(resumed - *last);
            }
            // Who has come is who was cut.
            *link = match &relay.links(before)[..] {
                [link] => link.clone(),
                others => return Err(format!("{} sockets for one that was cut", others.len())),
            };
        }
    }
    Ok(times)
}

/// A process with clients, and the lines that it writes with the time when each came.
struct Clients {
    child: Child,
    lines: Receiver<(Instant, String)>,
}

impl Clients {
    fn start(command: &mut Command) -> Result<Self> {
        println!("    $ {}", process::show(command));
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|e| format!("{}: {e}", process::show(command)))?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(|line| line.ok()) {
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// Waits for this line, and says when it came.
    fn say(&self, expected: &str) -> Result<Instant> {
        match self.lines.recv_timeout(LIMIT) {
            Ok((at, line)) if line == expected => Ok(at),
            Ok((_, line)) => Err(format!("a client said `{line}`, not `{expected}`")),
            Err(_) => Err(format!("no client said `{expected}` in time")),
        }
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes bytes on between clients and the sandbox, until it is told to stop.
struct Relay {
    port: u16,
    links: Arc<Mutex<Vec<Arc<Link>>>>,
}

/// A client's socket and the one to the sandbox.
struct Link([TcpStream; 2]);

impl Link {
    fn cut(&self) {
        for socket in &self.0 {
            // One that is closed already cannot be closed again.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Relay {
    fn start(to: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let links = Arc::new(Mutex::new(Vec::new()));
        let accepted = links.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(|client| client.ok()) {
                let Ok(link) = connect(client, to) else {
                    continue;
                };
                lock(&accepted).push(link);
            }
        });
        Ok(Self { port, links })
    }

    fn count(&self) -> usize {
        lock(&self.links).len()
    }

    /// The links from this one on.
    fn links(&self, from: usize) -> Vec<Arc<Link>> {
        lock(&self.links).get(from..).unwrap_or_default().to_vec()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(client: TcpStream, to: SocketAddr) -> std::io::Result<Arc<Link>> {
    let link = Arc::new(Link([client, TcpStream::connect(to)?]));
    for from in [0, 1] {
        link.0[from].set_nodelay(true)?;
        let link = link.clone();
        thread::spawn(move || {
            let [mut from, mut to] = [&link.0[from], &link.0[1 - from]];
            let _ = std::io::copy(&mut from, &mut to);
            link.cut();
        });
    }
    Ok(link)
}

/// The time that this share of all is within.
fn percentile(sorted: &[Duration], share: usize) -> Duration {
    let rank = (sorted.len() * share).div_ceil(100);
    let index = rank.saturating_sub(1).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}

fn table(rows: &mut [(&'static str, Vec<Duration>)]) -> String {
    let mut text = String::from(
        "| client | cuts | p50 ms | x ours | p99 ms | x ours |\n|---|--:|--:|--:|--:|--:|\n",
    );
    let mut ours = None;
    for (client, times) in rows {
        times.sort();
        let (half, most) = (percentile(times, 50), percentile(times, 99));
        let (ours_half, ours_most) = *ours.get_or_insert((half, most));
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        text.push_str(&format!(
            "| {client} | {} | {:.2} | {:.2} | {:.2} | {:.2} |\n",
            times.len(),
            ms(half),
            ms(half) / ms(ours_half),
            ms(most),
            ms(most) / ms(ours_most),
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let times: Vec<_> = (1..=1000).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Duration::from_millis(500));
        assert_eq!(percentile(&times, 99), Duration::from_millis(990));
        assert_eq!(percentile(&times[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }

    #[test]
    fn the_table_compares_with_the_first_client() {
        let times = |ms: &[u64]| ms.iter().copied().map(Duration::from_millis).collect();
        let text = table(&mut [("ably", times(&[4, 2, 3])), ("ably-js", times(&[6, 6, 8]))]);
        assert!(
            text.contains("| ably | 3 | 3.00 | 1.00 | 4.00 | 1.00 |\n"),
            "{text}"
        );
        assert!(
            text.contains("| ably-js | 3 | 6.00 | 2.00 | 8.00 | 2.00 |\n"),
            "{text}"
        );
    }

    #[test]
    fn the_relay_passes_on_and_cuts_both_ends() {
        let server = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let relay = Relay::start(server.local_addr().unwrap()).unwrap();
        let mut client = TcpStream::connect(("127.0.0.1", relay.port)).unwrap();
        let (mut other, _) = server.accept().unwrap();
        client.write_all(b"ping").unwrap();
        let mut bytes = [0; 4];
        other.read_exact(&mut bytes).unwrap();
        other.write_all(&bytes).unwrap();
        client.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"ping");
        let links = relay.links(0);
        assert_eq!((links.len(), relay.links(1).len()), (1, 0));
        links[0].cut();
        assert_eq!(client.read(&mut bytes).unwrap(), 0);
        assert_eq!(other.read(&mut bytes).unwrap(), 0);
    }
}
