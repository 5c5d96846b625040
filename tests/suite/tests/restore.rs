//! Giving seats back: exactly what was taken, to exactly those who came back, in any order of events.
#![expect(clippy::panic, reason = "a failed expectation is a failed test")]

use chrono::TimeDelta;
use rand::{SeedableRng as _, seq::SliceRandom as _};
use seatkeeper_engine::{give_back::GivenBack, login::Handled};
use seatkeeper_policy::UserKey;
use seatkeeper_simulator::world::Change;
use seatkeeper_tests::{Facts, Lab, POLICY};
use std::collections::BTreeMap;

fn nothing(handled: &Handled) -> &str {
    match &handled.outcome {
        GivenBack::Nothing { why } => why,
        other => panic!("{other:?}"),
    }
}

fn is_restored(handled: &Handled) -> bool {
    matches!(handled.outcome, GivenBack::Restored { .. })
}

/// A lab whose idle people lost their seats.
fn reclaimed(measures: &str) -> (Lab, Vec<UserKey>, Facts) {
    let mut lab = Lab::default();
    lab.crowd = true;
    let keys = vec![
        lab.add("mia", Some(100)),
        lab.add_to("noah", Some(200), &["confluence-users", "confluence-contractors", "team-001"]),
        lab.add_to("k.müller jr", Some(300), &["confluence-contractors", "Marketing & Söhne"]),
    ];
    lab.policy(&format!("{POLICY}{measures}"));
    let before = lab.facts();
    lab.sweep_and_apply();
    assert_eq!(lab.run().tally.reclaimed, 3);
    (lab, keys, before)
}

#[test]
fn a_login_gives_back_exactly_the_groups_that_were_taken() {
    let (lab, keys, before) = reclaimed("");
    for key in &keys {
        assert!(is_restored(&lab.login(key).unwrap()));
    }
    assert_eq!(lab.facts(), before);
}

#[test]
fn who_was_deactivated_and_renamed_gets_account_and_name_back() {
    let (lab, keys, before) = reclaimed("measures = { disable = true, rename = true }\n");
    assert!(lab.facts()[keys[0].as_str()].0.ends_with("_inactive_20261122"));
    for key in &keys {
        let handled = lab.hears(&lab.login_event(key)).unwrap();
        let GivenBack::Restored { enabled, renamed_to, .. } = handled.outcome else { panic!("{handled:?}") };
        assert!(enabled && renamed_to.is_some());
    }
    assert_eq!(lab.facts(), before);
}

#[test]
fn groups_that_somebody_else_took_or_gave_are_not_ours() {
    let lab = Lab::default();
    let key = lab.add_to("mia", Some(100), &["confluence-users", "confluence-contractors"]);
    lab.policy(POLICY);
    lab.sweep();
    lab.leave(&key, "confluence-contractors");
    lab.approve(false).unwrap();
    lab.rest();
    lab.join(&key, "team-002");
    lab.login(&key).unwrap();
    assert_eq!(lab.groups(&key), ["confluence-users", "team-002"]);
}

#[test]
fn a_leaver_and_somebody_whom_others_deactivated_get_nothing() {
    let (lab, keys, _) = reclaimed("");
    lab.change(&keys[0], Change::Active(false));
    let handled = lab.hears(&lab.login_event(&keys[0])).unwrap();
    assert_eq!(nothing(&handled), "the account is deactivated, and not by us");
    let gone = lab.id(&keys[1]);
    lab.world().delete_user(None, gone);
    let handled = lab.hears(&lab.login_event(&keys[1])).unwrap();
    assert_eq!(nothing(&handled), "the account does not exist any more");
    assert_eq!(lab.groups(&keys[0]), Vec::<String>::new());
    assert!(lab.restored(&keys[1]).is_none());
}

#[test]
fn an_old_event_that_is_played_again_does_nothing() {
    let lab = Lab::default();
    let key = lab.add("mia", Some(0));
    lab.policy(POLICY);
    let old = lab.login_event(&key);
    lab.hears(&old).unwrap();
    lab.pass(TimeDelta::days(200));
    lab.everybody_was_here(1);
    let id = lab.id(&key);
    let then = lab.now() - TimeDelta::days(200);
    lab.world().set_last_login(id, Some(then.timestamp_millis()));
    lab.sweep_and_apply();
    assert!(!lab.has_seat(&key));
    let handled = lab.hears(&old).unwrap();
    assert_eq!(nothing(&handled), "the login is older than the reclaim");
    assert!(!lab.has_seat(&key));
}

#[test]
fn a_duplicate_and_an_event_out_of_order_do_nothing_more() {
    let (lab, keys, before) = reclaimed("");
    let early = lab.login_event(&keys[0]);
    lab.pass(TimeDelta::minutes(30));
    let late = lab.login_event(&keys[0]);
    assert!(is_restored(&lab.hears(&late).unwrap()));
    let (writes, facts) = (lab.sim.writes(), lab.facts());
    for event in [&late, &early, &late] {
        assert_eq!(nothing(&lab.hears(event).unwrap()), "everything was given back already");
    }
    assert_eq!((lab.sim.writes(), lab.facts()), (writes, facts));
    assert_eq!(lab.facts()[keys[0].as_str()], before[keys[0].as_str()]);
}

#[test]
fn a_seat_that_was_given_back_is_left_alone_for_its_days_and_taken_again_later() {
    let (lab, keys, _) = reclaimed("");
    let key = &keys[0];
    lab.hears(&lab.login_event(key)).unwrap();
    lab.sweep();
    assert_eq!(lab.planned(), Vec::<String>::new());
    lab.pass(TimeDelta::days(91));
    lab.everybody_was_here(1);
    let id = lab.id(key);
    lab.world().set_last_login(id, None);
    lab.sweep();
    assert_eq!(lab.planned(), ["mia"]);
    lab.approve(false).unwrap();
    lab.rest();
    assert!(!lab.has_seat(key));
    lab.login(key).unwrap();
    assert!(lab.has_seat(key));
}

#[test]
fn an_undo_gives_everybody_of_the_run_everything_back_and_a_second_undo_nothing() {
    let (lab, _, before) = reclaimed("measures = { disable = true, rename = true }\n");
    let run = lab.run().id;
    let report = lab.undo(&run).unwrap();
    assert_eq!((report.total, report.restored, report.next), (3, 3, None));
    assert_eq!(lab.facts(), before);
    let again = lab.undo(&run).unwrap();
    assert_eq!((again.restored, again.nothing), (0, 3));
    let undone = lab.acts().into_iter().filter(|act| act.starts_with("admin undone")).count();
    assert_eq!(undone, 3);
}

#[test]
fn a_policy_without_restores_gives_nothing_back_on_login_and_still_on_undo() {
    let (lab, keys, before) = reclaimed("");
    lab.policy(&format!("{POLICY}restore.on-login = false\n"));
    let handled = lab.login(&keys[0]).unwrap();
    assert_eq!(nothing(&handled), "the policy does not give seats back on login");
    lab.undo(&lab.run().id).unwrap();
    assert_eq!(lab.facts(), before);
}

#[test]
fn a_storm_of_ten_thousand_repeated_and_shuffled_events_ends_as_one_login_each() {
    const PEOPLE: usize = 500;
    const EVENTS: usize = 10_000;
    let prepare = || {
        let lab = Lab::default();
        let keys: Vec<_> = (0..PEOPLE)
            .map(|n| {
                let groups: &[&str] =
                    if n % 3 == 0 { &["confluence-users", "confluence-contractors"] } else { &["confluence-users"] };
                lab.add_to(&format!("storm.{n}"), Some(100), groups)
            })
            .collect();
        lab.world().max_users = Some(10_000);
        lab.policy(&POLICY.replace("accounts = 20", "accounts = 1000"));
        let before = lab.facts();
        lab.sweep_and_apply();
        assert_eq!(usize::try_from(lab.run().tally.reclaimed).unwrap(), PEOPLE);
        (lab, keys, before)
    };
    let (calm, keys, before) = prepare();
    for key in &keys {
        assert!(is_restored(&calm.hears(&calm.login_event(key)).unwrap()));
    }
    assert_eq!(calm.facts(), before);

    let (lab, keys, _) = prepare();
    let start = lab.now().timestamp_millis();
    let distinct = EVENTS * 7 / 10;
    let mut events: Vec<String> = (0..distinct)
        .map(|n| {
            let at = start + i64::try_from(n).unwrap() * 10;
            format!(r#"{{"event":"login","timestamp":{at},"userKey":"{}"}}"#, keys[n % PEOPLE])
        })
        .collect();
    events.extend((0..EVENTS - distinct).map(|n| events[n * 2].clone()).collect::<Vec<_>>());
    assert_eq!(events.len(), EVENTS);
    events.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(7));
    lab.pass(TimeDelta::minutes(2));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for event in &events {
        let handled = lab.hears(event).unwrap();
        let kind = match handled.outcome {
            GivenBack::Restored { .. } => "restored",
            GivenBack::Nothing { .. } => "nothing",
            GivenBack::Waiting { .. } => "waiting",
        };
        *counts.entry(kind).or_default() += 1;
    }
    println!("10,000 events for 500 accounts: {counts:?}");
    assert_eq!(counts, BTreeMap::from([("restored", PEOPLE), ("nothing", EVENTS - PEOPLE)]));
    assert_eq!(lab.facts(), calm.facts());
    let restored = lab.acts().into_iter().filter(|act| act.starts_with("restore restored")).count();
    assert_eq!(restored, PEOPLE);
}
