//! Lists as files.

use super::*;

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

/// The instance's CSV of accounts: names that look like formulas, sightings in Confluence and elsewhere.
fn accounts_csv() -> String {
    use seatkeeper_web::csv::{header, row};
    let names = ["user-key", "username", "last-seen", "seen-last-login", "seen-import", "seen-okta-login"];
    let rows = [
        ["k1", "=cmd|' /C calc'!A0", "2026-11-01T08:00:00Z", "2026-10-01T08:00:00Z", "2026-11-01T08:00:00Z", ""],
        ["k2", "'+49 711", "2026-10-02T08:00:00Z", "2026-10-02T08:00:00Z", "", ""],
        ["k3", "only-in-okta", "2026-11-20T08:00:00Z", "", "", "2026-11-20T08:00:00Z"],
        ["k4", "never, seen", "", "", "", ""],
    ];
    let bytes: Vec<u8> = header(&names).into_iter().chain(rows.iter().flat_map(|cells| row(cells))).collect();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn exported_last_logins_come_back_as_they_were() {
    let instance = Instance::new(vec![("GET /report/accounts.csv?status=current", 200, accounts_csv())]);
    let ended = instance.run(&["export", "last-logins", "--status", "current"]);
    ended.expect(0, &["username,user-key,last-login"]);
    let zone = chrono::FixedOffset::east_opt(0).unwrap();
    let now = "2026-11-23T08:00:00Z".parse().unwrap();
    let original = seatkeeper_web::csv::unprotect;
    let (rows, problems) = seatkeeper_engine::import::parse_as(&ended.out, original, zone, now).unwrap();
    let read: Vec<_> = rows.iter().map(|row| (row.0.as_deref().unwrap(), row.2 / 1000)).collect();
    let at = |text: &str| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
    // Nobody who was only seen elsewhere, or never, gets a login in Confluence.
    assert_eq!(read, [("=cmd|' /c calc'!a0", at("2026-11-01T08:00:00Z")), ("'+49 711", at("2026-10-02T08:00:00Z"))]);
    assert_eq!(problems, []);
}

#[test]
fn a_short_list_without_a_csv_of_its_own_gets_one_here() {
    let instance = Instance::new(vec![
        runs(&json!({"is": "applied"}), 1),
        (
            "GET /report/populations.json",
            200,
            json!({"populations": [{"name": "=x", "priority": 5, "accounts": 2, "decisions": {"keep/young": 2}}]})
                .to_string(),
        ),
    ]);
    let ended = instance.run(&["export", "runs"]);
    ended.expect(0, &["id,opened,at,mode,outcome,plan-hash,planned,reclaimed,skipped,failed,warned,seats-before"]);
    assert!(ended.out.lines().nth(1).unwrap().starts_with("20261122-120000,2026-11-22T12:00:00Z,"), "{ended:?}");
    assert!(ended.out.contains(",applied,") && ended.out.contains(",2,1,0,1,"), "{ended:?}");
    instance.run(&["export", "populations"]).expect(0, &["name,priority,accounts,decisions", "'=x,5,2,keep/young: 2"]);
    let document: Value = serde_json::from_str(&instance.run(&["export", "runs", "--json"]).out).unwrap();
    assert_eq!(document["runs"][0]["id"], ID);
}

#[test]
fn a_folder_gets_a_file_with_the_list_and_the_date_in_its_name() {
    let instance = Instance::new(vec![("GET /report/handover.csv", 200, "username\r\n".to_owned())]);
    std::fs::create_dir(instance.dir.path().join("out")).unwrap();
    instance.run(&["export", "handover", "--output", "out"]).expect(0, &["Written: out/handover-20"]);
    let name = std::fs::read_dir(instance.dir.path().join("out")).unwrap().next().unwrap().unwrap().file_name();
    let name = name.into_string().unwrap();
    let date = name.strip_prefix("handover-").and_then(|rest| rest.strip_suffix(".csv")).unwrap_or_default();
    assert!(date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
}

#[test]
fn what_a_list_does_not_take_is_refused_before_anything_is_asked() {
    let instance = Instance::new(vec![]);
    instance.run(&["export", "runs", "--never"]).expect(1, &["`runs` has no filters"]);
    instance.run(&["export", "plan"]).expect(1, &["seatkeeper export plan ID"]);
    instance.run(&["export", "accounts", "x"]).expect(1, &["takes no `x`"]);
    instance.run(&["export", "everything"]).expect(1, &["everything"]);
    assert_eq!(instance.lines(), [""; 0]);
}

#[test]
fn an_export_with_a_column_of_changes_can_be_sent_as_it_is() {
    let job = problem(422, "users-refused", "Rows were refused");
    let instance = Instance::new(vec![("POST /admin/users/bulk?dry-run=true", 422, job)]);
    let file = instance.dir.path().join("people.csv");
    std::fs::write(&file, "user-key,username,decision,email\nk1,'=jdoe,keep/young,jane@example.com\n").unwrap();
    instance
        .run(&["users", "bulk", "people.csv", "--dry-run"])
        .expect(5, &["Left out, because they change nothing: user-key, decision.", "--skip-refused"]);
    let sent = instance.find("POST /admin/users/bulk?dry-run=true");
    assert_eq!(sent.body, "username,email\n'=jdoe,jane@example.com\n");
    std::fs::write(&file, "user-key,username,decision\nk1,jdoe,keep/young\n").unwrap();
    instance.run(&["users", "bulk", "people.csv"]).expect(5, &["at least one of new-username, email, full-name"]);
}
