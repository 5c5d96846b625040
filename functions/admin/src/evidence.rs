//! Last logins from files: taking one in, and which were taken in.

use crate::{Call, refuse};
use http::{Response, StatusCode};
use seatkeeper_engine::{
    admin::Refusal,
    import, policy_file,
    ports::{Clock, Store},
    state::{self, Import},
};
use seatkeeper_spin::{SpinClock, log};
use seatkeeper_web::{Problem, Query, QueryError, csv, respond};
use serde::Serialize;

#[derive(Serialize)]
struct List {
    imports: Vec<Import>,
}

/// `POST /admin/evidence/import`: the file as body. Rows that cannot be used are no error; the answer lists them.
pub async fn import(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let dry_run = dry_run(&call.query).map_err(|error| refuse::query(&error))?;
    let text = refuse::text(call, "file")?;
    // Times without a zone are in the policy's zone, so there has to be a policy.
    let (_, policy) =
        policy_file::in_force(store).await.map_err(|trouble| refuse::refusal(Refusal::Trouble(trouble)))?;
    let report = import::import_as(store, text, csv::unprotect, policy.zone, dry_run, &by, SpinClock.now()).await;
    let report = report.map_err(refuse::refusal)?;
    let fields = [
        ("import.id", report.id.as_ref().map(|id| id.as_str().into()).unwrap_or_default()),
        ("import.accepted", report.accepted.into()),
        ("import.refused", report.refused.into()),
        ("import.by", by.into()),
    ];
    log(if dry_run { "evidence looked through" } else { "evidence imported" }, &fields);
    Ok(respond::json(StatusCode::OK, &report))
}

/// `GET /admin/evidence/imports`, newest first.
pub async fn list(store: &impl Store) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let imports = state::load(store, &state::imports()).await.map_err(refuse::state)?.unwrap_or_default();
    Ok(respond::json(StatusCode::OK, &List { imports }))
}

fn dry_run(query: &str) -> Result<bool, QueryError> {
    Ok(Query::parse(query, &["dry-run"])?.parsed("dry-run", "`true` or `false`")?.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refuse::BY;
    use http::{HeaderMap, HeaderName, Method};
    use seatkeeper_engine::{
        admin::replace_policy,
        testing::{MemoryStore, block_on},
    };
    use serde_json::{Value, json};

    const POLICY: &str = "version = 1\nlicence-groups = [\"users\"]\ninactive.after-days = 90\nzone = \"+01:00\"\n";

    fn call(query: &str, body: &[u8]) -> Call {
        let headers = HeaderMap::from_iter([(HeaderName::from_static(BY), "anna".parse().unwrap())]);
        crate::call::by_program(Method::POST, headers, query, body)
    }

    fn sent(store: &MemoryStore, query: &str, body: &[u8]) -> Result<Value, &'static str> {
        let answer = block_on(import(store, &call(query, body))).map_err(|problem| problem.code)?;
        Ok(serde_json::from_slice(answer.body()).unwrap())
    }

    fn with_policy() -> MemoryStore {
        let store = MemoryStore::default();
        block_on(replace_policy(&store, POLICY, None, "anna", SpinClock.now())).unwrap();
        store
    }

    #[test]
    fn good_rows_are_taken_in_and_bad_ones_are_reported_with_line_column_and_reason() {
        let store = with_policy();
        let file = "username,last-login\njdoe,2026-01-05 09:00\n<b>x</b>,yesterday\n";
        let report = sent(&store, "", file.as_bytes()).unwrap();
        assert_eq!((&report["accepted"], &report["refused"]), (&json!(1), &json!(1)));
        let problem = &report["problems"][0];
        assert_eq!(
            (&problem["line"], &problem["field"], &problem["value"]),
            (&json!(3), &json!("last-login"), &json!("yesterday"))
        );
        let listed = block_on(list(&store)).unwrap();
        let listed: Value = serde_json::from_slice(listed.body()).unwrap();
        assert_eq!(listed["imports"][0]["id"], report["id"]);
        assert_eq!(listed["imports"][0]["by"], "anna");
    }

    #[test]
    fn names_that_an_export_protected_against_formulas_are_read_as_they_are() {
        let store = with_policy();
        let names = ["=cmd|' /C calc'!A0", "'=1", "+49 711", "o'brien", "-5"];
        let mut file = csv::header(&["username", "last-seen"]);
        file.extend(names.iter().flat_map(|name| csv::row(&[name, "2026-01-05T09:00:00Z"])));
        let report = sent(&store, "", &file).unwrap();
        assert_eq!((&report["accepted"], &report["refused"]), (&json!(5), &json!(0)), "{report}");
        let id = seatkeeper_policy::SweepId::parse(report["id"].as_str().unwrap()).unwrap();
        let rows = block_on(state::load(&store, &state::import(&id, 0))).unwrap().unwrap();
        let read: Vec<_> = rows.into_iter().map(|row| row.0.unwrap()).collect();
        assert_eq!(read, names.map(str::to_lowercase));
    }

    #[test]
    fn a_dry_run_changes_nothing() {
        let store = with_policy();
        let before = store.entries();
        let report = sent(&store, "dry-run=true", b"username,last-login\njdoe,2026-01-05\n").unwrap();
        assert_eq!((&report["id"], &report["accepted"]), (&Value::Null, &json!(1)));
        assert_eq!(store.entries(), before);
    }

    #[test]
    fn what_is_no_file_of_last_logins_is_refused_as_a_whole() {
        let store = with_policy();
        assert_eq!(sent(&store, "", b"name;seen\na;b\n"), Err("import-unreadable"));
        assert_eq!(sent(&store, "", b"username,last-login\nj\xff,2026-01-05\n"), Err("body-malformed"));
        assert_eq!(sent(&MemoryStore::default(), "", b"username,last-login\n"), Err("no-policy"));
    }

    #[test]
    fn a_dry_run_is_only_what_says_so_and_a_misspelt_one_is_refused() {
        assert_eq!(dry_run(""), Ok(false));
        assert_eq!(dry_run("dry-run=false"), Ok(false));
        assert_eq!(dry_run("dry-run=true"), Ok(true));
        for wrong in ["dry_run=true", "dry-run=yes", "dry-run=1", "dryrun", "dry-run=true&dry-run=false"] {
            assert!(dry_run(wrong).is_err(), "{wrong}");
        }
    }
}
