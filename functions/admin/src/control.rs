//! The stop switch, and the order to free seats now.

use crate::{Call, refuse};
use http::{Response, StatusCode};
use seatkeeper_engine::{
    control,
    ports::{Clock, Store},
    state::{self, EmergencyOrder, Stop},
};
use seatkeeper_policy::{Emergency, policy::LONGEST_EMERGENCY};
use seatkeeper_spin::{SpinClock, log};
use seatkeeper_web::{Problem, respond};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// Characters of a reason.
const LONGEST_WHY: usize = 500;

/// The switch: none when nobody pulled it.
#[derive(Serialize)]
struct Switch {
    stop: Option<Stop>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pull {
    why: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Need {
    /// A licence without seats does not exist, so 0 is a mistake.
    seats: NonZeroU32,
    #[serde(default = "least_idle_days")]
    idle_days: u32,
}

fn least_idle_days() -> u32 {
    control::LEAST_IDLE_DAYS
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Ordered {
    order: EmergencyOrder,
    next_step: &'static str,
}

/// `GET /admin/stop`.
pub async fn show(store: &impl Store) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let stop = state::load(store, &state::stop()).await.map_err(refuse::state)?.flatten();
    Ok(respond::json(StatusCode::OK, &Switch { stop }))
}

/// `POST /admin/stop`. When somebody was faster, the answer has their name and reason.
pub async fn stop(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let why = why(call)?;
    let stop = control::stop(store, &why, &by, SpinClock.now()).await.map_err(refuse::refusal)?;
    log("stopped by an administrator", &[("stop.by", stop.by.as_str().into())]);
    Ok(respond::json(StatusCode::OK, &Switch { stop: Some(stop) }))
}

/// `DELETE /admin/stop`.
pub async fn release(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    control::release(store, &by, SpinClock.now()).await.map_err(refuse::refusal)?;
    log("released by an administrator", &[("stop.by", by.into())]);
    Ok(respond::json(StatusCode::OK, &Switch { stop: None }))
}

/// `POST /admin/sweep`.
pub async fn sweep(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let order = control::sweep_now(store, &by, SpinClock.now()).await.map_err(refuse::refusal)?;
    log("sweep ordered", &[("sweep.by", by.into())]);
    Ok(respond::json(StatusCode::ACCEPTED, &order))
}

/// `POST /admin/emergency`. Only a sweep makes the plan, so the answer says how to open one.
pub async fn emergency(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let emergency = need(call)?;
    let order = control::emergency(store, emergency, &by, SpinClock.now()).await.map_err(refuse::refusal)?;
    let fields = [
        ("emergency.seats", emergency.seats.into()),
        ("emergency.idle_days", emergency.idle_days.into()),
        ("emergency.by", by.into()),
    ];
    log("emergency plan ordered", &fields);
    let next_step = "Open a sweep with POST /sweep?open=now; nothing is written before somebody approves its plan.";
    Ok(respond::json(StatusCode::OK, &Ordered { order, next_step }))
}

fn why(call: &Call) -> Result<String, Box<Problem>> {
    let Pull { why } = refuse::json(call, r#"{"why": "last logins look wrong"}"#)?;
    let why = why.trim();
    if (1..=LONGEST_WHY).contains(&why.chars().count()) && !why.chars().any(char::is_control) {
        return Ok(why.to_owned());
    }
    Err(Problem::new(StatusCode::BAD_REQUEST, "body-malformed", "The body cannot be read")
        .detail(format!("`why` must be 1 to {LONGEST_WHY} characters on one line"))
        .next_step("Say in a few words why everything has to stop; the next reader will want to know.")
        .into())
}

fn need(call: &Call) -> Result<Emergency, Box<Problem>> {
    let Need { seats, idle_days } = refuse::json(call, r#"{"seats": 480, "idle-days": 14}"#)?;
    if idle_days > LONGEST_EMERGENCY {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "body-malformed", "The body cannot be read")
            .detail(format!("`idle-days` is {idle_days}, but must be at most {LONGEST_EMERGENCY}"))
            .next_step("Say how many days an account may have been idle, such as 30.")
            .into());
    }
    Ok(Emergency { seats: seats.get(), idle_days })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{call::by_program, refuse::BY};
    use http::{HeaderMap, HeaderName, Method};
    use seatkeeper_engine::testing::{MemoryStore, block_on};
    use serde_json::{Value, json};

    fn call(body: &str) -> Call {
        let headers = HeaderMap::from_iter([(HeaderName::from_static(BY), "anna".parse().unwrap())]);
        by_program(Method::POST, headers, "", body.as_bytes())
    }

    fn shown(answer: Result<Response<Vec<u8>>, Box<Problem>>) -> Value {
        serde_json::from_slice(answer.unwrap().body()).unwrap()
    }

    #[test]
    fn the_switch_is_shown_with_who_pulled_it_first_until_it_is_released() {
        let store = MemoryStore::default();
        assert_eq!(shown(block_on(show(&store))), json!({"stop": null}));
        for why in ["a migration", "a second thought"] {
            let stopped = shown(block_on(stop(&store, &call(&json!({"why": why}).to_string()))));
            assert_eq!(stopped["stop"]["why"], "a migration");
        }
        assert_eq!(shown(block_on(show(&store)))["stop"]["by"], "anna");
        assert_eq!(shown(block_on(release(&store, &call("")))), json!({"stop": null}));
        assert_eq!(shown(block_on(show(&store))), json!({"stop": null}));
    }

    #[test]
    fn nothing_is_stopped_or_ordered_by_nobody() {
        let store = MemoryStore::default();
        let nobody = |body: &str| by_program(Method::POST, HeaderMap::new(), "", body.as_bytes());
        for refused in [
            block_on(stop(&store, &nobody(r#"{"why":"x"}"#))),
            block_on(release(&store, &nobody(""))),
            block_on(emergency(&store, &nobody(r#"{"seats":1}"#))),
        ] {
            assert_eq!(refused.unwrap_err().code, "by-missing");
        }
        assert!(store.entries().is_empty());
    }

    #[test]
    fn an_order_says_what_comes_next_and_one_that_hits_working_people_is_refused() {
        let store = MemoryStore::default();
        let ordered = shown(block_on(emergency(&store, &call(r#"{"seats":480}"#))));
        assert_eq!(ordered["order"]["emergency"], json!({"seats": 480, "idle-days": 14}));
        assert!(ordered["next-step"].as_str().unwrap().contains("POST /sweep?open=now"), "{ordered}");
        let refused = block_on(emergency(&store, &call(r#"{"seats":480,"idle-days":13}"#))).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.code), (422, "idle-days"));
    }

    #[test]
    fn a_stop_needs_a_reason_on_one_line() {
        assert_eq!(why(&call(r#"{"why":" a migration is under way "}"#)).unwrap(), "a migration is under way");
        let long = format!(r#"{{"why":"{}"}}"#, "x".repeat(LONGEST_WHY + 1));
        for bad in ["", "{}", r#"{"why":""}"#, r#"{"why":"  "}"#, r#"{"why":"a\nb"}"#, r#"{"why":"a","by":"b"}"#, &long]
        {
            assert_eq!(why(&call(bad)).unwrap_err().code, "body-malformed", "{bad}");
        }
    }

    #[test]
    fn an_emergency_names_the_seats_and_may_leave_out_the_days() {
        assert_eq!(need(&call(r#"{"seats":480}"#)).unwrap(), Emergency { seats: 480, idle_days: 14 });
        assert_eq!(need(&call(r#"{"seats":1,"idle-days":30}"#)).unwrap(), Emergency { seats: 1, idle_days: 30 });
        for bad in [
            r#"{"seats":0}"#,
            r#"{"seats":-1}"#,
            r#"{"seats":"480"}"#,
            "{}",
            r#"{"seats":1,"idle_days":30}"#,
            r#"{"seats":1,"idle-days":3651}"#,
        ] {
            assert_eq!(need(&call(bad)).unwrap_err().code, "body-malformed", "{bad}");
        }
    }
}
