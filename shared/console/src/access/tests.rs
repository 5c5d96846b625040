use super::*;
use chrono::TimeDelta;
use http::HeaderValue;
use seatkeeper_engine::testing::{MemoryStore, block_on};
use sha2::{Digest, Sha256};

const ADA: &str = "token-of-ada-lovelace";

fn credentials(people: &[(&str, &str, &str)]) -> Credentials {
    let text: Vec<String> = people
        .iter()
        .map(|(name, role, token)| format!("{name}:{role}:{}", hex::encode(Sha256::digest(token))))
        .collect();
    Credentials {
        report: Secret::new("report_token", "token-for-the-reports").unwrap(),
        admin: Secret::new("admin_token", "token-of-administrators").unwrap(),
        people: crate::people::parse(&text.join(";")).unwrap(),
        single_sign_on: false,
    }
}

fn now() -> Instant {
    "2026-11-23T08:00:00Z".parse().unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
}

fn caller(credentials: &Credentials, store: &MemoryStore, headers: &HeaderMap) -> Result<Caller, Denied> {
    block_on(credentials.caller(store, headers, now()))
}

/// A browser that signed in.
fn signed_in(store: &MemoryStore, person: Person) -> (SessionId, HeaderMap) {
    let id = SessionId::new([4; 32]);
    block_on(session::open(store, &id, person, now())).unwrap();
    let cookie = format!("{}={}", cookie::NAME, id.expose());
    (id, headers(&[("cookie", &cookie)]))
}

#[test]
fn a_token_tells_role_and_name() {
    let known = credentials(&[("Ada", "approver", ADA)]);
    for (token, name, role, named) in [
        ("token-for-the-reports", "report_token", Role::Viewer, false),
        ("token-of-administrators", "admin_token", Role::Admin, false),
        (ADA, "Ada", Role::Approver, true),
    ] {
        let bearer = headers(&[("authorization", &format!("Bearer {token}"))]);
        let found = caller(&known, &MemoryStore::default(), &bearer).unwrap();
        assert_eq!((found.person.name.as_str(), found.person.role, found.named), (name, role, named));
    }
    for token in ["", "token-of-ada-lovelac", "nobody"] {
        let bearer = headers(&[("authorization", &format!("Bearer {token}"))]);
        assert!(matches!(caller(&known, &MemoryStore::default(), &bearer), Err(Denied::Unknown(_))), "{token}");
    }
}

#[test]
fn each_role_may_do_what_the_weaker_ones_may_and_nothing_more() {
    use seatkeeper_engine::session::ROLES;
    for (has, role) in ROLES.into_iter().enumerate() {
        let person = Person { name: "Ada".into(), credential: "token:a".into(), role };
        let caller = Caller { person, session: None, named: true };
        for (needs, needed) in ROLES.into_iter().enumerate() {
            assert_eq!(caller.needs(needed).is_ok(), has >= needs, "{role:?} {needed:?}");
        }
    }
}

#[test]
fn whoever_is_taken_out_of_the_configuration_is_out_at_once() {
    let store = MemoryStore::default();
    let known = credentials(&[("Ada", "approver", ADA)]);
    let (_, browser) = signed_in(&store, known.person(ADA).unwrap().0);
    assert_eq!(caller(&known, &store, &browser).unwrap().person.name, "Ada");
    for changed in [vec![], vec![("Ada", "viewer", ADA)], vec![("Ada", "approver", "another-token")]] {
        assert!(matches!(caller(&credentials(&changed), &store, &browser), Err(Denied::Unknown(_))), "{changed:?}");
    }
}

#[test]
fn whoever_signed_in_with_a_company_account_is_out_as_soon_as_that_is_switched_off() {
    let store = MemoryStore::default();
    let person = Person { name: "ada@example.com".into(), credential: "oidc:5e1f".into(), role: Role::Approver };
    let (_, browser) = signed_in(&store, person.clone());
    let on = Credentials { single_sign_on: true, ..credentials(&[]) };
    assert_eq!(caller(&on, &store, &browser).unwrap().person, person);
    assert!(matches!(caller(&credentials(&[]), &store, &browser), Err(Denied::Unknown(AuthError::Missing))));
}

#[test]
fn a_session_ends_in_time_and_a_token_beside_it_is_what_counts() {
    let store = MemoryStore::default();
    let known = credentials(&[("Ada", "approver", ADA)]);
    let (_, mut browser) = signed_in(&store, known.person(ADA).unwrap().0);
    let later = now() + session::LENGTH;
    assert!(block_on(known.caller(&store, &browser, later - TimeDelta::seconds(1))).is_ok());
    assert!(block_on(known.caller(&store, &browser, later)).is_err());
    browser.insert("authorization", HeaderValue::from_static("Bearer wrong"));
    assert!(matches!(caller(&known, &store, &browser), Err(Denied::Unknown(AuthError::Refused))));
}

#[test]
fn a_change_by_a_browser_needs_the_form_of_its_session_and_a_page_of_ours() {
    let store = MemoryStore::default();
    let known = credentials(&[("Ada", "approver", ADA)]);
    let (id, browser) = signed_in(&store, known.person(ADA).unwrap().0);
    let caller = caller(&known, &store, &browser).unwrap();
    let token = id.form_token();
    let tries = |pairs: &[(&'static str, &str)], token: Option<&str>| {
        caller.wrote_it(&Method::POST, &headers(pairs), token).is_ok()
    };
    let ours = [("sec-fetch-site", "same-origin"), ("origin", "https://seats.example"), ("host", "seats.example")];
    assert!(tries(&ours, Some(&token)));
    assert!(tries(&[], Some(&token)), "an old browser says nothing");
    let behind_a_proxy = [("sec-fetch-site", "same-origin"), ("origin", "https://seats.example"), ("host", "10.0.0.7")];
    assert!(tries(&behind_a_proxy, Some(&token)));
    for wrong in [None, Some(""), Some("0"), Some(id.expose()), Some(&token[1..])] {
        assert!(!tries(&ours, wrong), "{wrong:?}");
    }
    for elsewhere in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "none")],
        vec![("origin", "https://evil.example"), ("host", "seats.example")],
        vec![("origin", "https://seats.example.evil"), ("host", "seats.example")],
        vec![("origin", "null"), ("host", "seats.example")],
        vec![("origin", "https://seats.example")],
    ] {
        assert!(!tries(&elsewhere, Some(&token)), "{elsewhere:?}");
    }
    assert!(caller.wrote_it(&Method::GET, &HeaderMap::new(), None).is_ok());
}

#[test]
fn a_program_with_a_token_needs_no_form() {
    let known = credentials(&[]);
    let bearer = headers(&[("authorization", "Bearer token-of-administrators"), ("origin", "https://evil.example")]);
    let caller = caller(&known, &MemoryStore::default(), &bearer).unwrap();
    assert!(caller.wrote_it(&Method::POST, &bearer, None).is_ok());
}

#[test]
fn a_password_that_a_browser_remembered_changes_nothing_by_itself() {
    let known = credentials(&[("Ada", "admin", ADA)]);
    // "anybody:token-of-ada-lovelace"
    let basic = headers(&[("authorization", "Basic YW55Ym9keTp0b2tlbi1vZi1hZGEtbG92ZWxhY2U=")]);
    let caller = caller(&known, &MemoryStore::default(), &basic).unwrap();
    assert_eq!(caller.person.name, "Ada");
    assert!(caller.wrote_it(&Method::GET, &basic, None).is_ok());
    assert!(matches!(caller.wrote_it(&Method::POST, &basic, None), Err(Denied::Forged(_))));
    let mut signed = basic.clone();
    signed.insert(BY, HeaderValue::from_static("Ada"));
    assert!(caller.wrote_it(&Method::POST, &signed, None).is_ok(), "no form can send this header");
}

#[test]
fn whoever_was_taken_out_or_has_a_weaker_role_now_may_do_it_no_more() {
    let known = credentials(&[("Ada", "approver", ADA)]);
    let ada = known.person(ADA).unwrap().0.credential;
    assert!(known.may_still(&ada, Role::Approver) && !known.may_still(&ada, Role::Admin));
    assert!(credentials(&[("Ada", "admin", ADA)]).may_still(&ada, Role::Approver), "a stronger role is enough");
    assert!(!credentials(&[("Ada", "viewer", ADA)]).may_still(&ada, Role::Approver));
    assert!(!credentials(&[("Bert", "approver", "another-token")]).may_still(&ada, Role::Approver));
    assert!(!known.may_still("oidc:ada", Role::Viewer) && known.may_still(session::ADMIN_TOKEN, Role::Admin));
}
