//! What the instance finds when `doctor` asks it, and what that means.

use chrono::{DateTime, TimeDelta, Utc};
use seatkeeper_engine::ports::Capabilities;
use seatkeeper_engine::trouble::Trouble;
use seatkeeper_policy::SeatCount;
use serde::Deserialize;

use super::doctor::Check;
use super::render;

/// Between two machines that keep their time by the network, even a few seconds are unusual.
const SKEW_ODD: TimeDelta = TimeDelta::seconds(5);
/// From here on the instance disbelieves instants of other machines.
const SKEW_WRONG: TimeDelta = TimeDelta::minutes(5);
/// `GET /admin/check`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Answer {
    confluence: Reached,
    #[serde(default)]
    rename: bool,
    pub(super) groups: Vec<Group>,
    policy_version: Option<u32>,
    policy_error: Option<Trouble>,
    pub(super) clock: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reached {
    identity: Option<Identity>,
    capabilities: Option<Capabilities>,
    seats: Option<SeatCount>,
    errors: Vec<Trouble>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Identity {
    username: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Group {
    name: String,
    exists: Option<bool>,
}

/// Whether both clocks agree.
pub(super) fn clock(there: DateTime<Utc>, here: DateTime<Utc>) -> Check {
    let skew = (there - here).abs();
    let text = format!("the instance's clock is {:.1} s from this machine's", skew.num_milliseconds() as f64 / 1000.0);
    let next = "Synchronise both machines with a time server; wrong clocks make active people look inactive.";
    if skew > SKEW_WRONG {
        Check::fail("clock", text, next)
    } else if skew > SKEW_ODD {
        Check::warn("clock", text, next)
    } else {
        Check::ok("clock", text)
    }
}

/// Whether there is a policy.
pub(super) fn policy(answer: &Answer) -> Check {
    match (answer.policy_version, &answer.policy_error) {
        (Some(version), _) => Check::ok("policy", format!("version {version} is in force")),
        (None, Some(error)) if error.code != "no-policy" => {
            Check::fail("policy", error.to_string(), "Correct it and send it with `seatkeeper policy put FILE`.")
        }
        (None, _) => Check::fail(
            "policy",
            "no policy is set, so nothing is done",
            "Send one with `seatkeeper policy put FILE`; it starts in dry run unless it says otherwise.",
        ),
    }
}

/// Whether Confluence is reached, with which rights, and what it can do.
pub(super) fn confluence(answer: &Answer) -> Vec<Check> {
    let Reached { identity, capabilities, seats, errors } = &answer.confluence;
    let mut checks = Vec::new();
    if let Some(Identity { username }) = identity {
        checks.push(Check::ok("Confluence", format!("reached as {username}")));
    }
    if let Some(seats) = seats {
        checks.push(Check::ok("rights", format!("the licence can be read; seats: {}", render::seats(*seats))));
    }
    for error in errors {
        checks.push(Check::fail(
            "Confluence",
            error.to_string(),
            match error.code.as_str() {
                "unauthorized" => {
                    "Check confluence_token and confluence_user of the instance; the token may have expired."
                }
                "refused" => "Make the instance's account a member of confluence-administrators.",
                _ => "Check confluence_origin and confluence_context_path of the instance, and that Confluence is up.",
            },
        ));
    }
    if identity.is_none() && errors.is_empty() {
        checks.push(Check::fail(
            "Confluence",
            "the instance did not say as whom it reaches Confluence",
            "Check that the instance and this command have the same version.",
        ));
    }
    checks.extend(capabilities.map(self::capabilities).into_iter().flatten());
    if identity.is_some() {
        checks.push(Check::ok(
            "renaming",
            if answer.rename {
                "Crowd renames accounts"
            } else {
                "not possible here; it needs Crowd, and no rule needs it"
            },
        ));
    }
    checks
}

fn capabilities(found: Capabilities) -> Vec<Check> {
    let Capabilities { active_list, last_login, permissions, child_groups } = found;
    let hook = "Send login events to /hooks/login, so that activity is known; until then such accounts are held.";
    let mut checks = vec![match (active_list, last_login) {
        (true, true) => Check::ok("last logins", "Confluence tells them"),
        (true, false) => Check::warn("last logins", "this Confluence does not tell them (10.2 and later do)", hook),
        (false, _) => {
            Check::warn("last logins", "this Confluence has no list of seat holders (9.3 and later have)", hook)
        }
    }];
    checks.push(if permissions {
        Check::ok("permissions", "Confluence tells which groups give a seat")
    } else {
        Check::warn(
            "permissions",
            "this Confluence does not tell which groups give a seat (9.3 and later do)",
            "Name all groups with the permission to use Confluence in licence-groups of the policy.",
        )
    });
    checks.push(if child_groups {
        Check::ok("nested groups", "Confluence tells the groups inside a group")
    } else {
        Check::warn(
            "nested groups",
            "this Confluence does not tell the groups inside a group (versions after 9.0 do)",
            "If licence groups contain groups, name those in the policy as well.",
        )
    });
    checks
}

/// Whether the groups that the policy names exist.
pub(super) fn groups(groups: &[Group]) -> Vec<Check> {
    let named = |exists: Option<bool>| -> Vec<&str> {
        groups.iter().filter(|group| group.exists == exists).map(|group| group.name.as_str()).collect()
    };
    let (there, missing, unknown) = (named(Some(true)), named(Some(false)), named(None));
    let mut checks = Vec::new();
    if !there.is_empty() {
        checks.push(Check::ok("groups", format!("exist: {}", there.join(", "))));
    }
    if !missing.is_empty() {
        checks.push(Check::fail(
            "groups",
            format!("named in the policy and not in Confluence: {}", missing.join(", ")),
            "Correct their names in the policy and send it with `seatkeeper policy put FILE`.",
        ));
    }
    if !unknown.is_empty() {
        checks.push(Check::warn(
            "groups",
            format!("not checked: {}", unknown.join(", ")),
            "Repeat when Confluence answers.",
        ));
    }
    checks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::doctor::Level;
    use super::*;

    fn levels(checks: &[Check]) -> Vec<(&'static str, Level)> {
        checks.iter().map(|check| (check.about, check.level)).collect()
    }

    fn answer(change: impl FnOnce(&mut serde_json::Value)) -> Answer {
        let mut value = json!({
            "confluence": {"identity": {"user-key": "k", "username": "sk-bot"}, "seats": {"used": 1, "max": 5}, "errors": [],
                "capabilities": {"active-list": true, "last-login": false, "permissions": true, "child-groups": false}},
            "rename": false, "groups": [], "policy-version": 1, "policy-error": null, "clock": "2026-11-22T12:00:00Z",
        });
        change(&mut value);
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_wrong_clock_is_told_and_a_very_wrong_one_fails() {
        let here = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        for (seconds, level) in
            [(0, Level::Ok), (-4, Level::Ok), (6, Level::Warn), (-299, Level::Warn), (301, Level::Fail)]
        {
            assert_eq!(clock(here + TimeDelta::seconds(seconds), here).level, level, "{seconds}");
        }
    }

    #[test]
    fn confluence_is_judged_by_what_it_answers() {
        assert_eq!(
            levels(&confluence(&answer(|_| {}))),
            [
                ("Confluence", Level::Ok),
                ("rights", Level::Ok),
                ("last logins", Level::Warn),
                ("permissions", Level::Ok),
                ("nested groups", Level::Warn),
                ("renaming", Level::Ok),
            ]
        );
        let away = json!({"identity": null, "capabilities": null, "seats": null,
            "errors": [{"code": "unreachable", "message": "connection refused"}]});
        let checks = confluence(&answer(|value| value["confluence"] = away));
        assert_eq!(levels(&checks), [("Confluence", Level::Fail)]);
        assert_eq!(checks[0].text, "connection refused [unreachable]");
    }

    #[test]
    fn a_missing_and_a_broken_policy_are_told_apart() {
        let none = policy(&answer(|value| value["policy-version"] = json!(null)));
        assert_eq!((none.level, none.text.starts_with("no policy")), (Level::Fail, true));
        let broken = policy(&answer(|value| {
            value["policy-version"] = json!(null);
            value["policy-error"] = json!({"code": "policy-invalid", "message": "cap.percent = 101"});
        }));
        assert_eq!((broken.level, broken.text.as_str()), (Level::Fail, "cap.percent = 101 [policy-invalid]"));
    }

    #[test]
    fn a_group_that_does_not_exist_fails() {
        let list = [("a", Some(true)), ("b", Some(false)), ("c", None)];
        let checks = groups(&list.map(|(name, exists)| Group { name: name.to_owned(), exists }));
        assert_eq!(levels(&checks), [("groups", Level::Ok), ("groups", Level::Fail), ("groups", Level::Warn)]);
        assert!(checks[1].text.ends_with(": b"), "{checks:?}");
    }
}
