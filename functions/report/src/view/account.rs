//! Accounts as rows of lists.

use seatkeeper_console::Moment;
use seatkeeper_engine::state::Judged;
use seatkeeper_policy::{Activity, Instant, Obstacle, Source};
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

    /// The reason without the decision before it, for places that show the decision as a tag.
    pub fn because(&self) -> &str {
        self.reason.split_once(": ").map_or(self.reason.as_str(), |(_, because)| because)
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
