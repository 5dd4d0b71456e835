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
