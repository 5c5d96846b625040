//! Reading and replacing the policy.

use crate::{Call, refuse};
use askama::Template;
use http::{HeaderValue, Response, StatusCode, header};
use seatkeeper_console::{Nav, frame};
use seatkeeper_engine::{
    admin::{Refusal, replace_policy},
    policy_file,
    ports::{Clock, Store},
    state::{self, PolicyRecord},
    trouble::Trouble,
};
use seatkeeper_policy::{Instant, Mode};
use seatkeeper_spin::{SpinClock, log};
use seatkeeper_web::{Problem, Query, QueryError, respond};
use serde::{Deserialize, Serialize};

/// The policy with its history in short.
#[derive(Serialize)]
struct Shown<'a> {
    version: u32,
    saved: Instant,
    by: &'a str,
    text: &'a str,
    rules: &'a str,
}

/// What a replacement says about itself.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Replaced<'a> {
    version: u32,
    rules: &'a str,
    mode: Option<Mode>,
}

/// `GET /admin/policy`, as JSON or as the file itself.
pub async fn show(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let as_file = wants_file(call).map_err(|error| refuse::query(&error))?;
    let record = state::load(store, &state::policy()).await.map_err(refuse::state)?;
    let Some(record) = record else {
        return Err(Problem::new(StatusCode::NOT_FOUND, "no-policy", "No policy is set")
            .detail(Trouble::no_policy().message)
            .next_step("Send a policy with PUT /admin/policy; docs/policy.md has an example.")
            .into());
    };
    let PolicyRecord { version, text, rules, saved, by } = &record;
    let mut answer = if as_file {
        let mut answer = respond::text(StatusCode::OK, text.as_str());
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/toml"));
        answer
    } else {
        respond::json(StatusCode::OK, &Shown { version: *version, saved: *saved, by, text, rules })
    };
    tag(&mut answer, *version);
    Ok(answer)
}

/// `PUT /admin/policy`.
pub async fn replace(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let expected = expected(call)?;
    let text = refuse::text(call, "policy file")?;
    let record = replace_policy(store, text, expected, &by, SpinClock.now()).await.map_err(refuse::refusal)?;
    log("policy in force", &[("policy.version", record.version.into()), ("policy.by", record.by.as_str().into())]);
    let mode = policy_file::parse(&record.text).ok().map(|policy| policy.mode);
    let mut answer = respond::json(StatusCode::OK, &Replaced { version: record.version, rules: &record.rules, mode });
    tag(&mut answer, record.version);
    Ok(answer)
}

/// A policy that was written on its page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    text: String,
    /// The version that was on the page; 0 for the first policy.
    version: u32,
}

/// `POST /admin/policy`, by the form on its page.
pub async fn replace_by_form(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let by = refuse::by(call)?;
    let Written { text, version } = refuse::json(call, r#"{"text": "version = 1 …", "version": 3}"#)?;
    // Browsers send every line end as two characters.
    let text = text.replace("\r\n", "\n");
    let record = replace_policy(store, &text, Some(version), &by, SpinClock.now()).await.map_err(refuse::change)?;
    log("policy in force", &[("policy.version", record.version.into()), ("policy.by", record.by.as_str().into())]);
    Ok(respond::json(StatusCode::OK, &record))
}

/// `POST /admin/policy/check`: whether a policy would be accepted. Nothing is stored.
pub async fn check(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let text = if call.form {
        let Written { text, .. } = refuse::json(call, "")?;
        text
    } else {
        refuse::text(call, "policy file")?.to_owned()
    };
    let policy = policy_file::parse(&text).map_err(|problems| refuse::refusal(Refusal::Invalid(problems)))?;
    if call.form && !call.wants_json() {
        return Ok(frame::page(StatusCode::OK, &CheckedPage { nav: call.nav(store).await }));
    }
    Ok(respond::json(StatusCode::OK, &Checked { rules: policy.rules_hash(), mode: policy.mode }))
}

/// The same for people whose browser runs no scripts.
#[derive(Template)]
#[template(path = "checked.html")]
struct CheckedPage {
    nav: Nav,
}

/// A policy that would be accepted.
#[derive(Serialize)]
struct Checked {
    rules: String,
    mode: Mode,
}

fn tag(answer: &mut Response<Vec<u8>>, version: u32) {
    if let Ok(tag) = HeaderValue::try_from(format!("\"{version}\"")) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
}

fn wants_file(call: &Call) -> Result<bool, QueryError> {
    let query = Query::parse(&call.query, &["format"])?;
    match query.get("format") {
        Some("toml") => Ok(true),
        Some("json") => Ok(false),
        Some(value) => Err(QueryError::Invalid {
            name: "format".to_owned(),
            value: value.to_owned(),
            expected: "`toml` or `json`".to_owned(),
        }),
        None => {
            let accept = call.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
            Ok(accept.to_ascii_lowercase().contains("application/toml"))
        }
    }
}

/// The version that the sender had seen; none when any version may be replaced.
fn expected(call: &Call) -> Result<Option<u32>, Box<Problem>> {
    let Some(value) = call.headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    version.map(Some).ok_or_else(|| {
        Problem::new(StatusCode::BAD_REQUEST, "if-match-malformed", "The If-Match header cannot be read")
            .detail("it must be the version of the policy in double quotes, or `*`")
            .next_step("Read the policy; its ETag header is what If-Match takes.")
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderName, Method};

    fn call(name: HeaderName, value: &str, query: &str) -> Call {
        let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
        crate::call::by_program(Method::GET, headers, query, b"")
    }

    #[test]
    fn if_match_takes_what_the_etag_says() {
        let expected = |value| expected(&call(header::IF_MATCH, value, "")).map_err(|problem| problem.code);
        assert_eq!(expected("\"3\""), Ok(Some(3)));
        assert_eq!(expected("*"), Ok(None));
        for wrong in ["3", "\"x\"", "W/\"3\"", ""] {
            assert_eq!(expected(wrong), Err("if-match-malformed"), "{wrong}");
        }
    }

    #[test]
    fn the_file_itself_is_sent_to_whoever_asks_for_it() {
        let wants = |accept, query| wants_file(&call(header::ACCEPT, accept, query));
        assert_eq!(wants("application/toml", ""), Ok(true));
        assert_eq!(wants("*/*", "format=toml"), Ok(true));
        assert_eq!(wants("application/toml", "format=json"), Ok(false));
        assert_eq!(wants("*/*", ""), Ok(false));
        assert!(wants("*/*", "format=yaml").is_err());
    }
}
