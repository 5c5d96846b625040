//! Confluence Data Center over REST, on the [`Http`] port: the adapter behind [`ConfluenceRead`] and
//! [`ConfluenceWrite`].
//!
//! Confluence cannot be trusted to say when something is wrong: an expired token is served as anonymous, a login page
//! comes with status 200, a group listing may never end, a change may be acknowledged and not happen. So every answer is
//! judged before it is read ([`answer`]), every listing has to advance (`page`), and a fact that is absent stays
//! absent (`wire`).
//!
//! INVARIANT (bounded call): one call of a port makes at most [`transport::MAX_TRIES`] requests for each page it reads
//! and waits at most [`transport::MAX_WAIT`] for each of them, so that a tick cannot be held up by one bad answer.
//!
//! A client may be asked several things at once, such as pages of a listing at several offsets: nothing is borrowed across
//! an await, and what the rate limit says to one call holds for all.
//!
//! Reading order: [`settings`], [`path`], [`pace`], [`transport`], [`answer`], `page`, `wire`, `read`, `probe`, `write`,
//! `attributes`, `audit`, `content`, `ownership`.
//!
//! [`ConfluenceRead`]: seatkeeper_engine::ports::ConfluenceRead
//! [`ConfluenceWrite`]: seatkeeper_engine::ports::ConfluenceWrite
#![forbid(unsafe_code)]

pub mod answer;
mod attributes;
mod audit;
mod content;
mod ownership;
pub mod pace;
mod page;
pub mod path;
mod probe;
mod read;
pub mod settings;
#[cfg(test)]
mod testing;
pub mod transport;
mod wire;
mod write;

use pace::Pace;
use seatkeeper_engine::ports::{Capabilities, Clock, Http};
use std::cell::Cell;

pub use ownership::{Administrators, MAX_OWNERSHIP_REQUESTS, Ownership};
pub use read::AccessMode;
pub use settings::{BaseUrl, Secret, Settings, SettingsError};

/// Entries asked for with one request. Confluence may lower it; the answer says so.
pub const PAGE_SIZE: u64 = 200;

/// Pages of one account's groups, or of one group's child groups, that are read before the listing counts as endless.
/// 20,000 groups of one account are far beyond any real directory.
const MAX_PAGES: u64 = 100;

/// A client of one Confluence with one token.
pub struct Confluence<H, C> {
    http: H,
    clock: C,
    settings: Settings,
    pace: Pace,
    /// Whether the list of seat holders delivers `lastLogin`; nothing as long as we did not find out.
    last_login: Cell<Option<bool>>,
    /// Whether that list was found at its other address.
    active_moved: Cell<bool>,
    /// Whether the permissions of spaces can be read; nothing as long as we did not find out.
    space_permissions: Cell<Option<bool>>,
    /// Whether mail address and full name can be set; nothing as long as we did not find out.
    updates: Cell<Option<bool>>,
}

impl<H: Http, C: Clock> Confluence<H, C> {
    /// A client that has not said anything yet.
    pub fn new(http: H, clock: C, settings: Settings) -> Self {
        Self {
            http,
            clock,
            settings,
            pace: Pace::default(),
            last_login: Cell::default(),
            active_moved: Cell::default(),
            space_permissions: Cell::default(),
            updates: Cell::default(),
        }
    }

    /// Takes over what an earlier client found out, which saves probing for it again.
    #[must_use]
    pub fn with_capabilities(self, known: Capabilities) -> Self {
        self.last_login.set(Some(known.last_login));
        self
    }
}
