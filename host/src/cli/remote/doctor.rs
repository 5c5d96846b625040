//! `seatkeeper doctor`: is everything as it must be? Nothing it does changes anything; only `--send-test` sends something.

use chrono::Utc;
use clap::Args;
use seatkeeper_engine::state::Stop;
use seatkeeper_engine::trouble::TroubleAt;
use seatkeeper_web::signature;
use serde::Serialize;
use serde_json::json;

use super::channels;
use super::client::Client;
use super::connection::Connection;
use super::control::Switch;
use super::exit::{Exit, Failure};
use super::facts;
use super::render::{self, plural};
use super::secrets::Role;
use super::view::Overview;

/// The event that every receiver answers and nobody acts on.
const PING: &str = r#"{"test": true}"#;

/// Arguments of `seatkeeper doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Send a test message to every alert channel that is configured.
    #[arg(long)]
    send_test: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Level {
    Ok,
    Warn,
    Fail,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Check {
    pub(super) level: Level,
    pub(super) about: &'static str,
    pub(super) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_step: Option<String>,
}

impl Check {
    /// A line of this level.
    pub(super) fn ok(about: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Ok, about, text: text.into(), next_step: None }
    }

    /// A line of this level.
    pub(super) fn warn(about: &'static str, text: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { level: Level::Warn, about, text: text.into(), next_step: Some(next_step.into()) }
    }

    /// A line of this level.
    pub(super) fn fail(about: &'static str, text: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { level: Level::Fail, about, text: text.into(), next_step: Some(next_step.into()) }
    }

    /// A failure as a line, without its `Error:`.
    pub(super) fn failed(about: &'static str, failure: &Failure) -> Self {
        let text = failure.to_string();
        let (text, next) = text.split_once("\nNext step: ").unwrap_or((&text, "Look into the log of the instance."));
        let text = text.trim_start_matches("Error: ").replace("\n  ", "; ");
        Self::fail(about, text, next)
    }
}

impl Doctor {
    /// Checks everything and prints a line each.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let client = self.connection.client()?;
        let mut checks = Vec::new();
        let asked = Utc::now();
        match client.get::<facts::Answer>(Role::Admin, "/admin/check") {
            Err(failure) => checks.push(Check::failed("admin token", &failure)),
            Ok(answer) => {
                // Half of the way there and back, as nobody knows where the time went.
                let middle = asked + (Utc::now() - asked) / 2;
                checks.push(Check::ok("admin token", "accepted"));
                checks.push(facts::clock(answer.clock, middle));
                checks.push(facts::policy(&answer));
                checks.extend(facts::confluence(&answer));
                checks.extend(facts::groups(&answer.groups));
            }
        }
        checks.extend(stopped(&client));
        checks.extend(reports(&client));
        checks.push(if client.secrets().has(Role::Trigger) {
            Check::ok("trigger token", "known; only a sweep can tell whether it is the right one")
        } else {
            Check::warn(
                "trigger token",
                "not known here, so `plan` and `apply` cannot wake the sweep",
                "Set SEATKEEPER_TRIGGER_TOKEN, or name the instance's file with --env-file.",
            )
        });
        checks.extend(webhook(&client));
        checks.push(channels::sign_in(&client));
        if self.send_test {
            checks.extend(channels::send_test(&client));
        }
        let exit = exit(&checks);
        self.connection.output().show(&text(&checks), &json!({"exit": exit.code(), "checks": checks}));
        Ok(exit)
    }
}

fn exit(checks: &[Check]) -> Exit {
    if checks.iter().any(|check| check.level == Level::Fail) { Exit::Error } else { Exit::Done }
}

fn text(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.about.len()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for Check { level, about, text, next_step } in checks {
        let word = match level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        lines.push(format!("{word}  {about:width$}  {text}"));
        lines.extend(next_step.iter().map(|next| format!("      {:width$}  Next step: {next}", "")));
    }
    let count = |level| u32::try_from(checks.iter().filter(|check| check.level == level).count()).unwrap_or(u32::MAX);
    let (warned, failed) = (count(Level::Warn), count(Level::Fail));
    lines.push(match (failed, warned) {
        (0, 0) => "Everything is as it must be.".to_owned(),
        (0, _) => format!("It works; {}.", plural(warned, "warning")),
        (_, _) => format!("{} failed; {}.", plural(failed, "check"), plural(warned, "warning")),
    });
    lines.join("\n")
}

/// Somebody may have stopped everything and forgotten it. An instance that does not tell is not stopped by it, either.
fn stopped(client: &Client) -> Option<Check> {
    let Stop { by, at, why } = client.get::<Switch>(Role::Admin, "/admin/stop").ok()?.stop?;
    let text = format!("pulled by {by} on {}: {why}", render::moment(at));
    Some(Check::warn("stop switch", text, "When the reason is gone, release it with `seatkeeper release`."))
}

fn reports(client: &Client) -> Vec<Check> {
    let overview = match client.get::<Overview>(Role::Report, "/report/overview.json") {
        Err(failure) => return vec![Check::failed("report token", &failure)],
        Ok(overview) => overview,
    };
    let mut checks = vec![Check::ok("report token", "accepted")];
    if let Some(TroubleAt { trouble, at }) = overview.trouble {
        let text = format!("since {}: {trouble}", render::moment(at));
        checks.push(Check::warn("last sweep", text, "Look up the code in docs/errors.md; the next tick tries again."));
    }
    let waiting = overview.alerts.outbox.len();
    if waiting > 0 {
        checks.push(Check::warn(
            "alerts",
            format!("{waiting} message(s) could not be delivered yet"),
            "Check the chat variables of the instance (slack_origin, slack_path, webhook_origin, webhook_path).",
        ));
    }
    checks
}

/// The receiver must take what is signed and refuse what is not.
fn webhook(client: &Client) -> Vec<Check> {
    let mut checks = Vec::new();
    let json = ("Content-Type", "application/json");
    match client.event("/hooks/login", &[json], PING) {
        Err(failure) => checks.push(Check::failed("webhook", &failure)),
        Ok(answer) if answer.status == 401 => checks.push(Check::ok("webhook", "refuses an event without a signature")),
        Ok(answer) => checks.push(Check::fail(
            "webhook",
            format!("answered an event without a signature with status {} instead of 401", answer.status),
            "Check that --url names Seatkeeper and that nothing in between answers for it.",
        )),
    }
    let secret = match client.secrets().find(Role::Hook) {
        Ok(found) => found.secret,
        Err(failure) => {
            let Check { text, next_step, .. } = Check::failed("webhook", &failure);
            checks.push(Check {
                level: Level::Warn,
                about: "webhook",
                text: format!("signature not tested: {text}"),
                next_step,
            });
            return checks;
        }
    };
    let signed = signature::sign(&secret, PING.as_bytes());
    match client.event("/hooks/login", &[json, (signature::HEADER, &signed)], PING) {
        Err(failure) => checks.push(Check::failed("webhook", &failure)),
        Ok(answer) if (200..300).contains(&answer.status) => {
            checks.push(Check::ok("webhook", "accepts an event signed with the hook secret"));
        }
        Ok(answer) if answer.status == 401 => checks.push(Check::fail(
            "webhook",
            "refuses an event signed with the hook secret known here",
            "Give senders and the instance the same hook_secret.",
        )),
        Ok(answer) => checks.push(Check::failed("webhook", &answer.failure(None))),
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_pass_and_failures_do_not() {
        let warn = Check::warn("clock", "late", "wind it");
        let fail = Check::fail("policy", "none", "send one");
        assert_eq!(exit(std::slice::from_ref(&warn)), Exit::Done);
        assert_eq!(exit(&[warn.clone(), fail.clone()]), Exit::Error);
        assert_eq!(
            text(&[warn, fail]),
            "warn  clock   late\n              Next step: wind it\nFAIL  policy  none\n              Next step: send one\n\
             1 check failed; 1 warning."
        );
    }
}
