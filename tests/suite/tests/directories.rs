//! Directories that do not do what they are told, nested groups, and a seat count that lags.

use chrono::TimeDelta;
use seatkeeper_engine::state::Outcome;
use seatkeeper_policy::{journal::StepState, report::Diagnosis};
use seatkeeper_simulator::{Fault, FaultKind, world::Change};
use seatkeeper_tests::{Lab, POLICY};

#[test]
fn a_change_that_is_accepted_and_not_made_is_noticed_and_never_counted_as_a_seat() {
    let lab = Lab::default();
    let key = lab.add("idle.one", Some(100));
    lab.policy(POLICY);
    lab.sim.inject(Fault::next("DELETE", "/rest/", FaultKind::SilentNoEffect).forever());
    lab.sweep_and_apply();
    let run = lab.run();
    assert_eq!((run.tally.reclaimed, run.tally.failed), (0, 1));
    assert_eq!(lab.reclaim(&key).unwrap().steps[0].state, StepState::NotEffective);
    let told = lab.audited("sweep").into_iter().find(|act| act.act == "reclaim-failed").unwrap();
    assert!(told.detail.contains("read-only"), "{}", told.detail);
}

#[test]
fn a_deactivation_that_fails_is_not_ours_to_undo() {
    for reaction in ["silent", "403"] {
        let lab = Lab::default();
        let key = lab.add("idle.one", Some(100));
        lab.policy(&format!("{POLICY}measures.disable = true\n"));
        let kind = match reaction {
            "silent" => FaultKind::SilentNoEffect,
            _ => FaultKind::Status { status: 403, body: seatkeeper_simulator::FaultBody::Json, retry_after: None },
        };
        lab.sim.inject(Fault::next("PUT", "/rest/api/admin/user/", kind).forever());
        lab.sweep_and_apply();
        assert_eq!(lab.run().tally.failed, 1, "{reaction}");
        assert!(!lab.taken(&key).disabled, "{reaction}");
        lab.sim.clear_faults();
        // Now somebody else deactivates the account; a login event must not bring it back.
        lab.change(&key, Change::Active(false));
        lab.hears(&lab.login_event(&key)).unwrap();
        assert!(!lab.facts()[key.as_str()].1, "{reaction}: a leaver was activated");
        assert_eq!(lab.groups(&key), Vec::<String>::new(), "{reaction}");
    }
}

#[test]
fn every_reaction_of_a_read_only_directory_ends_as_a_failed_account_and_not_as_a_failed_run() {
    for reaction in ["silent-204", "403", "400", "500"] {
        let lab = Lab::with(&[("directory_reaction", reaction)]);
        // The members of this group belong to LDAP and inherit their seat from it.
        let readers: Vec<_> = {
            let world = lab.world();
            let group = world.find_group("ldap-wiki-readers").unwrap();
            let members = world.group(group).members(false);
            members.iter().map(|id| world.user(*id).username.to_string()).collect()
        };
        lab.add("idle.one", Some(100));
        lab.everybody_was_here(100);
        lab.policy(&POLICY.replace("accounts = 20", "accounts = 1000"));
        lab.sweep();
        let planned = lab.planned();
        let stuck = readers.iter().filter(|name| planned.contains(name)).count();
        lab.approve(false).unwrap();
        let report = lab.rest();
        let run = lab.run();
        assert_eq!(report.outcome, Some(Outcome::Applied), "{reaction}: {report:?}");
        assert_eq!(usize::try_from(run.tally.reclaimed + run.tally.skipped + run.tally.failed).unwrap(), planned.len());
        assert!(run.tally.reclaimed > 0, "{reaction}");
        assert!(usize::try_from(run.tally.failed).unwrap() >= stuck, "{reaction}: {stuck} stuck, {:?}", run.tally);
    }
}

#[test]
fn a_nested_membership_is_handed_over_and_never_planned() {
    for nested in ["true", "false"] {
        let lab = Lab::with(&[("nested_members", nested), ("nested_memberof", nested)]);
        let key = lab.add_to("nested.one", Some(100), &["contractors-emea"]);
        lab.policy(POLICY);
        lab.sweep();
        assert!(!lab.planned().contains(&"nested.one".to_owned()), "nested {nested}");
        let told = lab.explain("nested.one").join("\n");
        assert_eq!(told.contains("contractors-emea > "), nested == "true", "nested {nested}: {told}");
        assert!(lab.has_seat(&key), "nested {nested}");
    }
}

#[test]
fn a_seat_count_that_lags_is_waited_for_and_then_proves_the_seats_free() {
    let lab = Lab::with(&[("seat_cache_seconds", "300")]);
    lab.add("idle.one", Some(100));
    lab.policy(POLICY);
    lab.sweep_and_apply();
    let run = lab.run();
    assert_eq!((run.diagnosis, &run.outcome), (Some(Diagnosis::PerhapsCached), &Outcome::Running));
    lab.pass(TimeDelta::minutes(5));
    lab.rest();
    let run = lab.run();
    assert_eq!((run.diagnosis, run.outcome), (Some(Diagnosis::Freed), Outcome::Applied));
    assert_eq!(run.before.unwrap().used, run.after.unwrap().used + 1);
}

#[test]
fn seats_that_others_took_meanwhile_are_told_after_a_quarter_of_an_hour() {
    let lab = Lab::default();
    lab.add("idle.one", Some(100));
    lab.policy(POLICY);
    lab.sweep();
    lab.approve(false).unwrap();
    lab.set("seat_cache_seconds", "60");
    lab.rest();
    lab.add("newcomer", Some(0));
    for _ in 0..3 {
        lab.pass(TimeDelta::minutes(6));
        lab.rest();
    }
    let run = lab.run();
    assert_eq!(run.outcome, Outcome::Applied);
    assert_eq!(run.tally.reclaimed, 1);
    assert_eq!(run.diagnosis, Some(Diagnosis::NotFreed));
}
