//! What the attributes of an entry say about a person, in the dialect of the server.
//!
//! INVARIANT (explicit words only): what cannot be read is unknown, and unknown costs nobody a seat.

use chrono::{DateTime, NaiveDate, TimeDelta};
use rasn_ldap::SearchResultEntry;
use seatkeeper_policy::{
    Instant,
    account::{Sighting, Source},
    directory::{LdapDialect, Match, Presence},
};

/// Bit of `userAccountControl`: the account is disabled.
const DISABLED: i64 = 0x2;
/// `pwdAccountLockedTime` of an account that an administrator locked for good.
const LOCKED_FOR_GOOD: &str = "000001010000Z";
/// `lastLogonTimestamp` is written again only when it is older than this, so the person may have been there up to so
/// many days later.
const LOGON_LAG: TimeDelta = TimeDelta::days(14);
/// Seconds from the beginning of 1601, where Windows counts from, to that of 1970.
const WINDOWS_EPOCH: i64 = 11_644_473_600;

/// The attribute that holds what people are looked for by.
pub(super) fn identity_attribute(dialect: LdapDialect, matching: Match) -> &'static str {
    match (dialect, matching) {
        (LdapDialect::ActiveDirectory, Match::Username) => "sAMAccountName",
        (LdapDialect::Openldap | LdapDialect::Ds389, Match::Username) => "uid",
        (_, Match::Mail) => "mail",
        (_, Match::Upn) => "userPrincipalName",
        (LdapDialect::ActiveDirectory, Match::EmployeeId) => "employeeID",
        (LdapDialect::Openldap | LdapDialect::Ds389, Match::EmployeeId) => "employeeNumber",
    }
}

/// All attributes that are asked for. Operational ones are given only when they are named.
pub(super) fn attributes(dialect: LdapDialect, matching: Match, sign_ins: bool) -> Vec<&'static str> {
    let mut names = vec![identity_attribute(dialect, matching)];
    names.extend(match dialect {
        LdapDialect::ActiveDirectory => &["userAccountControl", "accountExpires", "lockoutTime"][..],
        LdapDialect::Openldap => &["pwdAccountLockedTime"],
        LdapDialect::Ds389 => &["nsAccountLock"],
    });
    if sign_ins {
        names.extend(sign_in_attributes(dialect));
    }
    names
}

fn sign_in_attributes(dialect: LdapDialect) -> &'static [&'static str] {
    match dialect {
        LdapDialect::ActiveDirectory => &["lastLogonTimestamp"],
        LdapDialect::Openldap => &["pwdLastSuccess", "authTimestamp"],
        LdapDialect::Ds389 => &["lastLoginTime", "krbLastSuccessfulAuth"],
    }
}

/// The values of an attribute that are text. Options behind a semicolon do not change which attribute it is.
pub(super) fn texts<'e>(entry: &'e SearchResultEntry, name: &str) -> Vec<&'e str> {
    let is_it = |described: &str| described.split(';').next().is_some_and(|base| base.eq_ignore_ascii_case(name));
    let values = entry.attributes.iter().filter(|attribute| is_it(&attribute.r#type)).flat_map(|a| a.vals.to_vec());
    values.filter_map(|value| std::str::from_utf8(value).ok()).collect()
}

/// Whether the person belongs to the company.
pub(super) fn presence(dialect: LdapDialect, entry: &SearchResultEntry, now: Instant) -> Presence {
    match dialect {
        LdapDialect::ActiveDirectory => active_directory(entry, now),
        LdapDialect::Openldap => match texts(entry, "pwdAccountLockedTime").as_slice() {
            [] => Presence::Active,
            [LOCKED_FOR_GOOD] => Presence::Disabled,
            [time] if generalized(time).is_some() => Presence::Locked,
            _ => Presence::Unknown,
        },
        LdapDialect::Ds389 => match texts(entry, "nsAccountLock").as_slice() {
            [] => Presence::Active,
            [word] if word.eq_ignore_ascii_case("true") => Presence::Disabled,
            [word] if word.eq_ignore_ascii_case("false") => Presence::Active,
            _ => Presence::Unknown,
        },
    }
}

fn active_directory(entry: &SearchResultEntry, now: Instant) -> Presence {
    // Without a value nothing happens on its own; one that is no number is not understood.
    let number = |name: &str| match texts(entry, name).as_slice() {
        [] => Some(None),
        [text] => text.parse::<i64>().ok().map(Some),
        _ => None,
    };
    let Some(Some(control)) = number("userAccountControl") else { return Presence::Unknown };
    let (Some(expires), Some(lockout)) = (number("accountExpires"), number("lockoutTime")) else {
        return Presence::Unknown;
    };
    if control & DISABLED != 0 || expires.and_then(windows_time).is_some_and(|time| time <= now) {
        Presence::Disabled
    } else if lockout.is_some_and(|time| time > 0) {
        Presence::Locked
    } else {
        Presence::Active
    }
}

/// The newest sign-in that the entry tells, never in the future.
pub(super) fn seen(dialect: LdapDialect, entry: &SearchResultEntry, now: Instant) -> Option<Sighting> {
    let values = sign_in_attributes(dialect).iter().flat_map(|name| texts(entry, name));
    let at = match dialect {
        LdapDialect::ActiveDirectory => {
            values.filter_map(|text| windows_time(text.parse().ok()?)?.checked_add_signed(LOGON_LAG)).max()
        }
        LdapDialect::Openldap | LdapDialect::Ds389 => values.filter_map(generalized).max(),
    }?;
    let source = match dialect {
        LdapDialect::ActiveDirectory => Source::AdLogon,
        LdapDialect::Openldap | LdapDialect::Ds389 => Source::LdapBind,
    };
    Some(Sighting { at: at.min(now), source })
}

/// Steps of 100 nanoseconds since 1601. Nothing and the largest number mean never.
fn windows_time(steps: i64) -> Option<Instant> {
    if steps <= 0 || steps == i64::MAX {
        return None;
    }
    DateTime::from_timestamp(steps / 10_000_000 - WINDOWS_EPOCH, u32::try_from(steps % 10_000_000).ok()? * 100)
}

/// Generalized time (RFC 4517): `20261123120000Z`, with or without minutes, seconds and fractions, or with an offset.
fn generalized(text: &str) -> Option<Instant> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let number = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |part| part.parse::<u32>().ok());
    if !matches!(digits.len(), 10 | 12 | 14) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(digits.get(..4)?.parse().ok()?, number(4, 6)?, number(6, 8)?)?;
    let time = date.and_hms_opt(number(8, 10)?, number(10, 12)?, number(12, 14)?)?;
    // A fraction of a second makes no difference here.
    let zone = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let minutes = match (zone.split_at_checked(1)?, zone.len()) {
        (("Z", ""), _) => 0,
        (("+", offset), 3 | 5) => offset_minutes(offset)?,
        (("-", offset), 3 | 5) => -offset_minutes(offset)?,
        _ => return None,
    };
    time.and_utc().checked_sub_signed(TimeDelta::minutes(minutes))
}

fn offset_minutes(text: &str) -> Option<i64> {
    let hours: u32 = text.get(..2)?.parse().ok()?;
    let minutes: u32 = text.get(2..4).map_or(Some(0), |text| text.parse().ok())?;
    (hours < 24 && minutes < 60).then_some(i64::from(hours * 60 + minutes))
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
