//! Plans, the answers to them, and undo.

use crate::{Call, Context, refuse};
use askama::Template;
use http::{Response, StatusCode};
use seatkeeper_console::{Credentials, Nav, frame};
use seatkeeper_engine::{
    admin::{self, UndoReport},
    answer::{self, Answered},
    ports::{Clock, Store},
    session::Role,
    state::{self, Answer, Endorsement, Outcome, PlanHead, Struck},
    sweep::Ports,
    view,
};
use seatkeeper_policy::{SweepId, UserKey};
use seatkeeper_spin::{SpinClock, edge, log, shapes};
use seatkeeper_web::{Problem, Query, respond};
use serde::{Deserialize, Serialize};

/// Runs that are searched for plans.
const RUNS: usize = 100;

/// One call of undo stops after so long and says where to go on; the strictest host allows 30 seconds.
const BUDGET: chrono::TimeDelta = chrono::TimeDelta::seconds(20);

#[derive(Serialize)]
struct List {
    plans: Vec<Listed>,
}

/// A plan and how its run stands.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    plan: PlanHead,
    outcome: Outcome,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Approve {
    hash: String,
    #[serde(default)]
    accept_over_cap: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reject {
    hash: String,
}

/// How far an undo came, for people.
#[derive(Template)]
#[template(path = "undo.html")]
struct UndoPage<'a> {
    nav: Nav,
    run: &'a str,
    report: &'a UndoReport,
}

/// One account of a plan.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct One {
    user_key: UserKey,
}

/// What is left of a plan: the hash that an approval has to name now.
#[derive(Serialize)]
struct Left {
    hash: String,
    struck: Vec<Struck>,
}

/// An approval that needs another one.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Half {
    #[serde(flatten)]
    plan: PlanHead,
    waits_for: &'static str,
}

/// `GET /admin/plans`, newest first.
pub async fn list(store: &impl Store) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let mut plans = Vec::new();
    for run in view::runs(store, RUNS).await.map_err(refuse::state)? {
        if let Some(plan) = state::load(store, &state::plan(&run.id)).await.map_err(refuse::state)? {
            plans.push(Listed { plan, outcome: run.outcome });
        }
    }
    Ok(respond::json(StatusCode::OK, &List { plans }))
}

/// `GET /admin/plans/{id}`.
pub async fn show(store: &impl Store, id: &SweepId, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let numbers = || {
        let query = Query::parse(&call.query, &["page", "size"])?;
        let page = query.parsed::<usize>("page", "a whole number from 1")?.unwrap_or(1).max(1);
        let size = query.parsed::<usize>("size", "a whole number")?.unwrap_or(shapes::MOST_PLANNED);
        Ok((page, size.clamp(1, shapes::MOST_PLANNED)))
    };
    let (page, size) = numbers().map_err(|error| refuse::query(&error))?;
    let plan = shapes::plan(store, id, page, size).await.map_err(refuse::state)?;
    let unknown = || refuse::refusal(admin::Refusal::Unknown { what: "plan", id: id.to_string() });
    Ok(respond::json(StatusCode::OK, &plan.ok_or_else(unknown)?))
}

/// `POST /admin/plans/{id}/approve`.
pub async fn approve(
    store: &impl Store,
    known: &Credentials,
    id: &SweepId,
    call: &Call,
) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let Approve { hash, accept_over_cap: over_cap } = refuse::json(call, r#"{"hash": "…", "accept-over-cap": false}"#)?;
    answer(store, known, id, &hash, Answer::Approved { over_cap }, call).await
}

/// `POST /admin/plans/{id}/reject`.
pub async fn reject(
    store: &impl Store,
    known: &Credentials,
    id: &SweepId,
    call: &Call,
) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let Reject { hash } = refuse::json(call, r#"{"hash": "…"}"#)?;
    answer(store, known, id, &hash, Answer::Rejected, call).await
}

async fn answer(
    store: &impl Store,
    known: &Credentials,
    id: &SweepId,
    hash: &str,
    answer: Answer,
    call: &Call,
) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::signer(call)?;
    let may_still = |first: &Endorsement| known.may_still(&first.credential, Role::Approver);
    let answered = answer::answer_where(store, id, hash, answer, &by, may_still, SpinClock.now());
    let answered = answered.await.map_err(refuse::refusal)?;
    let word = match (answer, &answered) {
        (_, Answered::NeedsSecond(_)) => "endorsed",
        (Answer::Approved { .. }, Answered::Done(_)) => "approved",
        (Answer::Rejected, Answered::Done(_)) => "rejected",
    };
    log("plan answered", &[("plan.id", id.as_str().into()), ("plan.answer", word.into()), ("plan.by", by.name.into())]);
    Ok(match answered {
        Answered::Done(plan) => respond::json(StatusCode::OK, &plan),
        Answered::NeedsSecond(plan) => respond::json(StatusCode::ACCEPTED, &Half { plan, waits_for: "second-person" }),
    })
}

/// `POST /admin/plans/{id}/strike`.
pub async fn strike(store: &impl Store, id: &SweepId, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let (by, One { user_key }) = (refuse::signer(call)?, one(call)?);
    let left = answer::strike(store, id, &user_key, &by, SpinClock.now()).await.map_err(refuse::refusal)?;
    Ok(respond::json(StatusCode::OK, &Left { hash: left.hash(), struck: left.struck }))
}

/// `POST /admin/plans/{id}/put-back`.
pub async fn put_back(store: &impl Store, id: &SweepId, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let (by, One { user_key }) = (refuse::signer(call)?, one(call)?);
    let left = answer::put_back(store, id, &user_key, &by, SpinClock.now()).await.map_err(refuse::refusal)?;
    Ok(respond::json(StatusCode::OK, &Left { hash: left.hash(), struck: left.struck }))
}

fn one(call: &Call) -> Result<One, Box<Problem>> {
    refuse::json(call, r#"{"user-key": "4028b881…"}"#)
}

/// `POST /admin/runs/{id}/undo`. The caller repeats it with `from` until there is no `next`.
pub async fn undo(context: &Context, id: &SweepId, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let from = Query::parse(&call.query, &["from"])
        .and_then(|query| query.parsed::<u32>("from", "the number in `next` of the call before"))
        .map_err(|error| refuse::query(&error))?;
    let Context { store, confluence, rename, .. } = context;
    let ports = Ports { store, confluence, rename, clock: &SpinClock };
    let report = admin::undo(&ports, id, from.unwrap_or_default(), &by, BUDGET, &edge::runner())
        .await
        .map_err(refuse::refusal)?;
    let fields = [
        ("run.id", id.as_str().into()),
        ("undo.restored", report.restored.into()),
        ("undo.waiting", report.waiting.len().into()),
        ("undo.failed", report.failed.len().into()),
        ("undo.by", by.into()),
    ];
    log("run undone as far as time allowed", &fields);
    if call.form {
        let nav = call.nav(store).await;
        return Ok(frame::page(StatusCode::OK, &UndoPage { nav, run: id.as_str(), report: &report }));
    }
    Ok(respond::json(StatusCode::OK, &report))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Method};

    fn call(body: &str) -> Call {
        crate::call::by_program(Method::POST, HeaderMap::new(), "", body.as_bytes())
    }

    #[test]
    fn an_approval_beyond_the_cap_has_to_be_said() {
        let approve: Approve = refuse::json(&call(r#"{"hash":"x"}"#), "").unwrap();
        assert!(!approve.accept_over_cap);
        let approve: Approve = refuse::json(&call(r#"{"hash":"x","accept-over-cap":true}"#), "").unwrap();
        assert!(approve.accept_over_cap);
    }

    #[test]
    fn a_misspelt_field_is_refused_and_named() {
        for body in [r#"{"hash":"x","accept-overcap":true}"#, "{}", "", r#"{"hash":1}"#] {
            let Err(problem) = refuse::json::<Approve>(&call(body), "{}") else { panic!("{body} was taken") };
            assert_eq!(problem.code, "body-malformed");
        }
        let Err(problem) = refuse::json::<Reject>(&call(r#"{"hash":"x","by":"me"}"#), "{}") else { panic!("taken") };
        assert!(problem.detail.unwrap().contains("`by`"));
    }
}
