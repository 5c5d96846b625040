//! Edge cases of people, spaces and day-to-day running, each through the whole flow against a whole site.

use chrono::TimeDelta;
use seatkeeper_engine::{
    state::{self, Outcome, OwnedBy},
    sweep::Status,
};
use seatkeeper_policy::UserKey;
use seatkeeper_simulator::{
    Fault, FaultBody, FaultKind,
    world::{Space, Subject},
};
use seatkeeper_tests::{Drive, Lab, POLICY, Tap, When, insist, verbs::BUDGET};

fn idle() -> (Lab, UserKey) {
    let lab = Lab::default();
    let key = lab.add("mia", Some(100));
    lab.policy(POLICY);
    (lab, key)
}

fn space(lab: &Lab, key: &str, owner: Option<&UserKey>, administrators: &[&UserKey]) {
    let ids: Vec<_> = administrators.iter().map(|key| lab.id(key)).collect();
    let owner = owner.map(|key| lab.id(key));
    let mut world = lab.world();
    let created_ms = world.now_ms() - TimeDelta::days(200).num_milliseconds();
    let space = Space {
        id: 0,
        key: key.into(),
        name: key.into(),
        owner,
        creator: ids.first().copied(),
        created_ms,
        archived: false,
        administrators: ids.into_iter().map(Subject::User).collect(),
        readers: Vec::new(),
    };
    assert!(world.add_space(space));
}

fn surveyed(lab: &Lab) -> Vec<OwnedBy> {
    lab.load(&state::owned(&lab.run().id)).unwrap_or_default()
}

#[test]
fn case_60_spaces_and_their_permissions_are_as_they_were_when_the_person_comes_back() {
    let (lab, key) = idle();
    space(&lab, "~mia", Some(&key), &[&key]);
    let spaces = |lab: &Lab| lab.world().spaces().iter().map(|space| format!("{space:?}")).collect::<Vec<_>>();
    let before = spaces(&lab);
    lab.sweep_and_apply();
    assert!(!lab.has_seat(&key));
    assert_eq!(spaces(&lab), before, "nothing but groups was touched");
    lab.login(&key).unwrap();
    assert_eq!(spaces(&lab), before);
}

#[test]
fn case_61_who_approves_sees_before_which_spaces_would_be_left_without_anybody_in_charge() {
    let (lab, key) = idle();
    let other = lab.add("noah", Some(1));
    space(&lab, "~mia", Some(&key), &[&key]);
    space(&lab, "ALONE", None, &[&key]);
    space(&lab, "SHARED", None, &[&key, &other]);
    lab.sweep();
    assert_eq!(lab.run().outcome, Outcome::AwaitingApproval);
    let [mia] = surveyed(&lab).try_into().unwrap_or_else(|all| panic!("{all:?}"));
    assert_eq!((mia.username.as_str(), mia.owned.personal_space.as_deref()), ("mia", Some("~mia")));
    assert!(mia.owned.sole_administrator_of.contains("ALONE"), "{mia:?}");
    assert!(!mia.owned.sole_administrator_of.contains("SHARED"), "{mia:?}");
}

#[test]
fn case_61_a_survey_that_fails_says_so_and_holds_no_plan_up() {
    let (lab, _) = idle();
    let broken = FaultKind::Status { status: 403, body: FaultBody::Json, retry_after: None };
    lab.sim.inject(Fault::next("GET", "/rest/api/search", broken.clone()).forever());
    lab.sim.inject(Fault::next("GET", "/rest/api/space", broken).forever());
    lab.sweep();
    assert_eq!(lab.run().outcome, Outcome::AwaitingApproval);
    assert!(surveyed(&lab)[0].problem.is_some(), "{:?}", surveyed(&lab));
}

#[test]
fn case_67_a_group_that_does_not_exist_stops_the_sweep_and_never_means_everybody() {
    for from in ["confluence-contractors", "confluence-users"] {
        let (lab, key) = idle();
        lab.policy(&POLICY.replace(from, "confluence-typo"));
        lab.sweep();
        let Outcome::Failed { code, message } = lab.run().outcome else { panic!("{:?}", lab.run().outcome) };
        assert!(code == "not-found" && message.contains("confluence-typo"), "{message}");
        assert!(lab.has_seat(&key) && lab.sim.writes() == 0);
    }
}

#[test]
fn case_83_a_restart_neither_forgets_the_schedule_nor_opens_a_sweep_before_its_time() {
    let (lab, _) = idle();
    lab.policy(&format!("{}schedule.every-hours = 10\n", POLICY.replace("approve", "dry-run")));
    // Every tick is a new start of the component, with nothing but the store.
    let mut opened = Vec::new();
    for _ in 0..60 {
        lab.rest();
        opened = lab.runs();
        lab.pass(TimeDelta::minutes(30));
    }
    assert_eq!(opened.len(), 3, "0, 10 and 20 o'clock");
}

#[test]
fn case_84_of_two_schedulers_at_once_one_works_and_the_other_steps_back() {
    let (lab, key) = idle();
    lab.sweep();
    lab.approve(false).unwrap();
    let dying = Tap::dying_at(12, When::After);
    assert_eq!(lab.tick_with(&dying, BUDGET, false), Drive::Died, "{:?}", dying.calls());
    let writes = lab.sim.writes();
    assert_eq!((lab.tick().status, lab.sim.writes()), (Status::Busy, writes), "the dead one still holds its lease");
    lab.pass(TimeDelta::minutes(2));
    lab.rest();
    assert_eq!((lab.run().tally.reclaimed, lab.has_seat(&key)), (1, false));
}

#[test]
fn case_85_a_week_without_a_timer_is_caught_up_by_one_sweep() {
    let (lab, _) = idle();
    lab.policy(&POLICY.replace("approve", "dry-run"));
    lab.rest();
    assert_eq!(lab.runs().len(), 1);
    lab.pass(TimeDelta::days(7));
    for _ in 0..20 {
        lab.rest();
        lab.pass(TimeDelta::minutes(1));
    }
    assert_eq!(lab.runs().len(), 2);
}

#[test]
fn case_86_a_token_that_is_exchanged_in_the_middle_stops_the_work_and_the_new_one_goes_on() {
    let lab = Lab::default();
    let keys: Vec<_> = (0..3).map(|n| lab.add(&format!("idle.{n}"), Some(100))).collect();
    lab.policy(POLICY);
    lab.sweep();
    lab.approve(false).unwrap();
    while lab.applying().is_none_or(|apply| apply.next == 0) {
        lab.tick_with(&Tap::default(), TimeDelta::zero(), false).done();
    }
    // The old token is served as an anonymous visitor from now on.
    lab.sim.inject(Fault::next("GET", "/rest/", FaultKind::Anonymous).forever());
    for _ in 0..5 {
        assert_eq!(lab.tick().error.unwrap().code, "unauthorized");
        assert_eq!(keys.iter().filter(|key| lab.has_seat(key)).count(), 2);
    }
    lab.sim.clear_faults();
    lab.rest();
    assert_eq!((lab.run().tally.reclaimed, lab.run().tally.failed), (3, 0));
}

#[test]
fn case_88_a_node_with_an_older_count_makes_no_seat_lost_and_no_seat_twice() {
    let lab = Lab::with(&[("seat_cache_seconds", "120")]);
    let key = lab.add("mia", Some(100));
    lab.policy(POLICY);
    lab.sweep_and_apply();
    assert_eq!(lab.run().outcome, Outcome::Running, "the count of before is not believed at once");
    lab.pass(TimeDelta::minutes(3));
    lab.rest();
    assert_eq!(lab.run().outcome, Outcome::Applied);
    // The count is old again while somebody takes the last seat that may be taken.
    lab.free_seats(2);
    lab.world().seats_shown();
    lab.login(&key).unwrap();
    assert!(lab.has_seat(&key) && lab.seats_used() < lab.world().max_users.unwrap());
}

#[test]
fn case_89_without_room_for_the_record_not_one_account_more_is_touched() {
    let lab = Lab::default();
    let keys: Vec<_> = (0..5).map(|n| lab.add(&format!("idle.{n}"), Some(100))).collect();
    lab.policy(POLICY);
    lab.sweep();
    lab.approve(false).unwrap();
    *lab.full.borrow_mut() = Some("audit".to_owned());
    for _ in 0..10 {
        let report = lab.tick();
        assert_eq!(report.error.unwrap().code, "store-failed");
        assert!(lab.sim.writes() <= 1, "{} writes without a record", lab.sim.writes());
    }
    *lab.full.borrow_mut() = None;
    lab.rest();
    let recorded = lab.acts().iter().filter(|act| act.starts_with("sweep reclaimed")).count();
    assert_eq!((recorded, keys.iter().filter(|key| lab.has_seat(key)).count()), (5, 0));
}

#[test]
fn case_89_a_store_that_takes_nothing_at_all_lets_nobody_be_touched() {
    let (lab, key) = idle();
    lab.sweep();
    lab.approve(false).unwrap();
    *lab.full.borrow_mut() = Some(String::new());
    for _ in 0..3 {
        assert_eq!(lab.tick().status, Status::Failed);
    }
    assert!(lab.has_seat(&key) && lab.sim.writes() == 0);
    *lab.full.borrow_mut() = None;
    lab.rest();
    assert!(!lab.has_seat(&key));
}

#[test]
fn case_90_clocks_that_differ_by_minutes_are_believed_and_by_hours_are_not() {
    for (ahead, verdict) in [(4, "keep/recently-active"), (240, "hold/activity-in-future")] {
        let (lab, key) = idle();
        let id = lab.id(&key);
        let at = lab.now() + TimeDelta::minutes(ahead);
        lab.world().set_last_login(id, Some(at.timestamp_millis()));
        lab.sweep();
        assert_eq!((lab.verdict("mia"), lab.planned().len()), (verdict, 0), "{ahead} minutes");
    }
}

#[test]
fn case_85_a_tick_that_never_came_to_its_end_is_gone_on_with_and_not_begun_anew() {
    let (lab, _) = idle();
    let tap = Tap::dying_at(20, When::Before);
    insist(&lab, &tap, |tap| lab.tick_with(tap, BUDGET, false));
    lab.rest();
    assert_eq!((lab.runs().len(), lab.run().outcome), (1, Outcome::AwaitingApproval));
}
