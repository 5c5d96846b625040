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
use seatkeeper_web::{Problem, Query, QueryError, respond};
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
    let report = import::import(store, text, policy.zone, dry_run, &by, SpinClock.now()).await;
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
