//! The alerts: which channels are on and how they fare, what waits, what was given up, and what arrived.

use seatkeeper_console::Moment;
use seatkeeper_engine::{
    ports::Store,
    state::{self, AlertState, ChannelState, DeadLetter, Outgoing, Sent, StateError},
};
use seatkeeper_policy::Instant;
use serde::Serialize;

/// Where it is.
pub const PATH: &str = "/report/alerts";

/// Messages of each kind on the page; the JSON has all that are remembered.
const SHOWN: usize = 50;

/// A channel.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// `off`, `works`, `failing`, `silent` or `untried`.
    pub state: &'static str,
    /// When a message last arrived.
    pub last_ok: Option<Moment>,
    /// When one last failed.
    pub last_failure: Option<Moment>,
    /// What was seen then, without the address.
    pub failure: Option<String>,
    /// The provider asked us to be silent until then.
    pub closed_until: Option<Moment>,
    /// Messages that wait for it.
    pub waiting: usize,
}

impl Channel {
    fn new(channel: &ChannelState, waiting: usize, now: Instant) -> Self {
        let ChannelState { name, on, closed_until, last_ok, last_error } = channel;
        let closed_until = closed_until.filter(|until| *until > now);
        let failed = last_error.as_ref().map(|error| error.at);
        let state = match (on, closed_until, failed) {
            (false, ..) => "off",
            (true, Some(_), _) => "silent",
            // A failure at the same instant as a success is one of another message.
            (true, None, Some(failed)) if last_ok.is_none_or(|ok| ok < failed) => "failing",
            (true, None, _) if last_ok.is_some() => "works",
            (true, None, _) => "untried",
        };
        Self {
            name: name.clone(),
            state,
            last_ok: last_ok.map(Moment),
            last_failure: failed.map(Moment),
            failure: last_error.as_ref().map(|error| error.text.clone()),
            closed_until: closed_until.map(Moment),
            waiting,
        }
    }

    /// Whether it is configured.
    pub fn on(&self) -> bool {
        self.state != "off"
    }

    /// The colour of the state.
    pub fn tag(&self) -> &'static str {
        match self.state {
            "works" => "done",
            "failing" => "failed",
            "silent" => "hold",
            _ => "lapsed",
        }
    }

    /// The state in words.
    pub fn says(&self) -> &'static str {
        match self.state {
            "off" => "not configured",
            "works" => "works",
            "failing" => "the newest message failed",
            "silent" => "the provider asked us to wait",
            _ => "nothing was sent yet",
        }
    }
}

/// A message that waits.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Waiting {
    /// The channel.
    pub channel: String,
    /// Its title.
    pub title: String,
    /// Since when.
    pub since: Option<Moment>,
    /// Ticks in vain.
    pub attempts: u32,
    /// What the last try saw.
    pub last_error: Option<String>,
}

/// A message that was given up.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct GivenUp {
    /// The channel.
    pub channel: String,
    /// Its title.
    pub title: String,
    /// When.
    pub at: Moment,
    /// Why.
    pub why: &'static str,
    /// What the last try saw.
    pub last_error: Option<String>,
}

/// A message that arrived.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Arrived {
    /// The channel.
    pub channel: String,
    /// Its title; what it was about where an older Seatkeeper sent it.
    pub title: String,
    /// When.
    pub at: Moment,
}

/// The page; newest first.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct View {
    /// The channels; those that are configured first.
    pub channels: Vec<Channel>,
    /// What waits.
    pub waiting: Vec<Waiting>,
    /// What was given up.
    pub given_up: Vec<GivenUp>,
    /// How many more were given up before those.
    pub forgotten: u64,
    /// What arrived.
    pub arrived: Vec<Arrived>,
}

impl View {
    /// What was given up, on the page.
    pub fn shown_given_up(&self) -> impl Iterator<Item = &GivenUp> {
        self.given_up.iter().take(SHOWN)
    }

    /// What arrived, on the page.
    pub fn shown_arrived(&self) -> impl Iterator<Item = &Arrived> {
        self.arrived.iter().take(SHOWN)
    }

    /// Whether there is a channel to be tried.
    pub fn any_on(&self) -> bool {
        self.channels.iter().any(Channel::on)
    }
}

/// Reads the page.
pub async fn read(store: &impl Store, now: Instant) -> Result<View, StateError> {
    let alert = state::load(store, &state::alert()).await?.unwrap_or_default();
    Ok(view(alert, now))
}

fn view(alert: AlertState, now: Instant) -> View {
    let AlertState { channels, outbox, sent, dead, forgotten, .. } = alert;
    let waiting = |name: &str| outbox.iter().filter(|outgoing| outgoing.channel == name).count();
    let mut channels: Vec<Channel> =
        channels.iter().map(|channel| Channel::new(channel, waiting(&channel.name), now)).collect();
    // The order of both halves stays as it is.
    channels.sort_by_key(|channel| !channel.on());
    let given_up = |letter: DeadLetter| GivenUp {
        channel: letter.channel,
        title: letter.title,
        at: Moment(letter.at),
        why: letter.why.words(),
        last_error: letter.last_error,
    };
    let arrived = |Sent { channel, subject, title, at }| {
        let title = if title.is_empty() { subject } else { title };
        Arrived { channel, title, at: Moment(at) }
    };
    let waits = |outgoing: Outgoing| Waiting {
        channel: outgoing.channel,
        title: outgoing.notice.title(),
        since: outgoing.since.map(Moment),
        attempts: outgoing.attempts,
        last_error: outgoing.last_error,
    };
    View {
        channels,
        waiting: outbox.into_iter().map(waits).collect(),
        given_up: dead.into_iter().rev().map(given_up).collect(),
        forgotten,
        arrived: sent.into_iter().rev().map(arrived).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::now;
    use chrono::TimeDelta;
    use seatkeeper_engine::state::ChannelFailure;

    fn state_of(on: bool, ok: Option<i64>, failed: Option<i64>, closed: Option<i64>) -> &'static str {
        let at = |minutes: i64| now() + TimeDelta::minutes(minutes);
        let channel = ChannelState {
            name: "slack".into(),
            on,
            closed_until: closed.map(at),
            last_ok: ok.map(at),
            last_error: failed.map(|minutes| ChannelFailure { at: at(minutes), text: "500".into() }),
        };
        Channel::new(&channel, 0, now()).state
    }

    #[test]
    fn the_state_of_a_channel_is_that_of_the_newest_message() {
        for (on, ok, failed, closed, state) in [
            (false, Some(-1), None, None, "off"),
            (true, None, None, None, "untried"),
            (true, Some(-5), None, None, "works"),
            (true, Some(-5), Some(-9), None, "works"),
            (true, Some(-9), Some(-5), None, "failing"),
            (true, None, Some(-5), None, "failing"),
            (true, Some(-5), None, Some(5), "silent"),
            (true, Some(-5), None, Some(-1), "works"),
        ] {
            assert_eq!(state_of(on, ok, failed, closed), state, "{on} {ok:?} {failed:?} {closed:?}");
        }
    }

    #[test]
    fn messages_are_shown_newest_first_and_those_of_an_older_version_by_what_they_were_about() {
        let sent = |title: &str, minutes| Sent {
            channel: "slack".into(),
            subject: "percent-90:2026-11-22".into(),
            title: title.into(),
            at: now() + TimeDelta::minutes(minutes),
        };
        let state = AlertState { sent: vec![sent("", -2), sent("40 seats are left", -1)], ..AlertState::default() };
        let titles: Vec<_> = view(state, now()).arrived.into_iter().map(|sent| sent.title).collect();
        assert_eq!(titles, ["40 seats are left", "percent-90:2026-11-22"]);
    }
}
