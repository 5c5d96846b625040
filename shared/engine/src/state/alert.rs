//! What the alert function remembers.

use crate::alert::Notice;
use seatkeeper_policy::alert::Level;
use seatkeeper_policy::{Instant, SweepId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the alert function remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AlertState {
    /// Levels of seats by name.
    pub levels: BTreeMap<String, Level>,
    /// Everything else that holds for a while, by name: `forecast-30`, `overdue`, `directory:hr`.
    #[serde(default)]
    pub conditions: BTreeMap<String, Level>,
    /// Subjects that were told and are told once only, newest last, at most [`TOLD`].
    #[serde(default)]
    pub told: Vec<String>,
    /// The plan whose quarantine was told, as versions before wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine_told: Option<SweepId>,
    /// The blocked plan that was told, as versions before wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_told: Option<SweepId>,
    /// How far the record of logins that got no seat back was read.
    #[serde(default)]
    pub heard: Option<Heard>,
    /// When such logins were told last.
    #[serde(default)]
    pub restores_told: Option<Instant>,
    /// Warnings handled, by the sweep that asked for them.
    #[serde(default)]
    pub warned: BTreeMap<SweepId, u32>,
    /// Tries in vain of the next warning, by the sweep that asked for it.
    #[serde(default)]
    pub warn_attempts: BTreeMap<SweepId, u32>,
    /// Messages that some channel has not taken yet.
    pub outbox: Vec<Outgoing>,
    /// Messages delivered, newest last, at most [`SENT`].
    pub sent: Vec<Sent>,
    /// Messages that were given up, newest last, at most [`DEAD`].
    #[serde(default)]
    pub dead: Vec<DeadLetter>,
    /// How many were given up before those.
    #[serde(default)]
    pub forgotten: u64,
    /// The channels, as the newest tick saw them. No address, as that is a credential.
    #[serde(default)]
    pub channels: Vec<ChannelState>,
}

/// Messages delivered that are remembered.
pub const SENT: usize = 200;
/// Messages given up that are remembered.
pub const DEAD: usize = 100;
/// Subjects told that are remembered: far more than the runs and people that are looked at.
pub const TOLD: usize = 500;
/// Messages that may wait.
pub const OUTBOX: usize = 100;

impl AlertState {
    /// Whether this subject is news; from now on it is not.
    pub fn tell(&mut self, subject: String) -> bool {
        if self.told.contains(&subject) {
            return false;
        }
        self.told.push(subject);
        let over = self.told.len().saturating_sub(TOLD);
        self.told.drain(..over);
        true
    }

    /// Takes over what versions before remembered in fields of their own, or did not remember.
    pub fn upgrade(&mut self, now: Instant) {
        for outgoing in &mut self.outbox {
            outgoing.since = outgoing.since.or(Some(now));
        }
        let quarantine = self.quarantine_told.take().map(|plan| format!("quarantine:{plan}"));
        let blocked = self.blocked_told.take().map(|plan| format!("blocked:{plan}"));
        for subject in quarantine.into_iter().chain(blocked) {
            self.tell(subject);
        }
    }

    /// Puts a message aside for good. The oldest such message gives way, and is counted.
    pub fn bury(&mut self, outgoing: Outgoing, why: GaveUp, at: Instant) {
        let Outgoing { channel, notice, attempts, last_error, since: _ } = outgoing;
        self.dead.push(DeadLetter { channel, title: notice.title(), notice, attempts, last_error, why, at });
        let over = self.dead.len().saturating_sub(DEAD);
        self.dead.drain(..over);
        self.forgotten = self.forgotten.saturating_add(u64::try_from(over).unwrap_or(u64::MAX));
    }

    /// What is known of a channel.
    pub fn channel(&self, name: &str) -> Option<&ChannelState> {
        self.channels.iter().find(|channel| channel.name == name)
    }

    /// What is known of a channel, to be changed.
    pub(crate) fn channel_mut(&mut self, name: &str) -> &mut ChannelState {
        let place = self.channels.iter().position(|channel| channel.name == name).unwrap_or_else(|| {
            self.channels.push(ChannelState { name: name.to_owned(), ..ChannelState::default() });
            self.channels.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "the place was just found or made")]
        &mut self.channels[place]
    }
}

/// A message on its way to one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Outgoing {
    /// The channel.
    pub channel: String,
    /// What to say.
    pub notice: Notice,
    /// Ticks in vain so far.
    pub attempts: u32,
    /// What the last try saw.
    pub last_error: Option<String>,
    /// When it was put here.
    #[serde(default)]
    pub since: Option<Instant>,
}

/// A message that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The channel.
    pub channel: String,
    /// The level or subject.
    pub subject: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// When.
    pub at: Instant,
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DeadLetter {
    /// The channel.
    pub channel: String,
    /// Its title.
    pub title: String,
    /// What was to be said.
    pub notice: Notice,
    /// Ticks in vain.
    pub attempts: u32,
    /// What the last try saw, without the address.
    pub last_error: Option<String>,
    /// Why it was given up.
    pub why: GaveUp,
    /// When.
    pub at: Instant,
}

/// Why a message was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GaveUp {
    /// The channel refused it for good.
    Refused,
    /// It was tried for a day and more.
    TriedEnough,
    /// It waited for a week and is news no more.
    TooOld,
    /// Too many newer messages waited.
    NoRoom,
}

impl GaveUp {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Refused => "the channel refused it for good",
            Self::TriedEnough => "it was tried for more than a day",
            Self::TooOld => "it waited for a week",
            Self::NoRoom => "too many newer messages waited",
        }
    }
}

/// A channel as people may see it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ChannelState {
    /// Its name, such as `slack`.
    pub name: String,
    /// Whether it is configured.
    pub on: bool,
    /// The provider asked us to be silent until then.
    pub closed_until: Option<Instant>,
    /// When a message last arrived.
    pub last_ok: Option<Instant>,
    /// The newest failure.
    pub last_error: Option<ChannelFailure>,
}

/// A failed delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelFailure {
    /// When.
    pub at: Instant,
    /// What was seen, without the address.
    pub text: String,
}

/// A place in the restore function's audit stream: everything before it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Day of the page.
    pub day: String,
    /// Number of the page on that day.
    pub page: u32,
    /// Entries of the page that were read.
    pub entries: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_policy::testing::at;

    const NOW: &str = "2026-11-22T12:00:00Z";

    #[test]
    fn the_state_of_a_version_before_is_understood() {
        let old = r#"{"levels":{"percent-90":{"raised":true,"announced":true,"last-day":"2026-11-22"}},
            "quarantine-told":"20261122-120000","blocked-told":"20261121-120000",
            "outbox":[{"channel":"slack","notice":{"is":"seats","level":"percent-90","seats":{"used":9,"max":10},
            "at":"2026-11-22T12:00:00Z"},"attempts":3,"last-error":"500"}],
            "sent":[{"channel":"slack","subject":"percent-90:2026-11-22","at":"2026-11-22T12:00:00Z"}]}"#;
        let mut state: AlertState = serde_json::from_str(old).unwrap();
        state.upgrade(at(NOW));
        assert_eq!(state.told, ["quarantine:20261122-120000", "blocked:20261121-120000"]);
        assert_eq!((state.outbox[0].attempts, state.sent[0].title.as_str()), (3, ""));
        let again: AlertState = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        assert_eq!(again, state);
    }

    #[test]
    fn the_oldest_letter_that_was_given_up_gives_way_and_is_counted() {
        let mut state = AlertState::default();
        for number in 0..DEAD + 3 {
            let notice = Notice::Test { by: number.to_string(), at: at(NOW) };
            let letter =
                Outgoing { channel: "slack".into(), notice, attempts: 1, last_error: None, since: Some(at(NOW)) };
            state.bury(letter, GaveUp::Refused, at(NOW));
        }
        assert_eq!((state.dead.len(), state.forgotten), (DEAD, 3));
        assert_eq!(state.dead[0].notice, Notice::Test { by: "3".into(), at: at(NOW) });
    }

    #[test]
    fn a_subject_is_news_once() {
        let mut state = AlertState::default();
        assert!(state.tell("run:1".into()) && !state.tell("run:1".into()));
        for number in 0..TOLD {
            assert!(state.tell(format!("other:{number}")));
        }
        assert_eq!(state.told.len(), TOLD);
    }
}
