//! Okta: `GET /api/v1/users`.

use super::shown;
use crate::{
    answer::{Answer, Question},
    fault::Fault,
    filter::{self, Quotes},
    people::{Person, State},
    stand_in::StandIn,
};
use serde_json::{Value, json};

pub(crate) fn answer(stand_in: &StandIn, question: &Question, fault: Option<&Fault>) -> Answer {
    if question.path != "/api/v1/users" {
        return error(404, "E0000007", "Not found: Resource not found");
    }
    let limit = question.number("limit").unwrap_or(10);
    if !(1..=200).contains(&limit) {
        return error(400, "E0000001", "Api validation failed: limit");
    }
    if let Some(search) = question.get("search") {
        let Some(terms) = filter::parse(search, Quotes::Json) else {
            return error(400, "E0000031", "Invalid search criteria.");
        };
        let found: Vec<Value> = stand_in.find(&terms, has).into_iter().take(limit).map(record).collect();
        return Answer::json(200, &Value::Array(found));
    }
    let listed: &[usize] = match question.get("filter") {
        None => stand_in.enabled(),
        Some("status eq \"DEPROVISIONED\"") => stand_in.disabled(),
        Some(_) => return error(400, "E0000031", "Invalid search criteria."),
    };
    let start = match question.get("after") {
        None => 0,
        Some(after) => match after.strip_prefix("200u3des4afA47rY").and_then(|text| text.parse().ok()) {
            Some(start) => start,
            None => return error(400, "E0000001", "Api validation failed: after"),
        },
    };
    let size = limit.min(stand_in.config().page_cap.unwrap_or(limit));
    let page = listed.get(start.min(listed.len())..(start + size).min(listed.len())).unwrap_or_default();
    let records: Vec<Value> = page.iter().take(shown(page, fault)).map(|at| record(stand_in.person(*at))).collect();
    let filter = if question.get("filter").is_some() { "&filter=status%20eq%20%22DEPROVISIONED%22" } else { "" };
    let link = |origin: &str, after: &str| format!("{origin}/api/v1/users?{after}limit={limit}{filter}");
    let next = (start + size < listed.len())
        .then(|| link(&question.origin, &format!("after=200u3des4afA47rY{}&", start + size)));
    let next = match fault {
        Some(Fault::NextRepeats) => Some(question.url.clone()),
        Some(Fault::NextElsewhere(origin)) => Some(link(origin, "after=200u3des4afA47rY1&")),
        _ => next,
    };
    let answer = Answer::json(200, &Value::Array(records)).with("link", format!("<{}>; rel=\"self\"", question.url));
    match next {
        Some(next) => answer.with("link", format!("<{next}>; rel=\"next\"")),
        None => answer,
    }
}

fn has(person: &Person, attribute: &str, value: &str) -> bool {
    let same = |text: &str| text.to_lowercase() == value.to_lowercase();
    match attribute {
        "profile.login" => same(&person.username),
        "profile.email" => person.mails.first().is_some_and(|mail| same(mail)),
        "profile.employeeNumber" => same(&person.employee_id),
        _ => false,
    }
}

fn record(person: &Person) -> Value {
    let status = match person.state {
        State::Active => "ACTIVE",
        State::Locked => "LOCKED_OUT",
        State::Disabled | State::Left => "DEPROVISIONED",
    };
    let seen = person.last_sign_in.map(|at| at.format("%Y-%m-%dT%H:%M:%S.000Z").to_string());
    person.finish(json!({
        "id": person.id, "status": status, "created": "2020-06-24T16:39:18.000Z",
        "activated": "2020-06-24T16:39:19.000Z", "statusChanged": "2020-06-24T16:39:19.000Z", "lastLogin": seen,
        "lastUpdated": "2026-06-24T16:39:19.000Z", "passwordChanged": null, "type": {"id": "oty0"},
        "profile": {"login": person.username, "email": person.mails.first(), "secondEmail": null,
                    "firstName": "Isaac", "lastName": "Brock", "employeeNumber": person.employee_id},
        "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
    }))
}

pub(crate) fn error(status: u16, code: &str, summary: &str) -> Answer {
    let body = json!({
        "errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oae0", "errorCauses": [],
    });
    Answer::json(status, &body)
}
