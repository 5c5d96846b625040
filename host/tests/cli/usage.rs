//! Tokens, addresses and wrong usage.

use super::*;

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
