//! The sweep: one timer call (a tick) goes as far as its time allows and stops at a safe point; the next tick goes on
//! from the checkpoint. Reading, judging and acting are separate modules, and only `apply` may write to Confluence.

mod apply;
mod ask;
mod finish;
mod gather;
mod join;
mod judge;
mod merge;
pub(crate) use judge::SNAPSHOT_PAGE;
mod open;
pub(crate) mod own_records;
mod page;
mod publish;
mod recheck;
mod report;
mod skip;
mod survey;
mod words;

use crate::{
    lease, policy_file,
    ports::{Clock, Rename, Store},
    sources::{Outside, Site},
    state::{self, Checkpoint, Garbage, Outcome, PolicyRecord, Run, Work},
    tallies::Requests,
    trouble::{Trouble, TroubleAt},
};
use chrono::TimeDelta;
use seatkeeper_policy::{Instant, PlannedAccount, Policy, SweepId};

pub use report::{Status, TickReport};
pub use skip::Skip;

/// What a sweep works with.
pub struct Ports<'a, S, X, N, C> {
    /// State.
    pub store: &'a S,
    /// Confluence.
    pub confluence: &'a X,
    /// The executor for renames.
    pub rename: &'a N,
    /// Time.
    pub clock: &'a C,
}

/// What a tick is asked to do.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// A text that no other runner uses.
    pub runner: &'a str,
    /// How long the tick may take; it stops at the first safe point after that.
    pub budget: TimeDelta,
    /// Open a sweep now, even if none is due; a plan that waits for an answer lapses.
    pub open_now: bool,
}

/// Whether a step leaves more to do in this tick.
enum Step {
    Again,
    Rest(Status),
}

/// Everything a step needs: the ports, the policy in force and the checkpoint.
struct Tick<'a, S, X, N, C, D> {
    ports: Ports<'a, S, X, N, C>,
    outside: &'a D,
    /// Accounts in memory at a time.
    part: u64,
    record: PolicyRecord,
    policy: Policy,
    at: Checkpoint,
    deadline: Instant,
    /// The sweep that was worked on, also after its end.
    sweep: Option<SweepId>,
    /// Failed accounts in a row; three mean that Confluence is down rather than that an account is difficult.
    misses: u32,
    /// The page of the plan that is being carried out.
    page: Option<(u32, Vec<PlannedAccount>)>,
    /// Requests that were sent and are not in the checkpoint yet.
    requests: &'a Requests,
}

/// Accounts in memory at a time: about 35 MB.
const PART: u64 = 50_000;
/// Runs that the index remembers.
const RUNS: usize = 200;

/// How long a lease outlives its tick, so that a slow last call does not let a second runner in.
const LEASE_MARGIN: TimeDelta = TimeDelta::seconds(30);

/// One tick.
pub async fn tick<S, X, N, C, D>(ports: Ports<'_, S, X, N, C>, outside: &D, order: Order<'_>) -> TickReport
where
    S: Store,
    X: Site,
    N: Rename,
    C: Clock,
    D: Outside,
{
    tick_in_parts(ports, outside, order, PART).await
}

/// One tick whose requests to other systems are counted: the totals are written with the checkpoint.
pub async fn tick_counting<S, X, N, C, D>(
    ports: Ports<'_, S, X, N, C>,
    outside: &D,
    order: Order<'_>,
    requests: &Requests,
) -> TickReport
where
    S: Store,
    X: Site,
    N: Rename,
    C: Clock,
    D: Outside,
{
    leased(ports, outside, order, PART, requests).await
}

/// The same with another number of accounts in memory at a time. What is published does not depend on it.
pub async fn tick_in_parts<S, X, N, C, D>(
    ports: Ports<'_, S, X, N, C>,
    outside: &D,
    order: Order<'_>,
    part: u64,
) -> TickReport
where
    S: Store,
    X: Site,
    N: Rename,
    C: Clock,
    D: Outside,
{
    leased(ports, outside, order, part, &Requests::default()).await
}

async fn leased<S, X, N, C, D>(
    ports: Ports<'_, S, X, N, C>,
    outside: &D,
    order: Order<'_>,
    part: u64,
    requests: &Requests,
) -> TickReport
where
    S: Store,
    X: Site,
    N: Rename,
    C: Clock,
    D: Outside,
{
    let (store, clock) = (ports.store, ports.clock);
    let held = match lease::take(store, clock, state::lease(), order.runner, order.budget + LEASE_MARGIN).await {
        Ok(Some(held)) => held,
        Ok(None) => return TickReport::bare(Status::Busy, None),
        Err(error) => return TickReport::bare(Status::Failed, Some(error.into())),
    };
    let report = match Tick::start(ports, outside, order, part, requests).await {
        Ok(mut tick) => tick.run(order.open_now).await,
        Err(trouble) => TickReport::bare(Status::Failed, Some(trouble)),
    };
    // A lease that cannot be given back ends by itself; the report matters more.
    let _ = lease::release(store, held).await;
    report
}

impl<'a, S, X, N, C, D> Tick<'a, S, X, N, C, D>
where
    S: Store,
    X: Site,
    N: Rename,
    C: Clock,
    D: Outside,
{
    async fn start(
        ports: Ports<'a, S, X, N, C>,
        outside: &'a D,
        order: Order<'_>,
        part: u64,
        requests: &'a Requests,
    ) -> Result<Self, Trouble> {
        let deadline = ports.clock.now() + order.budget;
        let (record, policy) = policy_file::in_force(ports.store).await?;
        let at = state::load(ports.store, &state::checkpoint()).await?.unwrap_or_default();
        let part = part.max(1);
        Ok(Self { ports, outside, part, record, policy, at, deadline, sweep: None, misses: 0, page: None, requests })
    }

    async fn run(&mut self, open_now: bool) -> TickReport {
        let result = self.steps(open_now).await;
        let (status, error) = match result {
            Ok(status) => (status, None),
            Err(trouble) => (Status::Failed, Some(trouble)),
        };
        let trouble = error.clone().map(|trouble| TroubleAt { trouble, at: self.ports.clock.now() });
        if self.at.trouble.as_ref().map(|t| &t.trouble) != trouble.as_ref().map(|t| &t.trouble) {
            self.at.trouble = trouble;
            // What the pages show about it is worth one try; the answer to this call says it too.
            let _ = self.save().await;
        }
        // A count that cannot be written is lost; the work is safe.
        let _ = self.count_the_rest().await;
        self.report(status, error).await
    }

    async fn steps(&mut self, open_now: bool) -> Result<Status, Trouble> {
        self.sweep = self.at.work.as_ref().map(Work::sweep).cloned();
        let resting = matches!(self.at.work, None | Some(Work::Await(_)));
        if resting && (open_now || self.ordered().await?) {
            self.open("a newer sweep was asked for").await?;
        } else if matches!(self.at.work, Some(Work::Gather(_) | Work::Survey(_) | Work::Apply(_))) {
            // A token may have turned anonymous since the last tick; reading on would look like an empty Confluence.
            self.ports.confluence.whoami().await?;
        }
        loop {
            let step = match &self.at.work {
                None if self.due() => {
                    self.open("").await?;
                    Step::Again
                }
                None => Step::Rest(if self.sweep.is_some() { Status::Finished } else { Status::Idle }),
                Some(Work::Gather(_)) => self.gather().await?,
                Some(Work::Judge(_)) => self.judge().await?,
                Some(Work::Survey(_)) => self.survey().await?,
                Some(Work::Await(plan)) => {
                    let plan = plan.clone();
                    self.answered(plan).await?
                }
                Some(Work::Apply(_)) => self.apply().await?,
                Some(Work::Verify(_)) => self.verify().await?,
            };
            match step {
                Step::Rest(status) => {
                    self.collect_garbage().await?;
                    return Ok(status);
                }
                Step::Again if self.ports.clock.now() >= self.deadline => return Ok(Status::Working),
                Step::Again => {}
            }
        }
    }

    fn due(&self) -> bool {
        let period = TimeDelta::hours(i64::from(self.policy.sweep_every_hours));
        // A sweep that was opened in the future was opened by a wrong clock.
        let now = self.ports.clock.now();
        self.sweep.is_none() && self.at.opened.is_none_or(|opened| now - opened >= period || opened > now + period)
    }

    /// Whether somebody asked for a sweep since the last one was opened.
    async fn ordered(&self) -> Result<bool, Trouble> {
        let order = state::load(self.ports.store, &state::sweep_order()).await?;
        Ok(order.is_some_and(|order| self.at.opened.is_none_or(|opened| order.at > opened)))
    }

    /// Whether somebody pulled the switch that stops every write.
    async fn stopped(&self) -> Result<bool, Trouble> {
        Ok(state::load(self.ports.store, &state::stop()).await?.flatten().is_some())
    }

    async fn save(&mut self) -> Result<(), Trouble> {
        self.requests.pour(&mut self.at.tallies);
        Ok(state::save(self.ports.store, &state::checkpoint(), &self.at).await?)
    }

    /// Writes the requests that were sent after the checkpoint moved last. Into the stored one: after an error, what is
    /// in memory may be half changed.
    async fn count_the_rest(&self) -> Result<(), Trouble> {
        if self.requests.is_empty() {
            return Ok(());
        }
        let mut stored = state::load(self.ports.store, &state::checkpoint()).await?.unwrap_or_default();
        self.requests.pour(&mut stored.tallies);
        Ok(state::save(self.ports.store, &state::checkpoint(), &stored).await?)
    }

    /// Changes the run's record.
    async fn record(&self, sweep: &SweepId, change: impl FnOnce(&mut Run)) -> Result<(), Trouble> {
        let store = self.ports.store;
        let now = self.ports.clock.now();
        let mut run = state::load(store, &state::run(sweep)).await?.unwrap_or_else(|| Run {
            id: sweep.clone(),
            opened: now,
            at: now,
            mode: self.policy.mode,
            outcome: Outcome::Running,
            report: None,
            plan: None,
            planned: 0,
            tally: state::Tally::default(),
            before: None,
            after: None,
            diagnosis: None,
            left: std::collections::BTreeMap::new(),
            warned: 0,
        });
        let before = run.outcome.clone();
        change(&mut run);
        run.at = now;
        state::save(store, &state::run(sweep), &run).await?;
        // Two runners that opened at the same time wrote the index at the same time, and one entry got lost.
        if run.outcome == before { Ok(()) } else { self.index(sweep).await }
    }

    /// Makes sure that the index of runs knows a run.
    async fn index(&self, sweep: &SweepId) -> Result<(), Trouble> {
        let mut runs = state::load(self.ports.store, &state::runs()).await?.unwrap_or_default();
        if !runs.contains(sweep) {
            runs.insert(0, sweep.clone());
            runs.sort_by(|a, b| b.cmp(a));
            runs.truncate(RUNS);
            state::save(self.ports.store, &state::runs(), &runs).await?;
        }
        Ok(())
    }

    /// Removes pages that nobody needs any more, as far as time allows.
    async fn collect_garbage(&mut self) -> Result<(), Trouble> {
        let store = self.ports.store;
        while let Some(garbage) = self.at.garbage.last() {
            match garbage {
                Garbage::Gathered(pages) => {
                    for page in 0..pages.count {
                        state::remove(store, &state::gathered(&pages.sweep, page)).await?;
                    }
                }
                Garbage::Ledger(pages) => {
                    for page in 0..pages.count {
                        state::remove(store, &state::ledger(&pages.sweep, page)).await?;
                    }
                }
                Garbage::Parts { sweep, takes, warns } => {
                    for (part, pages) in (0..).zip(takes) {
                        for page in 0..*pages {
                            state::remove(store, &state::takes(sweep, part, page)).await?;
                        }
                    }
                    for (part, pages) in (0..).zip(warns) {
                        for page in 0..*pages {
                            state::remove(store, &state::warns(sweep, part, page)).await?;
                        }
                    }
                }
                Garbage::Snapshot(pages) => {
                    for page in 0..pages.count {
                        state::remove(store, &state::snapshot(&pages.sweep, page)).await?;
                    }
                }
                Garbage::Lists(sweep, lists) => {
                    for part in 0..lists.parts {
                        state::remove(store, &state::counts(sweep, part)).await?;
                    }
                    for page in 0..lists.handover {
                        state::remove(store, &state::handover(sweep, page)).await?;
                    }
                }
                Garbage::Index(pages) => {
                    for page in 0..pages.count {
                        state::remove(store, &state::index(&pages.sweep, page)).await?;
                        state::remove(store, &state::index_names(&pages.sweep, page)).await?;
                    }
                }
            }
            self.at.garbage.pop();
            self.save().await?;
            if self.ports.clock.now() >= self.deadline {
                break;
            }
        }
        Ok(())
    }

    async fn report(&self, status: Status, error: Option<Trouble>) -> TickReport {
        let store = self.ports.store;
        let mut report = TickReport { sweep: self.sweep.clone(), ..TickReport::bare(status, error) };
        if let Some(sweep) = &self.sweep {
            // Only for people who watch; the run itself is safe whether or not this can be read.
            report.outcome = state::load(store, &state::run(sweep)).await.ok().flatten().map(|run| run.outcome);
            report.plan = state::load(store, &state::plan(sweep)).await.ok().flatten();
        }
        if let Some(work) = &self.at.work {
            let (phase, done, total) = match work {
                Work::Gather(gather) => ("gather", gather.entries, None),
                Work::Judge(judge) => {
                    let parts = judge.bounds.as_ref().map(|bounds| bounds.len() as u64 + 1);
                    ("judge", u64::from(judge.part), parts)
                }
                Work::Survey(survey) => ("survey", u64::from(survey.next), None),
                Work::Await(_) => ("await", 0, None),
                Work::Apply(apply) => {
                    ("apply", u64::from(apply.next), report.plan.as_ref().map(|plan| u64::from(plan.accounts)))
                }
                Work::Verify(_) => ("verify", 0, None),
            };
            phase.clone_into(&mut report.phase);
            (report.done, report.total) = (done, total);
        }
        report
    }
}

impl Work {
    /// The sweep that the work belongs to.
    pub fn sweep(&self) -> &SweepId {
        match self {
            Self::Gather(gather) => &gather.sweep,
            Self::Judge(judge) => &judge.gather.sweep,
            Self::Survey(survey) => &survey.plan,
            Self::Await(plan) => plan,
            Self::Apply(apply) => &apply.plan,
            Self::Verify(verify) => &verify.plan,
        }
    }
}
