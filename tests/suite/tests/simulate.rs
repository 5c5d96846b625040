//! A simulated policy decides as the sweep would: over snapshots that real sweeps made, with people who were taken, came
//! back, were warned, are exempt or administrators, or hold their seat by another path.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use chrono::TimeDelta;
use seatkeeper_engine::{
    audit::{self, FUNCTIONS},
    simulate::{Listed, Part, Report, simulate},
    testing::block_on,
};
use seatkeeper_tests::{Lab, POLICY};
use std::collections::BTreeMap;

fn simulated(lab: &Lab, text: &str) -> Report {
    let report = block_on(simulate(&lab.store, text, 0, Listed::All, &lab.clock, TimeDelta::seconds(15))).unwrap();
    assert_eq!(report.next, None);
    report
}

/// The new decisions by code, however they were before.
fn decided(part: &Part) -> BTreeMap<String, u32> {
    let mut codes = BTreeMap::new();
    for (code, count) in part.matrix.values().flatten() {
        *codes.entry(code.clone()).or_default() += count;
    }
    codes
}

/// A site with history: two were taken, one of them came back, one is warned, and some hold their seat otherwise.
fn lab() -> Lab {
    let lab = Lab::default();
    let back = lab.add("back.again", Some(120));
    lab.add("taken.for.good", Some(400));
    lab.policy(POLICY);
    lab.sweep_and_apply();
    lab.login(&back).unwrap();
    lab.add("idle.forty", Some(40));
    lab.add("idle.hundred", Some(100));
    lab.add("never.here", None);
    lab.add_to("contractor", Some(200), &["confluence-contractors"]);
    lab.add_to("administrator", Some(200), &["confluence-users", "confluence-administrators"]);
    let heard = lab.add("heard.of", Some(70));
    lab.login(&heard).unwrap();
    lab.was_here(&heard, 70);
    lab.pass(TimeDelta::days(1));
    lab
}

const POLICIES: [&str; 7] = [
    "",
    "mode = \"enforce\"\n",
    "[[exempt]]\nuser = \"idle.hundred\"\nwhy = \"on leave\"\nowner = \"hr\"\n",
    "warn = { grace-days = 14 }\n",
    "protect.young-days = 365\n",
    "[[population]]\nname = \"outside\"\npriority = 5\ngroups = [\"confluence-contractors\"]\nrules.inactive.after-days = 300\n",
    "[[exempt]]\npattern = \"idle.*\"\nwhy = \"freeze\"\nowner = \"it\"\n",
];

fn with(more: &str) -> String {
    let base = if more.starts_with("mode") { POLICY.replace("mode = \"approve\"\n", "") } else { POLICY.to_owned() };
    format!("{base}{more}")
}

#[test]
fn the_policy_that_judged_a_snapshot_changes_nobodys_decision() {
    for more in POLICIES {
        let lab = lab();
        lab.policy(&with(more));
        lab.sweep();
        let report = simulated(&lab, &with(more));
        assert_eq!((report.part.changed, &report.changes, report.caveats.len()), (0, &vec![], 0), "{more}");
        assert_eq!(report.part.read, report.snapshot.accounts);
        assert!(report.part.read > 60 && report.same_rules, "{more}");
    }
}

#[test]
fn a_policy_decides_in_a_simulation_as_it_does_in_the_next_sweep() {
    let shorter = POLICY.replace("after-days = 90", "after-days = 30");
    let texts = POLICIES.iter().map(|more| with(more)).chain([
        shorter,
        POLICY.replace("after-days = 60", "after-days = 10"),
        POLICY.replace(", \"confluence-contractors\"", ""),
    ]);
    let mut changed = 0;
    for text in texts {
        let lab = lab();
        lab.sweep();
        let report = simulated(&lab, &text);
        changed += report.part.changed;
        // In mode `enforce` a sweep would change what it judged.
        let text = text.replace("mode = \"enforce\"", "mode = \"approve\"");
        lab.policy(&text);
        lab.sweep();
        let mut expected = lab.run().report.unwrap().decisions;
        let seen = decided(&report.part);
        let unseen = seen.get("not-looked-at").copied();
        expected.extend(unseen.map(|count| ("not-looked-at".to_owned(), count)));
        assert_eq!(seen, expected, "{text}\n{:#?}", report.changes);
    }
    assert!(changed > 10, "{changed}");
}

#[test]
fn a_simulation_writes_nothing_and_asks_confluence_nothing() {
    let lab = lab();
    lab.sweep();
    let (entries, requests) = (lab.store.entries(), lab.sim.writes());
    simulated(&lab, &POLICY.replace("after-days = 90", "after-days = 30"));
    assert_eq!((lab.store.entries(), lab.sim.writes()), (entries, requests));
}

#[test]
fn what_all_functions_recorded_is_verified_from_its_beginning() {
    let lab = lab();
    lab.sweep();
    let mut entries = 0;
    for function in FUNCTIONS {
        let days = block_on(audit::days(&lab.store, function)).unwrap();
        let found = block_on(audit::verify(&lab.store, &days, None, || false)).unwrap();
        assert_eq!((found.broken, found.next), (None, None), "{function}");
        assert_eq!(found.entries, u64::try_from(lab.audited(function).len()).unwrap(), "{function}");
        entries += found.entries;
    }
    assert!(entries >= 5, "{entries}");
}
