//! Accounts that must not be touched, and how long a protection lasts.

use super::*;
use seatkeeper_policy::{KeepReason, check::check, rules::Undeliverable};

#[test]
fn case_41_the_own_account_and_administrators_stay_even_in_an_emergency() {
    let urgent = policy().in_emergency(seatkeeper_policy::Emergency { seats: 0, idle_days: 14 });
    for policy in [policy(), urgent] {
        let own = Account { key: key("own"), ..idle("seatkeeper", 4_000, noon()) };
        assert_eq!(code(&policy, &own), "keep/own-account");
        let admin = Account { administrator: true, ..idle("admin", 4_000, noon()) };
        assert_eq!(code(&policy, &admin), "keep/administrator");
    }
    // A policy without a group of administrators is refused: the last of them would be unprotected.
    assert_eq!(fields("inactive.after-days = 90\nprotect.administrator-groups = []"), ["protect.administrator-groups"]);
    // And an administrators' group cannot be named as one that is taken.
    let taken = "inactive.after-days = 90\nprotect.administrator-groups = [\"confluence-users\"]";
    assert_eq!(fields(taken), ["licence-groups"]);
}

#[test]
fn case_41_an_administrator_whom_only_the_other_listing_knows_blocks_the_plan() {
    let mut seen = snapshot(vec![idle("admin", 400, noon())]);
    let plan = plan_of(&policy(), &seen);
    assert_eq!(check(&plan, &policy(), &seen, noon()), []);
    seen.administrators.insert(key("key-admin"));
    assert_eq!(check(&plan, &policy(), &seen, noon()).len(), 1);
}

#[test]
fn case_42_a_role_account_that_never_logs_in_stays_when_it_is_named() {
    let qa = never("qa@example.com");
    assert_eq!(code(&policy(), &qa), "reclaim/never-logged-in");
    let named = exempt(ExemptionSubject::User(name("QA@example.com")), "gets the notifications of the team", None);
    assert_eq!(code(&named, &qa), "keep/exempt");
}

#[test]
fn case_43_robots_are_exempt_or_judged_more_strictly_as_the_policy_says() {
    let robot = idle("svc-build", 60, noon());
    let spared = exempt(ExemptionSubject::Pattern("svc-*".into()), "signs in with tokens", None);
    assert_eq!(code(&spared, &Account { evidence: Evidence::default(), ..robot.clone() }), "keep/exempt");
    assert_eq!(code(&spared, &Account { username: name("svcbuild"), ..idle("a", 400, noon()) }), "reclaim/inactive");
    let strict = file(
        "inactive.after-days = 90\n[[population]]\nname = \"robots\"\npriority = 1\nusers = [\"svc-*\"]\n\
         rules = { inactive.after-days = 30 }",
    )
    .unwrap();
    assert_eq!(code(&strict, &robot), "reclaim/inactive");
    assert_eq!(code(&strict, &idle("jdoe", 60, noon())), "keep/recently-active");
    // A pattern that is nothing but wildcards would exempt everybody and is refused.
    for pattern in ["*", "**", "?*", ""] {
        let rules =
            format!("inactive.after-days = 90\n[[exempt]]\npattern = \"{pattern}\"\nwhy = \"robots\"\nowner = \"it\"");
        assert_eq!(fields(&rules), ["exempt[0].pattern"]);
    }
}

#[test]
fn case_44_the_owner_of_an_integration_stays_with_the_reason_and_somebody_to_ask() {
    let policy = exempt(ExemptionSubject::User(name("jdoe")), "owns the webhook to the build server", None);
    let decision = judge(&policy, &idle("jdoe", 400, noon()));
    let told = decision.to_string();
    for fact in ["owns the webhook to the build server", "it@example.com", "by name", "without end"] {
        assert!(told.contains(fact), "{told}");
    }
    // Nobody may be exempt without a reason and without somebody who answers for it.
    let rules = "inactive.after-days = 90\n[[exempt]]\nuser = \"jdoe\"\nwhy = \" \"\nowner = \"\"";
    assert_eq!(fields(rules), ["exempt[0].why", "exempt[0].owner"]);
}

#[test]
fn case_45_people_on_leave_stay_by_their_group_until_they_leave_it() {
    let policy = exempt(ExemptionSubject::Group(group("parental-leave")), "parental leave", None);
    let mut subject = idle("jdoe", 400, noon());
    subject.marks.insert(group("parental-leave"));
    assert_eq!(code(&policy, &subject), "keep/exempt");
    subject.marks.clear();
    assert_eq!(code(&policy, &subject), "reclaim/inactive");
    // The group is read although its seats are never taken.
    assert_eq!(policy.marked_groups().into_iter().collect::<Vec<_>>(), [&group("parental-leave")]);
}

#[test]
fn case_46_a_legal_hold_has_no_end_and_outlives_every_window_and_emergency() {
    let policy = exempt(ExemptionSubject::User(name("jdoe")), "legal hold", None);
    let urgent = policy.in_emergency(seatkeeper_policy::Emergency { seats: 0, idle_days: 14 });
    let subject = idle("jdoe", 400, noon());
    for years in [0, 1, 10, 50] {
        let now = noon() + TimeDelta::days(366 * years);
        for policy in [&policy, &urgent] {
            assert_eq!(decide(policy, &subject, &key("own"), now).code(), "keep/exempt", "in {years} years");
        }
    }
}

#[test]
fn case_47_rare_users_lose_the_seat_early_and_without_a_mail_and_get_it_back_by_logging_in() {
    let policy = file(
        "inactive.after-days = 90\nwarn = {}\n[[population]]\nname = \"on demand\"\npriority = 1\n\
         groups = [\"hardware\"]\nrules = { inactive.after-days = 7, no-warning = true }",
    )
    .unwrap();
    let mut rare = idle("jdoe", 8, noon());
    assert_eq!(code(&policy, &rare), "keep/recently-active");
    rare.marks.insert(group("hardware"));
    assert_eq!(code(&policy, &rare), "reclaim/inactive");
    assert_eq!(code(&policy, &idle("other", 91, noon())), "warn/due");
    assert!(policy.restore.on_login, "a login gives the seat back at once");
}

#[test]
fn case_48_somebody_whom_an_administrator_activated_again_has_time_to_come_back() {
    let enabled = |days: i64| Account { reenabled: Some(ago(days)), ..idle("jdoe", 400, noon()) };
    assert_eq!(
        judge(&policy(), &enabled(1)),
        Decision::Keep(KeepReason::ReenabledRecently { until: noon() + TimeDelta::days(29) })
    );
    assert_eq!(code(&policy(), &enabled(29)), "keep/reenabled-recently");
    assert_eq!(code(&policy(), &enabled(30)), "reclaim/inactive");
    // It is the same for somebody who never logged in.
    assert_eq!(code(&policy(), &Account { reenabled: Some(ago(1)), ..never("jdoe") }), "keep/reenabled-recently");
}

#[test]
fn case_49_an_exemption_ends_and_is_on_the_review_list_before() {
    let text = "inactive.after-days = 90\n[[exempt]]\nuser = \"jdoe\"\nwhy = \"leave\"\nowner = \"hr\"\n\
                expires = \"2026-12-01\"";
    let policy = file(text).unwrap();
    let subject = idle("jdoe", 400, noon());
    let on = |day: &str| decide(&policy, &subject, &key("own"), at(day)).code();
    assert_eq!(on("2026-11-30T23:59:59Z"), "keep/exempt");
    assert_eq!(on("2026-12-01T00:00:00Z"), "reclaim/inactive");
    let listed = |days, now: &str| policy.lapsing(days, at(now)).len();
    assert_eq!(listed(30, "2026-10-31T23:59:59Z"), 0);
    assert_eq!(listed(30, "2026-11-01T00:00:00Z"), 1);
    assert_eq!(listed(30, "2027-06-01T00:00:00Z"), 1, "what has ended stays on the list until somebody removes it");
}

#[test]
fn case_49_a_day_that_does_not_exist_is_no_end() {
    for (day, good) in [("2028-02-29", true), ("2027-02-29", false), ("2027-13-01", false), ("soon", false)] {
        let rules = format!(
            "inactive.after-days = 90\n[[exempt]]\nuser = \"jdoe\"\nwhy = \"leave\"\nowner = \"hr\"\n\
             expires = \"{day}\""
        );
        assert_eq!(file(&rules).is_ok(), good, "{day}");
    }
}

#[test]
fn case_47_a_quiet_population_waits_without_a_message() {
    let policy = file(
        "inactive.after-days = 90\n[[population]]\nname = \"quiet\"\npriority = 1\nusers = [\"*\"]\n\
         rules = { warn = { quiet = true, grace-days = 3 } }",
    )
    .unwrap();
    let warning = policy.governing(&idle("jdoe", 91, noon())).rules.warning.clone().unwrap();
    assert!(warning.quiet);
    assert_eq!((warning.grace.get(), warning.undeliverable), (3, Undeliverable::Wait));
}
