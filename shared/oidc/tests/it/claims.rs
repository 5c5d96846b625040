//! ID tokens that do not hold, and claims that give no role.

use crate::provider::{CLIENT, Provider, SECRET, Signed, settings, settings_with};
use chrono::TimeDelta;
use seatkeeper_engine::session::Role;
use seatkeeper_oidc::SignOnError;
use serde_json::{Value, json};

fn refused(provider: &Provider) -> String {
    let error = provider.sign_in(&settings()).unwrap_err();
    assert!(matches!(error, SignOnError::Token(_)), "{error}");
    assert_eq!(error.status(), 403);
    assert!(!error.to_string().contains(SECRET), "{error}");
    error.to_string()
}

#[test]
fn only_a_signature_with_a_key_of_the_provider_holds() {
    for signed in [
        Signed::Foreign,
        Signed::BringsItsKey,
        Signed::Not,
        Signed::Shared(SECRET),
        Signed::Shared(""),
        Signed::PublicAsSecret,
        Signed::Changed,
    ] {
        let provider = Provider::default();
        provider.signed.set(signed);
        refused(&provider);
    }
    let provider = Provider::default();
    provider.signed.set(Signed::Rsa);
    assert!(provider.sign_in(&settings()).is_ok());
}

#[test]
fn a_token_for_somebody_else_from_somebody_else_or_for_another_sign_in_is_refused() {
    for (claim, value) in [
        ("aud", json!("another-client")),
        ("aud", json!([])),
        ("aud", json!([CLIENT, "another-client"])),
        ("aud", Value::Null),
        ("azp", json!("another-client")),
        ("iss", json!("https://evil.example")),
        ("iss", json!("https://login.example.com/realms/staff/")),
        ("iss", Value::Null),
        ("nonce", json!("of-another-sign-in")),
        ("nonce", json!("")),
        ("nonce", Value::Null),
    ] {
        let provider = Provider::default();
        provider.set(claim, value.clone());
        let error = provider.sign_in(&settings()).unwrap_err();
        // A token without what every token has is not even read.
        let unread = value.is_null() && matches!(error, SignOnError::Exchange(_));
        assert!(unread || matches!(error, SignOnError::Token(_)), "{claim} {value}: {error}");
    }
    for (claim, value) in [("aud", json!([CLIENT])), ("azp", json!(CLIENT))] {
        let provider = Provider::default();
        provider.set(claim, value);
        assert!(provider.sign_in(&settings()).is_ok(), "{claim}");
    }
}

#[test]
fn a_token_that_ended_or_was_not_just_issued_is_refused() {
    let at = |claim: &str, delta: TimeDelta| {
        let provider = Provider::default();
        provider.set(claim, json!((provider.now.get() + delta).timestamp()));
        provider
    };
    let seconds = TimeDelta::seconds;
    assert!(at("exp", seconds(-59)).sign_in(&settings()).is_ok(), "clocks differ a little");
    assert!(at("iat", seconds(299)).sign_in(&settings()).is_ok(), "clocks differ a little");
    for (claim, delta) in [("exp", -60), ("exp", -86_400), ("iat", 301), ("iat", -301), ("iat", -86_400)] {
        refused(&at(claim, seconds(delta)));
    }
}

#[test]
fn without_a_claim_that_gives_a_role_nobody_is_signed_in() {
    for groups in [Value::Null, json!([]), json!(["other"]), json!("sk-admins-not")] {
        let provider = Provider::default();
        provider.set("groups", groups);
        let error = provider.sign_in(&settings()).unwrap_err();
        assert_eq!(error.status(), 403);
        assert!(matches!(error, SignOnError::NoRole { .. }) && error.to_string().contains("oidc_roles"), "{error}");
    }
    let provider = Provider::default();
    provider.set("groups", Value::Null);
    provider.set("_claim_names", json!({"groups": "src1"}));
    let told = provider.sign_in(&settings()).unwrap_err().to_string();
    assert!(told.contains("so many groups"), "{told}");
}

#[test]
fn the_name_is_of_the_claim_that_is_configured_or_the_best_there_is() {
    let provider = Provider::default();
    provider.set("employee", json!("E-17"));
    let named = settings_with(|raw| raw.name_claim = "employee");
    assert_eq!(provider.sign_in(&named).unwrap().person.name, "E-17");
    let provider = Provider::default();
    provider.set("preferred_username", Value::Null);
    provider.set("email", json!("ada@example.com"));
    assert_eq!(provider.sign_in(&settings()).unwrap().person.name, "ada@example.com");
    provider.set("email", Value::Null);
    let provider = Provider::default();
    provider.set("preferred_username", json!(""));
    assert_eq!(provider.sign_in(&settings()).unwrap().person.name, "00u1");
}

#[test]
fn a_checked_mail_address_gives_a_role_also_where_it_is_said_in_words() {
    let settings = settings_with(|raw| raw.roles = "email:ada@example.com=approver");
    for (verified, role) in
        [(json!(true), Some(Role::Approver)), (json!("true"), Some(Role::Approver)), (json!(false), None)]
    {
        let provider = Provider::default();
        provider.set("email", json!("ada@example.com"));
        provider.set("email_verified", verified.clone());
        assert_eq!(provider.sign_in(&settings).ok().map(|finished| finished.person.role), role, "{verified}");
    }
}
