//! What another policy would do.

use super::*;

const POLICY: &str = "version = 1\nlicence-groups = [\"users\"]\ninactive.after-days = 90\ncap.accounts = 5\n";

fn part(pages: (u32, Option<u32>), taken: u32, names: &[&str]) -> String {
    let changes: Vec<Value> = names
        .iter()
        .map(|name| {
            json!({"user-key": name, "username": name, "display-name": "=1+1", "from": "keep/recently-active",
                "to": "reclaim/inactive", "before": "kept: active on 2026-09-01", "after": "reclaim: last active then"})
        })
        .collect();
    json!({"snapshot": {"sweep": ID, "at": "2026-11-22T12:00:00Z", "policy": 3, "pages": 4,
            "seats": {"used": 90, "max": 100}, "accounts": 40},
        "rules": "r", "mode": "approve", "same-rules": false, "from": pages.0, "next": pages.1,
        "part": {"read": 20, "accounts": 20, "changed": 2, "taken-before": 1, "taken": taken, "current": 19, "left": 0,
            "objections": 0, "findings": [],
            "matrix": {"keep/recently-active": {"keep/recently-active": 17, "reclaim/inactive": 2},
                "reclaim/inactive": {"reclaim/inactive": 1}}},
        "changes": changes, "caveats": [{"code": "audit-log", "text": "the audit log was not read"}]})
    .to_string()
}

fn instance(replies: Vec<Reply>, policy: &str) -> Instance {
    let instance = Instance::new(replies);
    std::fs::write(instance.dir.path().join("p.toml"), policy).unwrap();
    instance
}

#[test]
fn a_simulation_adds_up_all_parts_and_shows_who_would_be_judged_otherwise() {
    let replies = vec![
        ("POST /admin/simulate?from=0&changes=3", 200, part((0, Some(2)), 2, &["jdoe", "m\u{1b}b"])),
        ("POST /admin/simulate?from=2&changes=1", 200, part((2, None), 3, &["anna"])),
    ];
    let instance = instance(replies, POLICY);
    let ended = instance.run(&["simulate", "p.toml", "--top", "3"]);
    ended.expect(
        0,
        &[
            "40 accounts, judged by version 3 of the policy",
            "4 accounts would get another decision.",
            "Seats that would come free: 5 (3 more than recorded; 85 of 100 in use afterwards)",
            "5 accounts to be reclaimed, within the cap",
            "Not known: the audit log was not read",
            "Accounts with another decision (3 of 4):",
            "anna",
            "Next step:",
        ],
    );
    assert!(!ended.out.contains('\u{1b}'), "{ended:?}");
    let row = ended.out.lines().find(|line| line.contains("keep/recently-active")).unwrap();
    assert!(row.contains("reclaim/inactive") && row.contains('4'), "what changes stands first: {row}");
    let sent = instance.find("POST /admin/simulate?from=0&changes=3");
    assert_eq!((sent.body.as_str(), sent.header("X-Seatkeeper-By")), (POLICY, None));
}

#[test]
fn a_simulation_beyond_the_cap_ends_with_three() {
    let line = "POST /admin/simulate?from=0&changes=20";
    let instance = instance(vec![(line, 200, part((0, None), 6, &[]))], POLICY);
    instance.run(&["simulate", "p.toml"]).expect(3, &["OVER THE CAP: 6 accounts to be reclaimed, 5 allowed"]);
}

#[test]
fn a_simulation_for_machines_and_as_a_file_has_every_changed_account() {
    let replies = vec![
        ("POST /admin/simulate?from=0&changes=all", 200, part((0, Some(2)), 2, &["jdoe", "mb"])),
        ("POST /admin/simulate?from=2&changes=all", 200, part((2, None), 3, &["anna"])),
    ];
    let instance = instance(replies, POLICY);
    let ended = instance.run(&["simulate", "p.toml", "--json"]);
    ended.expect(0, &[]);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["part"]["matrix"]["keep/recently-active"]["reclaim/inactive"], 4);
    assert_eq!(document["changes"].as_array().unwrap().len(), 3);
    assert_eq!(document["verdict"], "within");
    instance.run(&["simulate", "p.toml", "--csv", "--output", "changes.csv"]).expect(0, &["Written: changes.csv"]);
    let file = std::fs::read_to_string(instance.dir.path().join("changes.csv")).unwrap();
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!((lines[0], lines.len()), ("user-key,username,display-name,from,to,before,after", 4));
    assert!(lines[1].contains(",'=1+1,"), "{file}");
}

#[test]
fn a_wrong_policy_is_shown_with_all_problems_and_nothing_is_asked() {
    let instance = instance(vec![], &format!("{POLICY}zone = \"Mars\"\ncap.percent = 101\n"));
    instance.run(&["simulate", "p.toml"]).expect(1, &["2 problems", "zone = Mars", "cap.percent = 101"]);
    std::fs::write(instance.dir.path().join("p.toml"), "version = 1\nlicence-groups = =\n").unwrap();
    instance.run(&["simulate", "p.toml"]).expect(1, &["line 2"]);
    assert_eq!(instance.lines(), [""; 0]);
}

#[test]
fn a_snapshot_that_changes_in_the_middle_or_is_not_there_is_told() {
    let newer = part((2, None), 3, &[]).replace("\"policy\":3", "\"policy\":4");
    let replies = vec![
        ("POST /admin/simulate?from=0&changes=20", 200, part((0, Some(2)), 2, &[])),
        ("POST /admin/simulate?from=2&changes=20", 200, newer),
    ];
    instance(replies, POLICY).run(&["simulate", "p.toml"]).expect(1, &["a newer sweep replaced the snapshot"]);
    let line = "POST /admin/simulate?from=0&changes=20";
    let missing = problem(404, "not-found", "There is nothing here");
    instance(vec![(line, 404, missing)], POLICY).run(&["simulate", "p.toml"]).expect(1, &["`seatkeeper plan`"]);
    let stuck = vec![(line, 200, part((0, Some(0)), 2, &[]))];
    instance(stuck, POLICY).run(&["simulate", "p.toml"]).expect(1, &["comes no further"]);
}
