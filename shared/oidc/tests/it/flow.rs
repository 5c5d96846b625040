//! There and back: what is asked, who may come back, and what a provider may say about itself.

use crate::provider::{CLIENT, ISSUER, Provider, RETURN, SECRET, settings, settings_with};
use seatkeeper_engine::{ports::HttpError, session::Role};
use seatkeeper_oidc::SignOnError;
use serde_json::json;

const CONFIGURATION: &str = "/.well-known/openid-configuration";

#[test]
fn somebody_with_a_role_is_signed_in_and_comes_to_the_page_they_wanted() {
    let provider = Provider::default();
    let finished = provider.sign_in(&settings()).unwrap();
    assert_eq!((finished.person.name.as_str(), finished.person.role), ("ada", Role::Viewer));
    assert_eq!(finished.next, "/report/plan");
    assert!(finished.person.credential.starts_with("oidc:") && finished.person.is_personal());
}

#[test]
fn the_browser_is_sent_there_with_all_that_protects_the_way_back_and_without_anything_secret() {
    let provider = Provider::default();
    let browser = provider.start(&settings_with(|raw| raw.scopes = "openid profile groups"), 1).unwrap();
    let sent = |name: &str| browser.address.get(name).map(String::as_str);
    assert_eq!((sent("client_id"), sent("redirect_uri")), (Some(CLIENT), Some(RETURN)));
    assert_eq!((sent("response_type"), sent("code_challenge_method")), (Some("code"), Some("S256")));
    assert_eq!(sent("scope"), Some("openid profile groups"));
    for name in ["state", "nonce", "code_challenge"] {
        assert!(sent(name).unwrap().len() >= 43, "{name}");
    }
    assert!(!format!("{:?}{}", browser.address, browser.cookie).contains(SECRET));
}

#[test]
fn two_sessions_of_one_account_are_one_person_whatever_it_is_called() {
    let (one, other) = (Provider::default(), Provider::default());
    other.set("preferred_username", json!("ada.lovelace"));
    other.set("groups", json!(["sk-admins"]));
    let (one, other) = (one.sign_in(&settings()).unwrap().person, other.sign_in(&settings()).unwrap().person);
    assert_eq!(one.credential, other.credential);
    assert_ne!((one.name, one.role), (other.name, other.role));
    let third = Provider::default();
    third.set("sub", json!("00u2"));
    assert_ne!(third.sign_in(&settings()).unwrap().person.credential, one.credential);
}

#[test]
fn a_return_that_this_browser_did_not_begin_is_refused_before_anybody_is_asked() {
    let provider = Provider::default();
    let (mine, other) = (provider.start(&settings(), 1).unwrap(), provider.start(&settings(), 2).unwrap());
    let (query, others) = (provider.consents(&mine), provider.consents(&other));
    let asked = provider.asked.borrow().len();
    for (cookie, query) in [
        ("", query.as_str()),
        (&other.cookie, &query),
        (&mine.cookie, &others),
        (&mine.cookie, "code=code-0"),
        (&mine.cookie, "code=code-0&state="),
        (&format!("{}; {}", mine.cookie, other.cookie), &query),
        (&mine.cookie, "error=access_denied&state=of-nobody"),
    ] {
        assert_eq!(provider.back(&settings(), cookie, query), Err(SignOnError::NotBegun), "{query}");
    }
    assert_eq!(provider.asked.borrow().len(), asked, "the provider was asked");
    assert!(provider.back(&settings(), &mine.cookie, &query).is_ok());
}

#[test]
fn a_return_works_once_and_for_ten_minutes() {
    let provider = Provider::default();
    let browser = provider.start(&settings(), 1).unwrap();
    let query = provider.consents(&browser);
    assert!(provider.back(&settings(), &browser.cookie, &query).is_ok());
    let again = provider.back(&settings(), &browser.cookie, &query).unwrap_err();
    assert!(matches!(&again, SignOnError::Exchange(told) if told.contains("invalid_grant")), "{again}");
    provider.now.set(provider.now.get() + chrono::TimeDelta::minutes(10));
    assert_eq!(provider.back(&settings(), &browser.cookie, &query), Err(SignOnError::NotBegun));
}

#[test]
fn a_code_that_was_caught_elsewhere_cannot_be_used_here() {
    let provider = Provider::default();
    let (victim, thief) = (provider.start(&settings(), 1).unwrap(), provider.start(&settings(), 2).unwrap());
    let caught = provider.consents(&victim);
    let code = caught.split('&').next().unwrap();
    let query = format!("{code}&state={}", thief.address["state"]);
    let error = provider.back(&settings(), &thief.cookie, &query).unwrap_err();
    assert!(matches!(&error, SignOnError::Exchange(told) if told.contains("invalid_grant")), "{error}");
}

#[test]
fn what_the_provider_refuses_is_told_in_one_short_line() {
    let provider = Provider::default();
    let browser = provider.start(&settings(), 1).unwrap();
    let state = &browser.address["state"];
    let long = "x".repeat(5_000);
    let query = format!("error=access_denied&error_description=%3Cscript%3E%0d%0aalert(1){long}&state={state}");
    let error = provider.back(&settings(), &browser.cookie, &query).unwrap_err();
    let SignOnError::Refused(told) = &error else { panic!("{error}") };
    assert!(told.starts_with("access_denied (<script> alert(1)") && told.chars().count() <= 201, "{told}");
    assert_eq!(error.status(), 403);
}

#[test]
fn a_return_with_a_parameter_twice_without_a_code_or_from_another_provider_is_refused() {
    let provider = Provider::default();
    let browser = provider.start(&settings(), 1).unwrap();
    let query = provider.consents(&browser);
    let state = &browser.address["state"];
    for wrong in [
        format!("{query}&state={state}"),
        format!("{query}&code=other"),
        format!("state={state}"),
        format!("code=&state={state}"),
        format!("{query}&iss=https%3A%2F%2Fevil.example"),
    ] {
        let error = provider.back(&settings(), &browser.cookie, &wrong).unwrap_err();
        assert!(matches!(error, SignOnError::Return(_)), "{wrong}: {error}");
    }
    let issuer = format!("{query}&iss=https%3A%2F%2Flogin.example.com%2Frealms%2Fstaff");
    assert!(provider.back(&settings(), &browser.cookie, &issuer).is_ok());
}

#[test]
fn a_provider_that_is_another_one_or_sends_us_elsewhere_is_refused() {
    for (field, value, told) in [
        ("issuer", "https://evil.example", "https://evil.example"),
        ("issuer", "https://login.example.com/realms/staff/", "realms/staff"),
        ("authorization_endpoint", "http://login.example.com/authorize", "not `https`"),
        ("authorization_endpoint", "javascript:alert(1)", "not `https`"),
        ("jwks_uri", "https://evil.example/keys", "https://evil.example"),
        ("jwks_uri", "http://login.example.com/realms/staff/keys", "http://login.example.com"),
        ("jwks_uri", "https://login.example.com:8443/realms/staff/keys", "oidc_keys_origin"),
    ] {
        let provider = Provider::default();
        provider.says(field, json!(value));
        let Err(error) = provider.start(&settings(), 1) else { panic!("{field} {value} was taken") };
        assert!(matches!(error, SignOnError::Provider(_)) && error.to_string().contains(told), "{value}: {error}");
        assert!(provider.asked.borrow().iter().all(|url| url.starts_with(ISSUER)), "{:?}", provider.asked);
    }
    let provider = Provider::default();
    provider.says("token_endpoint", json!("https://evil.example/token"));
    let error = provider.sign_in(&settings()).unwrap_err();
    assert!(matches!(error, SignOnError::Provider(_)) && error.to_string().contains("evil.example"), "{error}");
    assert!(provider.asked.borrow().iter().all(|url| url.starts_with(ISSUER)), "the code went elsewhere");
}

#[test]
fn codes_and_keys_may_be_at_other_origins_that_are_configured() {
    let provider = Provider::default();
    provider.says("jwks_uri", json!("https://keys.example.com/realms/staff/keys"));
    provider.says("token_endpoint", json!("https://token.example.com/realms/staff/token"));
    let settings = settings_with(|raw| {
        raw.keys_origin = "https://keys.example.com";
        raw.token_origin = "https://token.example.com/";
    });
    assert!(provider.sign_in(&settings).is_ok());
}

#[test]
fn the_secret_goes_the_way_that_the_provider_takes() {
    let provider = Provider::default();
    provider.says("token_endpoint_auth_methods_supported", json!(["private_key_jwt", "client_secret_post"]));
    provider.post.set(true);
    assert!(provider.sign_in(&settings()).is_ok());
    let provider = Provider::default();
    provider.says("token_endpoint_auth_methods_supported", json!(["client_secret_post", "client_secret_basic"]));
    assert!(provider.sign_in(&settings()).is_ok());
    let provider = Provider::default();
    provider.says("token_endpoint_auth_methods_supported", json!(["private_key_jwt"]));
    assert!(matches!(provider.sign_in(&settings()), Err(SignOnError::Provider(_))));
}

#[test]
fn a_provider_that_is_down_slow_endless_or_talks_nonsense_signs_nobody_in_and_leaks_nothing() {
    let page = b"<html>login</html>".to_vec();
    let token = format!("{{\"access_token\": \"{SECRET}\", \"id_token\": 7}}").into_bytes();
    for path in [CONFIGURATION, "/keys", "/token"] {
        for answer in [
            Err(HttpError::Timeout),
            Err(HttpError::TooLarge { limit: 262_144 }),
            Err(HttpError::Denied),
            Ok((500, page.clone())),
            Ok((302, Vec::new())),
            Ok((200, page.clone())),
            Ok((200, Vec::new())),
            Ok((200, token.clone())),
            Ok((400, token.clone())),
        ] {
            let provider = Provider::default();
            provider.instead.borrow_mut().insert(path.to_owned(), answer.clone());
            let error = provider.sign_in(&settings()).unwrap_err();
            assert_eq!(error.status(), 502, "{path} {answer:?}: {error}");
            assert!(!format!("{error} {error:?}").contains(SECRET), "{path} {answer:?}: {error}");
        }
    }
}
