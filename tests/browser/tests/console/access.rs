//! Who may do what in a browser.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use seatkeeper_browser::Page;
use seatkeeper_tests::stage::tokens;
use serde_json::{Value, json};

use crate::stage::Stage;

const COOKIE: &str = "__Host-seatkeeper";

/// Sends a form from the page that is open, with its own form token, and returns status and text of the answer.
fn forged(page: &Page, path: &str, fields: &str) -> (u64, String) {
    let script = format!(
        "(async () => {{ const token = document.querySelector('[name=form-token]').value; \
         const answer = await fetch('{path}', {{method: 'POST', redirect: 'manual', headers: \
         {{'content-type': 'application/x-www-form-urlencoded'}}, body: 'form-token=' + token + '&{fields}'}}); \
         return [answer.status, await answer.text()]; }})()"
    );
    let told = page.evaluate(&script).unwrap();
    (told[0].as_u64().unwrap(), told[1].as_str().unwrap().to_owned())
}

fn stopped(stage: &Stage) -> bool {
    !stage.install.admin.get("/admin/stop").unwrap().success().unwrap()["stop"].is_null()
}

fn cookie(page: &Page) -> Option<Value> {
    let all = page.protocol("Network.getCookies", &json!({})).unwrap();
    all["cookies"].as_array().unwrap().iter().find(|cookie| cookie["name"] == COOKIE).cloned()
}

#[test]
fn somebody_who_may_only_read_sees_no_form_and_a_form_that_they_send_all_the_same_is_refused() {
    let stage = Stage::new(300, "approve");
    let plan = stage.install.plan().unwrap();
    let (id, hash) = (plan["id"].as_str().unwrap(), plan["hash"].as_str().unwrap());
    let page = stage.signed_in("viewer");
    let user = stage.install.planned(&plan).unwrap()[0].clone();
    for path in [
        "/report",
        "/report/accounts",
        &format!("/report/accounts/{user}"),
        "/report/policy",
        &format!("/report/plans/{id}"),
        "/report/runs",
        "/report/exemptions",
        "/report/handover",
        "/report/directories",
        "/report/audit",
    ] {
        page.open(path).unwrap();
        assert_eq!(page.count("main form[method=post], main textarea").unwrap(), 0, "{path}");
    }
    for (path, fields) in [
        ("/admin/stop".to_owned(), "why=because".to_owned()),
        (format!("/admin/plans/{id}/approve"), format!("hash={hash}")),
        (format!("/admin/plans/{id}/strike"), format!("user-key={user}")),
        ("/admin/sweep".to_owned(), String::new()),
        ("/admin/exemptions".to_owned(), "kind=user&subject=a&why=b&owner=c".to_owned()),
        ("/admin/policy".to_owned(), "version=1&text=".to_owned()),
    ] {
        let (status, text) = forged(&page, &path, &fields);
        assert_eq!(status, 403, "{path}: {text}");
        assert!(text.contains("Your role does not allow this"), "{path}: {text}");
    }
    assert!(!stopped(&stage));
    let plans = stage.install.admin.get("/admin/plans").unwrap().success().unwrap().to_string();
    assert!(!plans.contains("approved"), "{plans}");
}

#[test]
fn each_role_sees_the_forms_that_it_may_send() {
    let stage = Stage::new(300, "approve");
    let plan = stage.install.plan().unwrap();
    let plan = format!("/report/plans/{}", plan["id"].as_str().unwrap());
    for (role, strikes, approves, edits) in [
        ("viewer", false, false, false),
        ("operator", true, false, false),
        ("approver", true, true, false),
        ("admin", true, true, true),
    ] {
        let page = stage.signed_in(role);
        page.open(&plan).unwrap();
        assert_eq!(page.count("#strike").unwrap() == 1, strikes, "{role}");
        assert_eq!(page.count("#answer").unwrap() == 1, approves, "{role}");
        page.open("/report/policy").unwrap();
        assert_eq!(page.count("main textarea").unwrap() == 1, edits, "{role}");
        assert!(page.text_of("header").unwrap().contains(role), "{role}");
    }
}

#[test]
fn signing_out_ends_the_session_itself_and_not_only_the_cookie() {
    let stage = Stage::new(50, "approve");
    let page = stage.signed_in("operator");
    page.open("/report/runs").unwrap();
    let kept = cookie(&page).unwrap();
    assert_eq!((&kept["httpOnly"], &kept["secure"], &kept["sameSite"]), (&json!(true), &json!(true), &json!("Lax")));
    assert_eq!(page.evaluate("document.cookie").unwrap(), "", "scripts see the session");
    page.click_text("Sign out").unwrap();
    assert_eq!(page.text_of("h1").unwrap(), "Sign in");
    assert_eq!(cookie(&page), None);
    // What was shown before is not shown to whoever sits down next.
    page.back().unwrap();
    assert_eq!(page.text_of("h1").unwrap(), "Sign in");
    // Somebody copied the cookie.
    let mut again = json!({"path": "/", "secure": true, "httpOnly": true, "sameSite": "Lax"});
    again["name"] = kept["name"].clone();
    again["value"] = kept["value"].clone();
    again["url"] = page.evaluate("location.origin").unwrap();
    page.protocol("Network.setCookie", &again).unwrap();
    assert!(cookie(&page).is_some());
    page.open("/report/runs").unwrap();
    assert_eq!(page.text_of("h1").unwrap(), "Sign in");
}

#[test]
fn a_token_that_nobody_has_opens_nothing_and_is_told_so() {
    let stage = Stage::new(50, "approve");
    let page = stage.page();
    for wrong in ["a-token-that-nobody-ever-gave-out", &tokens().trigger, &tokens().hook, &tokens().confluence] {
        page.sign_in(wrong).unwrap();
        assert!(page.text().unwrap().contains("This token is not known"), "{wrong}");
        assert_eq!(cookie(&page), None);
        assert!(!page.path().unwrap().contains(wrong), "the token is in the address");
    }
    page.sign_in(tokens().of("viewer").unwrap()).unwrap();
    assert_eq!(page.text_of("h1").unwrap(), "Overview");
}

#[test]
fn after_signing_in_the_page_opens_that_was_asked_for_and_never_one_elsewhere() {
    let stage = Stage::new(50, "approve");
    let page = stage.page();
    page.open("/report/accounts?decision=keep").unwrap();
    page.fill("[name=token]", tokens().of("viewer").unwrap()).unwrap();
    page.click("main button").unwrap();
    assert_eq!(page.path().unwrap(), "/report/accounts?decision=keep");
    let page = stage.page();
    page.open("/admin/sign-in?next=https://evil.example/report").unwrap();
    page.fill("[name=token]", tokens().of("viewer").unwrap()).unwrap();
    page.click("main button").unwrap();
    assert_eq!(page.path().unwrap(), "/report");
}

/// Serves one page to one visitor, on another port: the same site to a browser, so that it sends the cookie along.
fn elsewhere(html: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length";
            write!(stream, "{head}: {}\r\n\r\n{html}", html.len()).unwrap();
        }
    });
    address
}

#[test]
fn a_page_of_another_origin_that_sends_our_forms_changes_nothing_even_with_the_right_form_token() {
    let stage = Stage::new(50, "approve");
    let page = stage.signed_in("admin");
    page.open("/report/runs").unwrap();
    let own = page.evaluate("location.origin").unwrap();
    let token = page.evaluate("document.querySelector('[name=form-token]').value").unwrap();
    let (own, token) = (own.as_str().unwrap(), token.as_str().unwrap());
    let evil = elsewhere(format!(
        "<!doctype html><title>x</title><form method=post action={own}/admin/stop><input name=form-token value={token}>\
         <input name=why value=because></form><script>document.forms[0].submit()</script>"
    ));
    page.open(&evil).unwrap();
    assert_eq!(page.text_of("h1").unwrap(), "The form was refused");
    assert!(!stopped(&stage));
    // The same from our own page works, so it was not something else that was refused.
    page.open("/report/runs").unwrap();
    let (status, text) = forged(&page, "/admin/stop", "why=because");
    assert!(matches!(status, 0 | 303), "{status}: {text}");
    assert!(stopped(&stage));
}

#[test]
fn no_page_of_ours_can_be_shown_inside_a_page_of_somebody_else() {
    let stage = Stage::new(50, "approve");
    let page = stage.signed_in("admin");
    page.open("/report").unwrap();
    let own = page.evaluate("location.origin").unwrap();
    let own = own.as_str().unwrap();
    page.open(&elsewhere(format!("<!doctype html><title>x</title><iframe src={own}/report></iframe>"))).unwrap();
    let errors = page.console_errors().unwrap().join("\n");
    assert!(errors.contains("frame-ancestors"), "the frame was not refused: {errors}");
}
