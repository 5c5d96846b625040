//! Facts become numbers. Every series that can be known in advance is there from the beginning, with 0, because a rule
//! cannot see something grow that did not exist before.

use crate::{
    catalogue::{
        ACTIONS, BUILD_INFO, CAP_ACCOUNTS, CAP_EXCEEDED, DEAD_LETTERS, DECISIONS, DECISIONS_KNOWN, DIRECTORY_DOUBTED,
        DIRECTORY_PEOPLE, LAST_SUCCESS, LICENSE_SEATS, LICENSE_SEATS_TIMESTAMP, MESSAGES, OUTBOX_ATTEMPTS,
        OUTBOX_MESSAGES, OUTCOMES, PLAN_SIZE, PLAN_WAITING, POLICY_MODE, POLICY_VERSION, RESTORES, RUN_DURATION,
        RUN_OUTCOME, SKIPPED, SNAPSHOT_COMPLETE, SNAPSHOT_TIMESTAMP, STOPPED, STOPPED_SINCE, SWEEP_PERIOD, TROUBLE,
        UPSTREAM_REQUESTS, USERS, WARNINGS, WEBHOOK,
    },
    facts::Facts,
    page::Page,
};
use prometheus::Error;
use seatkeeper_engine::{
    state::{Outcome, Run, SnapshotHead, Work},
    sweep::Skip,
    tallies::{ACTION_RESULTS, ACTIONS as ACTION_WORDS, CODES, Count, DELIVERY_RESULTS, RESTORE_RESULTS, System},
    trouble,
};
use seatkeeper_policy::{Instant, Mode, Status};

pub(crate) fn page(facts: &Facts) -> Result<String, Error> {
    let page = Page::new();
    page.gauge(&BUILD_INFO, [(vec![env!("CARGO_PKG_VERSION")], 1.0)])?;
    runs(&page, facts)?;
    people(&page, facts)?;
    plans(&page, facts)?;
    totals(&page, facts)?;
    deliveries(&page, facts)?;
    directories(&page, facts)?;
    controls(&page, facts)?;
    page.text()
}

/// One value without labels, if there is one.
fn bare(value: Option<f64>) -> Option<(Vec<&'static str>, f64)> {
    value.map(|value| (Vec::new(), value))
}

/// 1 for one word of a fixed list and 0 for all others.
fn one_of<'w>(words: impl IntoIterator<Item = &'w str>, present: Option<&str>) -> Vec<(Vec<&'w str>, f64)> {
    words.into_iter().map(|word| (vec![word], f64::from(u8::from(Some(word) == present)))).collect()
}

fn seconds(at: Instant) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Running => "running",
        Outcome::NothingToDo => "nothing-to-do",
        Outcome::DryRunPublished => "dry-run-published",
        Outcome::AwaitingApproval => "awaiting-approval",
        Outcome::Quarantined { .. } => "quarantined",
        Outcome::Blocked { .. } => "blocked",
        Outcome::Rejected { .. } => "rejected",
        Outcome::Lapsed { .. } => "lapsed",
        Outcome::Stopped => "stopped",
        Outcome::Applied => "applied",
        Outcome::Failed { .. } => "failed",
    }
}

/// A sweep of an older version noted no success of its own; its snapshot tells, unless it was blocked.
fn last_sweep(facts: &Facts) -> Option<Instant> {
    let by_snapshot = facts.snapshot.as_ref().map(|head| head.at);
    let well = |run: &Run| !matches!(run.outcome, Outcome::Blocked { .. } | Outcome::Failed { .. } | Outcome::Running);
    let noted = facts.checkpoint.tallies.success();
    noted.or_else(|| by_snapshot.filter(|_| facts.ended.as_ref().is_some_and(well)))
}

fn runs(page: &Page, facts: &Facts) -> Result<(), Error> {
    let success =
        [("sweep", last_sweep(facts)), ("alert", facts.messages.success()), ("restore", facts.restores.success())];
    page.gauge(&LAST_SUCCESS, success.into_iter().filter_map(|(job, at)| Some((vec![job], seconds(at?)))))?;
    let period = facts.policy.as_ref().map(|policy| f64::from(policy.sweep_every_hours) * 3600.0);
    page.gauge(&SWEEP_PERIOD, bare(period))?;
    let took = |run: &Run| (run.at - run.opened).num_milliseconds() as f64 / 1000.0;
    page.gauge(&RUN_DURATION, bare(facts.ended.as_ref().map(took)))?;
    let newest = facts.run.as_ref().map(|run| outcome(&run.outcome));
    page.gauge(&RUN_OUTCOME, newest.into_iter().flat_map(|word| one_of(OUTCOMES, Some(word))))?;
    // Only a run that read everything has counts of decisions.
    let complete = facts.ended.as_ref().map(|run| f64::from(u8::from(run.report.is_some())));
    page.gauge(&SNAPSHOT_COMPLETE, bare(complete))?;
    page.gauge(&SNAPSHOT_TIMESTAMP, bare(facts.snapshot.as_ref().map(|head| seconds(head.at))))
}

fn people(page: &Page, facts: &Facts) -> Result<(), Error> {
    let states = facts.snapshot.iter().flat_map(states);
    page.gauge(&USERS, states.map(|(state, count)| (vec![state], f64::from(count))))?;
    let counted = facts.snapshot.iter().flat_map(|head| {
        let count = |code: &&str| head.report.decisions.get(*code).copied().unwrap_or_default();
        let known: u32 = DECISIONS_KNOWN.iter().map(count).sum();
        let all: u32 = head.report.decisions.values().sum();
        let counts = DECISIONS_KNOWN.iter().map(move |code| (vec![*code], f64::from(count(code))));
        counts.chain([(vec!["other"], f64::from(all.saturating_sub(known)))])
    });
    page.gauge(&DECISIONS, counted)?;
    let seats = facts.seats.map(|point| (point.at, point.seats));
    let seats = seats.or_else(|| facts.snapshot.as_ref().map(|head| (head.at, head.seats)));
    let counts = seats.into_iter().flat_map(|(_, seats)| {
        let limit = seats.max.map(|max| (vec!["limit"], f64::from(max)));
        limit.into_iter().chain([(vec!["used"], f64::from(seats.used))])
    });
    page.gauge(&LICENSE_SEATS, counts)?;
    page.gauge(&LICENSE_SEATS_TIMESTAMP, bare(seats.map(|(at, _)| seconds(at))))
}

/// People by state, in the words that everybody uses; the decisions beside them have every detail.
fn states(head: &SnapshotHead) -> [(&'static str, u32); 8] {
    let report = &head.report;
    let of = |codes: &[&str]| codes.iter().map(|code| report.total(code)).sum::<u32>();
    [
        ("licensed", report.statuses.get(Status::Current.word()).copied().unwrap_or_default()),
        ("active", of(&["keep/recently-active"])),
        ("inactive", of(&["reclaim/inactive"])),
        ("never", of(&["reclaim/never-logged-in", "keep/never-rule-off"])),
        ("left", of(&["reclaim/left"])),
        ("warned", of(&["warn/"])),
        ("exempt", of(&["keep/exempt"])),
        ("unknown", of(&["hold/"])),
    ]
}

fn plans(page: &Page, facts: &Facts) -> Result<(), Error> {
    let planned = [&facts.run, &facts.ended].into_iter().flatten().find(|run| run.plan.is_some());
    page.gauge(&PLAN_SIZE, bare(planned.map(|run| f64::from(run.planned))))?;
    let waits = matches!(facts.checkpoint.work, Some(Work::Await(_)));
    let reason = facts.run.as_ref().filter(|_| waits).map(|run| match run.outcome {
        Outcome::Quarantined { .. } => "quarantine",
        _ => "approval",
    });
    page.gauge(&PLAN_WAITING, one_of(["approval", "quarantine"], reason))?;
    let limit = facts.policy.as_ref().map(|policy| {
        let accounts = facts.snapshot.as_ref().map_or(0, |head| head.report.accounts);
        f64::from(policy.cap.limit(usize::try_from(accounts).unwrap_or(usize::MAX)))
    });
    page.gauge(&CAP_ACCOUNTS, bare(limit))
}

fn totals(page: &Page, facts: &Facts) -> Result<(), Error> {
    let Facts { checkpoint, restores, undone, messages, refused, .. } = facts;
    let sweep = &checkpoint.tallies;
    page.counter(&CAP_EXCEEDED, [(Vec::new(), sweep.total(Count::CapExceeded, &[]))])?;
    let pairs = ACTION_WORDS.iter().flat_map(|action| ACTION_RESULTS.iter().map(move |result| [*action, *result]));
    page.counter(&ACTIONS, pairs.map(|labels| (labels.to_vec(), sweep.total(Count::Actions, &labels))))?;
    let reasons = Skip::ALL.iter().map(|skip| skip.code());
    page.counter(&SKIPPED, reasons.map(|code| (vec![code], sweep.total(Count::Skipped, &[code]))))?;
    let given = |result: &str| {
        restores.total(Count::Restores, &[result]).saturating_add(undone.total(Count::Restores, &[result]))
    };
    page.counter(&RESTORES, RESTORE_RESULTS.iter().map(|result| (vec![*result], given(result))))?;
    let had_effect = ["restored", "waiting"].map(|word| (vec![word], restores.total(Count::Restores, &[word])));
    let went_wrong =
        ["rejected", "malformed", "failed"].map(|word| (vec![word], refused.total(Count::Events, &[word])));
    page.counter(&WEBHOOK, had_effect.into_iter().chain(went_wrong))?;
    let owners = [sweep, restores, undone, messages, refused];
    let requests = System::ALL.iter().flat_map(|system| {
        CODES.iter().filter_map(move |code| {
            let labels = [system.word(), *code];
            let total =
                owners.iter().fold(0_u64, |sum, owner| sum.saturating_add(owner.total(Count::Requests, &labels)));
            // Too many to be there in advance.
            (total > 0).then(|| (labels.to_vec(), total))
        })
    });
    page.counter(&UPSTREAM_REQUESTS, requests)
}

fn deliveries(page: &Page, facts: &Facts) -> Result<(), Error> {
    let messages = &facts.messages;
    let of = |count: Count| DELIVERY_RESULTS.map(|word| (vec![word], messages.total(count, &[word])));
    page.counter(&MESSAGES, of(Count::Messages))?;
    page.counter(&WARNINGS, of(Count::Warnings))?;
    let outbox = &facts.alerts.outbox;
    page.gauge(&OUTBOX_MESSAGES, bare(Some(outbox.len() as f64)))?;
    let attempts = outbox.iter().map(|message| message.attempts).max().unwrap_or_default();
    page.gauge(&OUTBOX_ATTEMPTS, bare(Some(f64::from(attempts))))?;
    page.gauge(&DEAD_LETTERS, bare(Some(facts.alerts.dead.len() as f64)))
}

fn directories(page: &Page, facts: &Facts) -> Result<(), Error> {
    // Only what the policy names now: a directory that was taken out is no trouble any more.
    let named = || facts.policy.iter().flat_map(|policy| policy.directories.iter().map(|d| d.name.as_str()));
    let told = named().flat_map(|name| {
        let tally = facts.snapshot.as_ref().and_then(|head| head.report.directories.get(name));
        tally.into_iter().flat_map(move |tally| {
            [
                ("present", tally.known),
                ("disabled", tally.disabled),
                ("absent", tally.absent),
                ("left", tally.left),
                ("unknown", tally.unknown),
                ("unmatched", tally.unmatched),
            ]
            .map(|(presence, count)| (vec![name, presence], f64::from(count)))
        })
    });
    page.gauge(&DIRECTORY_PEOPLE, told)?;
    let doubted = &facts.checkpoint.doubted;
    page.gauge(&DIRECTORY_DOUBTED, named().map(|name| (vec![name], f64::from(u8::from(doubted.contains(name))))))
}

fn controls(page: &Page, facts: &Facts) -> Result<(), Error> {
    page.gauge(&STOPPED, bare(Some(f64::from(u8::from(facts.stop.is_some())))))?;
    page.gauge(&STOPPED_SINCE, bare(facts.stop.as_ref().map(|stop| seconds(stop.at))))?;
    let code = facts.checkpoint.trouble.as_ref().map(|trouble| trouble.trouble.code.as_str());
    let known = code.map(|code| if trouble::CODES.contains(&code) { code } else { "other" });
    page.gauge(&TROUBLE, one_of(trouble::CODES.iter().copied().chain(["other"]), known))?;
    let mode = facts.policy.as_ref().map(|policy| match policy.mode {
        Mode::DryRun => "dry-run",
        Mode::Approve => "approve",
        Mode::Enforce => "enforce",
    });
    page.gauge(&POLICY_MODE, mode.into_iter().flat_map(|mode| one_of(["dry-run", "approve", "enforce"], Some(mode))))?;
    page.gauge(&POLICY_VERSION, bare(facts.record.as_ref().map(|record| f64::from(record.version))))
}
