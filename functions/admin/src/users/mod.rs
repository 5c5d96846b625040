//! Names, mail addresses, full names and groups of accounts: single orders, files, and the jobs that they become.

mod answer;

use crate::{Call, Context, refuse};
use chrono::TimeDelta;
use http::{Response, StatusCode};
use seatkeeper_confluence::Confluence;
use seatkeeper_directories::Crowd;
use seatkeeper_engine::{
    attributes::{self, JobReport, Line, Order, Ports, Refusal, Shift, Updaters, Window},
    ports::Store,
    state::{AttributeJob, Wish},
};
use seatkeeper_policy::SweepId;
use seatkeeper_spin::{Renamer, SpinClock, SpinHttp, SpinStore, edge, log};
use seatkeeper_web::{Problem, Query, QueryError, csv, respond};
use serde::{Deserialize, Serialize};

/// One request works for so long and then says how to go on; the strictest host allows 30 seconds.
const BUDGET: TimeDelta = TimeDelta::seconds(15);
/// Rows of one answer.
const MOST: usize = 1_000;
/// Jobs of one answer.
const JOBS: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    to: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Patch {
    email: Option<String>,
    full_name: Option<String>,
    #[serde(default)]
    groups: Groups,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Groups {
    #[serde(default)]
    add: Vec<String>,
    #[serde(default)]
    remove: Vec<String>,
}

#[derive(Serialize)]
struct List {
    jobs: Vec<AttributeJob>,
}

/// `POST /admin/users/{username}/rename`.
pub async fn rename(context: &Context, username: String, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let Rename { to } = refuse::json(call, r#"{"to": "jane.doe"}"#)?;
    let given = given("to", Some(to))?;
    let wish = Wish { new_username: given, ..Wish::default() };
    order(context, vec![Line { line: 1, username, wish }], call, &["dry-run"]).await
}

/// `PATCH /admin/users/{username}`.
pub async fn patch(context: &Context, username: String, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let wish = wished(call)?;
    order(context, vec![Line { line: 1, username, wish }], call, &["dry-run"]).await
}

/// `POST /admin/users/bulk`: a file as body.
pub async fn bulk(context: &Context, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let text = refuse::text(call, "file")?;
    let lines = attributes::parse(text, csv::unprotect).map_err(|problem| answer::refusal(Refusal::File(problem)))?;
    order(context, lines, call, &["dry-run", "skip-refused"]).await
}

/// `GET /admin/users/jobs`, newest first.
pub async fn list(store: &impl Store) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let jobs = attributes::list(store, JOBS).await.map_err(refuse::state)?;
    Ok(respond::json(StatusCode::OK, &List { jobs }))
}

/// `GET /admin/users/jobs/{id}`.
pub async fn show(store: &impl Store, id: &SweepId, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let window = window(&call.query).map_err(|error| refuse::query(&error))?;
    let report = attributes::show(store, id, &window).await.map_err(refuse::state)?;
    let report = report.ok_or_else(|| answer::refusal(Refusal::Unknown(id.clone())))?;
    Ok(respond::json(StatusCode::OK, &report))
}

/// `POST /admin/users/jobs/{id}/resume`.
pub async fn resume(context: &Context, id: &SweepId, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let runner = edge::runner();
    let update = updaters(context);
    let shift = Shift { runner: &runner, budget: BUDGET };
    told(attributes::resume(&ports(context, &update), id, shift).await, &by)
}

/// `POST /admin/users/jobs/{id}/undo`.
pub async fn undo(context: &Context, id: &SweepId, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let runner = edge::runner();
    let update = updaters(context);
    let shift = Shift { runner: &runner, budget: BUDGET };
    told(attributes::undo(&ports(context, &update), id, &by, shift).await, &by)
}

async fn order(
    context: &Context,
    lines: Vec<Line>,
    call: &Call,
    known: &[&str],
) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let (dry_run, skip_refused) = switches(&call.query, known).map_err(|error| refuse::query(&error))?;
    let runner = edge::runner();
    let update = updaters(context);
    let order = Order { by: &by, dry_run, skip_refused };
    let shift = Shift { runner: &runner, budget: BUDGET };
    told(attributes::order(&ports(context, &update), lines, order, shift).await, &by)
}

type Site = Confluence<SpinHttp, SpinClock>;
type Update<'a> = Updaters<'a, Crowd<SpinHttp, SpinClock>, Site>;

/// Crowd sets mail address and full name of the accounts it has, Confluence those of all others.
fn updaters(context: &Context) -> Update<'_> {
    let directory = match &context.rename {
        Renamer::Crowd(crowd) => Some(crowd),
        Renamer::Nobody(_) => None,
    };
    Updaters::new(directory, &context.confluence)
}

fn ports<'a>(
    context: &'a Context,
    update: &'a Update<'a>,
) -> Ports<'a, SpinStore, Site, Renamer, Update<'a>, SpinClock> {
    let Context { store, confluence, rename, messenger: _ } = context;
    Ports { store, confluence, rename, update, clock: &SpinClock }
}

fn told(result: Result<JobReport, Refusal>, by: &str) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let report = result.map_err(answer::refusal)?;
    let fields = [
        ("job.id", report.job.id.as_str().into()),
        ("job.rows", report.job.rows.into()),
        ("job.status", serde_json::to_value(report.status).unwrap_or_default()),
        ("job.by", by.into()),
    ];
    log("accounts changed as far as time allowed", &fields);
    Ok(respond::json(StatusCode::OK, &report))
}

fn wished(call: &Call) -> Result<Wish, Box<Problem>> {
    let example =
        r#"{"email": "jane.doe@example.com", "full-name": "Jane Doe", "groups": {"add": ["a"], "remove": ["b"]}}"#;
    let Patch { email, full_name, groups } = refuse::json(call, example)?;
    Ok(Wish {
        new_username: String::new(),
        email: given("email", email)?,
        full_name: given("full-name", full_name)?,
        add_groups: groups.add,
        remove_groups: groups.remove,
    })
}

/// A field that is there has to say something: an empty text is no way to take a value away.
fn given(field: &str, text: Option<String>) -> Result<String, Box<Problem>> {
    let Some(text) = text else { return Ok(String::new()) };
    if text.trim().is_empty() {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "body-malformed", "The body cannot be read")
            .detail(format!("`{field}` is empty"))
            .next_step("Give it a value, or leave it out to keep the present one; Confluence takes no empty one.")
            .into());
    }
    Ok(text.trim().to_owned())
}

fn switches(query: &str, known: &[&str]) -> Result<(bool, bool), QueryError> {
    let query = Query::parse(query, known)?;
    let switch = |name: &str| Ok(query.parsed(name, "`true` or `false`")?.unwrap_or(false));
    Ok((switch("dry-run")?, switch("skip-refused")?))
}

fn window(query: &str) -> Result<Window, QueryError> {
    let query = Query::parse(query, &["page", "size", "state"])?;
    let page = query.parsed::<usize>("page", "a whole number from 1")?.unwrap_or(1).max(1);
    let most = query.parsed::<usize>("size", "a whole number")?.unwrap_or(200).clamp(1, MOST);
    Ok(Window { state: query.get("state").map(str::to_owned), first: (page - 1).saturating_mul(most), most })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Method};
    use seatkeeper_engine::testing::{MemoryStore, block_on};

    fn call(query: &str, body: &str) -> Call {
        crate::call::by_program(Method::PATCH, HeaderMap::new(), query, body.as_bytes())
    }

    #[test]
    fn a_patch_says_only_what_it_changes() {
        let wish = wished(&call("", r#"{"full-name":" Jane Doe ","groups":{"add":["a"]}}"#)).unwrap();
        assert_eq!(wish, Wish { full_name: "Jane Doe".into(), add_groups: vec!["a".into()], ..Wish::default() });
        for bad in [
            r#"{"mail":"a@b"}"#,
            r#"{"email":""}"#,
            r#"{"full-name":"  "}"#,
            r#"{"groups":["a"]}"#,
            r#"{"groups":{"set":["a"]}}"#,
            r#"{"username":"x"}"#,
            "[]",
            "",
        ] {
            assert_eq!(wished(&call("", bad)).unwrap_err().code, "body-malformed", "{bad}");
        }
    }

    #[test]
    fn a_misspelt_switch_is_refused_and_never_taken_for_the_real_thing() {
        assert_eq!(switches("dry-run=true", &["dry-run"]), Ok((true, false)));
        assert_eq!(switches("skip-refused=true", &["dry-run", "skip-refused"]), Ok((false, true)));
        for bad in ["dry_run=true", "dryrun", "dry-run=yes", "skip-refused=true"] {
            assert!(switches(bad, &["dry-run"]).is_err(), "{bad}");
        }
    }

    #[test]
    fn rows_are_shown_in_pages_of_a_thousand_at_most() {
        let all = window("page=3&size=5000&state=failed").unwrap();
        assert_eq!(all, Window { state: Some("failed".into()), first: 2_000, most: 1_000 });
        assert_eq!(window("").unwrap(), Window { state: None, first: 0, most: 200 });
    }

    #[test]
    fn a_job_that_does_not_exist_is_not_found() {
        let store = MemoryStore::default();
        let id = SweepId::parse("20261122-120000").unwrap();
        assert_eq!(block_on(show(&store, &id, &call("", ""))).unwrap_err().status, StatusCode::NOT_FOUND);
        assert_eq!(block_on(list(&store)).unwrap().body(), br#"{"jobs":[]}"#);
    }
}
