//! What the login webhook does: remember the login, and give back what we took. A webhook is a hint, never a fact about
//! seats: everything is read again before anything is written.

use crate::{
    audit::{self, Act},
    give_back::{Behalf, GivenBack, give_back},
    policy_file,
    ports::{Clock, ConfluenceRead, ConfluenceWrite, Rename, Store, Who},
    state::{self, Hint, Login},
    sweep::Ports,
    tallies::Requests,
    trouble::Trouble,
};
use chrono::DateTime;
use seatkeeper_policy::{Instant, UserKey, Username, restore::Cause};
use serde::{Deserialize, Serialize};

/// What arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody logged in.
    Login {
        /// Who.
        who: Subject,
        /// When, by the sender's clock; none means now.
        at: Option<Instant>,
    },
    /// One of Confluence's own webhooks about an account: a reason to look again.
    Account {
        /// The event, such as `user_reactivated`.
        event: String,
        /// Who.
        who: Subject,
    },
    /// A connection test.
    Ping,
    /// An event that does not concern us.
    Ignored(String),
}

/// Whom an event is about. The key wins: names change hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// By key.
    Key(UserKey),
    /// By name only.
    Name(Username),
}

/// Why an event cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Not JSON, or not of the documented shape.
    #[error("the body is not an event: {0}; see docs/login-events.md")]
    Shape(String),
    /// Nobody is named.
    #[error("the event names nobody: give `userKey` or `username`")]
    Nobody,
    /// A key or a name is not valid.
    #[error("{0}")]
    Name(#[from] seatkeeper_policy::IdError),
    /// The time cannot be understood.
    #[error("timestamp = {0}: must be milliseconds since 1970 or an ISO instant such as 2026-11-22T08:15:00Z")]
    Time(String),
}

/// The wire shape; unknown fields are ignored, because Confluence adds some with its versions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    event: Option<String>,
    test: Option<bool>,
    timestamp: Option<serde_json::Value>,
    user_key: Option<String>,
    username: Option<String>,
    user: Option<WireUser>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireUser {
    #[serde(alias = "key")]
    user_key: Option<String>,
    #[serde(alias = "name")]
    username: Option<String>,
}

const ACCOUNT_EVENTS: [&str; 4] = ["user_created", "user_deactivated", "user_reactivated", "user_removed"];

/// Reads an event from a body whose signature was verified.
pub fn parse(body: &[u8]) -> Result<Event, EventError> {
    let wire: Wire = serde_json::from_slice(body).map_err(|error| EventError::Shape(error.to_string()))?;
    let Some(event) = wire.event else {
        return match wire.test {
            Some(true) => Ok(Event::Ping),
            Some(false) | None => Err(EventError::Shape("`event` is missing".into())),
        };
    };
    let inner = wire.user.unwrap_or(WireUser { user_key: None, username: None });
    if event == "diagnostics:ping" {
        return Ok(Event::Ping);
    }
    if event == "login" {
        let who = subject(inner.user_key.or(wire.user_key), inner.username.or(wire.username))?;
        return Ok(Event::Login { who, at: wire.timestamp.as_ref().map(instant).transpose()? });
    }
    if ACCOUNT_EVENTS.contains(&event.as_str()) {
        // The outer `userKey` is whoever did it, so only the inner one counts here.
        return Ok(Event::Account { event, who: subject(inner.user_key, inner.username)? });
    }
    Ok(Event::Ignored(event.chars().take(80).collect()))
}

fn subject(key: Option<String>, name: Option<String>) -> Result<Subject, EventError> {
    match (key, name) {
        (Some(key), _) => Ok(Subject::Key(UserKey::parse(key)?)),
        (None, Some(name)) => Ok(Subject::Name(Username::parse(name)?)),
        (None, None) => Err(EventError::Nobody),
    }
}

fn instant(value: &serde_json::Value) -> Result<Instant, EventError> {
    let found = match value {
        serde_json::Value::Number(number) => number.as_i64().and_then(DateTime::from_timestamp_millis),
        serde_json::Value::String(text) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
        _ => None,
    };
    found.ok_or_else(|| EventError::Time(value.to_string().chars().take(80).collect()))
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Handled {
    /// The account, where there is one.
    pub user: Option<UserKey>,
    /// What was done.
    pub outcome: GivenBack,
}

impl Handled {
    fn nothing(user: Option<UserKey>, why: impl Into<String>) -> Self {
        Self { user, outcome: GivenBack::Nothing { why: why.into() } }
    }
}

/// Handles an event. An error means that nothing is known to have happened, and that the sender should try again.
pub async fn handle<S, X, N, C>(ports: &Ports<'_, S, X, N, C>, event: Event, runner: &str) -> Result<Handled, Trouble>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    C: Clock,
{
    handle_counting(ports, event, runner, &Requests::default()).await
}

/// The same; the requests that it sent are added to the totals if the event gives a seat back or tries to.
pub async fn handle_counting<S, X, N, C>(
    ports: &Ports<'_, S, X, N, C>,
    event: Event,
    runner: &str,
    requests: &Requests,
) -> Result<Handled, Trouble>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    C: Clock,
{
    match event {
        Event::Ping => Ok(Handled::nothing(None, "connection test")),
        Event::Ignored(event) => Ok(Handled::nothing(None, format!("event {event} does not concern Seatkeeper"))),
        Event::Account { event, who } => hint(ports, event, who).await,
        Event::Login { who, at } => login(ports, who, at, runner, requests).await,
    }
}

async fn login<S, X, N, C>(
    ports: &Ports<'_, S, X, N, C>,
    who: Subject,
    at: Option<Instant>,
    runner: &str,
    requests: &Requests,
) -> Result<Handled, Trouble>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    C: Clock,
{
    let (store, now) = (ports.store, ports.clock.now());
    let user = match who {
        Subject::Key(key) => key,
        Subject::Name(name) => match ports.confluence.account(Who::Name(&name)).await? {
            Some(person) => person.key,
            None => return Ok(Handled::nothing(None, "the account does not exist")),
        },
    };
    // A sender's clock that runs ahead must not make somebody active in the future.
    let at = at.map_or(now, |at| at.min(now));
    let known = state::load(store, &state::login(&user)).await?;
    if known.is_none_or(|known| known.key != user || known.at < at) {
        state::save(store, &state::login(&user), &Login { key: user.clone(), at }).await?;
    }
    let policy = match policy_file::in_force(store).await {
        Ok((_, policy)) => policy,
        Err(trouble) if trouble.code == "no-policy" => {
            return Ok(Handled::nothing(Some(user), "no policy is set, so nothing was ever taken"));
        }
        Err(trouble) => return Err(trouble),
    };
    let cause = Cause::Login(at);
    let behalf = Behalf { journal: state::restore(&user), function: "restore", actor: "restore", requests };
    let outcome = give_back(ports, &policy, &user, cause, &behalf, runner).await?;
    if let GivenBack::Waiting { why } = &outcome {
        let id = format!("{user}:{}:restore-waits", at.timestamp_millis());
        let act = Act { id, actor: "restore", act: "restore-waits", subject: user.as_str(), detail: why.clone() };
        audit::append(store, "restore", act, now).await?;
    }
    Ok(Handled { user: Some(user), outcome })
}

/// Looks at an account again and remembers what was seen, for the next sweep.
async fn hint<S, X, N, C>(ports: &Ports<'_, S, X, N, C>, event: String, who: Subject) -> Result<Handled, Trouble>
where
    S: Store,
    X: ConfluenceRead,
    C: Clock,
{
    let who = match &who {
        Subject::Key(key) => Who::Key(key),
        Subject::Name(name) => Who::Name(name),
    };
    let Some(person) = ports.confluence.account(who).await? else {
        return Ok(Handled::nothing(None, "the account does not exist"));
    };
    let hint = Hint { key: person.key.clone(), event, at: ports.clock.now(), status: person.status };
    state::save(ports.store, &state::hint(&person.key), &hint).await?;
    Ok(Handled::nothing(Some(person.key), "noted for the next sweep"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_policy::testing::{at, key};

    #[test]
    fn the_documented_shapes_are_understood() {
        let name = || Subject::Name(Username::parse("jdoe").unwrap());
        let table: [(&str, Event); 7] = [
            (r#"{"event":"login","username":"jdoe"}"#, Event::Login { who: name(), at: None }),
            (
                r#"{"event":"login","timestamp":1768241233603,"userKey":"k1","username":"jdoe"}"#,
                Event::Login { who: Subject::Key(key("k1")), at: Some(at("2026-01-12T18:07:13.603Z")) },
            ),
            (
                r#"{"event":"login","timestamp":"2026-11-22T08:15:00+01:00","user":{"name":"jdoe"}}"#,
                Event::Login { who: name(), at: Some(at("2026-11-22T07:15:00Z")) },
            ),
            (
                r#"{"timestamp":1,"event":"user_reactivated","userKey":"actor","user":{"key":"k2"}}"#,
                Event::Account { event: "user_reactivated".into(), who: Subject::Key(key("k2")) },
            ),
            (r#"{"test": true}"#, Event::Ping),
            (r#"{"event":"diagnostics:ping"}"#, Event::Ping),
            (r#"{"event":"page_created","page":{"id":1}}"#, Event::Ignored("page_created".into())),
        ];
        for (body, event) in table {
            assert_eq!(parse(body.as_bytes()), Ok(event), "{body}");
        }
    }

    #[test]
    fn a_broken_event_is_refused_with_the_field_that_is_wrong() {
        for (body, text) in [
            ("", "not an event"),
            ("{\"event\":", "not an event"),
            ("[]", "not an event"),
            ("{}", "`event` is missing"),
            (r#"{"event":"login"}"#, "names nobody"),
            (r#"{"event":"login","username":"  "}"#, "is empty"),
            (r#"{"event":"login","username":"a\r\nb"}"#, "control character"),
            (r#"{"event":"login","username":"a","timestamp":"soon"}"#, "timestamp"),
            (r#"{"event":"login","username":"a","timestamp":1e99}"#, "timestamp"),
            (r#"{"event":"user_removed","userKey":"actor"}"#, "names nobody"),
            (r#"{"event":"a","event":"b"}"#, "duplicate field"),
        ] {
            let error = parse(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(text), "{body}: {error}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err(), "a depth bomb is refused");
        assert!(parse(b"{\"event\":\"\xff\"}").is_err(), "bad UTF-8 is refused");
    }
}
