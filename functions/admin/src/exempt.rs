//! Exempting somebody, and ending an exemption.

use crate::{Call, refuse};
use http::{Response, StatusCode};
use seatkeeper_engine::{
    exempt::{self, Kind, Wanted},
    ports::{Clock, Store},
    state::PolicyRecord,
};
use seatkeeper_spin::{SpinClock, log};
use seatkeeper_web::{Problem, respond};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exempt {
    kind: Kind,
    subject: String,
    why: String,
    owner: String,
    #[serde(default)]
    expires: String,
    /// The version of the policy that was on the page.
    #[serde(default)]
    version: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ended {
    kind: Kind,
    subject: String,
    #[serde(default)]
    version: Option<u32>,
}

/// The version of the policy that came of it.
#[derive(Serialize)]
struct Version {
    version: u32,
}

/// `POST /admin/exemptions`.
pub async fn add(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let example =
        r#"{"kind": "user", "subject": "jdoe", "why": "…", "owner": "hr@example.com", "expires": "2027-07-01"}"#;
    let Exempt { kind, subject, why, owner, expires, version } = refuse::json(call, example)?;
    let expires = Some(expires.trim()).filter(|day| !day.is_empty());
    let (subject, why, owner) = (subject.trim(), why.trim(), owner.trim());
    let wanted = Wanted { kind, subject, why, owner, expires };
    let record = exempt::add(store, wanted, version, &by, SpinClock.now()).await.map_err(refuse::change)?;
    Ok(changed(record))
}

/// `POST /admin/exemptions/end`.
pub async fn end(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let Ended { kind, subject, version } = refuse::json(call, r#"{"kind": "user", "subject": "jdoe"}"#)?;
    let record = exempt::end(store, kind, &subject, version, &by, SpinClock.now()).await.map_err(refuse::change)?;
    Ok(changed(record))
}

fn changed(record: PolicyRecord) -> Response<Vec<u8>> {
    log("policy in force", &[("policy.version", record.version.into()), ("policy.by", record.by.into())]);
    respond::json(StatusCode::OK, &Version { version: record.version })
}
