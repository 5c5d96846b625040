//! Where facts about activity come from, and which of them counts.

use super::*;
use seatkeeper_policy::{Activity, KeepReason};

#[test]
fn case_29_where_two_records_of_logins_differ_the_newer_counts_and_both_are_known() {
    for (login_info, authenticated, newest) in [(400, 5, Source::LastAuthenticated), (5, 400, Source::LoginInfo)] {
        let mut subject = account("jdoe", noon());
        subject.evidence.saw(sighting(login_info, Source::LoginInfo));
        subject.evidence.saw(sighting(authenticated, Source::LastAuthenticated));
        assert_eq!(
            judge(&policy(), &subject),
            Decision::Keep(KeepReason::RecentlyActive { at: ago(5), source: newest })
        );
        assert_eq!(subject.evidence.of(Source::LoginInfo), Some(ago(login_info)));
        assert_eq!(subject.evidence.of(Source::LastAuthenticated), Some(ago(authenticated)));
    }
}

#[test]
fn case_29_a_login_that_confluence_did_not_record_counts_when_anybody_else_did() {
    // Single sign-on: Confluence says that nobody ever logged in, the sender of events knows better.
    let mut subject = never("jdoe");
    assert_eq!(code(&policy(), &subject), "reclaim/never-logged-in");
    subject.evidence.saw(sighting(3, Source::LoginEvent));
    assert_eq!(code(&policy(), &subject), "keep/recently-active");
}

#[test]
fn case_30_who_uses_only_tokens_or_a_telephone_is_not_inactive() {
    for source in [Source::AuditLog, Source::LoginEvent, Source::Contribution, Source::Import] {
        let mut subject = idle("jdoe", 400, noon());
        assert_eq!(code(&policy(), &subject), "reclaim/inactive");
        subject.evidence.saw(sighting(10, source));
        assert_eq!(code(&policy(), &subject), "keep/recently-active", "{source}");
    }
}

#[test]
fn case_31_who_reads_and_never_writes_is_active_and_who_left_no_trace_is_unknown() {
    let mut reader = idle("jdoe", 10, noon());
    reader.evidence.saw(sighting(2_000, Source::Contribution));
    assert_eq!(code(&policy(), &reader), "keep/recently-active");
    assert_eq!(code(&policy(), &account("jdoe", noon())), "hold/activity-unknown");
}

#[test]
fn case_33_seconds_read_as_milliseconds_and_the_other_way_round_are_noticed() {
    let login = ago(10).timestamp();
    let subject = |at: Option<Instant>| Account {
        evidence: Evidence::at(Sighting { at: at.unwrap(), source: Source::LastAuthenticated }),
        ..account("jdoe", noon())
    };
    let right = subject(Instant::from_timestamp(login, 0));
    assert_eq!(code(&policy(), &right), "keep/recently-active");
    let too_small = subject(Instant::from_timestamp_millis(login));
    assert_eq!(code(&policy(), &too_small), "hold/activity-implausible");
    let too_large = subject(Instant::from_timestamp(login * 1_000, 0));
    assert_eq!(code(&policy(), &too_large), "hold/activity-in-future");
}

#[test]
fn case_38_a_session_that_outlives_the_window_shows_in_what_the_person_does() {
    let mut subject = idle("jdoe", 120, noon());
    assert_eq!(code(&policy(), &subject), "reclaim/inactive");
    subject.evidence.saw(sighting(1, Source::Contribution));
    assert_eq!(
        judge(&policy(), &subject),
        Decision::Keep(KeepReason::RecentlyActive { at: ago(1), source: Source::Contribution })
    );
    // The login itself is not forgotten, so that both can be shown.
    assert_eq!(subject.evidence.of(Source::LastLogin), Some(ago(120)));
}

#[test]
fn case_40_activity_in_another_product_has_no_way_into_the_evidence() {
    // What is stored and imported names its source; only Confluence's own are known.
    for (source, known) in [("last-login", true), ("import", true), ("jira-last-login", false), ("crowd", false)] {
        let stored = format!(r#"{{"sightings":[{{"at":"2026-11-21T00:00:00Z","source":"{source}"}}]}}"#);
        assert_eq!(serde_json::from_str::<Evidence>(&stored).is_ok(), known, "{source}");
    }
    // And without it, somebody who is seen in Jira every day is judged by Confluence alone.
    assert_eq!(code(&policy(), &idle("jira-user", 400, noon())), "reclaim/inactive");
}

#[test]
fn case_40_nobody_is_called_inactive_by_a_source_that_knows_nothing() {
    let evidence = Evidence::default();
    assert_eq!(evidence.activity(), Activity::Unknown);
    let newest = Evidence { never: Some(Source::LoginInfo), ..Evidence::at(sighting(1, Source::LastLogin)) };
    assert_eq!(newest.activity(), Activity::At(sighting(1, Source::LastLogin)));
}
