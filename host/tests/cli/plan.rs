//! Making a plan, looking at one, and why an account is in it.

use super::*;

#[test]
fn plan_opens_a_sweep_drives_it_and_shows_what_waits() {
    let instance = Instance::new(vec![
        overview("approve"),
        ("POST /sweep?open=now", 200, tick("working", "gather", &json!({"is": "running"})).to_string()),
        ("POST /sweep", 200, tick("working", "gather", &json!({"is": "running"})).to_string()),
        ("POST /sweep", 200, tick("waiting", "await", &awaiting()).to_string()),
        planned(),
    ]);
    let ended = instance.run(&["plan"]);
    ended.expect(
        2,
        &[
            "2 accounts to be reclaimed, within the cap",
            "Seats: 90 of 100 used",
            "reclaim/inactive",
            "jdoe",
            "take out of group confluence-users",
            "Next step: Look through it with `seatkeeper show 20261122-120000`; then `seatkeeper apply 3fa4c2d19b70`",
        ],
    );
    assert!(ended.out.contains(HASH) && !ended.out.contains('\u{1b}'), "{ended:?}");
    assert_eq!(instance.find("POST /sweep").header("Authorization"), Some(format!("Bearer {TRIGGER}").as_str()));
    assert_eq!(
        instance.find("GET /report/overview.json").header("Authorization"),
        Some(format!("Bearer {REPORT}").as_str())
    );
    assert_eq!(instance.lines().iter().filter(|line| line.starts_with("POST /sweep")).count(), 3);
}

#[test]
fn plan_for_machines_is_one_document() {
    let instance = Instance::new(vec![
        overview("dry-run"),
        ("POST /sweep?open=now", 200, tick("finished", "none", &json!({"is": "dry-run-published"})).to_string()),
        planned(),
    ]);
    let ended = instance.run(&["plan", "--json"]);
    ended.expect(2, &[]);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["plan"]["hash"], HASH);
    assert_eq!(document["decisions"]["reclaim/inactive"], 2);
    assert_eq!(document["accounts"][0]["username"], "jdoe");
    assert_eq!(document["exit"], 2);
    assert_eq!(ended.err, "");
}

#[test]
fn plan_ends_by_what_the_sweep_found() {
    for (outcome, verdict, code) in [
        (json!({"is": "nothing-to-do"}), json!("within"), 0),
        (json!({"is": "quarantined", "planned": 2, "limit": 1}), json!({"over-cap": {"planned": 2, "limit": 1}}), 3),
        (json!({"is": "blocked", "findings": ["it is an administrator"]}), json!("within"), 4),
        (json!({"is": "dry-run-published"}), json!("incomplete"), 4),
    ] {
        let mut report = tick("finished", "none", &outcome);
        report["plan"] = head(&verdict);
        let replies = vec![overview("approve"), ("POST /sweep?open=now", 200, report.to_string()), planned()];
        let ended = Instance::new(replies).run(&["plan"]);
        assert_eq!(ended.code, code, "{outcome}: {ended:#?}");
    }
}

#[test]
fn plan_does_not_start_what_would_write() {
    let instance = Instance::new(vec![overview("enforce")]);
    instance.run(&["plan"]).expect(5, &["mode `enforce`", "--carry-out"]);
    assert_eq!(instance.lines(), ["GET /report/overview.json"]);
}

#[test]
fn a_sweep_that_fails_tells_why_and_ends_with_four() {
    let instance = Instance::new(vec![("POST /sweep?open=now", 503, failed("unauthorized"))]);
    instance.run(&["sweep", "--now"]).expect(4, &["Confluence said no", "[unauthorized]", "seatkeeper doctor"]);
    assert_eq!(instance.lines().len(), 1);
}

#[test]
fn a_failure_that_may_pass_is_tried_again() {
    let instance = Instance::new(vec![
        ("POST /sweep", 503, failed("unreachable")),
        (
            "POST /sweep",
            200,
            json!({"status": "busy", "phase": "none", "sweep": null, "done": 0, "total": null,
            "outcome": null, "plan": null, "error": null})
            .to_string(),
        ),
        ("POST /sweep", 200, tick("finished", "none", &json!({"is": "nothing-to-do"})).to_string()),
    ]);
    instance.run(&["sweep", "--pause", "0"]).expect(0, &["nobody is to lose a seat"]);
    let instance = Instance::new(vec![("POST /sweep", 503, failed("unreachable"))]);
    instance.run(&["sweep", "--pause", "0"]).expect(4, &["[unreachable]"]);
    assert_eq!(instance.lines().len(), 5);
}

#[test]
fn show_finds_a_plan_by_id_and_as_the_latest() {
    let body = planned().2;
    let line = "GET /report/plans/20261122-120000.json?page=1&size=500";
    let instance = Instance::new(vec![(line, 200, body), plans(&awaiting())]);
    instance.run(&["show", ID]).expect(2, &["jdoe", "State: waiting for an approval"]);
    instance.run(&["show", "3fa4c2d19b70", "--top", "500"]).expect(2, &["jdoe"]);
    instance.run(&["show", "latest"]).expect(2, &["jdoe", "State: waiting for an approval"]);
    instance.run(&["show", "20250101-000000"]).expect(1, &["There is nothing here"]);
}

#[test]
fn explain_prints_the_lines_and_nothing_else() {
    let lines = json!({"lines": ["j.doe@example.com is current", "last seen 2026-11-01"], "account": {}});
    let instance = Instance::new(vec![
        ("GET /report/accounts/j.doe%40example.com.json", 200, lines.to_string()),
        ("GET /report/accounts/nobody.json", 404, problem(404, "not-found", "There is nothing here")),
    ]);
    let ended = instance.run(&["explain", "j.doe@example.com"]);
    ended.expect(0, &[]);
    assert_eq!(ended.out, "j.doe@example.com is current\nlast seen 2026-11-01\n");
    instance
        .run(&["explain", "nobody"])
        .expect(1, &["[not-found]", "what happened this time", "Next step: Check the spelling."]);
}
