//! A store as a busy installation leaves it. It is written as JSON, word for word what older versions wrote too.

use seatkeeper_engine::{
    state,
    tallies::{self, Count, Tallies},
    testing::{MemoryStore, block_on},
};
use seatkeeper_policy::Instant;
use serde_json::{Value, json};

/// A name that nobody may find on the page.
pub const SECRET_NAME: &str = "jane.doe-geheim";

pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// When the page is read.
pub fn now() -> Instant {
    at("2026-11-22T18:00:00Z")
}

pub fn put(store: &MemoryStore, key: &str, value: &Value) {
    store.put(key, json!({ "v": 1, "d": value }).to_string().as_bytes());
}

const POLICY: &str = r#"
version = 1
mode = "enforce"
licence-groups = ["confluence-users"]
inactive.after-days = 90
schedule.every-hours = 24

[[directory]]
name = "workforce"
provider = "scim"
match = "username"
everyone = true
"#;

fn run(id: &str, outcome: &Value, more: &Value) -> Value {
    let mut run = json!({
        "id": id, "opened": "2026-11-22T12:00:00Z", "at": "2026-11-22T12:10:30Z", "mode": "enforce",
        "outcome": outcome, "report": null, "plan": null, "planned": 0,
        "tally": { "reclaimed": 0, "skipped": 0, "failed": 0 },
        "before": null, "after": null, "diagnosis": null,
    });
    for (name, value) in more.as_object().unwrap() {
        run[name] = value.clone();
    }
    run
}

/// The counts of the newest snapshot.
fn report() -> Value {
    json!({
        "accounts": 1_000,
        "decisions": {
            "keep/recently-active": 700, "keep/exempt": 40, "keep/administrator": 5, "reclaim/inactive": 150,
            "reclaim/never-logged-in": 30, "reclaim/left": 12, "keep/never-rule-off": 3, "warn/grace": 20,
            "hold/activity-unknown": 39, "keep/of-the-future": 1,
        },
        "statuses": { "current": 940, "deactivated": 60 },
        "directories": { "workforce": {
            "people": 5_000, "present": 4_900, "accounts": 950, "known": 900, "disabled": 12, "absent": 30, "left": 12,
            "unknown": 6, "unmatched": 2,
        } },
        "limits": [],
    })
}

/// A store with everything in it: a plan in quarantine, a directory that is doubted, the stop switch, and totals.
pub fn rich() -> MemoryStore {
    let store = MemoryStore::default();
    let report = report();
    put(
        &store,
        "policy",
        &json!({ "version": 7, "text": POLICY, "rules": "r", "saved": "2026-11-01T00:00:00Z", "by": SECRET_NAME }),
    );
    put(&store, "runs", &json!(["20261122-120000", "20261121-120000"]));
    let quarantined = json!({ "is": "quarantined", "planned": 192, "limit": 50 });
    let more = json!({ "report": report.clone(), "plan": "hash", "planned": 192 });
    put(&store, "run:20261122-120000", &run("20261122-120000", &quarantined, &more));
    put(&store, "run:20261121-120000", &run("20261121-120000", &json!({ "is": "applied" }), &json!({})));
    put(
        &store,
        "snapshot:current",
        &json!({
            "pages": { "sweep": "20261122-120000", "count": 3 }, "at": "2026-11-22T12:08:00Z", "report": report,
            "seats": { "used": 940, "max": 1_000 }, "policy": 7,
        }),
    );
    put(&store, "usage:2026-11", &json!([{ "at": "2026-11-22T12:08:00Z", "seats": { "used": 945, "max": 1_000 } }]));
    put(&store, "stop", &json!({ "by": SECRET_NAME, "at": "2026-11-21T17:00:00Z", "why": "a look" }));
    let mut checkpoint = state::Checkpoint {
        work: Some(state::Work::Await(seatkeeper_policy::SweepId::parse("20261122-120000").unwrap())),
        trouble: Some(seatkeeper_engine::trouble::TroubleAt {
            trouble: seatkeeper_engine::trouble::Trouble::new("unreachable", SECRET_NAME),
            at: now(),
        }),
        ..state::Checkpoint::default()
    };
    checkpoint.doubted.insert("workforce".to_owned());
    checkpoint.tallies.add(Count::Actions, &["remove-group", "done"], 321);
    checkpoint.tallies.add(Count::Actions, &["disable", "failed"], 4);
    checkpoint.tallies.add(Count::Skipped, &["logged-in"], 17);
    checkpoint.tallies.add(Count::CapExceeded, &[], 2);
    checkpoint.tallies.add(Count::Requests, &["confluence", "200"], 12_345);
    checkpoint.tallies.add(Count::Requests, &["scim", "503"], 6);
    checkpoint.tallies.succeed(at("2026-11-22T12:09:00Z"));
    block_on(state::save(&store, &state::checkpoint(), &checkpoint)).unwrap();
    totals(&store, "restore", |t| {
        t.add(Count::Restores, &["restored"], 25);
        t.add(Count::Restores, &["waiting"], 3);
        t.add(Count::Requests, &["confluence", "200"], 100);
        t.succeed(at("2026-11-22T16:30:00Z"));
    });
    totals(&store, "admin", |t| t.add(Count::Restores, &["restored"], 5));
    totals(&store, "alert", |t| {
        t.add(Count::Messages, &["delivered"], 9);
        t.add(Count::Messages, &["failed"], 1);
    });
    totals(&store, tallies::LIMITED, |t| t.add(Count::Events, &["rejected"], 8));
    store
}

fn totals(store: &MemoryStore, function: &'static str, fill: impl FnOnce(&mut Tallies)) {
    let mut more = Tallies::default();
    fill(&mut more);
    block_on(tallies::add(store, function, &more)).unwrap();
}
