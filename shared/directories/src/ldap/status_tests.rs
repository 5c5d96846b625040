use super::*;
use rasn_ldap::{LdapString, PartialAttribute};

fn now() -> Instant {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn entry(attributes: &[(&str, &str)]) -> SearchResultEntry {
    let attributes = attributes.iter().map(|(name, value)| {
        PartialAttribute::new(LdapString::from(*name), vec![value.as_bytes().to_vec().into()].into())
    });
    SearchResultEntry::new(LdapString::from("uid=a,dc=x"), attributes.collect())
}

fn filetime(instant: &str) -> String {
    let instant: Instant = instant.parse().unwrap();
    ((instant.timestamp() + WINDOWS_EPOCH) * 10_000_000).to_string()
}

#[test]
fn active_directory_tells_disabled_expired_and_locked_people() {
    let (past, future) = (filetime("2026-11-22T00:00:00Z"), filetime("2026-11-24T00:00:00Z"));
    for (control, expires, lockout, expected) in [
        ("512", None, None, Presence::Active),
        ("512", Some("0"), Some("0"), Presence::Active),
        ("512", Some("9223372036854775807"), None, Presence::Active),
        ("512", Some(future.as_str()), None, Presence::Active),
        ("66048", None, None, Presence::Active),
        ("514", None, None, Presence::Disabled),
        ("66050", None, None, Presence::Disabled),
        ("514", None, Some(past.as_str()), Presence::Disabled),
        ("512", Some(past.as_str()), None, Presence::Disabled),
        ("512", None, Some(past.as_str()), Presence::Locked),
        // The bit 0x10 for a lockout is not kept up to date, so it says nothing.
        ("528", None, None, Presence::Active),
        ("yes", None, None, Presence::Unknown),
        ("", None, None, Presence::Unknown),
        ("512", Some("soon"), None, Presence::Unknown),
        ("512", None, Some("true"), Presence::Unknown),
    ] {
        let mut attributes = vec![("userAccountControl", control)];
        attributes.extend(expires.map(|value| ("accountExpires", value)));
        attributes.extend(lockout.map(|value| ("lockoutTime", value)));
        let told = presence(LdapDialect::ActiveDirectory, &entry(&attributes), now());
        assert_eq!(told, expected, "{attributes:?}");
    }
    // Without the right to read the flags nothing is known.
    assert_eq!(presence(LdapDialect::ActiveDirectory, &entry(&[]), now()), Presence::Unknown);
}

#[test]
fn openldap_tells_people_that_were_locked_for_good_from_those_that_typed_wrongly() {
    for (value, expected) in [
        (None, Presence::Active),
        (Some("000001010000Z"), Presence::Disabled),
        (Some("20261123115900Z"), Presence::Locked),
        (Some("20261123115900.123456Z"), Presence::Locked),
        (Some("true"), Presence::Unknown),
        (Some(""), Presence::Unknown),
    ] {
        let attributes: Vec<_> = value.map(|value| ("pwdAccountLockedTime", value)).into_iter().collect();
        assert_eq!(presence(LdapDialect::Openldap, &entry(&attributes), now()), expected, "{value:?}");
    }
}

#[test]
fn a_389_server_tells_a_lock_in_a_word_of_any_case() {
    for (value, expected) in [
        (None, Presence::Active),
        (Some("TRUE"), Presence::Disabled),
        (Some("true"), Presence::Disabled),
        (Some("False"), Presence::Active),
        (Some("1"), Presence::Unknown),
        (Some("yes"), Presence::Unknown),
    ] {
        let attributes: Vec<_> = value.map(|value| ("nsaccountlock", value)).into_iter().collect();
        assert_eq!(presence(LdapDialect::Ds389, &entry(&attributes), now()), expected, "{value:?}");
    }
}

#[test]
fn a_logon_of_active_directory_may_be_fourteen_days_newer_than_it_says_but_not_in_the_future() {
    for (stamp, expected) in [
        ("2026-10-01T08:00:00Z", Some("2026-10-15T08:00:00Z")),
        ("2026-11-20T08:00:00Z", Some("2026-11-23T12:00:00Z")),
        ("2027-01-01T00:00:00Z", Some("2026-11-23T12:00:00Z")),
    ] {
        let seen = seen(LdapDialect::ActiveDirectory, &entry(&[("lastLogonTimestamp", &filetime(stamp))]), now());
        let expected = expected.map(|at| Sighting { at: at.parse().unwrap(), source: Source::AdLogon });
        assert_eq!(seen, expected, "{stamp}");
    }
    for nothing in ["0", "-1", "9223372036854775807", "yesterday", ""] {
        let seen = seen(LdapDialect::ActiveDirectory, &entry(&[("lastLogonTimestamp", nothing)]), now());
        assert_eq!(seen, None, "{nothing}");
    }
}

#[test]
fn the_newest_sign_in_of_openldap_counts_in_every_spelling_of_a_time() {
    let at = |text: &str| generalized(text).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    for (text, expected) in [
        ("20261101080000Z", "2026-11-01T08:00:00Z"),
        ("20261101080000.999999Z", "2026-11-01T08:00:00Z"),
        ("20261101080000,5Z", "2026-11-01T08:00:00Z"),
        ("202611010800Z", "2026-11-01T08:00:00Z"),
        ("2026110108Z", "2026-11-01T08:00:00Z"),
        ("20261101080000+0100", "2026-11-01T07:00:00Z"),
        ("20261101080000-0530", "2026-11-01T13:30:00Z"),
        ("20261101080000+01", "2026-11-01T07:00:00Z"),
    ] {
        assert_eq!(at(text).as_deref(), Some(expected), "{text}");
    }
    for wrong in ["", "Z", "20261101", "20261301080000Z", "20261101250000Z", "20261101080000", "20261101080000+1", "x"]
    {
        assert_eq!(at(wrong), None, "{wrong}");
    }
    let both = entry(&[("pwdLastSuccess", "20261101080000Z"), ("authTimestamp", "20261102080000Z")]);
    let newest = Sighting { at: "2026-11-02T08:00:00Z".parse().unwrap(), source: Source::LdapBind };
    assert_eq!(seen(LdapDialect::Openldap, &both, now()), Some(newest));
    assert_eq!(seen(LdapDialect::Openldap, &entry(&[]), now()), None);
}

#[test]
fn people_are_looked_for_by_the_attribute_that_the_dialect_has_for_it() {
    use LdapDialect::{ActiveDirectory, Ds389, Openldap};
    for (dialect, matching, expected) in [
        (ActiveDirectory, Match::Username, "sAMAccountName"),
        (ActiveDirectory, Match::EmployeeId, "employeeID"),
        (ActiveDirectory, Match::Upn, "userPrincipalName"),
        (Openldap, Match::Username, "uid"),
        (Ds389, Match::Username, "uid"),
        (Openldap, Match::EmployeeId, "employeeNumber"),
        (Openldap, Match::Mail, "mail"),
    ] {
        assert_eq!(identity_attribute(dialect, matching), expected);
    }
    let tagged = entry(&[("mail;lang-en", "a@x.test"), ("MAIL", "b@x.test"), ("mailbox", "c@x.test")]);
    assert_eq!(texts(&tagged, "mail"), ["a@x.test", "b@x.test"]);
}
