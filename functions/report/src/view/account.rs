//! What the pages and the JSON say about accounts.

use crate::{moment::Moment, words};
use seatkeeper_engine::state::{Judged, OwnedBy};
use seatkeeper_policy::{
    Activity, Decision, Instant, Obstacle, Source, account::Notice, journal::Reclaim, restore::Restore,
};
use serde::Serialize;

/// One account in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AccountRow {
    /// Identity.
    pub user_key: String,
    /// User name.
    pub username: String,
    /// Name for people.
    pub display_name: String,
    /// Status in Confluence.
    pub status: &'static str,
    /// Licence groups.
    pub groups: Vec<String>,
    /// The decision's code.
    pub decision: &'static str,
    /// The decision in words.
    pub reason: String,
    /// Newest sight of the person.
    pub last_seen: Option<Moment>,
    /// According to whom.
    pub source: Option<Source>,
    /// A source that would know says that nobody ever logged in.
    pub never: bool,
    /// The earliest instant at which the account is known to have existed.
    pub known_since: Moment,
    /// Whole days since the person was seen.
    pub idle_days: Option<i64>,
    /// Directory that it comes from, where a source tells.
    pub directory: Option<String>,
    /// Mail address, where a source tells.
    pub mail: Option<String>,
    /// When it was created, where a source tells.
    pub created: Option<Moment>,
    /// The newest sighting of each source.
    pub evidence: Vec<Sighted>,
    /// Codes of what stands in the way of freeing its seat from here.
    pub obstacles: Vec<&'static str>,
}

/// What one source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sighted {
    /// The source.
    pub source: Source,
    /// When it saw the person last.
    pub at: Moment,
}

impl AccountRow {
    /// The view of a judged account.
    pub fn new(judged: &Judged, now: Instant) -> Self {
        let Judged { account, decision } = judged;
        let (last_seen, source, never) = match account.evidence.activity() {
            Activity::At(sighting) => (Some(Moment(sighting.at)), Some(sighting.source), false),
            Activity::Never(source) => (None, Some(source), true),
            Activity::Unknown => (None, None, false),
        };
        Self {
            user_key: account.key.to_string(),
            username: account.username.to_string(),
            display_name: account.display_name.clone(),
            status: account.status.word(),
            groups: account.groups.iter().map(ToString::to_string).collect(),
            decision: decision.code(),
            reason: decision.to_string(),
            last_seen,
            source,
            never,
            known_since: Moment(account.known_since()),
            idle_days: last_seen.map(|at| (now - at.0).num_days()),
            directory: account.directory.clone(),
            mail: account.email.clone(),
            created: account.created.map(Moment),
            evidence: account
                .evidence
                .sightings
                .iter()
                .map(|seen| Sighted { source: seen.source, at: Moment(seen.at) })
                .collect(),
            obstacles: account.obstacles.iter().map(Obstacle::code).collect(),
        }
    }

    /// The decision as one word.
    pub fn word(&self) -> &str {
        self.decision.split('/').next().unwrap_or_default()
    }

    /// When the person was last seen, in words.
    pub fn last_seen_text(&self) -> String {
        match (self.last_seen, self.never) {
            (Some(at), _) => at.to_string(),
            (None, true) => "never".to_owned(),
            (None, false) => "not known".to_owned(),
        }
    }
}

/// One page of a list of accounts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AccountList {
    /// The sweep they are from; none before the first one.
    pub sweep: Option<String>,
    /// When it judged them.
    pub as_of: Option<Moment>,
    /// Accounts of the sweep.
    pub known: u32,
    /// Accounts that match the filter.
    pub total: usize,
    /// This page, from 1.
    pub page: usize,
    /// Accounts on a full page.
    pub size: usize,
    /// Pages there are.
    pub pages: usize,
    /// The accounts, sorted by user name.
    pub accounts: Vec<AccountRow>,
}

/// Everything about one account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// User name.
    pub username: String,
    /// The whole story in at most five lines.
    pub lines: Vec<String>,
    /// When the newest sweep judged it, if it saw it.
    pub as_of: Option<Moment>,
    /// The account as that sweep saw it.
    pub account: Option<AccountRow>,
    /// The ways by which it holds its seat.
    pub paths: Vec<String>,
    /// What stands in the way of freeing the seat from here.
    pub obstacles: Vec<ObstacleRow>,
    /// The warning that it got.
    pub notice: Option<NoticeRow>,
    /// What it owns, if the newest plan would take its seat.
    pub owned: Option<OwnedBy>,
    /// The newest reclaim, step by step.
    pub reclaim: Option<Reclaim>,
    /// What was given back on login.
    pub restore: Option<Restore>,
    /// What an undo gave back.
    pub undo: Option<Restore>,
    /// The newest login event.
    pub login: Option<Moment>,
    /// What each source says, newest first, for the page.
    #[serde(skip)]
    pub sightings: Vec<EvidenceRow>,
    /// What is known, for the page.
    #[serde(skip)]
    pub facts: Vec<Fact>,
    /// What was done and heard, oldest first, for the page.
    #[serde(skip)]
    pub history: Vec<Event>,
}

/// A name and a value.
#[derive(Debug)]
pub struct Fact {
    /// What.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// Something that happened.
#[derive(Debug)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// What.
    pub text: String,
}

/// Something that stands in the way of freeing a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ObstacleRow {
    /// Stable word.
    pub code: &'static str,
    /// What it is.
    pub detail: String,
    /// What can be done about it.
    pub advice: String,
}

impl From<&Obstacle> for ObstacleRow {
    fn from(obstacle: &Obstacle) -> Self {
        Self { code: obstacle.code(), detail: obstacle.to_string(), advice: obstacle.advice() }
    }
}

/// A warning and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NoticeRow {
    /// `due`, `sending`, `grace` or `undeliverable`; none when the warning no longer matters to the decision.
    pub state: Option<&'static str>,
    /// When it was decided to warn, if that was written down.
    pub noticed: Option<Moment>,
    /// When the message arrived, or when the time began in a policy that sends none.
    pub delivered: Option<Moment>,
    /// The message can never arrive.
    pub undeliverable: bool,
    /// The same in words.
    pub text: String,
}

impl NoticeRow {
    /// What is known about an account's warning, if there is anything.
    pub fn new(judged: &Judged) -> Option<Self> {
        let state = match &judged.decision {
            Decision::Warn { state, .. } => Some(*state),
            Decision::Keep(_) | Decision::Reclaim(_) | Decision::Hold(_) => None,
        };
        let notice: Option<Notice> = judged.account.notice;
        if state.is_none() && notice.is_none() {
            return None;
        }
        Some(Self {
            state: state.map(|_| judged.decision.code().rsplit('/').next().unwrap_or_default()),
            noticed: notice.map(|notice| Moment(notice.noticed)),
            delivered: notice.and_then(|notice| notice.delivered).map(Moment),
            undeliverable: notice.is_some_and(|notice| notice.undeliverable),
            text: words::warning(state, notice),
        })
    }
}

/// One line of the table of evidence.
#[derive(Debug)]
pub struct EvidenceRow {
    /// The source, in words.
    pub source: String,
    /// When it saw the person last.
    pub at: Moment,
    /// Whether this is the newest of all, which counts.
    pub newest: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{judged, now};

    #[test]
    fn a_row_tells_never_from_not_known() {
        let mut account = judged("jdoe", None);
        assert_eq!(AccountRow::new(&account, now()).last_seen_text(), "not known");
        account.account.evidence.never = Some(seatkeeper_policy::Source::LastLogin);
        let row = AccountRow::new(&account, now());
        assert_eq!((row.last_seen_text().as_str(), row.idle_days), ("never", None));
    }
}
