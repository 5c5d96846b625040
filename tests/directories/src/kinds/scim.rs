//! SCIM 2.0: `GET …/Users`.

use super::shown;
use crate::{
    answer::{Answer, Question},
    fault::Fault,
    filter::{self, Quotes},
    people::{Person, State},
    stand_in::StandIn,
};
use serde_json::{Map, Value, json};

/// People in an answer at most, whatever was asked for.
const MAX_COUNT: usize = 1000;

pub(crate) fn answer(stand_in: &StandIn, question: &Question, fault: Option<&Fault>) -> Answer {
    if !question.path.ends_with("/Users") {
        return error(404, None, "no such resource");
    }
    let (people, all) = match question.get("filter") {
        Some(filter) => match filter::parse(filter, Quotes::Json) {
            Some(terms) => (stand_in.find(&terms, has), None),
            None => return error(400, Some("invalidFilter"), "the filter cannot be understood"),
        },
        None => (Vec::new(), Some(stand_in.present())),
    };
    let length = all.map_or(people.len(), <[_]>::len);
    let cap = stand_in.config().page_cap.unwrap_or(MAX_COUNT);
    let count = question.number("count").unwrap_or(100).min(cap);
    let start = match fault {
        Some(Fault::NextRepeats) => 1,
        _ => question.number("startIndex").unwrap_or(1).max(1),
    };
    let range = (start - 1).min(length)..(start - 1 + count).min(length);
    let page: Vec<&Person> = match all {
        Some(all) => all.get(range).unwrap_or_default().iter().map(|at| stand_in.person(*at)).collect(),
        None => people.get(range).unwrap_or_default().to_vec(),
    };
    let shown = shown(&page, fault);
    let records: Vec<Value> = page.iter().take(shown).map(|person| record(person, stand_in)).collect();
    let total = length + usize::from(fault == Some(&Fault::OtherTotal));
    let list = json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]);
    let mut body = Map::from_iter([
        ("schemas".to_owned(), list),
        ("totalResults".to_owned(), json!(total)),
        ("startIndex".to_owned(), json!(start)),
        ("itemsPerPage".to_owned(), json!(records.len())),
    ]);
    // Without a hit the list is missing, as some servers do it.
    body.extend((total > 0).then(|| ("Resources".to_owned(), Value::Array(records))));
    Answer::json(200, &Value::Object(body))
}

fn has(person: &Person, attribute: &str, value: &str) -> bool {
    let same = |text: &str| text.to_lowercase() == value.to_lowercase();
    match attribute {
        "userName" => same(&person.username),
        "emails.value" => person.mails.iter().any(|mail| same(mail)),
        // Exactly: this attribute is `caseExact`.
        "externalId" => person.employee_id == value,
        _ => false,
    }
}

fn record(person: &Person, stand_in: &StandIn) -> Value {
    let active = matches!(person.state, State::Active | State::Locked);
    let active = match (stand_in.config().string_booleans, active) {
        (true, true) => json!("True"),
        (true, false) => json!("False"),
        (false, active) => json!(active),
    };
    let mails: Vec<Value> = person
        .mails
        .iter()
        .enumerate()
        .map(|(at, mail)| json!({"value": mail, "type": if at == 0 { "work" } else { "home" }, "primary": at == 0}))
        .collect();
    person.finish(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": person.id, "externalId": person.employee_id, "userName": person.username, "emails": mails,
        "active": active,
        "meta": {"resourceType": "User", "created": "2020-01-23T04:56:22Z", "lastModified": "2026-05-13T04:42:34Z"},
    }))
}

pub(crate) fn error(status: u16, kind: Option<&str>, detail: &str) -> Answer {
    let mut body = Map::from_iter([
        ("schemas".to_owned(), json!(["urn:ietf:params:scim:api:messages:2.0:Error"])),
        ("status".to_owned(), json!(status.to_string())),
        ("detail".to_owned(), json!(detail)),
    ]);
    body.extend(kind.map(|kind| ("scimType".to_owned(), json!(kind))));
    Answer::json(status, &Value::Object(body))
}
