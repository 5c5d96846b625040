//! One account in at most five lines: state, evidence, path to its seat, decision, next step.

use crate::{
    ports::Store,
    state::{self, Judged, StateError},
    view::snapshot_page,
};
use std::fmt::Write as _;

use seatkeeper_policy::{
    Decision, HoldReason, Instant, Presence, ReclaimReason, WarnState, journal::Reclaim, restore::Restore,
    restore::RestoreState, seat_path,
};

/// Everything that is known about one account.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The account as the newest snapshot saw it.
    pub judged: Judged,
    /// Its newest reclaim.
    pub reclaim: Option<Reclaim>,
    /// What was given back on login.
    pub restore: Option<Restore>,
    /// What an undo gave back.
    pub undo: Option<Restore>,
    /// The newest login heard by the webhook.
    pub login: Option<Instant>,
    /// When the snapshot was taken.
    pub as_of: Instant,
}

/// Explains one account, by user name (in any case) or user key. None when the newest snapshot does not have it.
pub async fn explain(store: &impl Store, who: &str) -> Result<Option<Explanation>, StateError> {
    let Some(head) = state::load(store, &state::snapshot_current()).await? else { return Ok(None) };
    let wanted = who.to_lowercase();
    for page in 0..head.pages.count {
        for judged in snapshot_page(store, &head, page).await? {
            let account = &judged.account;
            if account.username.as_str().to_lowercase() == wanted || account.key.as_str() == who {
                let key = account.key.clone();
                return Ok(Some(Explanation {
                    reclaim: state::load(store, &state::reclaim(&key)).await?,
                    restore: state::load(store, &state::restore(&key)).await?,
                    undo: state::load(store, &state::undo(&key)).await?,
                    login: state::load(store, &state::login(&key)).await?.map(|login| login.at),
                    as_of: head.at,
                    judged,
                }));
            }
        }
    }
    Ok(None)
}

fn minute(at: Instant) -> impl std::fmt::Display {
    at.format("%Y-%m-%d %H:%M UTC")
}

impl Explanation {
    /// At most five lines.
    pub fn lines(&self) -> Vec<String> {
        let paths = seat_path::paths(&self.judged.account);
        let path = if paths.is_empty() { "path to the seat: none".to_owned() } else { paths.join("; ") };
        vec![self.state(), self.evidence(), path, self.decision(), self.next()]
    }

    fn state(&self) -> String {
        let account = &self.judged.account;
        let directory = account.directory.as_ref().map(|name| format!(" of directory {name}")).unwrap_or_default();
        let (username, name, status) = (&account.username, &account.display_name, account.status.word());
        let since = account.known_since().format("%Y-%m-%d");
        format!("{username} ({name}){directory} is {status}, as of {}; known since {since}", minute(self.as_of))
    }

    fn evidence(&self) -> String {
        let account = &self.judged.account;
        let newest = account.evidence.newest();
        let mut text = match (newest, account.evidence.never) {
            (Some(seen), _) => format!("last seen {} ({})", minute(seen.at), seen.source),
            (None, Some(source)) => format!("never logged in ({source})"),
            (None, None) => "no source knows about its activity".to_owned(),
        };
        for seen in account.evidence.sightings.iter().filter(|seen| Some(**seen) != newest) {
            let _ = write!(text, "; {} {}", seen.source, minute(seen.at));
        }
        for word in &account.words {
            let (directory, presence) = (&word.directory, word.presence);
            let _ = write!(text, "; {directory} says {presence}");
            if !matches!(presence, Presence::Active | Presence::Locked) {
                let _ = write!(text, " since {}", minute(word.since));
            }
        }
        if let Some(at) = self.login.filter(|at| newest.is_none_or(|seen| seen.at < *at)) {
            let _ = write!(text, "; login event {} since then", minute(at));
        }
        text
    }

    /// The restore that answers the newest reclaim.
    fn answer(&self) -> Option<&Restore> {
        [&self.restore, &self.undo].into_iter().flatten().find(|restore| {
            restore.state == RestoreState::Done && self.reclaim.as_ref().is_some_and(|r| r.sweep == restore.answers)
        })
    }

    fn decision(&self) -> String {
        let decision = self.judged.decision.to_string();
        let Some(reclaim) = &self.reclaim else { return decision };
        let (run, taken) = (&reclaim.sweep, minute(reclaim.started));
        match self.answer() {
            Some(restore) => {
                format!("{decision}; run {run} took its seat on {taken}, given back on {}", minute(restore.at))
            }
            None if reclaim.taken().is_empty() => format!("{decision}; run {run} could not take its seat on {taken}"),
            None if matches!(reclaim.reason, ReclaimReason::Left { .. }) => {
                format!("{decision}; run {run} took its seat on {taken}, only an undo gives it back")
            }
            None => format!("{decision}; run {run} took its seat on {taken}, the next login gives it back"),
        }
    }

    fn next(&self) -> String {
        let holds =
            self.reclaim.as_ref().is_some_and(|reclaim| reclaim.started >= self.as_of && !reclaim.taken().is_empty());
        match &self.judged.decision {
            _ if holds && self.answer().is_none() => {
                "next: nothing until the person logs in or the run is undone".to_owned()
            }
            _ if holds => "next: the seat is back, and protected by the grace period of the policy".to_owned(),
            Decision::Keep(_) => "next: nothing to do".to_owned(),
            Decision::Warn { state: WarnState::Undeliverable, .. } => {
                "next: correct the mail address, or set if-undeliverable = \"act\" in the policy".to_owned()
            }
            Decision::Warn { .. } => "next: a login before the end of the grace period keeps the seat".to_owned(),
            Decision::Reclaim(_) => {
                "next: the plan of this sweep decides; exempt the account to keep its seat".to_owned()
            }
            Decision::Hold(HoldReason::CannotFree { obstacles, .. }) => {
                let advice: Vec<String> = obstacles.iter().map(seatkeeper_policy::Obstacle::advice).collect();
                format!("next: {}", advice.join("; "))
            }
            Decision::Hold(HoldReason::PoliciesConflict { .. }) => {
                "next: give one of the populations a higher priority".to_owned()
            }
            Decision::Hold(HoldReason::LeftButActive { directory, .. }) => {
                format!(
                    "next: ask why somebody whom {directory} calls gone uses Confluence; take the groups by hand if so"
                )
            }
            Decision::Hold(HoldReason::DirectoryUnknown { directory }) => {
                format!("next: {directory} has to answer; the next sweep asks it again")
            }
            Decision::Hold(_) => "next: nothing happens until the missing fact is known".to_owned(),
        }
    }
}
