//! Who somebody is, and in which directory.

use super::*;
use seatkeeper_policy::{
    HoldReason, Status,
    check::{Finding, check},
    seat_path::paths,
};

/// With every measure there is, nothing is planned for the account, in ordinary times and in an emergency.
fn nothing_is_planned(subject: &Account) {
    let mut policy = policy();
    policy.rules.measures.disable = true;
    policy.rules.measures.rename = true;
    assert_eq!(plan_of(&policy, &snapshot(vec![idle("jdoe", 400, noon())])).accounts.len(), 1);
    let urgent = policy.in_emergency(seatkeeper_policy::Emergency { seats: 0, idle_days: 14 });
    for policy in [policy, urgent] {
        assert_eq!(plan_of(&policy, &snapshot(vec![subject.clone()])).accounts, []);
    }
}

#[test]
fn case_01_a_duplicate_in_a_lower_directory_is_shown_beside_the_account_with_the_directory_that_must_change() {
    let subject = blocked(Obstacle::Shadowed { directory: "Internal".into() });
    nothing_is_planned(&subject);
    assert_eq!(
        paths(&subject),
        ["jdoe > confluence-users > can use", "jdoe in directory Internal > its groups > can use"]
    );
    let told = judge(&policy(), &subject).to_string();
    assert!(told.contains("Internal has an active account of the same name"), "{told}");
}

#[test]
fn case_02_a_lower_directory_is_never_changed_from_here_and_the_step_is_told_instead() {
    let obstacle = Obstacle::Shadowed { directory: "Internal".into() };
    assert_eq!(obstacle.advice(), "remove or deactivate the account of this name in Internal");
    nothing_is_planned(&blocked(obstacle));
}

#[test]
fn case_03_where_a_change_went_to_another_directory_and_freed_nothing_it_is_not_tried_again() {
    let subject = blocked(Obstacle::TriedInVain { at: ago(1), detail: "still a member".into() });
    nothing_is_planned(&subject);
    let told = judge(&policy(), &subject).to_string();
    assert!(told.contains("2026-11-21 changed nothing: still a member"), "{told}");
}

#[test]
fn case_04_an_account_of_a_read_only_directory_is_handed_over_and_not_half_taken() {
    let subject = blocked(Obstacle::ReadOnly { directory: "Active Directory".into() });
    nothing_is_planned(&subject);
    let Decision::Hold(HoldReason::CannotFree { obstacles, .. }) = judge(&policy(), &subject) else { panic!() };
    let advice: Vec<_> = obstacles.iter().map(Obstacle::advice).collect();
    assert_eq!(advice, ["take the account out of its licence groups in directory Active Directory"]);
}

#[test]
fn case_06_a_membership_that_a_synchronisation_puts_back_is_reported_and_not_taken_for_ever() {
    let subject = blocked(Obstacle::ComesBack { taken: ago(7) });
    nothing_is_planned(&subject);
    let told = judge(&policy(), &subject).to_string();
    assert!(told.contains("taken on 2026-11-15 and back without a login"), "{told}");
}

#[test]
fn case_07_somebody_who_is_gone_from_the_directory_is_no_matter_of_inactivity() {
    for days in [1, 89, 91, 4_000] {
        let gone = Account { status: Status::ExternallyDeleted, ..idle("jdoe", days, noon()) };
        assert_eq!(code(&policy(), &gone), "keep/no-seat");
        nothing_is_planned(&gone);
    }
}

#[test]
fn case_08_an_account_that_two_directories_list_is_never_taken_twice() {
    let twins = snapshot(vec![idle("jdoe", 400, noon()), idle("jdoe", 400, noon())]);
    let plan = plan_of(&policy(), &twins);
    assert_eq!(check(&plan, &policy(), &twins, noon()), [Finding::Twice(key("key-jdoe"))]);
}

#[test]
fn case_09_names_differ_by_more_than_capitals_and_every_character_of_theirs_counts() {
    for (written, met, covers) in [
        ("JDoe", "jdoe", true),
        ("jörg.MÜLLER", "JÖRG.müller", true),
        ("a+b@example.com", "A+B@EXAMPLE.COM", true),
        ("x/y #1", "X/Y #1", true),
        ("jdoe", "jdoe ", false),
        ("a+b", "ab", false),
        ("j.doe", "jxdoe", false),
    ] {
        let policy = exempt(ExemptionSubject::User(name(written)), "bot", None);
        let subject = Account { username: name(met), ..idle("jdoe", 400, noon()) };
        assert_eq!(code(&policy, &subject) == "keep/exempt", covers, "{written} and {met}");
    }
}

#[test]
fn case_10_a_name_that_begins_anothers_mail_address_is_not_that_other() {
    let policy = exempt(ExemptionSubject::User(name("admin")), "emergency account", None);
    let mut other = Account { username: name("admin@example.com"), ..idle("admin2", 400, noon()) };
    other.email = Some("admin@example.com".into());
    assert_eq!(code(&policy, &other), "reclaim/inactive");
    assert_eq!(code(&policy, &idle("admin", 400, noon())), "keep/exempt");
    // Our own account is known by its key, whatever others are called.
    let named_like_us = Account { username: name("own"), ..idle("x", 400, noon()) };
    assert_eq!(code(&super::policy(), &named_like_us), "reclaim/inactive");
    assert_eq!(code(&super::policy(), &Account { key: key("own"), ..idle("x", 400, noon()) }), "keep/own-account");
}

#[test]
fn case_11_a_renamed_account_is_the_same_account() {
    let before = snapshot(vec![idle("jdoe", 400, noon())]);
    let plan = plan_of(&policy(), &before);
    let mut renamed = before.clone();
    renamed.accounts = vec![Account { username: name("jsmith"), ..idle("jdoe", 400, noon()) }];
    assert_eq!(check(&plan, &policy(), &renamed, noon()), []);
    // And a rename does not take it out of our sight: an administrator by key stays one.
    renamed.administrators.insert(key("key-jdoe"));
    assert!(matches!(check(&plan, &policy(), &renamed, noon()).as_slice(), [Finding::Untouchable { .. }]));
}

#[test]
fn case_12_somebody_new_with_the_name_of_a_former_employee_inherits_nothing() {
    let plan = plan_of(&policy(), &snapshot(vec![idle("jdoe", 400, noon())]));
    let newcomer = Account { key: key("another"), first_seen: ago(1), ..never("jdoe") };
    assert_eq!(code(&policy(), &newcomer), "keep/young");
    let findings = check(&plan, &policy(), &snapshot(vec![newcomer]), noon());
    assert_eq!(findings, [Finding::NotSeen(key("key-jdoe"))]);
}

#[test]
fn case_13_a_missing_fact_is_not_the_answer_no() {
    let policy = file(
        "inactive.after-days = 30\n[[population]]\nname = \"synchronised\"\npriority = 1\ndirectories = [\"LDAP\"]\n\
         rules = { inactive.after-days = 900 }",
    )
    .unwrap();
    let subject =
        |directory: Option<&str>| Account { directory: directory.map(str::to_owned), ..idle("jdoe", 400, noon()) };
    assert_eq!(code(&policy, &subject(Some("LDAP"))), "keep/recently-active");
    assert_eq!(code(&policy, &subject(Some("Internal"))), "reclaim/inactive");
    assert_eq!(code(&policy, &subject(None)), "hold/population-unknown");
}

#[test]
fn case_14_guests_of_other_domains_have_rules_of_their_own() {
    let policy = file(
        "inactive.after-days = 90\n[[population]]\nname = \"guests\"\npriority = 1\n\
         mail-domains = [\"Partner.example\"]\nrules = { inactive.after-days = 30 }",
    )
    .unwrap();
    let subject = |mail: &str| Account { email: Some(mail.to_owned()), ..idle("jdoe", 60, noon()) };
    assert_eq!(code(&policy, &subject("jane@PARTNER.example")), "reclaim/inactive");
    assert_eq!(code(&policy, &subject("jane@example.com")), "keep/recently-active");
    assert_eq!(code(&policy, &subject("jane@notpartner.example")), "keep/recently-active");
}
