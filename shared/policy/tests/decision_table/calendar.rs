//! Days that are not ordinary: daylight saving, 29 February, ends of years, zones far from UTC. A window is a number
//! of 24-hour days in UTC, so none of them moves its edge; the zone of the policy moves only what people read.

use super::*;
use seatkeeper_policy::plan::inactive_name;

/// The edge of 90 days, judged at an instant.
fn edge_at(now: Instant) {
    let answer = |idle: TimeDelta| {
        let mut subject = account("jdoe", now);
        subject.evidence = Evidence::at(Sighting { at: now - idle, source: Source::LastLogin });
        decide(&policy(), &subject, &key("own"), now).code()
    };
    around(TimeDelta::days(90), answer, ["keep/recently-active", "keep/recently-active", "reclaim/inactive"]);
}

#[test]
fn the_edge_does_not_move_on_days_when_clocks_change() {
    for day in [
        // Europe, forward and back; North America, forward and back; Australia, back and forward.
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "2026-04-04T16:00:00Z",
        "2026-10-03T16:00:00Z",
    ] {
        edge_at(at(day));
        // And with the change inside the window, or at its far end.
        edge_at(at(day) + TimeDelta::days(45));
        edge_at(at(day) + TimeDelta::days(90));
    }
}

#[test]
fn the_edge_does_not_move_over_29_february_and_the_end_of_a_year() {
    for day in [
        "2028-02-28T23:59:59Z",
        "2028-02-29T00:00:00Z",
        "2028-02-29T12:00:00Z",
        "2028-03-01T00:00:00Z",
        "2027-03-01T00:00:00Z",
        "2100-03-01T00:00:00Z",
        "2026-12-31T23:59:59Z",
        "2027-01-01T00:00:00Z",
    ] {
        edge_at(at(day));
        edge_at(at(day) + TimeDelta::days(90));
    }
    // Ninety days before 29 May 2028 is 29 February, and a year without that day counts one more.
    let idle = |since: &str, now: &str| {
        let mut subject = account("jdoe", at(now));
        subject.evidence = Evidence::at(Sighting { at: at(since), source: Source::LastLogin });
        decide(&policy(), &subject, &key("own"), at(now)).code()
    };
    assert_eq!(idle("2028-02-29T00:00:00Z", "2028-05-29T00:00:00Z"), "keep/recently-active");
    assert_eq!(idle("2028-02-29T00:00:00Z", "2028-05-29T00:00:01Z"), "reclaim/inactive");
    assert_eq!(idle("2027-02-28T00:00:00Z", "2027-05-29T00:00:00Z"), "keep/recently-active");
    assert_eq!(idle("2028-02-28T00:00:00Z", "2028-05-29T00:00:00Z"), "reclaim/inactive");
}

/// A policy with this zone and an exemption of `jdoe` that ends on a day.
fn zoned(zone: &str, day: &str) -> Policy {
    file(&format!(
        "inactive.after-days = 90\nzone = \"{zone}\"\n\
         [[exempt]]\nuser = \"jdoe\"\nwhy = \"leave\"\nowner = \"hr\"\nexpires = \"{day}\""
    ))
}

#[test]
fn an_exemption_ends_at_midnight_of_the_policys_zone() {
    for (zone, day, end) in [
        ("UTC", "2027-01-01", "2027-01-01T00:00:00Z"),
        ("utc", "2028-02-29", "2028-02-29T00:00:00Z"),
        ("+01:00", "2027-01-01", "2026-12-31T23:00:00Z"),
        ("+14:00", "2027-01-01", "2026-12-31T10:00:00Z"),
        ("-12:00", "2027-01-01", "2027-01-01T12:00:00Z"),
        ("+05:45", "2028-03-01", "2028-02-29T18:15:00Z"),
        ("-03:30", "2026-03-29", "2026-03-29T03:30:00Z"),
    ] {
        let policy = zoned(zone, day);
        let answer = |past: TimeDelta| {
            let now = at(end) + past;
            let mut subject = account("jdoe", now);
            subject.evidence = Evidence::at(Sighting { at: now - TimeDelta::days(100), source: Source::LastLogin });
            decide(&policy, &subject, &key("own"), now).code()
        };
        around(TimeDelta::zero(), answer, ["keep/exempt", "reclaim/inactive", "reclaim/inactive"]);
    }
}

#[test]
fn the_suffix_of_a_rename_is_the_day_in_the_policys_zone() {
    let jdoe = Username::parse("jdoe").unwrap();
    for (zone, now, day) in [
        ("UTC", "2026-12-31T23:59:59Z", "20261231"),
        ("UTC", "2027-01-01T00:00:00Z", "20270101"),
        ("+14:00", "2026-12-31T09:59:59Z", "20261231"),
        ("+14:00", "2026-12-31T10:00:00Z", "20270101"),
        ("-12:00", "2027-01-01T11:59:59Z", "20261231"),
        ("-12:00", "2027-01-01T12:00:00Z", "20270101"),
        ("+05:45", "2028-02-28T18:14:59Z", "20280228"),
        ("+05:45", "2028-02-28T18:15:00Z", "20280229"),
        ("+05:45", "2028-02-29T18:15:00Z", "20280301"),
    ] {
        let name = inactive_name(&jdoe, &zoned(zone, "2030-01-01"), at(now)).unwrap();
        assert_eq!(name.as_str(), format!("jdoe_inactive_{day}"), "{zone} at {now}");
    }
}

#[test]
fn the_zone_moves_no_window() {
    let rules = "inactive.after-days = 90\nnever-logged-in.after-days = 60\nprotect.warm-up-days = 3";
    for zone in ["UTC", "+14:00", "-12:00", "+05:45"] {
        let policy = file(&format!("zone = \"{zone}\"\n{rules}"));
        let idle = |idle| code(&policy, |a| a.evidence = seen(idle));
        around(TimeDelta::days(90), idle, ["keep/recently-active", "keep/recently-active", "reclaim/inactive"]);
        let restored = |ago| code(&policy, |a| a.restored = Some(noon() - ago));
        around(TimeDelta::days(30), restored, ["keep/restored-recently", "reclaim/inactive", "reclaim/inactive"]);
        let warming = |known| code(&policy, |a| a.first_seen = noon() - known);
        around(TimeDelta::days(3), warming, ["keep/warm-up", "reclaim/inactive", "reclaim/inactive"]);
    }
}
