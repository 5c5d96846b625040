//! Where the sweep stands, and the pages it works with.

use super::{EmergencyOrder, Lists, Outcome};
use crate::ports::Capabilities;
use seatkeeper_policy::report::PlanReport;
use seatkeeper_policy::{Instant, SeatCount, SweepId, UserKey, Username};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where the sweep stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The work under way, if any.
    pub work: Option<Work>,
    /// When the last sweep was opened.
    pub opened: Option<Instant>,
    /// Rules for which a plan has been published before, newest last, at most ten.
    pub rehearsed: Vec<String>,
    /// The ledger in force.
    pub ledger: Option<Pages>,
    /// When the sweep was opened that wrote it.
    #[serde(default)]
    pub ledger_at: Option<Instant>,
    /// The sweep that wrote the ledger was stopped by the guard, so what it heard is not believed yet.
    #[serde(default)]
    pub disbelieved: bool,
    /// How many people each directory knew as present when it was last believed.
    #[serde(default)]
    pub present: BTreeMap<String, u64>,
    /// Directories that were not believed by the sweep before; what they said then does not count.
    #[serde(default)]
    pub doubted: std::collections::BTreeSet<String>,
    /// The audit log has been read up to this instant.
    #[serde(default)]
    pub audited: Option<Instant>,
    /// The newest emergency order that was carried out.
    #[serde(default)]
    pub emergency: Option<Instant>,
    /// The newest plan whose accounts were all looked up, its hash, and when.
    #[serde(default)]
    pub surveyed: Option<(SweepId, String, Instant)>,
    /// Pages of an older generation, to be removed.
    pub garbage: Vec<Garbage>,
    /// What the newest tick met, if it met anything.
    #[serde(default)]
    pub trouble: Option<crate::trouble::TroubleAt>,
    /// Totals for monitoring: part of the checkpoint, so that they move together with the progress they belong to.
    #[serde(default, skip_serializing_if = "crate::tallies::Tallies::is_empty")]
    pub tallies: crate::tallies::Tallies,
}

/// A numbered set of pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pages {
    /// The sweep that wrote them.
    pub sweep: SweepId,
    /// How many there are.
    pub count: u32,
}

/// Pages that nobody needs any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Garbage {
    /// Gathered pages.
    Gathered(Pages),
    /// An old ledger.
    Ledger(Pages),
    /// An old snapshot.
    Snapshot(Pages),
    /// The index of an old snapshot.
    Index(Pages),
    /// What was counted and listed beside an old snapshot.
    Lists(SweepId, Lists),
    /// Accounts to be taken or warned, before they were merged: pages of each part.
    Parts {
        /// The sweep.
        sweep: SweepId,
        /// Pages of accounts to be taken, by part.
        takes: Vec<u32>,
        /// Pages of accounts to be warned, by part.
        warns: Vec<u32>,
    },
}

/// The work under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Reading listings page by page.
    Gather(Box<Gather>),
    /// Judging part by part.
    Judge(Box<Judge>),
    /// Looking up what planned accounts own.
    Survey(Survey),
    /// A plan waits for an answer.
    Await(SweepId),
    /// Carrying out a plan.
    Apply(Apply),
    /// Waiting for the seat count to fall.
    Verify(Verify),
}

/// Progress of reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gather {
    /// The sweep.
    pub sweep: SweepId,
    /// When it was opened.
    pub opened: Instant,
    /// Version of the policy it works for; another version starts it anew.
    pub policy: u32,
    /// Our own account.
    pub own: UserKey,
    /// What Confluence can do.
    pub capabilities: Capabilities,
    /// Seats at the beginning.
    pub seats: SeatCount,
    /// Accounts that hold *can use* individually.
    pub individual: Vec<UserKey>,
    /// The emergency that the sweep was opened for.
    #[serde(default)]
    pub emergency: Option<EmergencyOrder>,
    /// From when on the audit log is read.
    #[serde(default)]
    pub audit_from: Option<Instant>,
    /// What is read, in this order.
    pub listings: Vec<Listing>,
    /// Number of the first page of each listing that was begun.
    #[serde(default)]
    pub first_pages: Vec<u32>,
    /// Entries of a whole page of this listing, once one is known.
    #[serde(default)]
    pub stride: Option<u64>,
    /// Pages of this listing asked for at once.
    #[serde(default)]
    pub fan: u32,
    /// Where a listing without offsets goes on.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Entries of the audit log, and logins among them.
    #[serde(default)]
    pub audit: (u64, u64),
    /// Of each directory that is read as a whole: people, and those it knows as present.
    #[serde(default)]
    pub people: BTreeMap<String, (u64, u64)>,
    /// Index of the listing being read.
    pub listing: usize,
    /// Offset of its next page.
    pub start: u64,
    /// Pages stored so far.
    pub pages: u32,
    /// Entries stored so far, for people who watch.
    pub entries: u64,
    /// First and last key of the page before, to notice a listing that repeats itself.
    pub last_page: Option<(UserKey, UserKey)>,
    /// Ticks in a row that ended with an error.
    pub failures: u32,
    /// How often this listing was begun anew.
    #[serde(default)]
    pub restarts: u32,
}

/// One listing to be read completely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Listing {
    /// Members of a group that the policy takes away.
    Licence(seatkeeper_policy::GroupName),
    /// Members of an administrators' group.
    Administrators(seatkeeper_policy::GroupName),
    /// Members of a group that an exemption names.
    Mark(seatkeeper_policy::GroupName),
    /// Members of a group with *can use* that the policy does not name.
    OtherSeat(seatkeeper_policy::GroupName),
    /// Members of a group inside a licence group: they hold the seat through it.
    Nested {
        /// The licence group.
        group: seatkeeper_policy::GroupName,
        /// The group inside it.
        via: seatkeeper_policy::GroupName,
    },
    /// Seat holders with their last login.
    Active,
    /// Login events of the audit log.
    Audit,
    /// Confluence's database.
    Database,
    /// Everybody in an outside directory.
    Directory(String),
    /// An outside directory that is asked about each account.
    Ask(String),
}

/// Progress of judging. Only a part of the accounts is in memory at a time, so memory does not grow with the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judge {
    /// What was gathered.
    pub gather: Box<Gather>,
    /// The instant of the judgement, the same for all parts.
    pub at: Instant,
    /// Lower-case user names at which the parts after the first begin; none until they have been found.
    pub bounds: Option<Vec<String>>,
    /// The part that is judged next.
    pub part: u32,
    /// Counts so far.
    pub report: PlanReport,
    /// Findings of the second opinion so far.
    pub findings: Vec<String>,
    /// Accounts whose activity moved backwards.
    pub regressed: u32,
    /// Accounts that count as left, by all directories together.
    #[serde(default)]
    pub left: u32,
    /// Pages of the snapshot so far.
    pub snapshot: u32,
    /// Pages of its index so far.
    #[serde(default)]
    pub index: u32,
    /// What was counted and listed so far.
    #[serde(default)]
    pub lists: Lists,
    /// Pages of the ledger so far.
    pub ledger: u32,
    /// Pages of accounts to be taken, by part.
    pub takes: Vec<u32>,
    /// Pages of accounts to be warned, by part.
    pub warns: Vec<u32>,
}

/// Progress of looking up what planned accounts own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// The plan.
    pub plan: SweepId,
    /// Index of the next account.
    pub next: u32,
    /// What happens to the plan afterwards.
    pub outcome: Outcome,
    /// Seats when the sweep was opened.
    pub seats: SeatCount,
}

/// One page of what was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gathered {
    /// Accounts of a licence group.
    Members {
        /// Index of the listing.
        listing: usize,
        /// The accounts.
        people: Vec<StoredPerson>,
    },
    /// Only who is a member.
    Keys {
        /// Index of the listing.
        listing: usize,
        /// Their keys, and whether each is active.
        keys: Vec<(UserKey, bool)>,
    },
    /// Last logins.
    Logins(Vec<(UserKey, StoredLogin)>),
    /// Logins of the audit log: key, lower-case user name, milliseconds since 1970.
    Audit(Vec<(Option<UserKey>, Option<String>, i64)>),
    /// Rows of the database.
    Database(Vec<StoredRow>),
    /// What an outside directory says.
    People {
        /// Name of the directory.
        directory: String,
        /// Of whom it says what.
        people: Vec<StoredWord>,
    },
}

/// What a directory says of somebody: lower-case identity, presence, newest sign-in in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredWord(
    pub String,
    pub seatkeeper_policy::Presence,
    #[serde(default, skip_serializing_if = "Option::is_none")] pub Option<(seatkeeper_policy::Source, i64)>,
);

/// What the database says about an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRow {
    /// Identity.
    pub k: UserKey,
    /// Directory.
    pub d: String,
    /// Whether memberships can be changed from Confluence.
    pub g: bool,
    /// Whether the account can be changed from Confluence.
    pub a: bool,
    /// Created, in milliseconds since 1970.
    pub c: Option<i64>,
    /// Mail address.
    pub m: Option<String>,
    /// `logininfo`.
    pub l: Option<i64>,
    /// `lastAuthenticated`.
    pub t: Option<i64>,
    /// Licence groups of which it is a direct member.
    pub i: std::collections::BTreeSet<seatkeeper_policy::GroupName>,
    /// Lower directories with an active account of this name.
    pub h: std::collections::BTreeSet<String>,
}

/// An account of a licence group, without what a rule does not need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPerson {
    /// Identity.
    pub k: UserKey,
    /// User name.
    pub u: Username,
    /// Name for people.
    pub n: String,
    /// Status.
    pub s: seatkeeper_policy::Status,
    /// Mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
}

/// A last login, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredLogin {
    /// At an instant.
    At(i64),
    /// Never.
    Never,
}

/// What the sweep remembers of an account from one sweep to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Identity.
    pub k: UserKey,
    /// Lower-case user name at the last sight.
    pub u: String,
    /// First sight.
    pub f: Instant,
    /// Last sight.
    pub l: Instant,
    /// Status at the last sight.
    pub s: seatkeeper_policy::Status,
    /// The newest sighting of each source, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub e: Vec<(seatkeeper_policy::Source, i64)>,
    /// What a source said at the last sight, where that was earlier than it had said before; none means never.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub n: Vec<(seatkeeper_policy::Source, Option<i64>)>,
    /// When it was activated again or came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r: Option<Instant>,
    /// Directories that did not know it as present, what they said, and since when, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub w: Vec<(String, seatkeeper_policy::Presence, i64)>,
}

/// Progress of carrying out a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apply {
    /// The plan.
    pub plan: SweepId,
    /// Accounts that were struck off it when it was approved.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub without: BTreeSet<UserKey>,
    /// Index of the next account.
    pub next: u32,
    /// How the accounts before it ended.
    pub tally: Tally,
    /// Seats before the first change.
    pub before: SeatCount,
    /// Ticks in a row that ended with an error.
    pub failures: u32,
    /// Seats that stayed taken although everything was done, by what holds them.
    #[serde(default)]
    pub left: BTreeMap<String, u32>,
}

/// How accounts of a plan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Everything took effect.
    pub reclaimed: u32,
    /// Left alone because something had changed since the plan was made.
    pub skipped: u32,
    /// At least one action failed or showed no effect.
    pub failed: u32,
}

/// Waiting for the seat count to fall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// The plan.
    pub plan: SweepId,
    /// When the last change was made.
    pub applied: Instant,
    /// How its accounts ended.
    pub tally: Tally,
    /// Seats before the first change.
    pub before: SeatCount,
    /// Seats that stayed taken although everything was done, by what holds them.
    #[serde(default)]
    pub left: BTreeMap<String, u32>,
}
