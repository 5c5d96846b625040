//! What the values of a custom directory mean.

use chrono::{DateTime, Utc};
use seatkeeper_policy::directory::{HttpRules, Presence};
use serde_json::Value;

/// Numbers below are seconds, from here on milliseconds: as seconds it is the year 5138, as milliseconds March 1973.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// A value as the text that people compare it with.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What a status means: as it is written in the policy, or else in any case of letters, if that is clear.
pub(super) fn meaning(rules: &HttpRules, status: &Value) -> Presence {
    let Some(text) = text(status) else { return Presence::Unknown };
    if let Some(meaning) = rules.values.get(&text) {
        return *meaning;
    }
    let lower = text.to_lowercase();
    let mut alike = rules.values.iter().filter(|(key, _)| key.to_lowercase() == lower).map(|(_, meaning)| *meaning);
    match alike.next() {
        Some(first) if alike.all(|other| other == first) => first,
        Some(_) | None => Presence::Unknown,
    }
}

/// An instant as ISO 8601 with an offset, or as seconds or milliseconds since 1970. A time without an offset could be any
/// zone's, and zero is what systems write that do not know.
pub(super) fn instant(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            if let Ok(number) = text.parse() {
                return since_1970(number);
            }
            let at = DateTime::parse_from_rfc3339(text)
                .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%#z"));
            at.ok().map(|at| at.with_timezone(&Utc)).filter(|at| at.timestamp() > 0)
        }
        Value::Number(number) => since_1970(number.as_i64()?),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn since_1970(number: i64) -> Option<DateTime<Utc>> {
    match number {
        ..=0 => None,
        1..MILLISECONDS_FROM => DateTime::from_timestamp(number, 0),
        MILLISECONDS_FROM.. => DateTime::from_timestamp_millis(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rules(values: &[(&str, Presence)]) -> HttpRules {
        HttpRules {
            path: "/{identity}".to_owned(),
            status: "/state".to_owned(),
            values: values.iter().map(|(key, meaning)| ((*key).to_owned(), *meaning)).collect(),
            not_found_is_absent: false,
            identity: None,
            sign_in: None,
        }
    }

    #[test]
    fn values_are_found_exactly_then_in_any_case_and_else_nothing_is_known() {
        let rules = rules(&[
            ("active", Presence::Active),
            ("true", Presence::Active),
            ("false", Presence::Disabled),
            ("3", Presence::Locked),
            ("A", Presence::Active),
            ("a", Presence::Disabled),
            ("left", Presence::Disabled),
            ("Left", Presence::Absent),
        ]);
        for (status, presence) in [
            (json!("active"), Presence::Active),
            (json!("ACTIVE"), Presence::Active),
            (json!(true), Presence::Active),
            (json!("true"), Presence::Active),
            (json!("False"), Presence::Disabled),
            (json!(false), Presence::Disabled),
            (json!(3), Presence::Locked),
            (json!("3"), Presence::Locked),
            (json!(3.5), Presence::Unknown),
            (json!("A"), Presence::Active),
            (json!("a"), Presence::Disabled),
            // Exactly neither, alike to both.
            (json!("LEFT"), Presence::Unknown),
            (json!("activ"), Presence::Unknown),
            (json!("active "), Presence::Unknown),
            (json!(""), Presence::Unknown),
            (json!(null), Presence::Unknown),
            (json!(["active"]), Presence::Unknown),
            (json!({"active": true}), Presence::Unknown),
        ] {
            assert_eq!(meaning(&rules, &status), presence, "{status}");
        }
    }

    #[test]
    fn sign_ins_are_understood_with_an_offset_or_as_a_number() {
        let at = DateTime::from_timestamp(1_700_000_000, 0);
        for value in [
            json!("2023-11-14T22:13:20Z"),
            json!("2023-11-14T23:13:20.000+01:00"),
            json!("2023-11-14T23:13:20+0100"),
            json!(1_700_000_000),
            json!(1_700_000_000_000_i64),
            json!("1700000000"),
            json!(" 1700000000000 "),
        ] {
            assert_eq!(instant(&value), at, "{value}");
        }
        for value in [
            json!("2023-11-14T22:13:20"),
            json!("14.11.2023"),
            json!("1970-01-01T00:00:00Z"),
            json!("0001-01-01T00:00:00Z"),
            json!(0),
            json!(-5),
            json!(1.5),
            json!("never"),
            json!(""),
            json!(null),
            json!(true),
            json!(i64::MAX),
        ] {
            assert_eq!(instant(&value), None, "{value}");
        }
    }
}
