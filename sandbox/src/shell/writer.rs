//! The thread that makes records durable.
//!
//! Everything that came in while the disk was busy is written together, with one fsync. If the disk
//! fails, nothing can be acknowledged any more, so the sandbox stops.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread;

use tokio::sync::{mpsc, watch};

use crate::shell::hub::Hub;
use crate::shell::store::Store;

/// Records, and the number of the last of them.
pub(crate) type Batch = (u64, Vec<Vec<u8>>);

/// What the writer tells the rest.
pub(crate) struct Signals {
    /// The number of the last record on disk.
    pub(crate) durable: watch::Sender<u64>,
    /// Why the disk failed.
    pub(crate) failure: watch::Sender<Option<String>>,
    /// Stops the sandbox.
    pub(crate) stop: watch::Sender<bool>,
    /// Held while there may be something to write.
    pub(crate) alive: mpsc::Sender<()>,
}

/// Makes the way to a writer that is started later.
pub(crate) fn queue() -> (Sender<Batch>, Receiver<Batch>) {
    channel()
}

/// Starts the thread. It ends when nobody can send batches any more.
pub(crate) fn start(
    store: Store,
    batches: Receiver<Batch>,
    hub: &Arc<Hub>,
    signals: Signals,
) -> io::Result<()> {
    let hub = Arc::downgrade(hub);
    let thread = thread::Builder::new().name("ably-sandbox-disk".to_owned());
    thread.spawn(move || {
        let done = run(store, &batches, &hub, &signals);
        if let Err(error) = done {
            signals.failure.send_replace(Some(error.to_string()));
            signals.stop.send_replace(true);
        }
        // Whoever stops the sandbox waits for this.
        drop(signals.alive);
    })?;
    Ok(())
}

fn run(
    mut store: Store,
    batches: &Receiver<Batch>,
    hub: &Weak<Hub>,
    signals: &Signals,
) -> io::Result<()> {
    let mut last = 0;
    while let Ok(first) = batches.recv() {
        let group: Vec<Batch> = std::iter::once(first).chain(batches.try_iter()).collect();
        let Some((number, _)) = group.last() else {
            continue;
        };
        let number = *number;
        // A snapshot may hold batches that were on their way when it was made.
        let records = group.iter().filter(|(number, _)| *number > last);
        store.append(records.flat_map(|(_, records)| records))?;
        last = last.max(number);
        if store.is_large() {
            if let Some(hub) = hub.upgrade() {
                let (number, snapshot) = hub.snapshot();
                store.replace(&snapshot)?;
                last = last.max(number);
            }
        }
        signals.durable.send_replace(last);
        if let Some(hub) = hub.upgrade() {
            hub.with(|core, _| core.durable(last));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used)]
mod tests {
    use std::path::PathBuf;

    use crate::core::{Core, Limits};
    use crate::shell::clock::Clock;
    use crate::wire::Format;

    use super::*;

    struct Running {
        hub: Arc<Hub>,
        failure: watch::Receiver<Option<String>>,
        stop: watch::Receiver<bool>,
        done: mpsc::Receiver<()>,
    }

    fn directory(name: &str) -> PathBuf {
        let name = format!("ably-sandbox-writer-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        path
    }

    fn run_with(store: Store) -> Running {
        let clock = Clock::new();
        let mut core = Core::new(Limits::default(), [1; 32], clock.now());
        core.keep_journal();
        let (stop, stopped) = watch::channel(false);
        let (durable, durable_seen) = watch::channel(0);
        let (failure, failed) = watch::channel(None);
        let (alive, done) = mpsc::channel(1);
        let (batches, queue) = queue();
        let hub = Hub::new(core, clock, stopped.clone(), Some(batches), durable_seen);
        let hub = Arc::new(hub);
        let signals = Signals {
            durable,
            failure,
            stop,
            alive,
        };
        start(store, queue, &hub, signals).unwrap();
        Running {
            hub,
            failure: failed,
            stop: stopped,
            done,
        }
    }

    async fn add_key(running: &Running, number: usize) {
        let key = format!("app.key{number}:secret");
        let added = running.hub.with_durable(|core, _| core.add_key(&key)).await;
        added.unwrap();
    }

    #[tokio::test]
    async fn the_file_is_replaced_while_it_is_written_to() {
        let path = directory("replace");
        let mut store = Store::open(&path, |_| Ok(())).unwrap();
        store.replace_soon();
        let mut running = run_with(store);
        for number in 0..50 {
            add_key(&running, number).await;
        }
        let expected = running.hub.snapshot().1;
        drop(running.hub);
        assert_eq!(running.done.recv().await, None);
        let mut core = Core::new(Limits::default(), [2; 32], 0);
        let mut count = 0;
        let each = |record: &[u8]| {
            count += 1;
            core.replay(record, 0)
        };
        Store::open(&path, each).unwrap();
        assert_eq!(core.snapshot(), expected);
        // Each of the records says all of the app: had nothing been replaced, there would be 50.
        assert!(count < 50, "{count} records");
        let record = Format::Msgpack.decode(expected.first().unwrap()).unwrap();
        assert_eq!(record.list("keys").unwrap().unwrap().len(), 50);
        let _ = std::fs::remove_dir_all(&path);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_disk_that_is_full_stops_the_sandbox_and_acknowledges_nothing() {
        let path = directory("full");
        let mut store = Store::open(&path, |_| Ok(())).unwrap();
        store.write_to(
            std::fs::File::options()
                .write(true)
                .open("/dev/full")
                .unwrap(),
        );
        let mut running = run_with(store);
        let added = add_key(&running, 0);
        let failed = async {
            let mut stop = running.stop.clone();
            stop.wait_for(|stop| *stop).await.unwrap();
        };
        tokio::select! {
            () = added => panic!("acknowledged"),
            () = failed => {}
        }
        assert!(running.failure.borrow().is_some());
        assert_eq!(running.done.recv().await, None);
        let _ = std::fs::remove_dir_all(&path);
    }
}
