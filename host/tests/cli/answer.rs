//! Answering a plan, carrying it out, and taking it back.

use super::*;

const APPROVE: &str = "POST /admin/plans/20261122-120000/approve";

#[test]
fn apply_approves_what_was_seen_and_tells_the_seats() {
    let applied = json!({"is": "applied"});
    let instance = Instance::new(vec![
        plans(&awaiting()),
        (APPROVE, 200, head(&json!("within")).to_string()),
        ("POST /sweep", 200, tick("working", "apply", &json!({"is": "running"})).to_string()),
        ("POST /sweep", 200, tick("waiting", "verify", &json!({"is": "running"})).to_string()),
        ("POST /sweep", 200, tick("finished", "none", &applied).to_string()),
        runs(&applied, 0),
    ]);
    let ended = instance.run(&["apply", "3FA4C2D1", "--pause", "0"]);
    ended.expect(
        0,
        &["2 accounts reclaimed", "Seats: 90 before, 88 after, 2 freed", "All seats came free.", "seatkeeper undo"],
    );
    let order = instance.find(APPROVE);
    assert_eq!(serde_json::from_str::<Value>(&order.body).unwrap(), json!({"hash": HASH, "accept-over-cap": false}));
    assert_eq!(order.header("X-Seatkeeper-By"), Some("anna"));
    assert_eq!(order.header("Authorization"), Some(format!("Bearer {ADMIN}").as_str()));
}

#[test]
fn apply_ends_with_four_when_accounts_failed() {
    let instance = Instance::new(vec![
        plans(&json!({"is": "running"})),
        ("POST /sweep", 200, tick("finished", "none", &json!({"is": "applied"})).to_string()),
        runs(&json!({"is": "applied"}), 1),
    ]);
    instance.run(&["apply", HASH]).expect(4, &["1 failed", "seatkeeper show"]);
    assert!(!instance.lines().contains(&APPROVE.to_owned()), "a plan under way is not approved again");
}

#[test]
fn apply_sends_nothing_for_a_hash_that_no_plan_has() {
    let instance = Instance::new(vec![plans(&awaiting())]);
    instance.run(&["apply", "deadbeef"]).expect(5, &["no plan's hash begins with deadbeef", "waiting: 3fa4c2d19b70"]);
    instance.run(&["reject", ID]).expect(5, &["is a plan's id", "seatkeeper show"]);
    assert!(instance.lines().iter().all(|line| line == "GET /admin/plans"), "{:?}", instance.lines());
}

#[test]
fn what_the_instance_refuses_is_told_in_its_words() {
    for (code, exit, hint) in [
        ("dry-run", 5, "Next step: Set mode = \"approve\""),
        ("plan-closed", 5, "Next step: Make a new plan"),
        ("plan-hash", 5, "what happened this time"),
        ("over-cap", 3, "Say --accept-over-cap"),
        ("something-new", 5, "Next step: Do as the instance says."),
    ] {
        let instance = Instance::new(vec![plans(&awaiting()), (APPROVE, 409, problem(409, code, "Not so"))]);
        instance.run(&["approve", HASH]).expect(exit, &["Error: Not so", hint]);
    }
}

#[test]
fn a_plan_that_is_over_is_not_answered_again() {
    let instance = Instance::new(vec![plans(&json!({"is": "applied"}))]);
    for command in ["apply", "approve", "reject"] {
        instance.run(&[command, HASH]).expect(5, &["can no longer be answered", "carried out", "seatkeeper undo"]);
    }
    assert!(instance.lines().iter().all(|line| line == "GET /admin/plans"), "{:?}", instance.lines());
}

#[test]
fn over_the_cap_is_said_only_when_it_was_typed() {
    let instance = Instance::new(vec![plans(&awaiting()), (APPROVE, 200, head(&json!("within")).to_string())]);
    instance.run(&["approve", HASH, "--accept-over-cap", "--by", "Anna Schmidt"]).expect(0, &["is approved"]);
    let order = instance.find(APPROVE);
    assert!(order.body.contains(r#""accept-over-cap":true"#), "{order:?}");
    assert_eq!(order.header("X-Seatkeeper-By"), Some("Anna Schmidt"));
}

#[test]
fn reject_answers_with_the_whole_hash() {
    let line = "POST /admin/plans/20261122-120000/reject";
    let instance = Instance::new(vec![plans(&awaiting()), (line, 200, head(&json!("within")).to_string())]);
    instance.run(&["reject", "3fa4c2d19b70"]).expect(0, &["is rejected"]);
    assert_eq!(instance.find(line).body, json!({"hash": HASH}).to_string());
}

#[test]
fn undo_goes_on_until_nothing_is_left() {
    let report = |next: Value, restored: u32, waiting: Value| {
        json!({"total": 3, "next": next, "restored": restored, "nothing": 0, "waiting": waiting, "failed": []})
            .to_string()
    };
    let instance = Instance::new(vec![
        ("POST /admin/runs/20261122-120000/undo?from=0", 200, report(json!(2), 2, json!([]))),
        (
            "POST /admin/runs/20261122-120000/undo?from=2",
            200,
            report(Value::Null, 0, json!([["jdoe", "no seat is free"]])),
        ),
    ]);
    instance.run(&["undo", ID]).expect(2, &["2 got everything back", "waits: jdoe: no seat is free"]);
    let instance =
        Instance::new(vec![("POST /admin/runs/20261122-120000/undo?from=0", 200, report(json!(0), 0, json!([])))]);
    instance.run(&["undo", ID]).expect(1, &["comes no further"]);
    assert_eq!(instance.lines().len(), 3);
    let unknown = problem(404, "unknown-run", "There is no such run");
    let instance = Instance::new(vec![("POST /admin/runs/x/undo?from=0", 404, unknown)]);
    instance.run(&["undo", "x"]).expect(1, &["There is no such run"]);
}

#[test]
fn a_plan_that_needs_a_second_person_says_so_and_is_not_carried_out() {
    let mut waiting = head(&json!("within"));
    waiting.as_object_mut().unwrap().insert("waits-for".to_owned(), json!("second-person"));
    for body in [waiting, json!({"waits-for": "second-person"})] {
        let instance = Instance::new(vec![plans(&awaiting()), (APPROVE, 202, body.to_string())]);
        for command in ["approve", "apply"] {
            instance
                .run(&[command, HASH])
                .expect(2, &["waits for a second person", "`seatkeeper approve 3fa4c2d19b70`"]);
        }
        let ended = instance.run(&["approve", HASH, "--json"]);
        let document: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!((&document["waits-for"], &document["exit"]), (&json!("second-person"), &json!(2)));
        assert_eq!(document["plan"]["hash"], HASH);
        assert!(!instance.lines().iter().any(|line| line.starts_with("POST /sweep")), "nothing is carried out");
    }
}
