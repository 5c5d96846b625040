//! What Crowd sends. A field that did not come stays absent, and a field of another type counts as absent for that
//! person only.

use chrono::DateTime;
use seatkeeper_policy::{
    account::{Sighting, Source},
    directory::Presence,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Numbers of milliseconds below this are before March 1973, so no sign-in: unset, or seconds by mistake.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// An answer that says whom it is about.
pub(super) trait Named {
    fn name(&self) -> &str;
}

/// One account.
#[derive(Deserialize)]
pub(super) struct UserWire {
    pub(super) name: String,
    email: Option<Value>,
    active: Option<Value>,
    attributes: Option<Value>,
}

/// A page of a search.
#[derive(Deserialize)]
pub(super) struct ListingWire {
    pub(super) users: Vec<UserWire>,
}

/// One account with everything that Crowd tells about it, as it has to be written back.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Representation(pub(super) Map<String, Value>);

/// Crowd's refusal.
#[derive(Deserialize, Default)]
pub(super) struct ErrorWire {
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) message: String,
}

impl Named for UserWire {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for Representation {
    fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }
}

impl Representation {
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field)?.as_str()
    }

    pub(super) fn active(&self) -> Option<bool> {
        self.0.get("active").and_then(truth)
    }
}

/// A truth value, also as a word.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(word) if word.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(word) if word.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

impl UserWire {
    /// Whether the account itself came, and not only its name.
    pub(super) fn expanded(&self) -> bool {
        self.active.is_some() || self.email.is_some()
    }

    pub(super) fn presence(&self) -> Presence {
        match self.active.as_ref().and_then(truth) {
            Some(true) => Presence::Active,
            Some(false) => Presence::Disabled,
            None => Presence::Unknown,
        }
    }

    /// The mail address, where there is one.
    pub(super) fn email(&self) -> Option<&str> {
        let email = self.email.as_ref()?.as_str()?.trim();
        (!email.is_empty()).then_some(email)
    }

    /// The newest sign-in among the attributes.
    pub(super) fn seen(&self) -> Option<Sighting> {
        let attributes = self.attributes.as_ref()?.get("attributes")?.as_array()?;
        attributes.iter().filter_map(sighting).max()
    }
}

/// Crowd keeps two times: of the last password, and of the last use, which single sign-on moves too.
fn sighting(attribute: &Value) -> Option<Sighting> {
    let source = match attribute.get("name")?.as_str()? {
        "lastAuthenticated" => Source::CrowdAuthenticated,
        "lastActive" => Source::CrowdActive,
        _ => return None,
    };
    let at = attribute.get("values")?.as_array()?.iter().filter_map(milliseconds).max()?;
    Some(Sighting { at: DateTime::from_timestamp_millis(at)?, source })
}

/// Milliseconds since 1970, as text or as a number.
fn milliseconds(value: &Value) -> Option<i64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_i64(),
        _ => None,
    };
    number.filter(|number| *number >= MILLISECONDS_FROM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn user(json: Value) -> UserWire {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn words_are_truth_values_and_anything_else_is_unknown() {
        for (active, presence) in [
            (json!(true), Presence::Active),
            (json!("True"), Presence::Active),
            (json!(false), Presence::Disabled),
            (json!("False"), Presence::Disabled),
            (json!("FALSE"), Presence::Disabled),
            (json!("yes"), Presence::Unknown),
            (json!(1), Presence::Unknown),
            (json!(0), Presence::Unknown),
            (json!(null), Presence::Unknown),
            (json!([false]), Presence::Unknown),
        ] {
            assert_eq!(user(json!({"name": "a", "active": active})).presence(), presence, "{active}");
        }
        assert_eq!(user(json!({"name": "a"})).presence(), Presence::Unknown);
    }

    #[test]
    fn the_newest_sign_in_counts_and_garbage_does_not() {
        let seen = |attributes: Value| {
            user(json!({"name": "a", "attributes": {"attributes": attributes}}))
                .seen()
                .map(|seen| (seen.source, seen.at.timestamp_millis()))
        };
        let of = |name: &str, values: Value| json!({"name": name, "values": values});
        let older = of("lastAuthenticated", json!(["1700000000000"]));
        let newer = of("lastActive", json!(["1700000360000"]));
        assert_eq!(seen(json!([older, newer])), Some((Source::CrowdActive, 1_700_000_360_000)));
        assert_eq!(seen(json!([newer, older])), Some((Source::CrowdActive, 1_700_000_360_000)));
        assert_eq!(seen(json!([older])), Some((Source::CrowdAuthenticated, 1_700_000_000_000)));
        let two = of("lastActive", json!(["1700000000000", 1_700_000_500_000_i64]));
        assert_eq!(seen(json!([two])), Some((Source::CrowdActive, 1_700_000_500_000)));
        for garbage in
            [json!(["0"]), json!(["-1"]), json!([]), json!(["soon"]), json!("1"), json!([null]), json!(["1700000000"])]
        {
            assert_eq!(seen(json!([of("lastActive", garbage.clone())])), None);
            assert_eq!(
                seen(json!([of("lastActive", garbage), older])),
                Some((Source::CrowdAuthenticated, 1_700_000_000_000))
            );
        }
        assert_eq!(seen(json!("nothing")), None);
        assert_eq!(seen(json!([{"name": "lastActive"}, 7])), None);
        assert_eq!(user(json!({"name": "a"})).seen(), None);
    }
}
