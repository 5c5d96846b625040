//! What was asked of the simulator.

use std::collections::{BTreeMap, VecDeque};

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
    routes: BTreeMap<String, u64>,
}

impl Log {
    /// Older entries are forgotten; the counters go on.
    const KEPT: usize = 200_000;

    pub(crate) fn push(&mut self, mut entry: LogEntry) {
        self.total = self.total.saturating_add(1);
        self.writes = self.writes.saturating_add(u64::from(entry.is_write()));
        entry.number = self.total;
        let count = self.routes.entry(route(&entry.method, &entry.path)).or_default();
        *count = count.saturating_add(1);
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

    pub(crate) fn routes(&self) -> &BTreeMap<String, u64> {
        &self.routes
    }

    pub(crate) fn forget_routes(&mut self) {
        self.routes.clear();
    }
}

/// A path with its names taken out: `GET /rest/api/group/{}/member`.
fn route(method: &str, path: &str) -> String {
    /// What stands behind these words is a name, except for the words named with them.
    const BEFORE_A_NAME: [(&str, &[&str]); 6] = [
        ("user", &["current", "anonymous", "list", "memberof"]),
        ("group", &[]),
        ("space", &["personal"]),
        ("webhooks", &["test"]),
        ("longtask", &[]),
        ("tokens", &[]),
    ];
    let mut before = "";
    let mut told = format!("{method} ");
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let a_name = BEFORE_A_NAME.iter().any(|(word, not)| *word == before && !not.contains(&part));
        told.push('/');
        told.push_str(if a_name { "{}" } else { part });
        before = if a_name { "" } else { part };
    }
    told
}
