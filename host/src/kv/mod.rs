//! The key-value store: SQLite in the table layout of Spin, so that either can open the file of the other.

pub(crate) mod bindings;
pub(crate) mod limits;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use tokio::sync::mpsc;

use writer::{Change, Writer};

/// How long one process waits for another one that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections for reading that are kept open.
const IDLE_READERS: usize = 4;
/// The largest value that is handed to a component, as in Spin.
const MAX_VALUE_BYTES: usize = 128 << 20;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS spin_key_value (
    store TEXT NOT NULL,
    key   TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (store, key)
)";

/// One database file, which may hold several stores and be open in several processes.
#[derive(Clone)]
pub(crate) struct Database(Arc<Inner>);

struct Inner {
    path: PathBuf,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
}

impl Database {
    /// Opens the file, which is made when it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let refuse = |error: String| format!("the key-value database {} cannot be used: {error}", path.display());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| refuse(error.to_string()))?;
        }
        let connection = connect(path).map_err(|error| refuse(error.to_string()))?;
        connection.execute(CREATE, []).map_err(|error| refuse(error.to_string()))?;
        let writer = Writer::start(connection).map_err(|error| refuse(error.to_string()))?;
        Ok(Self(Arc::new(Inner { path: path.to_path_buf(), writer, readers: Mutex::default() })))
    }

    /// One store of this database.
    pub(crate) fn store(&self, label: &str) -> Store {
        Store { database: self.clone(), label: label.into() }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// Moves the log into the file.
    pub(crate) async fn flush(&self) -> Result<(), String> {
        self.read(|connection| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))).await
    }

    /// Runs a read on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let database = self.clone();
        let work = move || {
            let connection = database.reader()?;
            let result = read(&connection);
            database.give_back(connection);
            result
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }

    fn reader(&self) -> rusqlite::Result<Connection> {
        let idle = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| connect(&self.0.path), Ok)
    }

    fn give_back(&self, connection: Connection) {
        let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
    }
}

/// Opens a connection. The write-ahead log lets readers go on during a write, and every commit still reaches the disk.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(connection)
}

/// A store that a component has opened.
#[derive(Clone)]
pub(crate) struct Store {
    database: Database,
    label: Arc<str>,
}

impl Store {
    pub(crate) async fn get(&self, key: String) -> Result<Option<Vec<u8>>, String> {
        let label = Arc::clone(&self.label);
        let value = self
            .database
            .read(move |connection| {
                connection
                    .prepare_cached("SELECT value FROM spin_key_value WHERE store = ?1 AND key = ?2")?
                    .query_row([&*label, &key], |row| row.get::<_, Vec<u8>>(0))
                    .optional()
            })
            .await?;
        match value {
            Some(value) if value.len() > MAX_VALUE_BYTES => {
                Err(format!("the value has {} bytes; at most {MAX_VALUE_BYTES} can be read", value.len()))
            }
            value => Ok(value),
        }
    }

    pub(crate) async fn exists(&self, key: String) -> Result<bool, String> {
        let label = Arc::clone(&self.label);
        self.database
            .read(move |connection| {
                connection
                    .prepare_cached("SELECT 1 FROM spin_key_value WHERE store = ?1 AND key = ?2")?
                    .exists([&*label, &key])
            })
            .await
    }

    pub(crate) async fn set(&self, key: String, value: Vec<u8>) -> Result<(), String> {
        self.change(Change::Set { store: Arc::clone(&self.label), key, value }).await
    }

    pub(crate) async fn delete(&self, key: String) -> Result<(), String> {
        self.change(Change::Delete { store: Arc::clone(&self.label), key }).await
    }

    async fn change(&self, change: Change) -> Result<(), String> {
        self.database.0.writer.submit(change).await
    }

    /// Sends every key, in order; the value of the future is the outcome of the whole scan.
    pub(crate) async fn keys(&self, keys: mpsc::Sender<String>) -> Result<(), String> {
        let label = Arc::clone(&self.label);
        self.database
            .read(move |connection| {
                let mut statement =
                    connection.prepare_cached("SELECT key FROM spin_key_value WHERE store = ?1 ORDER BY key")?;
                let mut rows = statement.query([&*label])?;
                while let Some(row) = rows.next()? {
                    // The component stopped listening; that is its right and no error.
                    if keys.blocking_send(row.get(0)?).is_err() {
                        break;
                    }
                }
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
