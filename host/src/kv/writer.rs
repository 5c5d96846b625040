//! Writes go through one thread. Those that wait together are committed together, so that a burst of small writes costs
//! one trip to the disk, and each caller still hears back only after its own write is safe.

use std::sync::{Arc, mpsc};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

/// Writes that one commit takes at most.
const BATCH: usize = 256;

/// One write.
pub(super) enum Change {
    Set { store: Arc<str>, key: String, value: Vec<u8> },
    Delete { store: Arc<str>, key: String },
}

struct Job {
    change: Change,
    done: oneshot::Sender<Result<(), String>>,
}

/// The way to the writing thread. The thread ends when the last sender is gone.
pub(super) struct Writer(mpsc::Sender<Job>);

impl Writer {
    pub(super) fn start(mut connection: Connection) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        std::thread::Builder::new().name("key-value-writer".into()).spawn(move || {
            while let Ok(first) = queue.recv() {
                let batch: Vec<Job> = std::iter::once(first).chain(queue.try_iter().take(BATCH - 1)).collect();
                commit(&mut connection, batch);
            }
        })?;
        Ok(Self(jobs))
    }

    /// Hands one write over and waits until it is on disk.
    pub(super) async fn submit(&self, change: Change) -> Result<(), String> {
        let (done, outcome) = oneshot::channel();
        let stopped = || "the key-value writer has stopped".to_owned();
        self.0.send(Job { change, done }).map_err(|_| stopped())?;
        outcome.await.map_err(|_| stopped())?
    }
}

fn commit(connection: &mut Connection, batch: Vec<Job>) {
    let outcome = write_all(connection, &batch).map_err(|error| error.to_string());
    for job in batch {
        // Nobody waits any more when the component was stopped meanwhile.
        let _ = job.done.send(outcome.clone());
    }
}

fn write_all(connection: &mut Connection, batch: &[Job]) -> rusqlite::Result<()> {
    // Taking the write lock at once makes a second process wait; an upgrade from a read lock would fail instead.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in batch {
        match &job.change {
            Change::Set { store, key, value } => transaction
                .prepare_cached(
                    "INSERT INTO spin_key_value (store, key, value) VALUES (?1, ?2, ?3)
                     ON CONFLICT (store, key) DO UPDATE SET value = ?3",
                )?
                .execute(rusqlite::params![&**store, key, value])?,
            Change::Delete { store, key } => transaction
                .prepare_cached("DELETE FROM spin_key_value WHERE store = ?1 AND key = ?2")?
                .execute([&**store, key])?,
        };
    }
    transaction.commit()
}
