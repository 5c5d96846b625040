//! What directories say, against every other rule, and to the second where time matters.

use super::*;
use seatkeeper_policy::{DirectoryTally, DirectoryWord, Presence, directory::DirectoryGuard, raw::Problem};

const TWO: &str = r#"inactive.after-days = 90
[[directory]]
name = "entra"
provider = "graph"
match = "username"
everyone = true
absent-days = 7
[[directory]]
name = "hr"
provider = "scim"
match = "username"
everyone = true
leavers = false
"#;

fn word(directory: &str, presence: Presence, ago: TimeDelta) -> DirectoryWord {
    DirectoryWord { directory: directory.into(), presence, since: noon() - ago }
}

/// Judges somebody who was here yesterday, by these words.
fn by(words: &[(&str, Presence)]) -> &'static str {
    let day = TimeDelta::hours(1);
    code(&file(TWO), |a| {
        a.evidence = seen(TimeDelta::days(1));
        a.words = words.iter().map(|(directory, presence)| word(directory, *presence, day)).collect();
    })
}

#[test]
fn present_wins_then_silence_then_having_left_and_only_where_the_directory_may_say_so() {
    use Presence::{Absent, Active, Disabled, Locked, Unknown};
    for (words, expected) in [
        (vec![], "keep/recently-active"),
        (vec![("entra", Active)], "keep/recently-active"),
        (vec![("entra", Locked)], "keep/recently-active"),
        (vec![("entra", Unknown)], "keep/recently-active"),
        (vec![("entra", Disabled)], "reclaim/left"),
        (vec![("entra", Absent)], "keep/recently-active"),
        (vec![("hr", Disabled)], "keep/recently-active"),
        (vec![("entra", Disabled), ("hr", Active)], "keep/recently-active"),
        (vec![("hr", Locked), ("entra", Disabled)], "keep/recently-active"),
        (vec![("entra", Disabled), ("hr", Unknown)], "keep/recently-active"),
        (vec![("entra", Disabled), ("hr", Absent)], "reclaim/left"),
        (vec![("hr", Disabled), ("entra", Disabled)], "reclaim/left"),
        (vec![("not in the policy", Disabled)], "keep/recently-active"),
    ] {
        assert_eq!(by(&words), expected, "{words:?}");
    }
}

#[test]
fn silence_holds_whoever_is_due_and_a_presence_does_not_keep_an_idle_account() {
    for (presence, expected) in [
        (Presence::Unknown, "hold/directory-unknown"),
        (Presence::Active, "reclaim/inactive"),
        (Presence::Locked, "reclaim/inactive"),
        (Presence::Absent, "reclaim/inactive"),
        (Presence::Disabled, "reclaim/left"),
    ] {
        let answer = code(&file(TWO), |a| a.words = vec![word("entra", presence, TimeDelta::hours(1))]);
        assert_eq!(answer, expected, "{presence}");
    }
}

#[test]
fn absence_counts_from_the_end_of_its_days_on_to_the_second() {
    let answer = |ago| {
        code(&file(TWO), |a| {
            a.evidence = seen(TimeDelta::days(8));
            a.words = vec![word("entra", Presence::Absent, ago)];
        })
    };
    around(TimeDelta::days(7), answer, ["keep/recently-active", "reclaim/left", "reclaim/left"]);
    // A clock that was set back makes nobody a leaver.
    assert_eq!(answer(TimeDelta::days(-30)), "keep/recently-active");
}

#[test]
fn somebody_who_has_left_is_protected_as_everybody_is() {
    let left = |change: fn(&mut Account)| {
        code(&file(TWO), |a| {
            a.words = vec![word("entra", Presence::Disabled, TimeDelta::days(1))];
            change(a);
        })
    };
    assert_eq!(left(|_| {}), "reclaim/left");
    assert_eq!(left(|a| a.administrator = true), "keep/administrator");
    assert_eq!(left(|a| a.restored = Some(noon() - TimeDelta::days(29))), "keep/restored-recently");
    assert_eq!(left(|a| a.reenabled = Some(noon() - TimeDelta::days(29))), "keep/reenabled-recently");
    assert_eq!(left(|a| a.status = Status::Unknown), "hold/status-unknown");
    assert_eq!(left(|a| a.status = Status::Deactivated), "keep/no-seat");
    assert_eq!(left(|a| a.first_seen = noon() + TimeDelta::hours(1)), "hold/first-seen-in-future");
    assert_eq!(left(|a| a.obstacles = vec![Obstacle::Individual]), "hold/cannot-free");
    assert_eq!(left(|a| a.evidence = Evidence::default()), "reclaim/left");
    let warned = file(&format!("{TWO}[warn]\n"));
    let answer = code(&warned, |a| a.words = vec![word("entra", Presence::Disabled, TimeDelta::days(1))]);
    assert_eq!(answer, "reclaim/left", "nobody who has left is warned");
}

#[test]
fn a_young_account_stays_although_the_person_has_left_until_it_has_existed_for_long_enough() {
    let answer = |age| {
        code(&file(TWO), |a| {
            a.evidence = Evidence::default();
            a.first_seen = noon() - age;
            a.words = vec![word("entra", Presence::Disabled, TimeDelta::days(1))];
        })
    };
    around(TimeDelta::days(30), answer, ["keep/young", "reclaim/left", "reclaim/left"]);
    // An old login proves that the account is older than our first sight of it.
    let seen_before = code(&file(TWO), |a| {
        a.first_seen = noon();
        a.words = vec![word("entra", Presence::Disabled, TimeDelta::days(1))];
    });
    assert_eq!(seen_before, "reclaim/left");
}

#[test]
fn a_sighting_in_confluence_after_somebody_was_called_gone_is_a_question_and_one_of_a_directory_is_not() {
    let answer = |source, ago| {
        code(&file(TWO), |a| {
            a.evidence.saw(Sighting { at: noon() - ago, source });
            a.words = vec![word("entra", Presence::Disabled, TimeDelta::days(7))];
        })
    };
    let login = |ago| answer(Source::LoginEvent, ago);
    around(TimeDelta::days(7), login, ["hold/left-but-active", "reclaim/left", "reclaim/left"]);
    assert_eq!(answer(Source::AdLogon, TimeDelta::zero()), "reclaim/left");
}

#[test]
fn the_guard_of_a_directory_trips_just_above_each_limit() {
    let guard = DirectoryGuard { leavers_percent: 10, leavers_accounts: 10, drop_percent: 20, unknown_percent: 5 };
    let fine = DirectoryTally {
        people: Some(1_000),
        present: 900,
        accounts: 200,
        known: 180,
        disabled: 10,
        absent: 0,
        left: 20,
        unknown: 10,
        unmatched: 0,
    };
    let trips = |tally, before| guard.findings("x", tally, before).len();
    assert_eq!(trips(fine, None), 0);
    assert_eq!(trips(fine, Some(1_125)), 0, "exactly 20 % fewer");
    assert_eq!(trips(fine, Some(1_126)), 1);
    assert_eq!(trips(DirectoryTally { left: 21, ..fine }, None), 1);
    assert_eq!(trips(DirectoryTally { left: 10, accounts: 20, unknown: 0, ..fine }, None), 0, "few are never many");
    assert_eq!(trips(DirectoryTally { left: 11, accounts: 20, unknown: 0, ..fine }, None), 1);
    assert_eq!(trips(DirectoryTally { unknown: 11, ..fine }, None), 1);
    assert_eq!(trips(DirectoryTally { people: Some(0), ..fine }, None), 1);
    assert_eq!(trips(DirectoryTally { people: None, absent: 200, left: 0, unknown: 0, ..fine }, None), 1);
    assert_eq!(trips(DirectoryTally::default(), None), 0, "a directory that speaks about nobody");
    let policy = file("inactive.after-days = 90");
    assert!(!policy.guard.exodus(10, 20) && policy.guard.exodus(11, 20));
    assert!(!policy.guard.exodus(100, 1_000) && policy.guard.exodus(101, 1_000));
}

#[test]
fn a_directory_that_makes_no_sense_is_refused_with_every_mistake() {
    let mistakes = |directory: &str| -> Vec<String> {
        let text = format!("version = 1\nlicence-groups = [\"u\"]\ninactive.after-days = 90\n{directory}");
        let problems: Vec<Problem> = Policy::try_from(toml::from_str::<RawPolicy>(&text).unwrap()).unwrap_err();
        problems.into_iter().map(|problem| problem.field).collect()
    };
    let one = |provider: &str, more: &str| {
        format!("[[directory]]\nname = \"d\"\nprovider = \"{provider}\"\nmatch = \"username\"\n{more}\n")
    };
    assert_eq!(mistakes(&one("scim", "")), ["directory[0]"], "nobody is not everybody");
    assert_eq!(mistakes(&one("scim", "everyone = true\nusers = [\"x\"]")), ["directory[0].everyone"]);
    assert_eq!(mistakes(&one("ldap", "everyone = true")), ["directory[0].ldap"]);
    assert_eq!(
        mistakes(&one("scim", "mail-domains = [\"@x\"]\nabsent-days = 0\nguard.drop-percent = 0")),
        ["directory[0].guard.drop-percent", "directory[0].mail-domains", "directory[0].absent-days"]
    );
    let twice = one("okta", "everyone = true").repeat(2);
    assert_eq!(mistakes(&twice), ["directory[1].name", "directory[1].provider"]);
    let crowd = one("crowd", "everyone = true").replace("\"username\"", "\"employee-id\"");
    assert_eq!(mistakes(&crowd), ["directory[0].match"]);
    let http =
        "everyone = true\n[directory.http]\npath = \"//evil/{identity}/{identity}\"\nstatus = \"x\"\nvalues = {}";
    assert_eq!(
        mistakes(&one("http", http)),
        ["directory[0].http.path", "directory[0].http.status", "directory[0].http.values"]
    );
    let ldap = "everyone = true\n[directory.ldap]\nbase = \"people\"\ndialect = \"openldap\"\nfilter = \"a=b\"";
    assert_eq!(mistakes(&one("ldap", ldap)), ["directory[0].ldap.base", "directory[0].ldap.filter"]);
}
