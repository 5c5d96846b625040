//! `seatkeeper approve`, `apply` and `reject`: the answer to a plan. An answer names the hash of what was seen, so that
//! nobody approves a plan that took its place in the meantime.

use clap::Args;
use seatkeeper_engine::state::{Outcome, PlanHead, Run};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::connection::Connection;
use super::drive::{Begin, Patience, until_rest};
use super::exit::{Exit, Failure};
use super::output::Output;
use super::render::{self, moment, plural, short};
use super::secrets::Role;
use super::view::{self, Listed, Plans, Runs};

/// Fewer digits could name another plan by a typing error.
const MIN_DIGITS: usize = 8;

/// Arguments of `seatkeeper approve`.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The plan's hash, or its beginning (8 digits or more).
    hash: String,
    /// Yes, even though the plan is larger than the cap.
    #[arg(long, alias = "over-cap")]
    accept_over_cap: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// Arguments of `seatkeeper apply`.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    pub(crate) approve: Approve,
}

/// Arguments of `seatkeeper reject`.
#[derive(Debug, Args)]
pub(crate) struct Reject {
    /// The plan's hash, or its beginning (8 digits or more).
    hash: String,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Approve {
    /// Says yes; the instance carries the plan out with its next tick.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let client = self.connection.client()?;
        let plan = by_hash(&plans(&client)?, &self.hash)?;
        answerable(&plan)?;
        let Approved { head, waits } = approve(&client, &plan.head, self.accept_over_cap)?;
        if let Some(waits) = waits {
            return Ok(half(self.connection.output(), &head, &waits));
        }
        self.connection.output().show(
            &format!("{} is approved. The next tick of the sweep carries it out.", described(&head)),
            &json!({"exit": Exit::Done.code(), "plan": head}),
        );
        Ok(Exit::Done)
    }
}

impl Reject {
    /// Says no.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let client = self.connection.client()?;
        let listed = by_hash(&plans(&client)?, &self.hash)?;
        answerable(&listed)?;
        let plan = listed.head;
        let head: PlanHead = client.order(&format!("/admin/plans/{}/reject", plan.id), &json!({"hash": plan.hash}))?;
        self.connection.output().show(
            &format!("{} is rejected. Everybody in it keeps the seat.", described(&head)),
            &json!({"exit": Exit::Done.code(), "plan": head}),
        );
        Ok(Exit::Done)
    }
}

impl Apply {
    /// Says yes and drives the sweep until the plan is carried out.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let output = self.approve.connection.output();
        let client = self.approve.connection.client()?;
        // Found missing only after the approval, the token would leave the plan to the timer.
        client.secrets().find(Role::Trigger)?;
        let plan = by_hash(&plans(&client)?, &self.approve.hash)?;
        answerable(&plan)?;
        // A plan that is being carried out was approved before; we only follow it to the end.
        if plan.outcome != Outcome::Running {
            let Approved { head, waits } = approve(&client, &plan.head, self.approve.accept_over_cap)?;
            if let Some(waits) = waits {
                return Ok(half(output, &head, &waits));
            }
            output.note(&format!("{} is approved.", described(&plan.head)));
        }
        until_rest(&client, Begin::Due, self.patience, output)?;
        let Runs { runs } = client.get(Role::Report, "/report/runs.json")?;
        let run = runs.into_iter().find(|run| run.id == plan.head.id).ok_or_else(|| {
            Failure::new(format!("run {} is not among the newest any more", plan.head.id))
                .next_step("Look for it at /report/runs of the instance.")
        })?;
        Ok(ended(output, &plan.head, &run))
    }
}

fn ended(output: Output, head: &PlanHead, run: &Run) -> Exit {
    let exit = match view::exit(Some(&run.outcome), Some(head.verdict)) {
        Exit::Done if run.tally.failed > 0 => Exit::Failed,
        exit => exit,
    };
    let next = if run.tally.failed > 0 {
        Some(format!(
            "`seatkeeper explain USER` tells what became of one of its accounts (`seatkeeper show {}`); the next sweep \
             plans those that failed again.",
            head.id
        ))
    } else {
        render::next_step(Some(&run.outcome), Some(head))
    };
    let text = next.iter().fold(render::run(run), |text, next| format!("{text}\nNext step: {next}"));
    output.show(&text, &json!({"exit": exit.code(), "run": run, "next-step": next}));
    exit
}

fn described(head: &PlanHead) -> String {
    format!("Plan {} ({}, hash {})", head.id, plural(head.accounts, "account"), short(&head.hash))
}

/// A plan that was approved, or for which one more yes is needed.
struct Approved {
    head: PlanHead,
    /// What it still waits for, such as `second-person`.
    waits: Option<String>,
}

/// A plan that nobody carries out before somebody else has said yes as well.
fn half(output: Output, head: &PlanHead, waits: &str) -> Exit {
    let for_what = if waits == "second-person" { "a second person" } else { waits };
    let text = format!(
        "{} has your approval and waits for {for_what}. Nothing is carried out before.\nNext step: let somebody else, signed in \
         as another person, look at it and type `seatkeeper approve {}`.",
        described(head),
        short(&head.hash)
    );
    output.show(&text, &json!({"exit": Exit::Planned.code(), "plan": head, "waits-for": waits}));
    Exit::Planned
}

fn approve(client: &Client, head: &PlanHead, over_cap: bool) -> Result<Approved, Failure> {
    let order = json!({"hash": head.hash, "accept-over-cap": over_cap});
    let path = format!("/admin/plans/{}/approve", head.id);
    let answer: Value = client.order(&path, &order).map_err(|failure: Failure| {
        if failure.is("over-cap") {
            failure.exit(Exit::OverCap).instead("Find out why it is so large. Say --accept-over-cap if that is meant.")
        } else if failure.is("dry-run") {
            failure.instead(
                "Set mode = \"approve\" in the policy, send it with `seatkeeper policy put FILE`, and plan again.",
            )
        } else if failure.is("plan-hash") || failure.is("plan-closed") {
            failure.instead("Make a new plan with `seatkeeper plan`.")
        } else {
            failure
        }
    })?;
    let waits = answer.get("waits-for").and_then(Value::as_str).map(str::to_owned);
    // Who waits for somebody else need not be told the plan again.
    let told = answer.get("plan").unwrap_or(&answer);
    let head = PlanHead::deserialize(told).unwrap_or_else(|_| head.clone());
    Ok(Approved { head, waits })
}

/// A plan that is over is refused here, in words that tell how it ended; every other answer is up to the instance.
fn answerable(plan: &Listed) -> Result<(), Failure> {
    if plan.open() || plan.outcome == Outcome::Running {
        return Ok(());
    }
    let next = render::next_step(Some(&plan.outcome), Some(&plan.head));
    let failure = Failure::new(format!("plan {} can no longer be answered", plan.head.id));
    let failure = failure.code("plan-closed").exit(Exit::Refused).detail(render::sentence(&plan.outcome));
    Err(match next {
        Some(next) => failure.next_step(next),
        None => failure,
    })
}

/// All plans, newest first.
pub(crate) fn plans(client: &Client) -> Result<Vec<Listed>, Failure> {
    client.get(Role::Admin, "/admin/plans").map(|Plans { plans }| plans)
}

/// The one plan that a hash, or its beginning, means.
pub(crate) fn by_hash(plans: &[Listed], wanted: &str) -> Result<Listed, Failure> {
    let refuse = |title: String| Failure::new(title).exit(Exit::Refused).code("plan-hash");
    if let Some(plan) = plans.iter().find(|plan| plan.head.id.as_str() == wanted) {
        return Err(refuse(format!("`{wanted}` is a plan's id; an answer names its hash")).next_step(format!(
            "Look at the plan with `seatkeeper show {wanted}`, then answer {}.",
            short(&plan.head.hash)
        )));
    }
    let wanted = wanted.to_lowercase();
    if wanted.len() < MIN_DIGITS || !wanted.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(refuse(format!("`{wanted}` is not a hash"))
            .next_step(format!("Name at least {MIN_DIGITS} digits of the hash that `seatkeeper plan` printed.")));
    }
    let mut found: Vec<Listed> = plans.iter().filter(|plan| plan.head.hash.starts_with(&wanted)).cloned().collect();
    // The same people under the same rules make the same hash again; then the open plan is meant, else the newest.
    if found.iter().all(|plan| Some(&plan.head.hash) == found.first().map(|first| &first.head.hash)) {
        let open = found.iter().position(Listed::open).unwrap_or_default();
        if open < found.len() {
            return Ok(found.swap_remove(open));
        }
    } else {
        return Err(refuse(format!("more than one plan's hash begins with {wanted}")).next_step("Name more digits."));
    }
    let waiting: Vec<String> = plans
        .iter()
        .filter(|plan| plan.open())
        .map(|plan| format!("{} ({}, until {})", short(&plan.head.hash), plan.head.id, moment(plan.head.expires)))
        .collect();
    let failure = refuse(format!("no plan's hash begins with {wanted}"));
    Err(if waiting.is_empty() {
        failure.detail("no plan waits for an answer").next_step("Make one with `seatkeeper plan`.")
    } else {
        failure
            .detail(format!("waiting: {}", waiting.join(", ")))
            .next_step("Look at the plan that waits before you answer: `seatkeeper show latest`.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_policy::{SweepId, Verdict};

    fn listed(id: &str, hash: &str, outcome: Outcome) -> Listed {
        let at = chrono::DateTime::UNIX_EPOCH;
        let head = PlanHead {
            id: SweepId::parse(id).unwrap(),
            made: at,
            expires: at,
            rules: String::new(),
            verdict: Verdict::Within,
            hash: hash.to_owned(),
            accounts: 1,
            pages: 1,
            emergency: None,
        };
        Listed { head, outcome }
    }

    fn plans() -> Vec<Listed> {
        vec![
            listed("p-4", "aaaaaaaa2222", Outcome::AwaitingApproval),
            listed("p-3", "cccccccc1111", Outcome::Applied),
            listed("p-2", "aaaaaaaa1111", Outcome::Lapsed { why: String::new() }),
            listed("p-1", "cccccccc1111", Outcome::AwaitingApproval),
        ]
    }

    fn found(wanted: &str) -> Result<String, String> {
        by_hash(&plans(), wanted).map(|plan| plan.head.id.to_string()).map_err(|failure| {
            assert_eq!(failure.ends_with(), Exit::Refused);
            failure.to_string()
        })
    }

    #[test]
    fn the_beginning_of_a_hash_is_enough_when_it_is_unique() {
        assert_eq!(found("aaaaaaaa2222"), Ok("p-4".to_owned()));
        assert_eq!(found("AAAAAAAA2"), Ok("p-4".to_owned()));
        let error = found("aaaaaaaa").unwrap_err();
        assert!(error.contains("more than one"), "{error}");
    }

    #[test]
    fn of_two_plans_with_the_same_hash_the_open_one_is_meant() {
        assert_eq!(found("cccccccc"), Ok("p-1".to_owned()));
    }

    #[test]
    fn what_is_no_hash_is_refused_with_a_hint() {
        for (wanted, hint) in [
            ("aaaaaaa", "at least 8 digits"),
            ("not-hex-at-all", "is not a hash"),
            ("p-4", "seatkeeper show p-4"),
            ("dddddddd", "waiting: aaaaaaaa2222 (p-4"),
        ] {
            let error = found(wanted).unwrap_err();
            assert!(error.contains(hint), "{wanted}: {error}");
        }
        let error = by_hash(&[], "dddddddd").unwrap_err().to_string();
        assert!(error.contains("no plan waits"), "{error}");
    }
}
