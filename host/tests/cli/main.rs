//! The commands that talk to an instance, against a stand-in that replays recorded answers: what is sent, what is
//! printed, and how it ends.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

mod answer;
mod audit;
mod doctor;
mod export;
#[path = "../instance/mod.rs"]
mod instance;
mod output;
mod plan;
mod policy;
mod simulate;
mod usage;

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
