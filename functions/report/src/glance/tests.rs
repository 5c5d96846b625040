use super::*;
use crate::testing::{judged, now, published};
use seatkeeper_engine::{
    policy_file,
    state::Stop,
    testing::{MemoryStore, block_on},
};
use seatkeeper_policy::{SeatCount, SweepId};

fn overview(store: &MemoryStore) -> engine::Overview {
    block_on(engine::overview(store, 5, 2, now())).unwrap()
}

/// The sweep of the tests, with an outcome.
fn ended(outcome: Outcome) -> engine::Overview {
    let mut overview = overview(&published(&[judged("anna", Some(200))]));
    overview.runs[0].outcome = outcome;
    overview
}

#[test]
fn the_four_numbers_after_the_first_make_up_the_licensed_ones() {
    let mut report = PlanReport::default();
    for (name, days) in [("a", Some(0)), ("b", Some(29)), ("c", Some(30)), ("d", Some(400)), ("e", None)] {
        let judged = judged(name, days);
        report.count(&judged.account, &judged.decision, now());
    }
    let figures = figures(&report, now());
    let numbers: Vec<_> = figures.iter().map(|figure| (figure.name, figure.accounts)).collect();
    assert_eq!(numbers, [("Licensed", 5), ("Active", 2), ("Inactive", 2), ("Never", 0), ("Unknown", 1), ("Exempt", 0)]);
    for figure in figures {
        let query = figure.href.strip_prefix("/report/accounts?").unwrap();
        assert!(crate::filter::Filter::parse(query).is_ok(), "{query}");
    }
}

#[test]
fn how_long_the_seats_last_is_told_at_every_boundary() {
    let forecast = |days| Forecast {
        days,
        on: "2026-12-05".parse().unwrap(),
        micro_per_day: 1_000_000,
        since: "2026-11-01".parse().unwrap(),
        seats: SeatCount { used: 460, max: Some(500) },
    };
    let mut overview = ended(Outcome::Applied);
    let mut told = |used, max, forecast: Option<Forecast>| {
        overview.snapshot.as_mut().unwrap().seats = SeatCount { used, max };
        outlook(&overview, forecast.as_ref())
    };
    assert!(told(460, None, None).contains("no limit"));
    assert!(told(500, Some(500), Some(forecast(0))).contains("limit is reached"));
    assert!(told(505, Some(500), None).contains("limit is reached"));
    assert!(told(499, Some(500), Some(forecast(0))).contains("today"));
    let tomorrow = told(499, Some(500), Some(forecast(1)));
    assert!(tomorrow.starts_with("1 day until the limit") && tomorrow.contains("2026-12-05"), "{tomorrow}");
    assert!(told(460, Some(500), Some(forecast(12))).contains("about 30 seats a month"));
    assert!(told(460, Some(500), None).contains("No limit in sight"));
    assert_eq!(outlook(&self::overview(&MemoryStore::default()), None), "Not counted yet.");
}

#[test]
fn the_health_of_the_sweep_says_what_happened_and_what_comes_next() {
    let policy = policy_file::parse("version = 1\nlicence-groups = [\"users\"]\ninactive.after-days = 90\n").unwrap();
    let health = |overview: &engine::Overview| health(overview, Some(&policy), now());
    let told = health(&ended(Outcome::Applied));
    assert_eq!(told.level, "good");
    assert!(told.last.contains("just now") && told.last.contains("carried out"), "{told:?}");
    assert!(told.next.contains("due now"), "{told:?}");

    let mut next = ended(Outcome::NothingToDo);
    next.checkpoint.opened = Some(now());
    assert!(health(&next).next.contains("2026-11-23 12:00"));

    let failed = ended(Outcome::Failed { code: "forbidden".into(), message: "<b>no</b>".into() });
    assert_eq!((health(&failed).level, health(&failed).word), ("bad", "failed"));
    assert_eq!(health(&ended(Outcome::Blocked { findings: Vec::new() })).level, "bad");

    let mut late = ended(Outcome::Applied);
    late.runs[0].opened = now() - TimeDelta::hours(48);
    assert_eq!(health(&late).word, "working", "two periods are not too long yet");
    late.runs[0].opened -= TimeDelta::seconds(1);
    assert_eq!(health(&late).word, "late");

    let mut stopped = ended(Outcome::Applied);
    stopped.stop = Some(Stop { by: "ada".into(), at: now(), why: "audit".into() });
    assert!(health(&stopped).next.contains("releases the switch"));

    let mut waits = ended(Outcome::AwaitingApproval);
    waits.checkpoint.work = Some(Work::Await(SweepId::parse("p-1").unwrap()));
    assert_eq!(health(&waits).next, "Plan p-1 waits for an answer.");

    let none = health(&overview(&MemoryStore::default()));
    assert_eq!((none.word, none.last.as_str()), ("not yet", "No sweep has been finished yet."));
    let no_policy = super::health(&overview(&MemoryStore::default()), None, now());
    assert!(no_policy.next.contains("until a policy"), "{no_policy:?}");
}

#[test]
fn a_span_is_told_in_the_largest_unit_that_says_enough() {
    let table = [(59, "just now"), (60, "1 minute ago"), (7_199, "119 minutes ago"), (7_200, "2 hours ago")];
    for (seconds, told) in table {
        assert_eq!(ago(TimeDelta::seconds(seconds)), told);
    }
    assert_eq!(ago(TimeDelta::hours(47)), "47 hours ago");
    assert_eq!(ago(TimeDelta::hours(48)), "2 days ago");
}
