//! Sources of evidence beyond Confluence's own list: audit log, database, imported files, contributions.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use chrono::{FixedOffset, TimeDelta};
use seatkeeper_engine::{
    admin::Refusal,
    import::{ImportReport, import},
    state::Outcome,
    testing::block_on,
};
use seatkeeper_policy::UserKey;
use seatkeeper_simulator::{
    Fault, FaultBody, FaultKind,
    world::{Action, Author, Operation, Space, Subject},
};
use seatkeeper_tests::{Lab, POLICY, Tap, verbs::BUDGET};

/// A release that tells no last logins, so that only the audit log is left.
fn old_site(more: &[(&str, &str)]) -> Lab {
    let knobs: Vec<_> = [("version", "9.0")].into_iter().chain(more.iter().copied()).collect();
    let lab = Lab::with(&knobs);
    lab.policy(&format!("{POLICY}evidence.audit-log = true\n"));
    lab
}

/// A login of the past that only the audit log knows.
fn logged(lab: &Lab, key: &UserKey, ago: TimeDelta) {
    let id = lab.id(key);
    let mut world = lab.world();
    let at = world.now_ms() - ago.num_milliseconds();
    world.audit.push(at, Author::Anonymous, Action::Login(id));
}

fn searches(lab: &Lab) -> usize {
    let tap = Tap::default();
    lab.pass(TimeDelta::seconds(1));
    lab.tick_with(&tap, BUDGET, true).done();
    tap.calls().iter().filter(|call| call.contains("/rest/auditing/")).count()
}

#[test]
fn who_logged_in_according_to_the_audit_log_stays_and_becomes_inactive_by_its_word() {
    let lab = old_site(&[]);
    let key = lab.add("heard", None);
    lab.add("unheard", None);
    logged(&lab, &key, TimeDelta::days(10));
    lab.sweep();
    assert_eq!((lab.verdict("heard"), lab.verdict("unheard")), ("keep/recently-active", "hold/activity-unknown"));
    assert!(lab.explain("heard")[1].contains("(audit log)"), "{:?}", lab.explain("heard"));
    lab.pass(TimeDelta::days(81));
    lab.sweep();
    assert_eq!((lab.verdict("heard"), lab.verdict("unheard")), ("reclaim/inactive", "hold/activity-unknown"));
}

#[test]
fn the_log_is_searched_once_a_sweep_and_again_only_from_an_hour_before_the_last_one() {
    let lab = old_site(&[]);
    let (late, too_late) = (lab.add("late", None), lab.add("too.late", None));
    assert_eq!(searches(&lab), 1);
    // Both entries arrive after the sweep that should have seen them.
    logged(&lab, &late, TimeDelta::minutes(50));
    logged(&lab, &too_late, TimeDelta::minutes(70));
    lab.pass(TimeDelta::minutes(5));
    assert_eq!(searches(&lab), 1);
    assert_eq!((lab.verdict("late"), lab.verdict("too.late")), ("keep/recently-active", "hold/activity-unknown"));
}

#[test]
fn a_long_log_is_read_page_by_page_to_its_end() {
    let lab = old_site(&[("audit_cap", "3")]);
    let keys: Vec<_> = (0..10).map(|n| lab.add(&format!("person.{n}"), None)).collect();
    for (day, key) in (1..).zip(&keys) {
        logged(&lab, key, TimeDelta::days(day * 8));
    }
    assert!(searches(&lab) > 3);
    for n in 0..10 {
        assert_eq!(lab.verdict(&format!("person.{n}")), "keep/recently-active", "{n}");
    }
}

#[test]
fn a_server_of_another_language_is_understood_by_the_key_of_the_entry() {
    let lab = old_site(&[("audit_login_text", "Benutzer hat sich angemeldet"), ("audit_full_names", "true")]);
    let key = lab.add("frieda", None);
    logged(&lab, &key, TimeDelta::days(1));
    lab.sweep();
    assert_eq!(lab.verdict("frieda"), "keep/recently-active");
}

#[test]
fn a_log_that_records_no_logins_is_a_limit_that_is_told_and_makes_nobody_inactive() {
    let lab = old_site(&[("audit_logins", "false")]);
    lab.add("idle.one", Some(400));
    lab.sweep();
    assert!(lab.limits().contains("coverage of `Security`"), "{}", lab.limits());
    assert_eq!((lab.verdict("idle.one"), lab.planned().len()), ("hold/activity-unknown", 0));
}

#[test]
fn a_log_that_we_may_not_read_gives_the_sweep_up_with_nothing_written() {
    let lab = old_site(&[]);
    let refused = FaultKind::Status { status: 403, body: FaultBody::Json, retry_after: None };
    lab.sim.inject(Fault::next("GET", "/rest/auditing/", refused).forever());
    lab.sweep();
    let Outcome::Failed { code, .. } = lab.run().outcome else { panic!("{:?}", lab.run().outcome) };
    assert_eq!((code.as_str(), lab.sim.writes(), lab.snapshot().len()), ("refused", 0, 0));
    lab.sim.clear_faults();
    lab.pass(TimeDelta::hours(1));
    lab.rest();
    assert_eq!(lab.run().outcome, Outcome::NothingToDo);
}

fn with_database() -> Lab {
    let mut lab = Lab::with(&[("version", "9.0")]);
    lab.database = true;
    lab.policy(POLICY);
    lab
}

#[test]
fn the_database_tells_who_never_logged_in_and_since_when_an_account_exists() {
    let lab = with_database();
    lab.newcomer("old.never").groups(&["confluence-users"]).created(61).add();
    lab.newcomer("new.never").groups(&["confluence-users"]).created(59).add();
    lab.newcomer("newest").groups(&["confluence-users"]).created(5).add();
    lab.sweep();
    assert_eq!(lab.planned(), ["old.never"]);
    assert_eq!(lab.verdict("newest"), "keep/young");
    assert!(lab.explain("old.never")[1].contains("never logged in (login record in the database)"));
    assert!(!lab.limits().contains("last logins"), "{}", lab.limits());
}

#[test]
fn a_person_who_is_shadowed_or_of_a_read_only_directory_is_handed_over_before_any_attempt() {
    let lab = with_database();
    let shadowed = lab.add("twin", Some(100));
    lab.shadow(&shadowed, 2, true);
    let lone = lab.add("lone", Some(100));
    lab.shadow(&lone, 2, false);
    lab.world().directories[1].update_groups = false;
    lab.newcomer("ldap.one").idle(Some(100)).groups(&["confluence-users"]).directory(1).add();
    lab.sweep();
    assert_eq!(lab.planned(), ["lone"], "an inactive duplicate holds no seat");
    let told = lab.explain("twin").join("\n");
    assert!(told.contains("remove or deactivate the account of this name in Atlassian Crowd"), "{told}");
    let told = lab.explain("ldap.one").join("\n");
    assert!(told.contains("directory Corporate LDAP is read-only from here"), "{told}");
    assert_eq!((lab.verdict("twin"), lab.verdict("ldap.one")), ("hold/cannot-free", "hold/cannot-free"));
}

#[test]
fn the_database_tells_nested_groups_and_individual_grants_where_the_release_does_not() {
    let lab = with_database();
    lab.add_to("nested.one", Some(100), &["contractors-emea"]);
    let granted = lab.add("granted.one", Some(100));
    let id = lab.id(&granted);
    lab.world().grant(Subject::User(id), Operation::new("application", "use"));
    lab.add("plain.one", Some(100));
    lab.sweep();
    assert_eq!(lab.planned(), ["plain.one"]);
    assert_eq!(lab.explain("nested.one")[2], "nested.one > contractors-emea > confluence-contractors > can use");
    assert_eq!(lab.explain("granted.one")[2], "granted.one > confluence-users > can use; granted.one > can use");
}

fn send(lab: &Lab, text: &str, dry_run: bool) -> Result<ImportReport, Refusal> {
    block_on(import(&lab.store, text, FixedOffset::east_opt(0).unwrap(), dry_run, "carol", lab.now()))
}

#[test]
fn an_imported_login_keeps_the_person_and_bad_rows_are_told_with_their_lines() {
    let lab = Lab::default();
    for name in ["proxy.user", "R.Müller", "other"] {
        lab.add(name, Some(100));
    }
    lab.policy(POLICY);
    let text =
        "username;last-login\nproxy.user;2026-11-20 08:00\nr.müller;1795219200\nother;yesterday\nnobody;2026-11-20\n";
    assert_eq!(send(&lab, text, true).unwrap().accepted, 3);
    lab.sweep();
    assert_eq!(lab.planned().len(), 3, "a rehearsal of an import changes nothing");
    let report = send(&lab, text, false).unwrap();
    assert_eq!((report.accepted, report.refused), (3, 1));
    assert_eq!((report.problems[0].line, report.problems[0].field.as_str()), (4, "last-login"));
    lab.sweep();
    assert_eq!(lab.planned(), ["other"]);
    assert!(lab.explain("proxy.user")[1].contains("imported file"));
    let Err(Refusal::Import(problem)) = send(&lab, "name;when\n", false) else { panic!("taken") };
    assert_eq!(problem.field, "header");
}

/// A space that somebody made so many days ago, whose first page counts as a contribution.
fn wrote(lab: &Lab, key: &UserKey, days: i64) {
    let id = lab.id(key);
    let mut world = lab.world();
    let created_ms = world.now_ms() - TimeDelta::days(days).num_milliseconds();
    let space = Space {
        id: 0,
        key: format!("MADE{}", id.0).into(),
        name: "Made by somebody idle".into(),
        owner: None,
        creator: Some(id),
        created_ms,
        archived: false,
        administrators: vec![Subject::User(id)],
        readers: Vec::new(),
    };
    assert!(world.add_space(space));
}

#[test]
fn who_wrote_something_since_the_last_login_is_left_alone_and_kept_from_then_on() {
    for (asked, keeps) in [(true, true), (false, false)] {
        let lab = Lab::default();
        let key = lab.add("author", Some(100));
        lab.add("reader", Some(100));
        wrote(&lab, &key, 5);
        lab.policy(&format!("{POLICY}evidence.contributions = {asked}\n"));
        lab.sweep_and_apply();
        assert_eq!(lab.has_seat(&key), keeps);
        assert_eq!(lab.run().tally.skipped, u32::from(keeps));
        if keeps {
            let acts = lab.audited("sweep");
            assert!(acts.iter().any(|act| act.act == "reclaim-skipped" && act.detail.contains("contributed")));
            lab.sweep();
            assert_eq!(lab.verdict("author"), "keep/recently-active");
            assert!(lab.explain("author")[1].contains("contribution"), "{:?}", lab.explain("author"));
        }
    }
}
