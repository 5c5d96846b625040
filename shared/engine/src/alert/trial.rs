//! A test message, sent at once, so that somebody who sets up a channel sees what the provider answers.

use super::{Notice, Notify};
use crate::{
    ports::{Clock, Store},
    state::{self, StateError},
};
use serde::{Deserialize, Serialize};

/// What became of a test message to one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Trial {
    /// The channel.
    pub channel: String,
    /// Whether the message arrived.
    pub ok: bool,
    /// What the provider answered, where it is HTTP and it did.
    pub status: Option<u16>,
    /// What was seen and what to do, without the address.
    pub text: String,
}

/// Sends a test message to one channel, or to all that are configured. Nothing is stored: the alert function may be at
/// work at the same moment, and what waits in its outbox is worth more than a note about a test.
pub async fn test<S, C, M>(
    store: &S,
    clock: &C,
    notify: &M,
    channel: Option<&str>,
    by: &str,
) -> Result<Vec<Trial>, StateError>
where
    S: Store,
    C: Clock,
    M: Notify,
{
    let alert = state::load(store, &state::alert()).await?.unwrap_or_default();
    let now = clock.now();
    let notice = Notice::Test { by: by.to_owned(), at: now };
    let wanted = notify.channels().into_iter().filter(|name| channel.is_none_or(|wanted| wanted == name));
    let mut trials = Vec::new();
    for name in wanted {
        let closed = alert.channel(&name).and_then(|known| known.closed_until).filter(|until| *until > now);
        let trial = |ok, status, text| Trial { channel: name.clone(), ok, status, text };
        trials.push(match closed {
            Some(until) => {
                let until = until.format("%Y-%m-%d %H:%M:%S UTC");
                trial(false, None, format!("not tried: the provider asked us to be silent until {until}"))
            }
            None => match notify.deliver(&name, &notice).await {
                Ok(accepted) => trial(true, accepted.status, "the message arrived".to_owned()),
                Err(error) => trial(false, error.status, error.told),
            },
        });
    }
    if let (Some(wanted), []) = (channel, trials.as_slice()) {
        let known = notify.known().iter().any(|name| name == wanted);
        let text = if known {
            format!("not configured; set the variables `{wanted}_origin` and `{wanted}_path`")
        } else {
            format!("there is no such channel; there are {}", notify.known().join(", "))
        };
        // What was asked for comes from outside, so it is not repeated where it is no name of ours.
        let channel = if known { wanted.to_owned() } else { "unknown".to_owned() };
        trials.push(Trial { channel, ok: false, status: None, text });
    }
    Ok(trials)
}
