//! Every folder of `scenarios/` is a policy and a world with the plan that must come of them. A changed plan is looked
//! at and then accepted with `SEATKEEPER_BLESS=1`, never by itself.

use seatkeeper_tests::scenario::play;
use std::{env, fs, path::Path};

#[test]
fn every_scenario_ends_in_its_expected_plan() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut folders: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= 8, "{folders:?}");
    let bless = env::var_os("SEATKEEPER_BLESS").is_some_and(|value| value == "1");
    let mut differing = Vec::new();
    for folder in folders {
        let found = play(&folder);
        let path = folder.join("expected-plan.txt");
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if found != expected && bless {
            fs::write(&path, &found).unwrap();
        } else if found != expected {
            differing.push(format!("{}\nexpected:\n{expected}\nfound:\n{found}", path.display()));
        }
    }
    assert!(differing.is_empty(), "{}\nif this is meant, accept it with SEATKEEPER_BLESS=1", differing.join("\n"));
}
