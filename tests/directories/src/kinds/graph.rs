//! Microsoft Graph: `GET /v1.0/users` and `GET /v1.0/users/{id}`.

use super::shown;
use crate::{
    answer::{Answer, Question},
    fault::Fault,
    filter::{self, Quotes},
    people::{Person, State},
    stand_in::StandIn,
};
use serde_json::{Map, Value, json};

pub(crate) fn answer(stand_in: &StandIn, question: &Question, fault: Option<&Fault>) -> Answer {
    let select: Vec<&str> =
        question.get("$select").unwrap_or("id,displayName,userPrincipalName,mail").split(',').collect();
    let sign_ins = select.contains(&"signInActivity");
    if sign_ins && !stand_in.config().premium {
        return error(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        );
    }
    match question.path.strip_prefix("/v1.0/users") {
        Some("") => {}
        Some(id) => return one(stand_in, id.trim_start_matches('/'), &select),
        None => return error(404, "ResourceNotFound", "Resource not found for the segment."),
    }
    if let Some(filter) = question.get("$filter") {
        let Some(terms) = filter::parse(filter, Quotes::Doubled) else {
            return error(400, "BadRequest", "Invalid filter clause: There is an unterminated string literal.");
        };
        let advanced = terms.iter().any(|(attribute, _)| attribute != "userPrincipalName");
        let eventual = question.headers.get("consistencylevel").is_some_and(|value| value == "eventual");
        if advanced && !(eventual && question.get("$count") == Some("true")) {
            return error(400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified.");
        }
        let found = stand_in.find(&terms, has);
        let records: Vec<Value> = found.iter().map(|person| record(person, &select, stand_in)).collect();
        return page_of(&records, None);
    }
    let most = if sign_ins { 120 } else { 999 };
    let size = match question.number("$top") {
        Some(size) if size > 999 => return error(400, "Request_BadRequest", "Invalid page size specified."),
        size => size.unwrap_or(100).clamp(1, most).min(stand_in.config().page_cap.unwrap_or(most)),
    };
    let start = match question.get("$skiptoken") {
        None => 0,
        Some(token) => match token.strip_prefix("RFNwdAIAAQ").and_then(|text| usize::from_str_radix(text, 16).ok()) {
            Some(start) => start,
            None => return error(400, "Directory_ExpiredPageToken", "The specified page token value has expired."),
        },
    };
    let present = stand_in.present();
    let page = present.get(start.min(present.len())..(start + size).min(present.len())).unwrap_or_default();
    let shown = shown(page, fault);
    let records: Vec<Value> =
        page.iter().take(shown).map(|at| record(stand_in.person(*at), &select, stand_in)).collect();
    let next = (start + size < present.len()).then(|| {
        let token = format!("RFNwdAIAAQ{:x}", start + size);
        let select = select.join(",");
        format!("{}/v1.0/users?$select={select}&$top={size}&$skiptoken={token}", question.origin)
    });
    let next = match fault {
        Some(Fault::NextRepeats) => Some(question.url.clone()),
        Some(Fault::NextElsewhere(origin)) => Some(format!("{origin}/v1.0/users?$skiptoken=RFNwdAIAAQ1")),
        _ => next,
    };
    page_of(&records, next)
}

fn page_of(records: &[Value], next: Option<String>) -> Answer {
    let mut body = Map::new();
    body.insert("@odata.context".to_owned(), json!("https://graph.microsoft.com/v1.0/$metadata#users"));
    body.insert("value".to_owned(), json!(records));
    body.extend(next.map(|next| ("@odata.nextLink".to_owned(), json!(next))));
    Answer::json(200, &Value::Object(body))
}

fn one(stand_in: &StandIn, id: &str, select: &[&str]) -> Answer {
    match stand_in.by_id(id) {
        Some(person) => Answer::json(200, &record(person, select, stand_in)),
        None => error(404, "Request_ResourceNotFound", &format!("Resource '{id}' does not exist.")),
    }
}

fn has(person: &Person, attribute: &str, value: &str) -> bool {
    let same = |text: &str| text.to_lowercase() == value.to_lowercase();
    match attribute {
        "onPremisesSamAccountName" => same(&person.username),
        "userPrincipalName" => same(&person.upn),
        "mail" => person.mails.first().is_some_and(|mail| same(mail)),
        "employeeId" => same(&person.employee_id),
        _ => false,
    }
}

/// Only what was selected is shown, as Graph does it.
fn record(person: &Person, select: &[&str], stand_in: &StandIn) -> Value {
    let enabled = matches!(person.state, State::Active | State::Locked);
    let enabled = if stand_in.config().string_booleans { json!(enabled.to_string()) } else { json!(enabled) };
    let activity = person.last_sign_in.map(|at| {
        let at = at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        json!({"lastSignInDateTime": at, "lastSignInRequestId": "0000", "lastNonInteractiveSignInDateTime": null,
               "lastSuccessfulSignInDateTime": at})
    });
    let all = person.finish(json!({
        "id": person.id, "displayName": person.username, "userPrincipalName": person.upn,
        "mail": person.mails.first(), "accountEnabled": enabled, "employeeId": person.employee_id,
        "onPremisesSamAccountName": person.username, "createdDateTime": "2020-01-23T04:56:22Z",
        "deletedDateTime": null, "signInActivity": activity,
    }));
    let Value::Object(all) = all else { return Value::Null };
    let kept: Map<String, Value> =
        all.into_iter().filter(|(name, _)| name == "id" || select.contains(&name.as_str())).collect();
    Value::Object(kept)
}

pub(crate) fn error(status: u16, code: &str, message: &str) -> Answer {
    let inner = json!({"date": "2026-11-23T06:00:00", "request-id": "0000", "client-request-id": "0000"});
    Answer::json(status, &json!({"error": {"code": code, "message": message, "innerError": inner}}))
}
