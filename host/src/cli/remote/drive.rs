//! Driving a sweep: one call to the instance is one tick, so a whole sweep takes several.

use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use seatkeeper_engine::sweep::{Status, TickReport};

use super::client::Client;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::secrets::Role;

/// Failures in a row that may pass by themselves before we give up.
const TRIES: u32 = 5;

/// How patient to be.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Patience {
    /// Seconds between two looks when the instance is busy or waits for Confluence's seat count.
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    pause: u64,
    /// Seconds to wait at most for another runner or for Confluence's seat count, which is cached for some minutes.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,
}

/// Whether a sweep is to be opened first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Open one now; a plan that waits for an answer lapses.
    Now,
    /// Go on with what is under way or due.
    Due,
}

/// Ticks until the sweep is at its end or waits for a person. Whatever happens to us, the instance's own timer goes on
/// where we stopped.
pub(crate) fn until_rest(
    client: &Client,
    begin: Begin,
    patience: Patience,
    output: Output,
) -> Result<TickReport, Failure> {
    let progress = Progress::new(output);
    let pause = Duration::from_secs(patience.pause);
    let mut idle_until = Instant::now() + Duration::from_secs(patience.wait);
    let mut failures = 0;
    let mut open = begin == Begin::Now;
    loop {
        let path = if open { "/sweep?open=now" } else { "/sweep" };
        let report = tick(client, path)?;
        progress.show(&report);
        match report.status {
            Status::Failed => {
                failures += 1;
                let passes = report.error.as_ref().is_some_and(seatkeeper_engine::trouble::Trouble::may_pass);
                // The engine closes a sweep that fails too often; then there is nothing to repeat.
                if !passes || failures >= TRIES || report.phase == "none" && report.sweep.is_some() {
                    return Err(failed(&report));
                }
                std::thread::sleep(pause * failures);
            }
            Status::Busy => {
                if Instant::now() >= idle_until {
                    return Err(Failure::new("another runner is still at work")
                        .detail(format!("waited {} seconds", patience.wait))
                        .next_step("Try again later, or wait longer with --wait."));
                }
                std::thread::sleep(pause);
            }
            Status::Working => {
                (open, failures) = (false, 0);
                idle_until = Instant::now() + Duration::from_secs(patience.wait);
            }
            Status::Waiting if report.phase == "await" => return Ok(report),
            Status::Waiting => {
                (open, failures) = (false, 0);
                if Instant::now() >= idle_until {
                    return Ok(report);
                }
                std::thread::sleep(pause);
            }
            Status::Idle | Status::Finished => return Ok(report),
        }
    }
}

fn tick(client: &Client, path: &str) -> Result<TickReport, Failure> {
    let answer = client.wake(Role::Trigger, path)?;
    // A failed tick has status 503 and the same shape.
    if matches!(answer.status, 200 | 409 | 503)
        && let Ok(report) = answer.json(path)
    {
        return Ok(report);
    }
    if (200..300).contains(&answer.status) {
        return answer.json(path);
    }
    Err(answer.sweep_failure(Some(&client.secrets().find(Role::Trigger)?)))
}

fn failed(report: &TickReport) -> Failure {
    let failure = Failure::new("the sweep failed; nothing is lost").exit(Exit::Failed);
    match &report.error {
        None => failure,
        Some(trouble) => {
            let next = match trouble.code.as_str() {
                "no-policy" => "Send a policy with `seatkeeper policy put FILE`.",
                "policy-invalid" => "Correct the policy and send it with `seatkeeper policy put FILE`.",
                "unauthorized" | "refused" | "not-found" => "Run `seatkeeper doctor`; it checks access to Confluence.",
                _ => "The next tick tries again. If it stays so, look up the code in docs/errors.md.",
            };
            failure.code(&trouble.code).detail(&trouble.message).next_step(next)
        }
    }
}

/// A line on the terminal that tells how far the sweep is; silent everywhere else.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A line, if somebody watches.
    pub(crate) fn new(output: Output) -> Self {
        Self::about(output, "waking the sweep")
    }

    /// The same with other first words.
    pub(crate) fn about(output: Output, what: &str) -> Self {
        let bar = if output.watched() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if output.watched() {
            bar.enable_steady_tick(Duration::from_millis(120));
            bar.set_message(what.to_owned());
        }
        Self(bar)
    }

    fn show(&self, report: &TickReport) {
        if let Some(total) = report.total {
            self.count(report.done, total, "accounts done");
        } else {
            self.0.set_message(words(report));
        }
    }

    /// So many of so many.
    pub(crate) fn count(&self, done: u64, total: u64, what: &str) {
        if let Ok(style) = ProgressStyle::with_template("{spinner} [{bar:30}] {pos}/{len} {msg}") {
            self.0.set_style(style);
        }
        self.0.set_length(total);
        self.0.set_position(done);
        self.0.set_message(what.to_owned());
    }

    /// Whether anybody sees it.
    pub(crate) fn is_shown(&self) -> bool {
        !self.0.is_hidden()
    }

    /// So many, nobody knows of how many.
    pub(crate) fn so_far(&self, done: u64, what: &str) {
        self.0.set_message(format!("{done} {what}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn words(report: &TickReport) -> String {
    match (report.status, report.phase.as_str()) {
        (Status::Busy, _) => "another runner is at work; waiting for it".to_owned(),
        (Status::Failed, _) => {
            let why = report.error.as_ref().map_or("no reason given", |trouble| trouble.message.as_str());
            super::output::clean(&format!("trying again: {why}"))
        }
        (_, "gather") => format!("reading Confluence: {} entries", report.done),
        (_, "apply") => format!("carrying out the plan: {} accounts done", report.done),
        (_, "verify") => "waiting for Confluence to count its seats again".to_owned(),
        (_, phase) => super::output::clean(phase),
    }
}
