//! The policy: read, replaced, checked.

use super::*;

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
