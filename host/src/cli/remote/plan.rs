//! `seatkeeper plan`, `show` and `sweep`: make a plan, look at one, wake the sweep.

use clap::Args;
use seatkeeper_engine::sweep::TickReport;
use seatkeeper_policy::{Mode, SweepId};
use serde_json::json;

use super::client::Client;
use super::connection::Connection;
use super::drive::{Begin, Patience, until_rest};
use super::exit::{Exit, Failure};
use super::output::Output;
use super::render::{self, Summary};
use super::secrets::Role;
use super::view::{self, Overview, PlanPage};

/// Arguments of `seatkeeper plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Accounts of the plan to show.
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=500))]
    top: u32,
    /// Go ahead although the policy is in mode `enforce`, where a sweep carries out its plan by itself.
    #[arg(long)]
    carry_out: bool,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Plan {
    /// Opens a sweep, drives it until it rests, and shows its plan.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let output = self.connection.output();
        let client = self.connection.client()?;
        if !self.carry_out {
            refuse_enforce(&client)?;
        }
        let report = until_rest(&client, Begin::Now, self.patience, output)?;
        show(&client, &report, self.top, output)
    }
}

/// Shows the plan of a sweep that rests, with its counts and what to do next.
pub(crate) fn show(client: &Client, report: &TickReport, top: u32, output: Output) -> Result<Exit, Failure> {
    let overview = overview(client)?;
    let rows = match &report.plan {
        Some(head) if top > 0 && head.accounts > 0 => page(client, &head.id, top)?.accounts,
        Some(_) | None => Vec::new(),
    };
    let outcome = report.outcome.as_ref();
    let counted = overview.report.unwrap_or_default();
    let summary = Summary {
        head: report.plan.as_ref(),
        outcome,
        seats: overview.seats,
        counts: counted.decisions,
        limits: counted.limits,
        rows: &rows,
    };
    let next = render::next_step(outcome, report.plan.as_ref());
    let exit = view::exit(outcome, report.plan.as_ref().map(|head| head.verdict));
    let text = next.iter().fold(summary.text(), |text, next| format!("{text}\nNext step: {next}"));
    let value = json!({
        "exit": exit.code(), "plan": report.plan, "outcome": outcome, "seats": overview.seats,
        "decisions": summary.counts, "limits": summary.limits, "accounts": rows, "next-step": next,
    });
    output.show(&text, &value);
    Ok(exit)
}

/// In mode `enforce` a sweep writes, and nobody expects that of a command called *plan*. Without a mode there is no
/// usable policy, and the tick says so better than we could.
fn refuse_enforce(client: &Client) -> Result<(), Failure> {
    match overview(client)?.mode {
        None | Some(Mode::DryRun | Mode::Approve) => Ok(()),
        Some(Mode::Enforce) => Err(Failure::new(
            "the policy is in mode `enforce`, where a sweep carries out its plan by itself",
        )
        .code("mode-enforce")
        .exit(Exit::Refused)
        .next_step(
            "Say --carry-out if that is meant, or set mode = \"approve\" in the policy. `seatkeeper show latest` \
                     shows the newest plan without a new sweep.",
        )),
    }
}

fn overview(client: &Client) -> Result<Overview, Failure> {
    client.get(Role::Report, "/report/overview.json")
}

/// Arguments of `seatkeeper show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The plan's id, the beginning of its hash, or `latest`.
    #[arg(value_name = "PLAN")]
    plan: String,
    /// Accounts of the plan to show.
    #[arg(long, value_name = "NUMBER", default_value_t = 500, value_parser = clap::value_parser!(u32).range(0..=500))]
    top: u32,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Show {
    /// Shows a plan that exists.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let client = self.connection.client()?;
        let PlanPage { plan: head, outcome, mut accounts } = page(&client, &find(&client, &self.plan)?, self.top)?;
        accounts.truncate(usize::try_from(self.top).unwrap_or(usize::MAX));
        let outcome = outcome.as_ref();
        let mut text = Summary { head: Some(&head), outcome, rows: &accounts, ..Summary::default() }.text();
        if u32::try_from(accounts.len()).is_ok_and(|shown| shown < head.accounts) {
            text = format!("{text}All of them: `seatkeeper export plan {}`.\n", head.id);
        }
        let next = render::next_step(outcome, Some(&head));
        let text = next.iter().fold(text, |text, next| format!("{text}\nNext step: {next}"));
        let exit = view::exit(outcome, Some(head.verdict));
        let value = json!({
            "exit": exit.code(), "plan": head, "outcome": outcome, "accounts": accounts, "next-step": next,
        });
        self.connection.output().show(&text, &value);
        Ok(exit)
    }
}

/// From what a person typed to a plan's id.
fn find(client: &Client, wanted: &str) -> Result<SweepId, Failure> {
    if wanted.contains('-')
        && let Ok(id) = SweepId::parse(wanted)
    {
        return Ok(id);
    }
    let plans = super::answer::plans(client)?;
    if wanted != "latest" {
        return Ok(super::answer::by_hash(&plans, wanted)?.head.id);
    }
    let newest = plans.into_iter().next().map(|listed| listed.head.id);
    newest.ok_or_else(|| Failure::new("there is no plan yet").next_step("Make one with `seatkeeper plan`."))
}

/// A plan with its first accounts.
fn page(client: &Client, id: &SweepId, most: u32) -> Result<PlanPage, Failure> {
    client.get(Role::Report, &format!("/report/plans/{id}.json?page=1&size={}", most.max(1)))
}

/// Arguments of `seatkeeper sweep`.
#[derive(Debug, Args)]
pub(crate) struct Sweep {
    /// Open a sweep now, even if none is due; a plan that waits for an answer lapses.
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Sweep {
    /// Wakes the sweep and drives it until it rests.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let output = self.connection.output();
        let begin = if self.now { Begin::Now } else { Begin::Due };
        let report = until_rest(&self.connection.client()?, begin, self.patience, output)?;
        let text = match (&report.sweep, &report.outcome) {
            (None, _) => "No sweep is due. `seatkeeper sweep --now` opens one.".to_owned(),
            (Some(id), None) => format!("Sweep {id}: {}", report.phase),
            (Some(id), Some(outcome)) => format!("Sweep {id}: {}", render::sentence(outcome)),
        };
        let next = render::next_step(report.outcome.as_ref(), report.plan.as_ref());
        let text = next.iter().fold(text, |text, next| format!("{text}\nNext step: {next}"));
        output.show(&text, &report);
        Ok(view::exit(report.outcome.as_ref(), report.plan.as_ref().map(|head| head.verdict)))
    }
}
