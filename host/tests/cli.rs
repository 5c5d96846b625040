//! The commands that talk to an instance, against a stand-in that replays recorded answers: what is sent, what is
//! printed, and how it ends.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

mod instance;

use std::net::TcpListener;

use instance::{ADMIN, Ended, Instance, REPORT, Reply, Seen, TRIGGER};
use serde_json::{Value, json};

const ID: &str = "20261122-120000";
const HASH: &str = "3fa4c2d19b70e8553fa4c2d19b70e8553fa4c2d19b70e8553fa4c2d19b70e855";

fn head(verdict: &Value) -> Value {
    json!({"id": ID, "made": "2026-11-22T12:00:00Z", "expires": "2026-11-25T12:00:00Z", "rules": "r", "verdict": verdict,
        "hash": HASH, "accounts": 2, "pages": 1})
}

fn tick(status: &str, phase: &str, outcome: &Value) -> Value {
    let plan = if outcome.is_null() || outcome["is"] == "running" { Value::Null } else { head(&json!("within")) };
    json!({"status": status, "phase": phase, "sweep": ID, "done": 7, "total": null, "outcome": outcome, "plan": plan,
        "error": null})
}

fn failed(code: &str) -> String {
    json!({"status": "failed", "phase": "gather", "sweep": ID, "done": 7, "total": null, "outcome": {"is": "running"},
        "plan": null, "error": {"code": code, "message": "Confluence said no"}})
    .to_string()
}

fn awaiting() -> Value {
    json!({"is": "awaiting-approval"})
}

fn problem(status: u16, code: &str, title: &str) -> String {
    json!({"type": "urn:x", "status": status, "code": code, "title": title, "detail": "what happened this time",
        "next_step": "Do as the instance says."})
    .to_string()
}

fn overview(mode: &str) -> Reply {
    let body = json!({"policy-version": 1, "mode": mode, "as-of": null, "phase": "none", "trouble": null, "seats": {"used": 90, "max": 100},
        "report": {"accounts": 95, "decisions": {"keep/recently-active": 93, "reclaim/inactive": 2}, "statuses": {}, "limits": []}});
    ("GET /report/overview.json", 200, body.to_string())
}

fn planned() -> Reply {
    let account = |name: &str| {
        json!({"user-key": name, "username": name, "actions": ["take out of group confluence-users"],
            "reason": "reclaim: last active on 2025-01-01 00:00 UTC (Confluence's last login)"})
    };
    let accounts = [account("jdoe"), account("m\u{1b}[31mb")];
    let body =
        json!({"plan": head(&json!("within")), "outcome": awaiting(), "page": 1, "size": 20, "accounts": accounts});
    ("GET /report/plans/20261122-120000.json?page=1&size=20", 200, body.to_string())
}

fn runs(outcome: &Value, failed: u32) -> Reply {
    let run = json!({"id": ID, "opened": "2026-11-22T12:00:00Z", "at": "2026-11-22T12:10:00Z", "mode": "approve",
        "outcome": outcome, "report": null, "plan": HASH, "planned": 2,
        "tally": {"reclaimed": 2 - failed, "skipped": 0, "failed": failed},
        "before": {"used": 90, "max": 100}, "after": {"used": 88, "max": 100}, "diagnosis": "freed"});
    ("GET /report/runs.json", 200, json!({"runs": [run]}).to_string())
}

fn plans(outcome: &Value) -> Reply {
    let mut entry = head(&json!("within"));
    entry.as_object_mut().unwrap().insert("outcome".to_owned(), outcome.clone());
    ("GET /admin/plans", 200, json!({"plans": [entry]}).to_string())
}

const APPROVE: &str = "POST /admin/plans/20261122-120000/approve";

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
fn accounts_are_exported_as_they_come() {
    let csv = "username,decision\r\njdoe,reclaim/inactive\r\n";
    let line = "GET /report/accounts.csv?decision=reclaim&idle-days=90";
    let instance = Instance::new(vec![(line, 200, csv.to_owned())]);
    let ended = instance.run(&["export", "accounts", "--decision", "reclaim", "--idle-days", "90"]);
    ended.expect(0, &[]);
    assert_eq!(ended.out, csv);
    let to_file = ["export", "accounts", "--decision", "reclaim", "--idle-days", "90", "--output", "out.csv"];
    instance.run(&to_file).expect(0, &["Written: out.csv"]);
    assert_eq!(std::fs::read_to_string(instance.dir.path().join("out.csv")).unwrap(), csv);
}

#[test]
fn pages_of_json_become_one_document() {
    let page = |names: &[&str], as_of: &str| {
        let accounts: Vec<Value> = names.iter().map(|name| json!({"username": name})).collect();
        json!({"as-of": as_of, "total": 3, "page": 1, "size": 500, "accounts": accounts}).to_string()
    };
    let (first, second) = ("GET /report/accounts.json?page=1&size=500", "GET /report/accounts.json?page=2&size=500");
    let instance = Instance::new(vec![(first, 200, page(&["a", "b"], "T")), (second, 200, page(&["c"], "T"))]);
    let ended = instance.run(&["export", "accounts", "--format", "json"]);
    ended.expect(0, &[]);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(
        document,
        json!({"as-of": "T", "total": 3, "accounts": [{"username": "a"}, {"username": "b"}, {"username": "c"}]})
    );

    let instance = Instance::new(vec![(first, 200, page(&["a", "b"], "T")), (second, 200, page(&["c"], "U"))]);
    instance.run(&["export", "accounts", "--json", "--output", "out.json"]).expect(1, &["the instance went on"]);
    assert_eq!(std::fs::read_dir(instance.dir.path()).unwrap().count(), 0, "no half of a file is left");
}

#[test]
fn a_plan_is_exported_and_an_unknown_one_is_not() {
    let instance =
        Instance::new(vec![("GET /report/plans/20261122-120000.csv", 200, "username\r\njdoe\r\n".to_owned())]);
    instance.run(&["export", "plan", ID]).expect(0, &["jdoe"]);
    instance.run(&["export", "plan", "other", "--output", "p.csv"]).expect(1, &["There is nothing here"]);
    assert_eq!(std::fs::read_dir(instance.dir.path()).unwrap().count(), 0);
}

const POLICY: &str = "version = 1\nlicence-groups = [\"users\"]\ninactive.after-days = 90\n";

#[test]
fn the_policy_travels_word_for_word() {
    let instance = Instance::new(vec![
        ("GET /admin/policy", 200, json!({"version": 3, "by": "anna", "text": POLICY, "rules": "r"}).to_string()),
        ("PUT /admin/policy", 200, json!({"version": 4, "rules": "r", "mode": "dry-run"}).to_string()),
    ]);
    instance.run(&["policy", "get", "--output", "policy.toml"]).expect(0, &["Version 3"]);
    instance
        .run(&["policy", "put", "policy.toml", "--replaces", "3"])
        .expect(0, &["version 4 is in force in mode `dry-run`"]);
    let sent = instance.find("PUT /admin/policy");
    assert_eq!(sent.body, POLICY);
    assert_eq!(sent.header("If-Match"), Some("\"3\""));
    assert_eq!(sent.header("X-Seatkeeper-By"), Some("anna"));
}

#[test]
fn a_refused_policy_is_shown_with_all_problems() {
    let mut body: Value = serde_json::from_str(&problem(422, "policy-invalid", "The policy is not valid")).unwrap();
    body["problems"] = json!([{"field": "cap.percent", "value": "101", "problem": "must be 1 to 100"},
        {"field": "zone", "value": "Mars", "problem": "must be UTC"}]);
    let instance = Instance::new(vec![("PUT /admin/policy", 422, body.to_string())]);
    std::fs::write(instance.dir.path().join("p.toml"), POLICY).unwrap();
    let ended = instance.run(&["policy", "put", "p.toml"]);
    ended.expect(5, &["cap.percent = 101: must be 1 to 100", "zone = Mars: must be UTC"]);
    let ended = instance.run(&["policy", "put", "p.toml", "--json"]);
    let error: Value = serde_json::from_str(&ended.err).unwrap();
    assert_eq!((error["error"]["code"].as_str(), ended.out.as_str()), (Some("policy-invalid"), ""));
    assert_eq!(error["error"]["problems"][1]["field"], "zone");
}

#[test]
fn a_policy_is_checked_without_an_instance() {
    let instance = Instance::new(vec![]);
    std::fs::write(instance.dir.path().join("good.toml"), POLICY).unwrap();
    std::fs::write(instance.dir.path().join("bad.toml"), format!("{POLICY}zone = \"Mars\"\ncap.percent = 101\n"))
        .unwrap();
    instance.run(&["policy", "check", "good.toml"]).expect(0, &["is valid"]);
    instance.run(&["policy", "check", "bad.toml"]).expect(1, &["2 problems", "zone = Mars", "cap.percent = 101"]);
    let schema: Value = serde_json::from_str(&instance.run(&["policy", "schema"]).out).unwrap();
    assert!(schema["properties"]["licence-groups"].is_object(), "{schema}");
    assert_eq!(instance.lines(), [""; 0]);
}

#[test]
fn doctor_passes_a_healthy_instance_and_sends_a_right_signature() {
    let ping = "POST /hooks/login";
    let instance = Instance::new(vec![
        ("GET /admin/check", 200, check("sk-bot", true)),
        overview("approve"),
        (ping, 401, problem(401, "signature-invalid", "The signature is not valid")),
        (ping, 200, json!({"user": null, "outcome": {"is": "nothing", "why": "connection test"}}).to_string()),
    ]);
    instance.run(&["doctor"]).expect(
        0,
        &[
            "reached as sk-bot",
            "exist: confluence-users",
            "accepts an event signed with the hook secret",
            "Everything is as it must be.",
        ],
    );
    let pings: Vec<Seen> = instance.seen().into_iter().filter(|request| request.line == ping).collect();
    assert_eq!(pings[0].header("X-Hub-Signature"), None);
    // printf %s '{"test": true}' | openssl dgst -sha256 -hmac hook-secret-0123456789
    assert_eq!(
        pings[1].header("X-Hub-Signature"),
        Some("sha256=1fdfe9c71cbf90704a5a5e60d7a429698c5a7363a2df27e1917598ee08013216")
    );
    assert!(pings.iter().all(|ping| ping.header("Authorization").is_none()), "an event carries no token");
}

#[test]
fn doctor_names_everything_that_is_wrong_at_once() {
    let instance = Instance::new(vec![
        ("GET /admin/check", 200, check("sk-bot", false)),
        ("GET /report/overview.json", 401, problem(401, "unauthorized", "The token is not valid")),
        ("POST /hooks/login", 200, "{}".to_owned()),
    ]);
    instance.run(&["doctor"]).expect(
        1,
        &[
            "named in the policy and not in Confluence: confluence-users",
            "FAIL  report token   The token is not valid",
            "SEATKEEPER_REPORT_TOKEN",
            "without a signature with status 200 instead of 401",
        ],
    );
}

fn check(user: &str, exists: bool) -> String {
    json!({"confluence": {"identity": {"user-key": "k", "username": user}, "seats": {"used": 90, "max": 100}, "errors": [],
            "capabilities": {"active-list": true, "last-login": true, "permissions": true, "child-groups": true}},
        "rename": true, "groups": [{"name": "confluence-users", "exists": exists, "error": null}], "policy-version": 1,
        "policy-error": null, "clock": chrono::Utc::now()})
    .to_string()
}

#[test]
fn tokens_come_from_the_file_that_configures_the_host() {
    let instance = Instance::new(vec![("GET /report/accounts/x.json", 200, json!({"lines": ["kept"]}).to_string())]);
    let file = instance.dir.path().join(".env");
    std::fs::write(file, format!("SPIN_VARIABLE_REPORT_TOKEN=\"{REPORT}\"\n")).unwrap();
    let ended = Ended::of(instance.command(&["explain", "x"]).output().unwrap());
    ended.expect(0, &["kept"]);
    assert_eq!(instance.seen()[0].header("Authorization"), Some(format!("Bearer {REPORT}").as_str()));
    Ended::of(instance.command(&["approve", HASH]).output().unwrap()).expect(1, &["no admin token is known"]);
}

#[test]
fn a_refused_token_is_named_by_its_source_and_never_shown() {
    let instance = Instance::new(vec![("GET /report/accounts/x.json", 401, problem(401, "unauthorized", "No"))]);
    let ended = instance.run(&["explain", "x"]);
    ended.expect(
        1,
        &[
            "sent was the environment variable SEATKEEPER_REPORT_TOKEN as the report token",
            "Next step: Check that the token",
        ],
    );
    assert!(!ended.err.contains(REPORT), "{ended:?}");
}

#[test]
fn an_instance_that_is_away_or_no_instance_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let instance = Instance::new(vec![
        ("GET /report/accounts/page.json", 200, "<html>Sign in</html>".to_owned()),
        ("GET /report/accounts/gateway.json", 502, "<html>Bad gateway</html>".to_owned()),
    ]);
    instance.run(&["explain", "x", "--url", &url]).expect(1, &["does not answer", "seatkeeper up"]);
    instance.run(&["explain", "page"]).expect(1, &["cannot be understood", "--url"]);
    let ended = instance.run(&["explain", "gateway"]);
    ended.expect(1, &["status 502", "a page"]);
    assert!(!ended.err.contains("<html>"), "{ended:?}");
}

#[test]
fn wrong_usage_is_an_error_and_never_looks_like_a_plan() {
    let instance = Instance::new(vec![]);
    instance.run(&["plan", "--no-such-option"]).expect(1, &["--no-such-option"]);
    instance.run(&["plan", "--help"]).expect(0, &["Exit codes:", "Examples:"]);
    instance.run(&["explain", "x", "--by", "a\nb"]).expect(1, &["There is nothing here"]);
    instance.run(&["undo", "x", "--by", "a\nb"]).expect(1, &["cannot stand in the audit log"]);
}
