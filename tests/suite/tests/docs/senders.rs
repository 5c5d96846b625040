//! Login events: the documented bodies, and the scripts that send them.

use crate::{read, root};
use seatkeeper_engine::login;
use std::process::Command;

#[test]
fn the_events_in_the_documentation_are_understood_by_the_code() {
    let text = read("docs/login-events.md");
    let events: Vec<&str> =
        text.split("```json\n").skip(1).filter_map(|block| block.split("\n```").next()).flat_map(str::lines).collect();
    assert!(events.len() >= 5, "{events:?}");
    for event in events {
        let parsed = login::parse(event.as_bytes()).unwrap_or_else(|error| panic!("{event}: {error}"));
        assert!(!matches!(parsed, login::Event::Ignored(_)), "{event} is ignored");
    }
}

/// Python of the machine, if there is one; without it the two tests below have nothing to test.
fn python() -> Option<Command> {
    let works = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    works.then(|| Command::new("python3"))
}

#[test]
fn the_python_senders_compile_and_pass_their_own_tests() {
    let Some(mut python) = python() else {
        eprintln!("no python3 here, so the senders are not tested");
        return;
    };
    let folder = root().join("deploy/senders");
    let output = python
        .current_dir(&folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-W", "error", "-m", "unittest", "-q", "test_senders"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_python_senders_sign_as_we_verify() {
    let Some(mut python) = python() else { return };
    let secret = "a-secret-for-this-test-only";
    let body = r#"{"event":"login","username":"Jürgen \"JJ\" 日本"}"#;
    let script = "import sys, seatkeeper_event; print(seatkeeper_event.sign(sys.argv[1], sys.argv[2].encode()))";
    let output = python
        .current_dir(root().join("deploy/senders"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["-c", script, secret, body])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let ours =
        seatkeeper_web::signature::sign(&seatkeeper_web::Secret::new("hook_secret", secret).unwrap(), body.as_bytes());
    assert_eq!(told.trim(), ours, "{}", String::from_utf8_lossy(&output.stderr));
}
