//! All texts about sweeps and plans that people read.

use seatkeeper_console::Moment;
use seatkeeper_engine::state::{Answer, Outcome, PlanHead, Run, Work};
use seatkeeper_policy::{
    Emergency, Instant, Mode, Source, Verdict, WarnState,
    account::Notice,
    journal::StepState,
    report::Diagnosis,
    restore::{Cause, RestoreState},
};

/// A word for filters and colours.
pub fn state(outcome: &Outcome, expires: Option<Instant>, now: Instant) -> &'static str {
    match outcome {
        Outcome::Running => "running",
        Outcome::NothingToDo => "nothing-to-do",
        Outcome::DryRunPublished => "dry-run",
        Outcome::AwaitingApproval | Outcome::Quarantined { .. } if expires.is_some_and(|end| end <= now) => "expired",
        Outcome::AwaitingApproval => "open",
        Outcome::Quarantined { .. } => "quarantined",
        Outcome::Blocked { .. } => "blocked",
        Outcome::Rejected { .. } => "rejected",
        Outcome::Lapsed { .. } => "lapsed",
        Outcome::Stopped => "stopped",
        Outcome::Applied => "applied",
        Outcome::Failed { .. } => "failed",
    }
}

/// How a sweep went.
pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Running => "under way".to_owned(),
        Outcome::NothingToDo => "nobody is to lose a seat".to_owned(),
        Outcome::DryRunPublished => "dry run: the plan was published, nothing was changed".to_owned(),
        Outcome::AwaitingApproval => "the plan waits for an approval".to_owned(),
        Outcome::Quarantined { planned, limit } => {
            format!("in quarantine: {planned} accounts are planned and the cap is {limit}")
        }
        Outcome::Blocked { findings } => format!("blocked: {}", seatkeeper_console::banner::spelt_out(findings)),
        Outcome::Rejected { by } => format!("rejected by {by}"),
        Outcome::Lapsed { why } => format!("lapsed: {why}"),
        Outcome::Stopped => "stopped in the middle: the policy was set to dry run".to_owned(),
        Outcome::Applied => "carried out".to_owned(),
        Outcome::Failed { code, message } => format!("failed: {message} [{code}]"),
    }
}

/// What an emergency plan is for.
pub fn emergency(emergency: Emergency) -> String {
    let Emergency { seats, idle_days } = emergency;
    format!("down to {seats} seats, from accounts that were not seen for {idle_days} days, longest absent first")
}

/// What a person can do about a plan.
pub fn next_step(plan: &PlanHead, outcome: &Outcome, now: Instant) -> String {
    let id = &plan.id;
    // As much of the hash as the command line needs to know the plan again.
    let hash: String = plan.hash.chars().take(12).collect();
    match outcome {
        Outcome::AwaitingApproval | Outcome::Quarantined { .. } if plan.expires <= now => {
            "It was not answered in time. The next sweep makes a new plan.".to_owned()
        }
        Outcome::AwaitingApproval => {
            format!(
                "Look through the accounts; then run `seatkeeper apply {hash}` to approve it, or `seatkeeper reject {hash}`."
            )
        }
        Outcome::Quarantined { planned, limit } => format!(
            "It would take {planned} seats and the cap is {limit}. Find out why it is so large. If it is right, raise \
             the cap or approve it expressly with `seatkeeper apply {hash} --accept-over-cap`; \
             otherwise run `seatkeeper reject {hash}`."
        ),
        Outcome::DryRunPublished => {
            "Nothing is changed in a dry run. When the reasons are right, set `mode` in the policy to `approve` or \
             `enforce`."
                .to_owned()
        }
        Outcome::Blocked { .. } => "Correct what was found. The next sweep makes a new plan.".to_owned(),
        Outcome::Running => "It is being carried out.".to_owned(),
        Outcome::Applied => format!("It was carried out. To give all seats back, run `seatkeeper undo {id}`."),
        Outcome::Stopped => "The accounts that were left keep their seats until a new plan is made.".to_owned(),
        Outcome::NothingToDo => "There is nothing to do.".to_owned(),
        Outcome::Rejected { .. } | Outcome::Lapsed { .. } => "The next sweep makes a new plan.".to_owned(),
        Outcome::Failed { .. } => "See the run for what went wrong. The next sweep makes a new plan.".to_owned(),
    }
}

/// Whether a plan is within the cap.
pub fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Within => "within the cap".to_owned(),
        Verdict::OverCap { planned, limit } => format!("over the cap: {planned} accounts, {limit} allowed"),
        Verdict::Incomplete => "the snapshot was not complete".to_owned(),
    }
}

/// What somebody said to a plan.
pub fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Approved { .. } => "approved by",
        Answer::Rejected => "rejected by",
    }
}

/// The policy's mode.
pub fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::DryRun => "dry-run",
        Mode::Approve => "approve",
        Mode::Enforce => "enforce",
    }
}

/// Seats before and after a run.
pub fn seats(run: &Run) -> String {
    let Some(before) = run.before else { return String::new() };
    let Some(after) = run.after else { return format!("{} before", before.used) };
    let diagnosis = run.diagnosis.map(|found| format!(", {}", diagnosis(found))).unwrap_or_default();
    format!("{} → {}{diagnosis}", before.used, after.used)
}

/// What the difference between predicted and measured seats means.
pub fn diagnosis(diagnosis: Diagnosis) -> &'static str {
    match diagnosis {
        Diagnosis::Freed => "freed as planned",
        Diagnosis::PerhapsCached => "Confluence may not have counted again yet",
        Diagnosis::NotFreed => "fewer came free than planned",
        Diagnosis::NotMeasurable => "cannot be measured",
    }
}

/// What still holds a seat after everything was done, by the code of the run.
pub fn left(code: &str) -> &'static str {
    match code {
        "refused" => "Confluence refused a change or failed at it; the account's own page has the answer.",
        "silent-204" => {
            "Confluence confirmed the change and nothing changed; the directory is read-only or puts everything back."
        }
        "administrator" => {
            "The account is still in a group of administrators, and such a group gives a seat by itself."
        }
        "nested" => "The account is still in a licence group through another group inside it.",
        "duplicate-or-cache" => {
            "The account is in no licence group and still active with a seat: a second account of the name in a lower \
             directory, a grant to the account itself, or a count that Confluence has not made anew."
        }
        _ => "This version does not know the code; see the release notes of the version that wrote it.",
    }
}

/// The word for a source in files.
pub fn source(source: Source) -> &'static str {
    match source {
        Source::LoginEvent => "login-event",
        Source::LastLogin => "last-login",
        Source::AuditLog => "audit-log",
        Source::LoginInfo => "login-info",
        Source::LastAuthenticated => "last-authenticated",
        Source::Import => "import",
        Source::Contribution => "contribution",
        Source::GraphSignIn => "graph-sign-in",
        Source::OktaLogin => "okta-login",
        Source::CrowdAuthenticated => "crowd-authenticated",
        Source::CrowdActive => "crowd-active",
        Source::AdLogon => "ad-logon",
        Source::LdapBind => "ldap-bind",
        Source::HttpSignIn => "http-sign-in",
    }
}

/// All sources, in the order of columns.
pub const SOURCES: [Source; 14] = [
    Source::LoginEvent,
    Source::LastLogin,
    Source::AuditLog,
    Source::LoginInfo,
    Source::LastAuthenticated,
    Source::Import,
    Source::Contribution,
    Source::GraphSignIn,
    Source::OktaLogin,
    Source::CrowdAuthenticated,
    Source::CrowdActive,
    Source::AdLogon,
    Source::LdapBind,
    Source::HttpSignIn,
];

/// How a warning stands: by the decision, and by what was written down about the message.
pub fn warning(state: Option<WarnState>, notice: Option<Notice>) -> String {
    match (state, notice) {
        (Some(WarnState::Due), _) => "The warning is due and goes out with a sweep that may act.".to_owned(),
        (Some(WarnState::Sending), _) => "The warning is on its way; no channel has confirmed it yet.".to_owned(),
        (Some(WarnState::Grace { until }), _) => format!("Warned; the seat stays until {}.", Moment(until)),
        (Some(WarnState::Undeliverable), _) => {
            "The warning cannot be delivered, so the seat stays until somebody has looked at it.".to_owned()
        }
        (None, Some(Notice { delivered: Some(at), .. })) => {
            format!("Warned on {}; the decision stands by now.", Moment(at))
        }
        (None, Some(Notice { noticed, undeliverable: true, .. })) => {
            format!("It was to be warned on {}, and the message could not be delivered.", Moment(noticed))
        }
        (None, Some(Notice { noticed, .. })) => {
            format!("It was to be warned on {}; no channel confirmed the message.", Moment(noticed))
        }
        (None, None) => "No warning.".to_owned(),
    }
}

/// What the sweep is doing.
pub fn progress(work: &Work) -> String {
    match work {
        Work::Gather(gather) => format!(
            "A sweep is under way: {} entries read, listing {} of {}.",
            gather.entries,
            (gather.listing + 1).min(gather.listings.len()),
            gather.listings.len()
        ),
        Work::Judge(judge) => {
            let parts = judge.bounds.as_ref().map_or(1, |bounds| bounds.len() + 1);
            format!("A sweep is under way: all is read, {} of {parts} parts are judged.", judge.part)
        }
        Work::Survey(survey) => {
            format!("Plan {} is made; what its accounts own is being looked up: {} done.", survey.plan, survey.next)
        }
        Work::Await(plan) => format!("Plan {plan} waits for an answer."),
        Work::Apply(apply) => format!("Plan {} is being carried out: {} accounts done.", apply.plan, apply.next),
        Work::Verify(verify) => {
            format!("Plan {} was carried out; waiting for Confluence to count its seats again.", verify.plan)
        }
    }
}

/// How an action stands.
pub fn step(state: &StepState) -> String {
    match state {
        StepState::Intended => "intended, outcome not known yet".to_owned(),
        StepState::Done => "done and verified".to_owned(),
        StepState::NotNeeded => "not needed, it was so before".to_owned(),
        StepState::NotEffective => "acknowledged by Confluence but without effect".to_owned(),
        StepState::Failed { detail } => format!("failed: {detail}"),
    }
}

/// How a restore stands.
pub fn restore(cause: Cause, state: &RestoreState) -> String {
    let cause = match cause {
        Cause::Login(at) => format!("login at {}", at.format("%Y-%m-%d %H:%M")),
        Cause::Undo => "undo by an administrator".to_owned(),
    };
    match state {
        RestoreState::Intended => format!("seat is being given back ({cause})"),
        RestoreState::Done => format!("seat given back ({cause})"),
        RestoreState::Waiting { why } => format!("seat not given back yet: {why} ({cause})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_the_same_word_in_files_and_in_json_and_a_column_of_its_own() {
        let words = SOURCES.map(source);
        for (known, word) in SOURCES.iter().zip(words) {
            assert_eq!(serde_json::to_value(known).unwrap(), word);
        }
        let different: std::collections::BTreeSet<_> = words.into_iter().collect();
        assert_eq!(different.len(), SOURCES.len());
    }
}
