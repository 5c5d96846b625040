//! Files of last logins, the stop switch, emergencies and the lists for other people, against a stand-in that replays
//! recorded answers: what is sent, what is printed, and how it ends.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

mod instance;

use instance::{ADMIN, Instance, REPORT, Reply, TRIGGER};
use serde_json::{Value, json};

const IMPORT: &str = "POST /admin/evidence/import";
const DRY_RUN: &str = "POST /admin/evidence/import?dry-run=true";
const FILE: &str = "username;last-login\njdoe;2026-11-20\n";

fn file(instance: &Instance) {
    std::fs::write(instance.dir.path().join("logins.csv"), FILE).unwrap();
}

fn report(id: &Value, refused: u32) -> String {
    let rows: Vec<Value> = (0..refused)
        .map(|n| json!({"line": n + 3, "field": "last-login", "value": "yester\u{1b}day", "problem": "is not a time"}))
        .collect();
    json!({"id": id, "accepted": 1, "refused": refused, "problems": rows}).to_string()
}

fn stopped(why: &str) -> String {
    json!({"stop": {"by": "berta", "at": "2026-11-22T12:00:00Z", "why": why}}).to_string()
}

#[test]
fn a_file_travels_word_for_word_and_says_who_sends_it() {
    let instance = Instance::new(vec![(IMPORT, 200, report(&json!("20261122-120000"), 0))]);
    file(&instance);
    instance.run(&["import", "logins.csv"]).expect(0, &["Import 20261122-120000: 1 row accepted, 0 refused"]);
    let sent = instance.find(IMPORT);
    assert_eq!((sent.body.as_str(), sent.header("Content-Type")), (FILE, Some("text/csv")));
    assert_eq!(sent.header("X-Seatkeeper-By"), Some("anna"));
    assert_eq!(sent.header("Authorization"), Some(format!("Bearer {ADMIN}").as_str()));
}

#[test]
fn refused_rows_end_with_four_and_are_listed_without_control_characters() {
    let instance = Instance::new(vec![(DRY_RUN, 200, report(&Value::Null, 2))]);
    file(&instance);
    let ended = instance.run(&["import", "logins.csv", "--dry-run"]);
    assert!(!ended.out.contains('\u{1b}'), "{:?}", ended.out);
    ended.expect(4, &["nothing was taken in", "is not a time", "without --dry-run"]);
    let document: Value =
        serde_json::from_str(&instance.run(&["import", "logins.csv", "--dry-run", "--json"]).out).unwrap();
    assert_eq!((&document["exit"], &document["dry-run"]), (&json!(4), &json!(true)));
    assert_eq!(document["import"]["problems"][1]["line"], 4);
    assert_eq!(instance.lines(), [DRY_RUN; 2], "a dry run sends nothing else");
}

#[test]
fn an_unreadable_and_a_too_large_file_are_told_what_to_do() {
    for (status, code, title, words, exit) in [
        (422, "import-unreadable", "The file cannot be read", "`last-login`", 5),
        (413, "too-large", "The body is too large", "Split the file", 1),
    ] {
        let body = json!({"code": code, "title": title, "next_step": "as the instance says"}).to_string();
        let instance = Instance::new(vec![(IMPORT, status, body)]);
        file(&instance);
        instance.run(&["import", "logins.csv"]).expect(exit, &[title, words]);
    }
}

#[test]
fn a_stop_sends_its_reason_and_a_release_takes_it_back() {
    let none = json!({"stop": null}).to_string();
    let instance = Instance::new(vec![
        ("POST /admin/stop", 200, stopped("a migration")),
        ("GET /admin/stop", 200, stopped("a migration")),
        ("DELETE /admin/stop", 200, none.clone()),
    ]);
    instance.run(&["stop", "--why", "a migration"]).expect(0, &["Stopped by berta", "`seatkeeper release`"]);
    assert_eq!(serde_json::from_str::<Value>(&instance.find("POST /admin/stop").body).unwrap()["why"], "a migration");
    instance.run(&["release"]).expect(0, &["Released", "by berta", "a migration"]);
    assert_eq!(instance.find("DELETE /admin/stop").header("X-Seatkeeper-By"), Some("anna"));

    let idle = Instance::new(vec![("GET /admin/stop", 200, none.clone()), ("DELETE /admin/stop", 200, none)]);
    idle.run(&["release"]).expect(0, &["Nothing was stopped."]);
}

#[test]
fn a_stop_without_a_reason_is_wrong_usage() {
    let instance = Instance::new(vec![]);
    instance.run(&["stop"]).expect(1, &["--why"]);
    assert_eq!(instance.lines(), [""; 0]);
}

fn emergency_plan() -> Vec<Reply> {
    let head = json!({"id": "20261122-120000", "made": "2026-11-22T12:00:00Z", "expires": "2026-11-25T12:00:00Z",
        "rules": "r", "verdict": "within", "hash": "3fa4c2d19b70e855", "accounts": 1, "pages": 1,
        "emergency": {"seats": 480, "idle-days": 30}});
    let waiting = json!({"is": "awaiting-approval"});
    let rested = json!({"status": "waiting", "phase": "await", "sweep": "20261122-120000", "done": 9, "total": null,
        "outcome": waiting, "plan": head, "error": null});
    let account = json!({"user-key": "k", "username": "jdoe", "reason": "reclaim: idle", "actions": ["deactivate"]});
    let ordered = json!({"order": {"emergency": {"seats": 480, "idle-days": 30}, "by": "anna",
        "at": "2026-11-22T12:00:00Z"}, "next-step": "open a sweep"});
    let overview = json!({"mode": "enforce", "seats": {"used": 500, "max": 500}, "report": null, "trouble": null});
    vec![
        ("POST /admin/emergency", 200, ordered.to_string()),
        ("POST /sweep?open=now", 200, rested.to_string()),
        ("GET /report/overview.json", 200, overview.to_string()),
        (
            "GET /report/plans/20261122-120000.json?page=1&size=20",
            200,
            json!({"plan": head, "outcome": waiting, "accounts": [account]}).to_string(),
        ),
    ]
}

#[test]
fn an_emergency_orders_a_plan_opens_a_sweep_and_shows_what_waits() {
    let instance = Instance::new(emergency_plan());
    instance.run(&["emergency", "--seats", "480", "--idle-days", "30"]).expect(
        2,
        &[
            "Emergency: 480 seats in use afterwards, and nobody seen within 30 days",
            "jdoe",
            "seatkeeper apply 3fa4c2d19b70",
        ],
    );
    let order: Value = serde_json::from_str(&instance.find("POST /admin/emergency").body).unwrap();
    assert_eq!(order, json!({"seats": 480, "idle-days": 30}));
    assert_eq!(
        instance.find("POST /sweep?open=now").header("Authorization"),
        Some(format!("Bearer {TRIGGER}").as_str())
    );
}

#[test]
fn an_emergency_that_is_refused_opens_no_sweep() {
    let body = json!({"code": "idle-days", "title": "The emergency would take seats from people who may be working"});
    let instance = Instance::new(vec![("POST /admin/emergency", 422, body.to_string())]);
    instance.run(&["emergency", "--seats", "480", "--idle-days", "3"]).expect(5, &["idle-days", "Say 14 or more"]);
    assert_eq!(instance.lines(), ["POST /admin/emergency"]);
}

fn rows(names: &[&str], total: u32) -> String {
    let row = |name: &&str| {
        json!({"username": name, "user-key": name, "display-name": "J", "directory": "Corporate LDAP",
            "obstacle": "read-only-directory", "detail": "directory cannot be written", "advice": "take it out there",
            "reason": "last active on 2025-01-01"})
    };
    json!({"as-of": null, "total": total, "page": 1, "rows": names.iter().map(row).collect::<Vec<_>>()}).to_string()
}

#[test]
fn the_hand_over_list_is_shown_in_part_and_written_whole() {
    let csv = "username,user-key\r\nanna,k1\r\n";
    let instance = Instance::new(vec![
        ("GET /report/handover.json?page=1&size=1", 200, rows(&["anna"], 2)),
        ("GET /report/handover.json?page=1&size=500", 200, rows(&["anna"], 2)),
        ("GET /report/handover.json?page=2&size=500", 200, rows(&["berta"], 2)),
        ("GET /report/handover.csv", 200, csv.to_owned()),
    ]);
    instance.run(&["handover", "--top", "1"]).expect(0, &["Corporate LDAP", "take it out there", "These are 1 of 2."]);
    let document: Value = serde_json::from_str(&instance.run(&["handover", "--json"]).out).unwrap();
    assert_eq!(document["rows"].as_array().unwrap().len(), 2);
    assert_eq!(document["rows"][1]["obstacle"], "read-only-directory");
    assert_eq!(instance.run(&["handover", "--csv"]).out, csv);
    instance.run(&["handover", "--csv", "--output", "list.csv"]).expect(0, &["Written: list.csv"]);
    assert_eq!(std::fs::read_to_string(instance.dir.path().join("list.csv")).unwrap(), csv);
    let token = format!("Bearer {REPORT}");
    assert!(instance.seen().iter().all(|seen| seen.header("Authorization") == Some(token.as_str())));
}

#[test]
fn exemptions_are_listed_with_those_that_end() {
    let body = json!({"as-of": null, "lapsing": 1, "horizon-days": 30, "exemptions": [
        {"kind": "group", "subject": "bots", "why": "night jobs", "owner": "it", "expires": "2026-12-01T00:00:00Z",
            "state": "lapsing", "days-left": 9, "says": "ends in 9 days", "accounts": 3},
        {"kind": "user", "subject": "ceo", "why": "asked for", "owner": "board", "expires": null, "state": "no-end",
            "days-left": null, "says": "no end", "accounts": 1}]});
    let instance = Instance::new(vec![("GET /report/exemptions.json", 200, body.to_string())]);
    instance.run(&["exemptions"]).expect(0, &["group bots", "2026-12-01", "no end", "1 exemption about to end"]);
    let document: Value = serde_json::from_str(&instance.run(&["exemptions", "--json"]).out).unwrap();
    assert_eq!(document["exemptions"][0]["days-left"], 9);
}

#[test]
fn doctor_warns_of_a_stop_that_somebody_forgot() {
    let check = json!({"confluence": {"identity": {"user-key": "k", "username": "sk"}, "seats": null, "errors": [],
        "capabilities": null}, "rename": false, "groups": [], "policy-version": 1, "policy-error": null,
        "clock": "2026-11-22T12:00:00Z"});
    let instance = Instance::new(vec![
        ("GET /admin/check", 200, check.to_string()),
        ("GET /admin/stop", 200, stopped("a migration")),
    ]);
    let ended = instance.run(&["doctor"]);
    assert!(ended.out.contains("stop switch"), "{}", ended.out);
    assert!(ended.out.contains("pulled by berta on 2026-11-22 12:00 UTC: a migration"), "{}", ended.out);
}
