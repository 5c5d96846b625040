//! What the page and the JSON say about one account beyond its row.

use super::AccountRow;
use crate::words;
use seatkeeper_console::Moment;
use seatkeeper_engine::state::{Judged, OwnedBy};
use seatkeeper_policy::{Decision, Obstacle, account::Notice, journal::Reclaim, restore::Restore};
use serde::Serialize;

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
