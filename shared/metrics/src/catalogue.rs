//! Every metric, with its labels and what it means. `docs/observability.md` has the same table; a test holds the two
//! together.

/// What kind of number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Only grows, except when the store is lost.
    Counter,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name, with its unit.
    pub name: &'static str,
    /// What kind of number.
    pub kind: Kind,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

/// Declares metrics, and the list of all of them.
macro_rules! metrics {
    ($($constant:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $constant: Metric =
                Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help };
        )*

        /// All of them, in the order of the documentation.
        pub const ALL: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    BUILD_INFO = Gauge "seatkeeper_build_info" ["version"]
        "Always 1; the version is the label.";
    LAST_SUCCESS = Gauge "seatkeeper_last_success_timestamp_seconds" ["job"]
        "When the job last ended well: sweep, alert, or restore for the newest seat given back on a login.";
    SWEEP_PERIOD = Gauge "seatkeeper_sweep_period_seconds" []
        "How often a sweep is due by the policy in force.";
    RUN_DURATION = Gauge "seatkeeper_run_duration_seconds" []
        "From the opening of the newest ended run to its last change, with the time it waited for people.";
    RUN_OUTCOME = Gauge "seatkeeper_run_outcome" ["outcome"]
        "1 for how the newest run stands or ended, 0 for every other outcome.";
    SNAPSHOT_COMPLETE = Gauge "seatkeeper_snapshot_complete" []
        "1 if the newest ended run read everything it had to read, 0 if it gave up before.";
    SNAPSHOT_TIMESTAMP = Gauge "seatkeeper_snapshot_timestamp_seconds" []
        "When the newest complete snapshot was judged.";
    USERS = Gauge "seatkeeper_users" ["state"]
        "Accounts of the newest snapshot by state; licensed overlaps with the others.";
    DECISIONS = Gauge "seatkeeper_decisions" ["decision"]
        "Accounts of the newest snapshot by the code of their decision; every account is in exactly one.";
    LICENSE_SEATS = Gauge "seatkeeper_license_seats" ["kind"]
        "Seats used, and the limit unless the licence is unlimited, as of the newest count.";
    LICENSE_SEATS_TIMESTAMP = Gauge "seatkeeper_license_seats_timestamp_seconds" []
        "When the seats were counted.";
    PLAN_SIZE = Gauge "seatkeeper_plan_size" []
        "Accounts in the plan of the newest run that made one.";
    PLAN_WAITING = Gauge "seatkeeper_plan_waiting" ["reason"]
        "1 while a plan waits for a person: approval, or quarantine because it is larger than the cap.";
    CAP_ACCOUNTS = Gauge "seatkeeper_cap_accounts" []
        "Accounts that a plan may touch at most, by the policy in force and the size of the newest snapshot.";
    CAP_EXCEEDED = Counter "seatkeeper_cap_exceeded_total" []
        "Plans that were larger than the cap and were put into quarantine.";
    ACTIONS = Counter "seatkeeper_actions_total" ["action", "result"]
        "Changes of accounts that sweeps carried out, by how each ended after reading again.";
    SKIPPED = Counter "seatkeeper_skipped_total" ["reason"]
        "Accounts of a plan that were left alone in the end, because something had changed.";
    RESTORES = Counter "seatkeeper_restores_total" ["result"]
        "Seats given back, by logins and by undo; waiting and failed count each attempt.";
    WEBHOOK = Counter "seatkeeper_webhook_total" ["result"]
        "Login events with a consequence; rejected, malformed and failed count at most one a second together.";
    UPSTREAM_REQUESTS = Counter "seatkeeper_upstream_requests_total" ["system", "code"]
        "HTTP requests to other systems by status code, or by what happened instead of an answer.";
    MESSAGES = Counter "seatkeeper_messages_total" ["result"]
        "Alerts to channels; failed counts each attempt.";
    WARNINGS = Counter "seatkeeper_warnings_total" ["result"]
        "Warnings handed to the mail gateway; failed counts each attempt.";
    OUTBOX_MESSAGES = Gauge "seatkeeper_outbox_messages" []
        "Alerts that some channel has not taken yet.";
    OUTBOX_ATTEMPTS = Gauge "seatkeeper_outbox_attempts" []
        "Attempts in vain of the alert that was tried most often.";
    DEAD_LETTERS = Gauge "seatkeeper_dead_letters" []
        "Alerts that were given up and that nobody has put away.";
    DIRECTORY_PEOPLE = Gauge "seatkeeper_directory_people" ["directory", "presence"]
        "What a directory says about the accounts it is responsible for; left overlaps with disabled and absent.";
    DIRECTORY_DOUBTED = Gauge "seatkeeper_directory_doubted" ["directory"]
        "1 if the newest snapshot did not believe the directory.";
    STOPPED = Gauge "seatkeeper_stopped" []
        "1 while the stop switch is on.";
    STOPPED_SINCE = Gauge "seatkeeper_stopped_timestamp_seconds" []
        "When the stop switch was pulled; nothing while it is off.";
    TROUBLE = Gauge "seatkeeper_trouble" ["code"]
        "1 for the trouble that the newest tick of the sweep met, 0 for every other code.";
    POLICY_MODE = Gauge "seatkeeper_policy_mode" ["mode"]
        "1 for the mode of the policy in force, 0 for the others.";
    POLICY_VERSION = Gauge "seatkeeper_policy_version" []
        "Version of the policy in force; it grows with every change.";
}

/// Outcomes of a run, as the store spells them.
pub const OUTCOMES: [&str; 11] = [
    "running",
    "nothing-to-do",
    "dry-run-published",
    "awaiting-approval",
    "quarantined",
    "blocked",
    "rejected",
    "lapsed",
    "stopped",
    "applied",
    "failed",
];

/// Codes of decisions, as reports spell them. A code of another version is counted as `other`.
pub const DECISIONS_KNOWN: [&str; 28] = [
    "keep/own-account",
    "keep/no-seat",
    "keep/exempt",
    "keep/administrator",
    "keep/restored-recently",
    "keep/reenabled-recently",
    "keep/young",
    "keep/warm-up",
    "keep/recently-active",
    "keep/never-rule-off",
    "keep/only-never-rule",
    "warn/due",
    "warn/sending",
    "warn/grace",
    "warn/undeliverable",
    "reclaim/inactive",
    "reclaim/never-logged-in",
    "reclaim/left",
    "hold/status-unknown",
    "hold/activity-unknown",
    "hold/activity-in-future",
    "hold/activity-implausible",
    "hold/first-seen-in-future",
    "hold/cannot-free",
    "hold/left-but-active",
    "hold/directory-unknown",
    "hold/policies-conflict",
    "hold/population-unknown",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_follow_the_rules_of_prometheus() {
        let names: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len(), "a name is there twice");
        for Metric { name, kind, labels, help } in ALL {
            assert!(name.starts_with("seatkeeper_") && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(help.ends_with('.') && help.len() < 120, "{name}: {help}");
            for forbidden in ["user", "username", "group", "path", "email", "le", "quantile"] {
                assert!(!labels.contains(&forbidden), "{name} has the label {forbidden}");
            }
        }
    }

    #[test]
    fn every_decision_of_the_policy_is_known() {
        let code = include_str!("../../policy/src/decision/words.rs");
        let known: BTreeSet<_> = DECISIONS_KNOWN.into_iter().collect();
        let spelled: BTreeSet<_> = code
            .split('"')
            .filter(|text| ["keep/", "warn/", "reclaim/", "hold/"].iter().any(|prefix| text.starts_with(prefix)))
            .filter(|text| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'/' || b == b'-'))
            .collect();
        assert_eq!(known, spelled);
    }
}
