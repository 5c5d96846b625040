//! Edge cases of activity and of protected people, each through the whole flow against a whole site.

use chrono::{FixedOffset, TimeDelta};
use seatkeeper_engine::{control, import::import, state::Outcome, testing::block_on};
use seatkeeper_policy::Emergency;
use seatkeeper_simulator::world::{Action, Author, Change};
use seatkeeper_tests::{Lab, POLICY};

#[test]
fn case_22_with_more_people_than_seats_an_emergency_brings_the_site_back_under_its_limit() {
    let lab = Lab::default();
    for days in [30, 40, 50] {
        lab.add(&format!("away.{days}"), Some(days));
    }
    lab.policy(POLICY);
    let limit = lab.seats_used() - 2;
    lab.world().max_users = Some(limit);
    let emergency = Emergency { seats: limit - 1, idle_days: 20 };
    block_on(control::emergency(&lab.store, emergency, "alice", lab.now())).unwrap();
    lab.sweep_and_apply();
    assert_eq!(lab.seats_used(), limit - 1);
}

#[test]
fn case_27_a_first_run_over_many_is_in_quarantine_and_a_warm_up_says_that_it_only_watches() {
    let lab = Lab::default();
    for n in 0..30 {
        lab.add(&format!("idle.{n}"), Some(200));
    }
    lab.policy(&POLICY.replace("approve", "enforce"));
    lab.sweep();
    lab.sweep();
    assert_eq!((lab.run().outcome, lab.sim.writes()), (Outcome::Quarantined { planned: 30, limit: 20 }, 0));
    lab.policy(&format!("{POLICY}protect.warm-up-days = 14\n"));
    lab.sweep();
    assert_eq!((lab.verdict("idle.0"), lab.run().outcome), ("keep/warm-up", Outcome::NothingToDo));
    let told = lab.explain("idle.0")[3].clone();
    assert!(told.contains("2026-12-06"), "{told}");
    lab.pass(TimeDelta::days(15));
    lab.sweep();
    assert_eq!(lab.planned().len(), 30);
}

#[test]
fn case_29_where_two_records_of_logins_differ_the_newer_one_counts_and_both_are_shown() {
    let mut lab = Lab::with(&[("version", "9.0")]);
    lab.database = true;
    // The simulated site keeps a second record for some accounts that is twenty days newer.
    let key = (0..60)
        .map(|n| lab.add(&format!("sso.{n}"), Some(100)))
        .find(|key| {
            let (id, world) = (lab.id(key), lab.world());
            world.last_authenticated_ms(id) > world.user(id).last_login_ms.map(|at| at + 86_400_000)
        })
        .unwrap();
    lab.policy(&POLICY.replace("accounts = 20", "accounts = 100"));
    lab.sweep();
    let name = lab.name(&key);
    assert_eq!(lab.verdict(&name), "keep/recently-active");
    let told = lab.explain(&name)[1].clone();
    assert!(told.contains("(last authentication in the database); login record in the database 2026-08-14"), "{told}");
}

#[test]
fn case_30_who_comes_by_token_only_is_kept_by_the_audit_log() {
    let lab = Lab::default();
    let key = lab.add("token.user", Some(300));
    lab.policy(&format!("{POLICY}evidence.audit-log = true\n"));
    let id = lab.id(&key);
    let at = (lab.now() - TimeDelta::days(3)).timestamp_millis();
    lab.world().audit.push(at, Author::Anonymous, Action::Login(id));
    lab.sweep();
    assert_eq!((lab.verdict("token.user"), lab.planned().len()), ("keep/recently-active", 0));
}

#[test]
fn case_33_seconds_and_milliseconds_of_an_export_are_the_same_instant() {
    let lab = Lab::default();
    for name in ["in.seconds", "in.millis", "in.neither"] {
        lab.add(name, Some(100));
    }
    lab.policy(POLICY);
    let at = (lab.now() - TimeDelta::days(2)).timestamp();
    let text = format!("username,last-login\nin.seconds,{at}\nin.millis,{at}000\nin.neither,{at}00\n");
    let report =
        block_on(import(&lab.store, &text, FixedOffset::east_opt(0).unwrap(), false, "carol", lab.now())).unwrap();
    assert_eq!((report.accepted, report.refused), (2, 1));
    lab.sweep();
    assert_eq!(lab.planned(), ["in.neither"]);
    let second = |who: &str| lab.explain(who)[1].split(';').next().unwrap().to_owned();
    assert_eq!(second("in.seconds"), second("in.millis"));
}

#[test]
fn case_34_a_login_in_the_far_future_is_no_activity_and_no_inactivity() {
    let lab = Lab::default();
    lab.add("from.tomorrow", Some(-30));
    lab.policy(POLICY);
    lab.sweep();
    assert_eq!((lab.verdict("from.tomorrow"), lab.planned().len()), ("hold/activity-in-future", 0));
}

#[test]
fn case_39_a_login_between_the_plan_and_its_turn_keeps_the_seat() {
    let lab = Lab::default();
    let key = lab.add("just.back", Some(100));
    lab.add("still.away", Some(100));
    lab.policy(POLICY);
    lab.sweep();
    lab.login(&key).unwrap();
    lab.approve(false).unwrap();
    lab.rest();
    assert_eq!((lab.run().tally.reclaimed, lab.run().tally.skipped), (1, 1));
    assert!(lab.has_seat(&key));
    lab.sweep();
    assert_eq!(lab.verdict("just.back"), "keep/recently-active");
}

#[test]
fn case_45_people_on_leave_keep_their_seat_as_long_as_they_are_in_the_group() {
    let lab = Lab::default();
    let key = lab.add_to("on.leave", Some(300), &["confluence-users", "team-001"]);
    lab.policy(&format!("{POLICY}exempt = [{{ group = \"team-001\", why = \"leave\", owner = \"hr\" }}]\n"));
    lab.sweep();
    assert_eq!((lab.verdict("on.leave"), lab.planned().len()), ("keep/exempt", 0));
    lab.leave(&key, "team-001");
    lab.sweep();
    assert_eq!(lab.planned(), ["on.leave"]);
    // Back in the group between the plan and its turn.
    lab.join(&key, "team-001");
    lab.approve(false).unwrap();
    lab.rest();
    assert!(lab.has_seat(&key) && lab.run().tally.skipped == 1);
}

#[test]
fn case_48_somebody_who_was_activated_by_hand_gets_a_month_before_inactivity_counts_again() {
    let lab = Lab::default();
    let key = lab.add("back.soon", Some(300));
    lab.change(&key, Change::Active(false));
    lab.policy(POLICY);
    lab.sweep();
    lab.change(&key, Change::Active(true));
    lab.pass(TimeDelta::days(1));
    lab.sweep();
    assert_eq!((lab.verdict("back.soon"), lab.planned().len()), ("keep/reenabled-recently", 0));
    lab.pass(TimeDelta::days(31));
    lab.sweep();
    assert_eq!(lab.planned(), ["back.soon"]);
}

#[test]
fn case_49_an_exemption_ends_on_its_day_and_the_next_sweep_knows() {
    let lab = Lab::default();
    lab.add("contract", Some(300));
    let end = "exempt = [{ user = \"contract\", why = \"project\", owner = \"pmo\", expires = \"2026-12-01\" }]\n";
    lab.policy(&format!("{POLICY}{end}"));
    lab.sweep();
    assert!(lab.explain("contract")[3].contains("2026-12-01"), "{:?}", lab.explain("contract"));
    lab.pass(TimeDelta::days(8));
    lab.sweep();
    assert_eq!(lab.verdict("contract"), "keep/exempt");
    lab.pass(TimeDelta::hours(12));
    lab.sweep();
    assert_eq!(lab.planned(), ["contract"]);
}
