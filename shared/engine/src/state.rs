//! Every key and every stored shape, in one place.
//!
//! INVARIANT (one writer per key): the store has no transactions and the last writer wins, so each key belongs to one
//! function; the owner stands beside each key below. Status is folded from what each owner wrote, never stored twice.
//!
//! INVARIANT (format version): every record carries the version of its shape. A binary that meets a newer record
//! refuses to go on instead of overwriting it; every flow loads a key before it saves it.

use crate::ports::{Capabilities, Store, StoreError};
use seatkeeper_policy::{
    Account, Decision, Instant, Mode, PlannedAccount, SeatCount, SweepId, UserKey, Username, Verdict,
    alert::Level,
    journal::Reclaim,
    report::{Diagnosis, PlanReport},
    restore::Restore,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, marker::PhantomData};

/// Version of all stored shapes.
pub const FORMAT: u32 = 1;

/// A record could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The store failed.
    #[error("failed to access `{key}`: {source}")]
    Store {
        /// The key.
        key: String,
        /// Why.
        source: StoreError,
    },
    /// A newer Seatkeeper wrote the record.
    #[error("`{key}` has format version {found}, this Seatkeeper reads up to {FORMAT}; run the newer version")]
    Newer {
        /// The key.
        key: String,
        /// Its version.
        found: u32,
    },
    /// The record is damaged.
    #[error("`{key}` cannot be read: {detail}; restore the key-value store from a backup or delete this key")]
    Damaged {
        /// The key.
        key: String,
        /// What is wrong.
        detail: String,
    },
}

/// A key and the shape that is stored under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key<T> {
    name: String,
    shape: PhantomData<T>,
}

impl<T> Key<T> {
    fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), shape: PhantomData }
    }

    /// The key as the store sees it: `[a-z0-9:._-]`, at most 200 bytes.
    pub fn name(&self) -> &str {
        &self.name
    }
}

#[derive(Serialize, Deserialize)]
struct Record<T> {
    v: u32,
    d: T,
}

#[derive(Deserialize)]
struct OnlyVersion {
    v: u32,
}

/// Reads a record.
pub async fn load<T: DeserializeOwned>(store: &impl Store, key: &Key<T>) -> Result<Option<T>, StateError> {
    let bytes = store.get(&key.name).await.map_err(|source| StateError::Store { key: key.name.clone(), source })?;
    let Some(bytes) = bytes else { return Ok(None) };
    let damaged = |error: serde_json::Error| StateError::Damaged { key: key.name.clone(), detail: error.to_string() };
    let OnlyVersion { v } = serde_json::from_slice(&bytes).map_err(damaged)?;
    if v > FORMAT {
        return Err(StateError::Newer { key: key.name.clone(), found: v });
    }
    let record: Record<T> = serde_json::from_slice(&bytes).map_err(damaged)?;
    Ok(Some(record.d))
}

/// Writes a record.
pub async fn save<T: Serialize>(store: &impl Store, key: &Key<T>, value: &T) -> Result<(), StateError> {
    let bytes = serde_json::to_vec(&Record { v: FORMAT, d: value })
        .map_err(|error| StateError::Damaged { key: key.name.clone(), detail: error.to_string() })?;
    store.set(&key.name, &bytes).await.map_err(|source| StateError::Store { key: key.name.clone(), source })
}

/// Removes a record.
pub async fn remove<T>(store: &impl Store, key: &Key<T>) -> Result<(), StateError> {
    store.delete(&key.name).await.map_err(|source| StateError::Store { key: key.name.clone(), source })
}

/// A user key as part of a store key. Keys from Confluence are short hexadecimal texts and stay readable; anything
/// else (it may come from a webhook) is hashed, so no text from outside ever shapes a store key.
fn slug(user: &UserKey) -> String {
    let text = user.as_str();
    let plain = text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
    if plain { text.to_owned() } else { format!("x.{}", hex::encode(Sha256::digest(text.as_bytes()))) }
}

/// Owner: admin. The policy in force.
pub fn policy() -> Key<PolicyRecord> {
    Key::new("policy")
}

/// Owner: admin. Each version of the policy, kept for good.
pub fn policy_version(version: u32) -> Key<PolicyRecord> {
    Key::new(format!("policy:{version}"))
}

/// Owner: admin. The answer to a plan.
pub fn approval(plan: &SweepId) -> Key<Approval> {
    Key::new(format!("approval:{plan}"))
}

/// Owner: admin. What an undo gave back.
pub fn undo(user: &UserKey) -> Key<Restore> {
    Key::new(format!("undo:{}", slug(user)))
}

/// Owner: sweep. Where the sweep stands.
pub fn checkpoint() -> Key<Checkpoint> {
    Key::new("checkpoint")
}

/// Owner: whichever runner of the sweep holds it; advisory, it only saves work.
pub fn lease() -> Key<Lease> {
    Key::new("lease")
}

/// Owner: sweep. One page of what a sweep gathered, removed after the sweep.
pub fn gathered(sweep: &SweepId, page: u32) -> Key<Gathered> {
    Key::new(format!("gather:{sweep}:{page}"))
}

/// Owner: sweep. First and last sight of accounts; a new generation is written whole before the checkpoint names it.
pub fn ledger(sweep: &SweepId, page: u32) -> Key<Vec<LedgerEntry>> {
    Key::new(format!("ledger:{sweep}:{page}"))
}

/// Owner: sweep. One page of judged accounts, sorted by user name.
pub fn snapshot(sweep: &SweepId, page: u32) -> Key<Vec<Judged>> {
    Key::new(format!("snapshot:{sweep}:{page}"))
}

/// Owner: sweep. The newest complete snapshot; flips last, so a reader never sees half of one.
pub fn snapshot_current() -> Key<SnapshotHead> {
    Key::new("snapshot:current")
}

/// Owner: sweep. A plan without its accounts.
pub fn plan(sweep: &SweepId) -> Key<PlanHead> {
    Key::new(format!("plan:{sweep}"))
}

/// Owner: sweep. One page of a plan's accounts.
pub fn plan_page(sweep: &SweepId, page: u32) -> Key<Vec<PlannedAccount>> {
    Key::new(format!("plan:{sweep}:{page}"))
}

/// Owner: sweep. The journal of an account's newest reclaim.
pub fn reclaim(user: &UserKey) -> Key<Reclaim> {
    Key::new(format!("reclaim:{}", slug(user)))
}

/// Owner: sweep. How one sweep went.
pub fn run(sweep: &SweepId) -> Key<Run> {
    Key::new(format!("run:{sweep}"))
}

/// Owner: sweep. The newest runs, newest first.
pub fn runs() -> Key<Vec<SweepId>> {
    Key::new("runs")
}

/// Owner: sweep. Seat usage of one month.
pub fn usage(at: Instant) -> Key<Vec<UsagePoint>> {
    Key::new(format!("usage:{}", at.format("%Y-%m")))
}

/// Owner: restore. The newest login heard of an account.
pub fn login(user: &UserKey) -> Key<Login> {
    Key::new(format!("login:{}", slug(user)))
}

/// Owner: restore. What was given back on login.
pub fn restore(user: &UserKey) -> Key<Restore> {
    Key::new(format!("restore:{}", slug(user)))
}

/// Owner: restore. The newest hint about an account from Confluence's own webhooks.
pub fn hint(user: &UserKey) -> Key<Hint> {
    Key::new(format!("hint:{}", slug(user)))
}

/// Owner: whoever gives a seat back; see `seats`.
pub fn seat_lock() -> Key<Lease> {
    Key::new("seat-lock")
}

/// Owner: the holder of the seat lock. Seats given back that Confluence's cached count may not show yet.
pub fn grants() -> Key<Vec<Grant>> {
    Key::new("seat-grants")
}

/// Owner: whichever runner of the alert function holds it.
pub fn alert_lease() -> Key<Lease> {
    Key::new("alert-lease")
}

/// Owner: alert. Levels and messages on their way.
pub fn alert() -> Key<AlertState> {
    Key::new("alert")
}

/// Owner: each function its own stream. One page of audit entries.
pub fn audit(day: &str, function: &str, page: u32) -> Key<Vec<crate::audit::Entry>> {
    Key::new(format!("audit:{day}:{function}:{page}"))
}

/// Owner: each function its own. Which audit page is being written.
pub fn audit_head(function: &str) -> Key<crate::audit::Head> {
    Key::new(format!("audit-head:{function}"))
}

/// The policy as it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// Counts up with every change.
    pub version: u32,
    /// The file, word for word.
    pub text: String,
    /// Hash of the rules, without the mode.
    pub rules: String,
    /// When it was accepted.
    pub saved: Instant,
    /// Who sent it.
    pub by: String,
}

/// A person's answer to a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The hash that the person saw.
    pub hash: String,
    /// Yes or no.
    pub answer: Answer,
    /// Who.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Carry it out.
    Approved {
        /// Even though it is larger than the cap.
        over_cap: bool,
    },
    /// Do not.
    Rejected,
}

/// Who works, and until when others step back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// A text that only this runner uses.
    pub holder: String,
    /// From then on anybody may take over.
    pub until: Instant,
}

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
    /// Pages of an older generation, to be removed.
    pub garbage: Vec<Garbage>,
    /// What the newest tick met, if it met anything.
    #[serde(default)]
    pub trouble: Option<crate::trouble::TroubleAt>,
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
}

/// The work under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Reading listings page by page.
    Gather(Gather),
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
    /// What is read, in this order.
    pub listings: Vec<Listing>,
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
    /// Seat holders with their last login.
    Active,
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
}

/// A last login, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoredLogin {
    /// At an instant.
    At(i64),
    /// Never.
    Never,
}

/// First and last sight of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry(pub UserKey, pub Instant, pub Instant);

/// One account of a snapshot with its decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The facts.
    pub account: Account,
    /// The judgement.
    pub decision: Decision,
}

/// The newest complete snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHead {
    /// Its pages.
    pub pages: Pages,
    /// When it was judged.
    pub at: Instant,
    /// Counts.
    pub report: PlanReport,
    /// Seats.
    pub seats: SeatCount,
    /// Version of the policy that judged.
    pub policy: u32,
}

/// A plan without its accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHead {
    /// The sweep that made it.
    pub id: SweepId,
    /// When.
    pub made: Instant,
    /// End of the time for approval.
    pub expires: Instant,
    /// The rules behind it.
    pub rules: String,
    /// Whether it is within the cap.
    pub verdict: Verdict,
    /// Hash of rules and accounts.
    pub hash: String,
    /// Accounts in it.
    pub accounts: u32,
    /// Pages of accounts.
    pub pages: u32,
}

/// Progress of carrying out a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apply {
    /// The plan.
    pub plan: SweepId,
    /// Index of the next account.
    pub next: u32,
    /// How the accounts before it ended.
    pub tally: Tally,
    /// Seats before the first change.
    pub before: SeatCount,
    /// Ticks in a row that ended with an error.
    pub failures: u32,
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
}

/// How one sweep went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The sweep.
    pub id: SweepId,
    /// When it was opened.
    pub opened: Instant,
    /// Last change of this record.
    pub at: Instant,
    /// Mode of the policy then.
    pub mode: Mode,
    /// How it stands.
    pub outcome: Outcome,
    /// Counts of the decisions, once there are any.
    pub report: Option<PlanReport>,
    /// Hash of the plan, once there is one.
    pub plan: Option<String>,
    /// Accounts in the plan.
    pub planned: u32,
    /// How they ended.
    pub tally: Tally,
    /// Seats before the first change.
    pub before: Option<SeatCount>,
    /// Seats after the last change.
    pub after: Option<SeatCount>,
    /// What became of the seats.
    pub diagnosis: Option<Diagnosis>,
}

/// How a sweep stands or ended. `docs/errors.md` has a paragraph for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Outcome {
    /// Under way.
    Running,
    /// Nobody is to lose a seat.
    NothingToDo,
    /// A dry run: the plan was published, nothing was written.
    DryRunPublished,
    /// The plan waits for an approval.
    AwaitingApproval,
    /// The plan is larger than the cap; nothing is written until a person answers.
    Quarantined {
        /// Accounts planned.
        planned: u32,
        /// Accounts allowed.
        limit: u32,
    },
    /// The second opinion found something; nothing was written.
    Blocked {
        /// What was found.
        findings: Vec<String>,
    },
    /// A person said no.
    Rejected {
        /// Who.
        by: String,
    },
    /// Nobody answered in time, or the rules changed, or a newer sweep took its place.
    Lapsed {
        /// Why.
        why: String,
    },
    /// The policy was set to dry run in the middle; the rest was left alone.
    Stopped,
    /// Carried out.
    Applied,
    /// Gave up; nothing was written by this sweep after the error.
    Failed {
        /// Stable code, see `docs/errors.md`.
        code: String,
        /// What was seen and what to do.
        message: String,
    },
}

/// Seats at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsagePoint {
    /// When.
    pub at: Instant,
    /// Seats.
    pub seats: SeatCount,
}

/// A login we heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// Identity.
    pub key: UserKey,
    /// When, by the sender's clock, never later than our own.
    pub at: Instant,
}

/// What an account looked like when Confluence said that it had changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// Identity.
    pub key: UserKey,
    /// The event, such as `user_reactivated`.
    pub event: String,
    /// When we looked.
    pub at: Instant,
    /// What we saw.
    pub status: seatkeeper_policy::Status,
}

/// A seat that was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// To whom.
    pub key: UserKey,
    /// When.
    pub at: Instant,
}

/// What the alert function remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AlertState {
    /// Levels by name.
    pub levels: BTreeMap<String, Level>,
    /// The plan whose quarantine was told.
    pub quarantine_told: Option<SweepId>,
    /// Messages that some channel has not taken yet.
    pub outbox: Vec<Outgoing>,
    /// Messages delivered, newest last, at most fifty.
    pub sent: Vec<Sent>,
}

/// A message on its way to one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outgoing {
    /// The channel.
    pub channel: String,
    /// What to say.
    pub notice: crate::alert::Notice,
    /// Tries so far.
    pub attempts: u32,
    /// What the last try saw.
    pub last_error: Option<String>,
}

/// A message that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The channel.
    pub channel: String,
    /// The level or subject.
    pub subject: String,
    /// When.
    pub at: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryStore, block_on};
    use seatkeeper_policy::testing::{at, key};

    #[test]
    fn no_text_from_outside_shapes_a_store_key() {
        for text in ["../x", "a b", "ÄÖ", "A", "x:y", &"k".repeat(65)] {
            let name = login(&key(text)).name().to_owned();
            assert!(
                name.len() <= 200 && name.bytes().all(|b| b"abcdefghijklmnopqrstuvwxyz0123456789:._-".contains(&b))
            );
            assert!(name.starts_with("login:x."), "{name}");
        }
        assert_eq!(login(&key("4028d6768851")).name(), "login:4028d6768851");
    }

    #[test]
    fn a_newer_record_is_refused_and_a_damaged_one_named() {
        let store = MemoryStore::default();
        store.put("lease", br#"{"v":2,"d":{"something":"else"}}"#);
        assert!(matches!(block_on(load(&store, &lease())), Err(StateError::Newer { found: 2, .. })));
        store.put("lease", b"{");
        assert!(matches!(block_on(load(&store, &lease())), Err(StateError::Damaged { .. })));
        let value = Lease { holder: "a".into(), until: at("2026-11-22T00:00:00Z") };
        block_on(save(&store, &lease(), &value)).unwrap();
        assert_eq!(block_on(load(&store, &lease())).unwrap(), Some(value));
    }
}
