//! `seatkeeper stop`, `release` and `emergency`: orders that an administrator may give at any time.

use clap::Args;
use seatkeeper_engine::control::LEAST_IDLE_DAYS;
use seatkeeper_engine::state::{EmergencyOrder, Stop as Stopped};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::connection::Connection;
use super::drive::{Begin, Patience, until_rest};
use super::exit::{Exit, Failure};
use super::render::{moment, plural};
use super::secrets::Role;

/// The switch.
const SWITCH: &str = "/admin/stop";

/// The answer of `/admin/stop`: none when nobody pulled the switch.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Switch {
    pub(super) stop: Option<Stopped>,
}

/// Arguments of `seatkeeper stop`.
#[derive(Debug, Args)]
pub(crate) struct Stop {
    /// Why, for whoever finds it stopped and for the audit log.
    #[arg(long, value_name = "TEXT")]
    why: String,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Stop {
    /// Pulls the switch.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let Switch { stop } = self.connection.client()?.order(SWITCH, &json!({"why": self.why}))?;
        let Some(stop) = stop else {
            return Err(Failure::new("the instance did not say that it stopped")
                .next_step("Check that the instance and this command have the same version."));
        };
        let value = json!({"exit": Exit::Done.code(), "stop": stop});
        self.connection.output().show(&told(&stop, &self.why), &value);
        Ok(Exit::Done)
    }
}

fn told(Stopped { by, at, why }: &Stopped, ours: &str) -> String {
    let at = moment(*at);
    // Whoever pulled it first had a reason, which must not be lost by a second one.
    let text = if why == ours.trim() {
        format!("Stopped by {by} on {at}: {why}")
    } else {
        format!("It was stopped before, by {by} on {at}: {why}")
    };
    format!(
        "{text}\nFrom the next account on no sweep writes to Confluence, and nobody is warned; a plan under way waits. Seats are \
         still given back.\nNext step: `seatkeeper release` when the reason is gone."
    )
}

/// Arguments of `seatkeeper release`.
#[derive(Debug, Args)]
pub(crate) struct Release {
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Release {
    /// Releases the switch.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let client = self.connection.client()?;
        let Switch { stop: before } = client.get(Role::Admin, SWITCH)?;
        let Switch { stop } = client.withdraw(SWITCH)?;
        let text = match &before {
            Some(Stopped { by, at, why }) => format!(
                "Released. It had been stopped by {by} on {}: {why}\nA plan that waited goes on with the next tick.",
                moment(*at)
            ),
            None => "Nothing was stopped.".to_owned(),
        };
        self.connection.output().show(&text, &json!({"exit": Exit::Done.code(), "stop": stop, "before": before}));
        Ok(Exit::Done)
    }
}

/// Arguments of `seatkeeper emergency`.
#[derive(Debug, Args)]
pub(crate) struct Emergency {
    /// Seats that may be in use afterwards.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    seats: u32,
    /// Nobody seen within so many days is taken; 14 at least, because a browser stays signed in for two weeks.
    #[arg(long, value_name = "DAYS", default_value_t = LEAST_IDLE_DAYS)]
    idle_days: u32,
    /// Accounts of the plan to show.
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=500))]
    top: u32,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Deserialize)]
struct Ordered {
    order: EmergencyOrder,
}

impl Emergency {
    /// Orders the plan, opens a sweep that makes it, and shows it. It waits for an approval in every mode that writes.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let output = self.connection.output();
        let client = self.connection.client()?;
        // Found missing only after the order, the token would leave the plan to the timer.
        client.secrets().find(Role::Trigger)?;
        let order = json!({"seats": self.seats, "idle-days": self.idle_days});
        let Ordered { order } = client.order("/admin/emergency", &order).map_err(|failure: Failure| {
            if failure.is("idle-days") {
                failure.instead(format!("Say {LEAST_IDLE_DAYS} or more with --idle-days."))
            } else {
                failure
            }
        })?;
        output.note(&format!(
            "Ordered by {}: {} in use, from those idle for {} or longer.",
            order.by,
            plural(order.emergency.seats, "seat"),
            plural(order.emergency.idle_days, "day")
        ));
        let report = until_rest(&client, Begin::Now, self.patience, output)?;
        super::plan::show(&client, &report, self.top, output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped(why: &str) -> Stopped {
        Stopped { by: "anna".into(), at: chrono::DateTime::UNIX_EPOCH, why: why.into() }
    }

    #[test]
    fn a_stop_says_what_still_works_and_how_to_go_on() {
        let text = told(&stopped("a migration"), " a migration ");
        assert!(text.starts_with("Stopped by anna on 1970-01-01 00:00 UTC: a migration\n"), "{text}");
        assert!(text.contains("still given back") && text.contains("`seatkeeper release`"), "{text}");
    }

    #[test]
    fn the_reason_of_whoever_was_first_is_told_to_the_second() {
        let text = told(&stopped("a migration"), "logins look wrong");
        assert!(text.starts_with("It was stopped before, by anna on 1970-01-01 00:00 UTC: a migration\n"), "{text}");
    }
}
