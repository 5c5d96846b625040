//! The audit trail, verified here.

use super::*;
use seatkeeper_engine::{
    audit::{self, Act, FUNCTIONS, Place},
    testing::{MemoryStore, block_on},
};

const DAY: &str = "2026-11-23";

/// An instance whose admin function recorded three acts, after `damage` was done to the page that it sends.
fn instance(damage: impl FnOnce(&mut Value)) -> (Instance, String) {
    let store = MemoryStore::default();
    for id in ["policy:1", "policy:2", "policy:3"] {
        let act = Act { id: id.into(), actor: "=anna", act: "policy-replaced", subject: "p", detail: "dry run".into() };
        block_on(audit::append(&store, "admin", act, format!("{DAY}T08:00:00Z").parse().unwrap())).unwrap();
    }
    let of = |name| block_on(audit::days(&store, name)).unwrap();
    let days = FUNCTIONS.map(of);
    let place = Place { day: DAY.into(), page: 0 };
    let page = block_on(audit::page(&store, &of("admin"), &place)).unwrap().unwrap();
    let last = page.entries.last().unwrap().hash.clone();
    let mut page = serde_json::to_value(page).unwrap();
    damage(&mut page);
    let replies = vec![
        ("GET /admin/audit", 200, json!({"functions": days}).to_string()),
        ("GET /admin/audit?function=admin&day=2026-11-23&page=0", 200, page.to_string()),
    ];
    (Instance::new(replies), last)
}

#[test]
fn a_whole_trail_is_verified_by_computing_its_hashes_here() {
    let (instance, last) = instance(|_| {});
    let ended = instance.run(&["audit", "verify", "--noted", &last[..12]]);
    ended.expect(0, &["admin", "whole", "empty", &last[..12], "1 noted hash found", "Next step: note the last hashes"]);
    assert_eq!(instance.find("GET /admin/audit").header("Authorization"), Some(format!("Bearer {ADMIN}").as_str()));
    let ended = instance.run(&["audit", "verify", "--function", "admin", "--json"]);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&document["exit"], document["functions"].as_array().unwrap().len()), (&json!(0), 1));
    assert_eq!(
        (&document["functions"][0]["entries"], &document["functions"][0]["last-hash"]),
        (&json!(3), &json!(last))
    );
}

#[test]
fn a_changed_entry_is_named_and_ends_with_six_whatever_the_instance_says() {
    let (changed, _) = instance(|page| page["entries"][1]["actor"] = json!("somebody else"));
    changed
        .run(&["audit", "verify"])
        .expect(6, &["BROKEN: admin: entry 2 (policy:2) on page 0 of 2026-11-23 was changed"]);
    let (gone, _) = instance(|page| page["entries"] = json!([]));
    gone.run(&["audit", "verify"]).expect(6, &["page 0 of 2026-11-23 is gone"]);
    let (removed, _) = instance(|page| drop(page["entries"].as_array_mut().unwrap().remove(0)));
    removed.run(&["audit", "verify", "--json"]).expect(6, &["\"why\": \"hash\"", "\"entry\": 1"]);
}

#[test]
fn a_noted_hash_shows_that_the_newest_entries_were_taken_away() {
    let (instance, last) = instance(|page| drop(page["entries"].as_array_mut().unwrap().pop()));
    instance.run(&["audit", "verify"]).expect(0, &["whole"]);
    instance.run(&["audit", "verify", "--noted", &last]).expect(6, &["no stream has the noted hash", &last]);
    instance.run(&["audit", "verify", "--noted", "x"]).expect(1, &["12 to 64 hexadecimal digits"]);
}

#[test]
fn the_newest_entries_are_shown_first_and_no_more_than_asked_for() {
    let (instance, _) = instance(|_| {});
    let ended = instance.run(&["audit", "show", "--top", "2", "--json"]);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    let ids: Vec<_> = document["entries"].as_array().unwrap().iter().map(|row| row["entry"]["id"].as_str()).collect();
    assert_eq!(ids, [Some("policy:3"), Some("policy:2")]);
    instance.run(&["audit", "show"]).expect(0, &["=anna", "policy-replaced", "2026-11-23 08:00 UTC"]);
}

#[test]
fn the_trail_is_written_as_csv_and_json_from_both_commands() {
    let (instance, _) = instance(|_| {});
    let ended = instance.run(&["audit", "export"]);
    ended.expect(0, &["function,day,page,at,id,actor,act,subject,detail,hash", ",'=anna,"]);
    assert_eq!(ended.out.lines().count(), 4);
    assert_eq!(instance.run(&["export", "audit"]).out, ended.out);
    let ended = instance.run(&["export", "audit", "--format", "json"]);
    let document: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(document["entries"][2]["entry"]["id"], "policy:3");
    assert_eq!(document["entries"][0]["function"], "admin");
}
