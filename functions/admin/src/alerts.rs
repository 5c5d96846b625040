//! A test message, so that whoever sets up a channel sees at once what its provider answers.

use crate::{Call, refuse};
use askama::Template;
use http::{Response, StatusCode};
use seatkeeper_console::{Nav, frame};
use seatkeeper_engine::{
    alert::{self, Notify, Trial},
    ports::{Clock, Store},
};
use seatkeeper_spin::log;
use seatkeeper_web::{Problem, respond};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    channel: Option<String>,
}

/// What became of it, channel by channel.
#[derive(Serialize)]
struct Tried {
    channels: Vec<Trial>,
}

#[derive(Template)]
#[template(path = "tried.html")]
struct TriedPage {
    nav: Nav,
    channels: Vec<Trial>,
}

/// `POST /admin/alerts/test`: to one channel, or to all that are configured.
pub async fn test(
    store: &impl Store,
    clock: &impl Clock,
    notify: &impl Notify,
    call: &Call,
) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let Wanted { channel } = refuse::json(call, r#"{"channel": "slack"}"#)?;
    let channel = channel.filter(|name| !name.is_empty());
    let tried = alert::test(store, clock, notify, channel.as_deref(), &by).await;
    let channels = tried.map_err(refuse::state)?;
    log("test message sent", &[("alert.by", by.into())]);
    if call.form && !call.wants_json() {
        return Ok(frame::page(StatusCode::OK, &TriedPage { nav: call.nav(store).await, channels }));
    }
    Ok(respond::json(StatusCode::OK, &Tried { channels }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::by_program;
    use http::{HeaderMap, Method};
    use seatkeeper_engine::{
        alert::{Accepted, Notice, Retry, Undelivered, WarnError},
        state::Warning,
        testing::{MemoryStore, VirtualClock, block_on},
    };
    use serde_json::{Value, json};

    /// One channel that works and one that does not.
    struct Two;

    impl Notify for Two {
        fn channels(&self) -> Vec<String> {
            vec!["slack".into(), "teams".into()]
        }

        async fn deliver(&self, channel: &str, notice: &Notice) -> Result<Accepted, Undelivered> {
            assert!(matches!(notice, Notice::Test { by, .. } if by == "anna"));
            if channel == "slack" {
                return Ok(Accepted { status: Some(200), pause: None });
            }
            Err(Undelivered { retry: Retry::Never, status: Some(404), told: "there is no such hook".into() })
        }

        fn can_warn(&self) -> bool {
            false
        }

        async fn warn(&self, _warning: &Warning) -> Result<(), WarnError> {
            Err(WarnError::Never("not here".into()))
        }
    }

    fn tried(by: Option<&str>, body: &str) -> Result<Value, &'static str> {
        let by = by.map(|by| (http::HeaderName::from_static(crate::refuse::BY), by.parse().unwrap()));
        let call = by_program(Method::POST, HeaderMap::from_iter(by), "", body.as_bytes());
        let answer = block_on(test(&MemoryStore::default(), &VirtualClock::default(), &Two, &call));
        Ok(serde_json::from_slice(answer.map_err(|problem| problem.code)?.body()).unwrap())
    }

    #[test]
    fn each_channel_tells_what_became_of_the_message_and_one_can_be_chosen() {
        let all = tried(Some("anna"), "{}").unwrap();
        assert_eq!(all["channels"].as_array().unwrap().len(), 2);
        assert_eq!((&all["channels"][0]["ok"], &all["channels"][1]["status"]), (&json!(true), &json!(404)));
        let one = tried(Some("anna"), r#"{"channel":"teams"}"#).unwrap();
        assert_eq!(one["channels"][0]["text"], "there is no such hook");
        assert_eq!(one["channels"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn nobody_and_nonsense_send_nothing() {
        assert_eq!(tried(None, "{}"), Err("by-missing"));
        assert_eq!(tried(Some("anna"), r#"{"channels":"all"}"#), Err("body-malformed"));
    }
}
