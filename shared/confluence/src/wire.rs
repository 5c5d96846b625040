//! What Confluence sends, and its conversion to our types. Versions differ in what they tell, so nearly every field is
//! optional here.
//!
//! INVARIANT (absence stays absence): a field that did not come becomes `Unknown` or an error, never a default that could
//! cost somebody the seat.

use crate::answer::{Failure, printable};
use chrono::{DateTime, Utc};
use seatkeeper_engine::ports::{ErrorClass, LastLogin, Person};
use seatkeeper_policy::{GroupName, IdError, SeatCount, Status, UserKey, Username};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Counts from here on mean that there is no limit.
const UNLIMITED: i64 = i32::MAX as i64;

/// Numbers below are seconds, from here on milliseconds: as seconds it is the year 5138, as milliseconds March 1973.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// A user as any listing shows it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PersonWire {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) user_key: Option<String>,
    display_name: Option<String>,
    status: Option<Value>,
    email: Option<String>,
    /// Nothing when the field did not come, `null` when it came as that.
    #[serde(default, deserialize_with = "present")]
    last_login: Option<Value>,
}

fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(field).map(Some)
}

pub(crate) fn malformed(what: impl Into<String>) -> Failure {
    Failure::new(ErrorClass::Malformed, what)
}

pub(crate) fn bad_id(error: &IdError) -> Failure {
    malformed(format!("the answer has a bad value: {}", printable(&error.to_string(), 160)))
}

impl PersonWire {
    /// The account, or nothing for somebody who is none: anonymous, or unknown to every directory.
    pub(crate) fn person(self) -> Result<Option<Person>, Failure> {
        let known = self.kind.as_deref().is_none_or(|kind| kind == "known");
        let (key, username) = match (self.user_key, self.username) {
            (Some(key), Some(username)) => (key, username),
            (_, _) if !known => return Ok(None),
            (None, name) => {
                return Err(malformed(format!("account `{}` came without `userKey`", name.as_deref().unwrap_or("?"))));
            }
            (Some(key), None) => return Err(malformed(format!("account `{key}` came without `username`"))),
        };
        Ok(Some(Person {
            key: UserKey::parse(key).map_err(|error| bad_id(&error))?,
            display_name: self.display_name.unwrap_or_else(|| username.clone()),
            username: Username::parse(username).map_err(|error| bad_id(&error))?,
            status: self.status.as_ref().and_then(Value::as_str).map_or(Status::Unknown, status),
            email: self.email.filter(|email| !email.trim().is_empty()),
        }))
    }

    /// What the entry says about the last login. `delivered` is whether this Confluence delivers the field at all:
    /// only then does its absence mean that there was no login.
    pub(crate) fn last_login(&self, delivered: bool) -> LastLogin {
        match self.last_login.as_ref() {
            None | Some(Value::Null) if delivered => LastLogin::Never,
            None | Some(Value::Null) => LastLogin::Unknown,
            Some(value) => instant(value).map_or(LastLogin::Unknown, LastLogin::At),
        }
    }

    /// Whether the entry carries a login that we understand. One such entry proves that the field is delivered; `null`
    /// everywhere proves nothing.
    pub(crate) fn tells_login(&self) -> bool {
        matches!(self.last_login(false), LastLogin::At(_))
    }
}

/// The status, in any spelling seen so far.
fn status(text: &str) -> Status {
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match plain.as_str() {
        "current" => Status::Current,
        "deactivated" => Status::Deactivated,
        "externallydeleted" => Status::ExternallyDeleted,
        "unlicensed" => Status::Unlicensed,
        _ => Status::Unknown,
    }
}

/// An instant as ISO 8601 with any kind of offset, or as a number of milliseconds or seconds since 1970. A time without
/// an offset could be any zone's, so it is not understood.
pub(crate) fn instant(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            text.parse::<i64>().ok().and_then(since_1970).or_else(|| {
                DateTime::parse_from_rfc3339(text)
                    .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%#z"))
                    .ok()
                    .map(|at| at.with_timezone(&Utc))
            })
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

/// A group as any listing shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct GroupWire {
    pub(crate) name: String,
}

impl GroupWire {
    pub(crate) fn group(self) -> Result<GroupName, Failure> {
        GroupName::parse(self.name).map_err(|error| bad_id(&error))
    }
}

/// `{"count": n}` of the licence resources.
#[derive(Debug, Deserialize)]
pub(crate) struct CountWire {
    count: Value,
}

impl CountWire {
    fn number(&self) -> Option<i64> {
        match &self.count {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_i64(),
        }
    }
}

/// Seats used and bought from the two counts. Unlimited licences are told as -1, 0 or 2^31-1.
pub(crate) fn seat_count(used: &CountWire, max: &CountWire) -> Result<SeatCount, Failure> {
    let used = used
        .number()
        .and_then(|used| u32::try_from(used).ok())
        .ok_or_else(|| malformed("`count` of the used seats is not a number of seats"))?;
    let max = max.number().ok_or_else(|| malformed("`count` of the bought seats is not a number"))?;
    let max = if (1..UNLIMITED).contains(&max) { u32::try_from(max).ok() } else { None };
    Ok(SeatCount { used, max })
}

/// One entry of the global permissions.
#[derive(Debug, Deserialize)]
pub(crate) struct PermissionWire {
    pub(crate) operation: OperationWire,
    pub(crate) subject: Value,
}

/// What is permitted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OperationWire {
    target_type: String,
    operation_key: String,
}

/// A permission that matters for seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeatPermission {
    Use,
    Administer,
}

/// Who holds a permission.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Group(GroupName),
    Key(UserKey),
    /// The key has to be looked up.
    Name(Username),
    /// Anonymous or unlicensed access, which takes no seat.
    Nobody,
}

impl OperationWire {
    pub(crate) fn seat_permission(&self) -> Option<SeatPermission> {
        match (self.target_type.as_str(), self.operation_key.as_str()) {
            ("application", "use") => Some(SeatPermission::Use),
            ("application" | "system", "administer") => Some(SeatPermission::Administer),
            (_, _) => None,
        }
    }

    /// Whether it makes an administrator of a space.
    pub(crate) fn administers_space(&self) -> bool {
        self.target_type == "space" && self.operation_key == "administer"
    }
}

/// Reads a subject. The published schema names only `type` and `displayName`, so others are accepted where they come;
/// a holder that cannot be told is an error, since it might be an administrator.
pub(crate) fn subject(subject: &Value) -> Result<Subject, Failure> {
    let text = |names: &[&str]| {
        names.iter().find_map(|name| subject.get(name)?.as_str()).filter(|text| !text.trim().is_empty())
    };
    let kind = text(&["type"]).unwrap_or_default().to_ascii_lowercase();
    if matches!(kind.as_str(), "anonymous" | "unlicensed" | "unknown") {
        return Ok(Subject::Nobody);
    }
    if matches!(kind.as_str(), "known" | "user") || text(&["userKey"]).is_some() {
        if let Some(key) = text(&["userKey", "key"]) {
            return UserKey::parse(key).map(Subject::Key).map_err(|error| bad_id(&error));
        }
        if let Some(name) = text(&["username", "userName", "name"]) {
            return Username::parse(name).map(Subject::Name).map_err(|error| bad_id(&error));
        }
    } else if kind == "group"
        && let Some(name) = text(&["name", "groupName", "displayName"])
    {
        return GroupName::parse(name).map(Subject::Group).map_err(|error| bad_id(&error));
    }
    Err(malformed(format!("a holder of a global permission cannot be told (type `{}`)", printable(&kind, 40))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wire(body: Value) -> PersonWire {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn every_spelling_of_a_status_is_understood_and_a_new_one_is_unknown() {
        for (text, expected) in [
            ("current", Status::Current),
            ("CURRENT", Status::Current),
            ("deactivated", Status::Deactivated),
            ("unlicensed", Status::Unlicensed),
            ("externally-deleted", Status::ExternallyDeleted),
            ("externally_deleted", Status::ExternallyDeleted),
            ("externallyDeleted", Status::ExternallyDeleted),
            ("EXTERNALLY_DELETED", Status::ExternallyDeleted),
            ("suspended", Status::Unknown),
            ("", Status::Unknown),
        ] {
            assert_eq!(status(text), expected, "{text}");
        }
        let silent = wire(json!({"type": "known", "username": "a", "userKey": "k"}));
        assert_eq!(silent.person().unwrap().unwrap().status, Status::Unknown);
    }

    #[test]
    fn a_last_login_is_understood_in_every_format_seen() {
        let expected = DateTime::parse_from_rfc3339("2025-11-02T08:14:55Z").unwrap().with_timezone(&Utc);
        for value in [
            json!("2025-11-02T08:14:55Z"),
            json!("2025-11-02T08:14:55.000Z"),
            json!("2025-11-02T09:14:55.000+01:00"),
            json!("2025-11-02T03:14:55.000-0500"),
            json!("2025-11-02T09:14:55+01"),
            json!(1_762_071_295_000_i64),
            json!("1762071295000"),
            json!(1_762_071_295),
        ] {
            assert_eq!(wire(json!({"lastLogin": value})).last_login(true), LastLogin::At(expected), "{value}");
        }
    }

    #[test]
    fn a_last_login_that_cannot_be_understood_is_unknown_and_not_never() {
        for value in
            [json!("2025-11-02T08:14:55"), json!("yesterday"), json!(""), json!(0), json!(-1), json!({}), json!(true)]
        {
            assert_eq!(wire(json!({"lastLogin": value})).last_login(true), LastLogin::Unknown, "{value}");
        }
    }

    #[test]
    fn no_last_login_is_never_only_where_the_field_is_delivered() {
        for body in [json!({}), json!({"lastLogin": null})] {
            assert_eq!(wire(body.clone()).last_login(true), LastLogin::Never, "{body}");
            assert_eq!(wire(body.clone()).last_login(false), LastLogin::Unknown, "{body}");
            assert!(!wire(body).tells_login());
        }
    }

    #[test]
    fn anonymous_and_unknown_entries_are_nobody_and_incomplete_accounts_an_error() {
        assert_eq!(wire(json!({"type": "anonymous", "displayName": "Anonymous"})).person().unwrap(), None);
        assert_eq!(wire(json!({"type": "unknown", "username": "gone"})).person().unwrap(), None);
        let unknown = wire(json!({"type": "unknown", "username": "gone", "userKey": "k"})).person().unwrap().unwrap();
        assert_eq!(unknown.status, Status::Unknown);
        for body in [json!({"type": "known", "username": "a"}), json!({"type": "known", "userKey": "k"}), json!({})] {
            assert_eq!(wire(body).person().unwrap_err().class, ErrorClass::Malformed);
        }
        let broken = wire(json!({"type": "known", "username": "a\u{7}", "userKey": "k"}));
        assert_eq!(broken.person().unwrap_err().class, ErrorClass::Malformed);
    }

    #[test]
    fn mail_addresses_are_optional_and_a_missing_display_name_is_the_user_name() {
        let person = wire(json!({"username": "a", "userKey": "k", "email": " "})).person().unwrap().unwrap();
        assert_eq!((person.email, person.display_name.as_str()), (None, "a"));
    }

    #[test]
    fn an_unlimited_licence_is_told_in_many_ways_and_a_limit_in_one() {
        let count = |value: Value| CountWire { count: value };
        for max in [json!(-1), json!(0), json!(2_147_483_647), json!(4_294_967_295_u64), json!("-1")] {
            assert_eq!(seat_count(&count(json!(48)), &count(max)).unwrap(), SeatCount { used: 48, max: None });
        }
        assert_eq!(seat_count(&count(json!(48)), &count(json!(100))).unwrap().max, Some(100));
        for (used, max) in
            [(json!(-1), json!(1)), (json!(null), json!(1)), (json!(1), json!("many")), (json!(1), json!([]))]
        {
            assert_eq!(seat_count(&count(used), &count(max)).unwrap_err().class, ErrorClass::Malformed);
        }
    }

    #[test]
    fn subjects_are_told_by_what_they_carry() {
        let group = Subject::Group(GroupName::parse("users").unwrap());
        for (body, expected) in [
            (json!({"type": "group", "name": "users", "displayName": "Users"}), group),
            (json!({"type": "group", "displayName": "d"}), Subject::Group(GroupName::parse("d").unwrap())),
            (json!({"type": "known", "userKey": "k", "username": "u"}), Subject::Key(UserKey::parse("k").unwrap())),
            (json!({"userKey": "k"}), Subject::Key(UserKey::parse("k").unwrap())),
            (json!({"type": "known", "username": "u"}), Subject::Name(Username::parse("u").unwrap())),
            (json!({"type": "anonymous"}), Subject::Nobody),
            (json!({"type": "unlicensed"}), Subject::Nobody),
        ] {
            assert_eq!(subject(&body).unwrap(), expected, "{body}");
        }
        for body in [json!({"type": "known", "displayName": "J"}), json!({"type": "group"}), json!({}), json!("x")] {
            assert_eq!(subject(&body).unwrap_err().class, ErrorClass::Malformed, "{body}");
        }
    }
}
