//! All keys of the store, each with its owner.

use super::{
    AlertState, Approval, AttributeJob, AttributeRow, Checkpoint, Counts, EmergencyOrder, Endorsement, Gathered, Grant,
    Hint, Import, ImportedLogin, IndexPage, Judged, Key, Lease, LedgerEntry, Login, Noticed, Notified, OwnedBy,
    PlanHead, PolicyRecord, Run, Seen, SnapshotHead, Stop, Struck, SweepOrder, UsagePoint, Warning,
};
use crate::session::{Opened, Session, SessionId};
use seatkeeper_policy::journal::Reclaim;
use seatkeeper_policy::restore::Restore;
use seatkeeper_policy::{Instant, PlannedAccount, SweepId, UserKey};
use sha2::{Digest, Sha256};

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

/// Owner: admin. The first approval of a plan that needs two.
pub fn endorsement(plan: &SweepId) -> Key<Endorsement> {
    Key::new(format!("endorsement:{plan}"))
}

/// Owner: admin. Accounts that people struck off a plan.
pub fn struck(plan: &SweepId) -> Key<Vec<Struck>> {
    Key::new(format!("struck:{plan}"))
}

/// Owner: admin. The newest request to sweep now.
pub fn sweep_order() -> Key<SweepOrder> {
    Key::new("sweep-order")
}

/// Somebody who signed in.
pub fn session(id: &SessionId) -> Key<Session> {
    session_by_hash(&id.hash())
}

/// Owner: admin. The same, by the hash of what the browser holds.
pub fn session_by_hash(hash: &str) -> Key<Session> {
    Key::new(format!("session:{hash}"))
}

/// Owner: admin. Hashes of the sessions that may exist, and when they end.
pub fn sessions() -> Key<Vec<Opened>> {
    Key::new("sessions")
}

/// Owner: whichever request changes a record of the administrators.
pub fn admin_lock() -> Key<Lease> {
    Key::new("admin-lock")
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

/// Owner: sweep. Accounts of one part that are to lose their seat, in the order of a plan; removed after the judgement.
pub fn takes(sweep: &SweepId, part: u32, page: u32) -> Key<Vec<PlannedAccount>> {
    Key::new(format!("take:{sweep}:{part}:{page}"))
}

/// Owner: sweep. Accounts of one part that are to be warned; removed after the judgement.
pub fn warns(sweep: &SweepId, part: u32, page: u32) -> Key<Vec<Warning>> {
    Key::new(format!("warn:{sweep}:{part}:{page}"))
}

/// Owner: sweep. Warnings that are to be delivered.
pub fn warnings(sweep: &SweepId) -> Key<Vec<Warning>> {
    Key::new(format!("warnings:{sweep}"))
}

/// Owner: sweep. When it was decided to warn an account.
pub fn notice(user: &UserKey) -> Key<Noticed> {
    Key::new(format!("notice:{}", slug(user)))
}

/// Owner: alert. What became of an account's warning.
pub fn notified(user: &UserKey) -> Key<Notified> {
    Key::new(format!("notified:{}", slug(user)))
}

/// Owner: sweep. A contribution that was found just before a reclaim.
pub fn sighting(user: &UserKey) -> Key<Seen> {
    Key::new(format!("sighting:{}", slug(user)))
}

/// Owner: sweep. What planned accounts own.
pub fn owned(sweep: &SweepId) -> Key<Vec<OwnedBy>> {
    Key::new(format!("owned:{sweep}"))
}

/// Owner: admin. The files of last logins that were imported.
pub fn imports() -> Key<Vec<Import>> {
    Key::new("imports")
}

/// Owner: admin. One page of an imported file.
pub fn import(id: &SweepId, page: u32) -> Key<Vec<ImportedLogin>> {
    Key::new(format!("import:{id}:{page}"))
}

/// Owner: admin. Stops every write to Confluence until it is taken away.
pub fn stop() -> Key<Option<Stop>> {
    Key::new("stop")
}

/// Owner: admin. The newest request for an emergency plan.
pub fn emergency() -> Key<EmergencyOrder> {
    Key::new("emergency")
}

/// Owner: admin. The newest jobs that change attributes of accounts, newest first.
pub fn attribute_jobs() -> Key<Vec<SweepId>> {
    Key::new("attributes")
}

/// Owner: admin. One job without its rows.
pub fn attribute_job(id: &SweepId) -> Key<AttributeJob> {
    Key::new(format!("attributes:{id}"))
}

/// Owner: admin. One page of a job's rows, in the order in which they are carried out.
pub fn attribute_rows(id: &SweepId, page: u32) -> Key<Vec<AttributeRow>> {
    Key::new(format!("attributes:{id}:{page}"))
}

/// Owner: whichever request works on a job; advisory, everything it does may be repeated.
pub fn attribute_lease() -> Key<Lease> {
    Key::new("attributes-lease")
}

/// Owner: sweep. First and last sight of accounts; a new generation is written whole before the checkpoint names it.
pub fn ledger(sweep: &SweepId, page: u32) -> Key<Vec<LedgerEntry>> {
    Key::new(format!("ledger:{sweep}:{page}"))
}

/// Owner: sweep. One page of judged accounts, sorted by user name.
pub fn snapshot(sweep: &SweepId, page: u32) -> Key<Vec<Judged>> {
    Key::new(format!("snapshot:{sweep}:{page}"))
}

/// Owner: sweep. One page of the index of a snapshot.
pub fn index(sweep: &SweepId, page: u32) -> Key<IndexPage> {
    Key::new(format!("index:{sweep}:{page}"))
}

/// Owner: sweep. The names of the accounts on one page of the index.
pub fn index_names(sweep: &SweepId, page: u32) -> Key<String> {
    Key::new(format!("names:{sweep}:{page}"))
}

/// Owner: sweep. Counts over the parts of a snapshot up to this one.
pub fn counts(sweep: &SweepId, part: u32) -> Key<Counts> {
    Key::new(format!("counts:{sweep}:{part}"))
}

/// Owner: sweep. One page of the accounts whose seat somebody else has to free.
pub fn handover(sweep: &SweepId, page: u32) -> Key<Vec<Judged>> {
    Key::new(format!("handover:{sweep}:{page}"))
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

/// Owner: each function its own. The days on which a function recorded something, oldest first.
pub fn audit_days(function: &str) -> Key<Vec<crate::audit::Day>> {
    Key::new(format!("audit-days:{function}"))
}

/// Owner: each function its own. The first day of its stream, as far as it could be found, so that nobody looks for days
/// before it.
pub fn audit_begin(function: &str) -> Key<String> {
    Key::new(format!("audit-begin:{function}"))
}

/// Owner: each function its own. Totals for monitoring; those of the sweep are in its checkpoint.
pub fn tallies(function: &str) -> Key<crate::tallies::Tallies> {
    Key::new(format!("tallies:{function}"))
}

/// Owner: each function its own. Which audit page is being written.
pub fn audit_head(function: &str) -> Key<crate::audit::Head> {
    Key::new(format!("audit-head:{function}"))
}
