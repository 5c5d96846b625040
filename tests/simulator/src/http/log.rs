//! What was asked of the simulator.

use std::collections::VecDeque;

use serde::Serialize;

/// One request.
#[derive(Clone, Debug, Serialize)]
pub struct LogEntry {
    /// Its number, from 1.
    pub number: u64,
    /// When it came, in milliseconds of the site.
    pub at_ms: i64,
    /// The method.
    pub method: String,
    /// The path as sent, without the context path.
    pub path: String,
    /// The query as sent.
    pub query: String,
    /// The account that asked; empty for anonymous.
    pub user: String,
    /// What was answered; 0 when the connection was dropped.
    pub status: u16,
}

impl LogEntry {
    /// Whether it asked for a change.
    pub fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}

/// The last requests, and counters of all.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: VecDeque<LogEntry>,
    total: u64,
    writes: u64,
}

impl Log {
    /// Older entries are forgotten; the counters go on.
    const KEPT: usize = 200_000;

    pub(crate) fn push(&mut self, mut entry: LogEntry) {
        self.total = self.total.saturating_add(1);
        self.writes = self.writes.saturating_add(u64::from(entry.is_write()));
        entry.number = self.total;
        if self.entries.len() >= Self::KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = &LogEntry> {
        self.entries.iter()
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }
}
