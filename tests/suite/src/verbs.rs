//! What people and timers do: replace the policy, let the timer ring, approve, log in, undo, ask.
#![expect(clippy::panic, reason = "test support: a surprise is a failed test")]

use crate::{Drive, Lab, LabDatabase, LabDirectories, Runner, Tap, drive};
use chrono::TimeDelta;
use seatkeeper_engine::{
    admin::{self, Refusal, UndoReport},
    answer::{self, Answered, Signer},
    audit, login,
    sources::Elsewhere,
    state::{self, Answer, Apply, Judged, PlanHead, PolicyRecord, Run, Work},
    sweep::{self, Order, Status, TickReport},
    testing::block_on,
    trouble::Trouble,
    view,
};
use seatkeeper_policy::{
    SweepId, UserKey,
    journal::{Reclaim, Taken},
    restore::Restore,
};
use serde::de::DeserializeOwned;

/// A person with a credential of their own.
pub fn signer(name: &str) -> Signer {
    Signer { name: name.to_owned(), credential: format!("token:{name}"), personal: true }
}

/// Time of a tick unless a test says otherwise.
pub const BUDGET: TimeDelta = TimeDelta::seconds(20);

/// Ticks after which a test gives up waiting for a sweep to rest.
const MANY: usize = 400;

impl Lab {
    /// Replaces the policy.
    pub fn policy(&self, text: &str) -> PolicyRecord {
        block_on(admin::replace_policy(&self.store, text, None, "alice", self.now())).unwrap()
    }

    /// The timer rings once.
    pub fn tick(&self) -> TickReport {
        self.tick_with(&Tap::default(), BUDGET, false).done()
    }

    /// The timer rings once, with a tap and so much time.
    pub fn tick_with(&self, tap: &Tap, budget: TimeDelta, open_now: bool) -> Drive<TickReport> {
        let runner = Runner::start(self, tap);
        let order = Order { runner: &runner.name, budget, open_now };
        let (database, directories) = (LabDatabase::of(self, tap), LabDirectories::of(self, tap));
        let outside = Elsewhere { database: &database, directories: &directories };
        match self.part {
            None => drive(tap, sweep::tick(runner.ports(), &outside, order)),
            Some(part) => drive(tap, sweep::tick_in_parts(runner.ports(), &outside, order, part)),
        }
    }

    /// The timer rings until there is nothing to go on with.
    pub fn rest(&self) -> TickReport {
        self.rest_with(BUDGET)
    }

    /// The timer rings with so much time until there is nothing to go on with.
    pub fn rest_with(&self, budget: TimeDelta) -> TickReport {
        for _ in 0..MANY {
            let report = self.tick_with(&Tap::default(), budget, false).done();
            if report.status != Status::Working {
                return report;
            }
        }
        panic!("the sweep does not come to rest")
    }

    /// A new sweep is asked for, a second after whatever was before.
    pub fn sweep(&self) -> TickReport {
        self.pass(TimeDelta::seconds(1));
        let report = self.tick_with(&Tap::default(), BUDGET, true).done();
        if report.status == Status::Working { self.rest() } else { report }
    }

    /// The plan that waits is approved, as it is shown.
    pub fn approve(&self, over_cap: bool) -> Result<PlanHead, Refusal> {
        self.answer(Answer::Approved { over_cap })
    }

    /// The plan that waits is answered, by a second person too where it takes two.
    pub fn answer(&self, answer: Answer) -> Result<PlanHead, Refusal> {
        let plan = match self.work() {
            Some(Work::Await(id)) => self.load(&state::plan(&id)),
            _ => self.newest_plan(),
        };
        let plan = plan.unwrap();
        let answer =
            |name| block_on(answer::answer(&self.store, &plan.id, &plan.hash, answer, &signer(name), self.now()));
        match answer("bob")? {
            Answered::Done(plan) => Ok(plan),
            Answered::NeedsSecond(_) => match answer("carla")? {
                Answered::Done(plan) | Answered::NeedsSecond(plan) => Ok(plan),
            },
        }
    }

    /// Sweeps, approves and applies; the report of the last tick.
    pub fn sweep_and_apply(&self) -> TickReport {
        self.sweep();
        self.approve(false).unwrap();
        self.rest()
    }

    /// Somebody logs in at the site, and the site tells us.
    pub fn login(&self, key: &UserKey) -> Result<login::Handled, Trouble> {
        let id = self.id(key);
        self.world().login(id);
        self.hears(&self.login_event(key))
    }

    /// The event that a login makes.
    pub fn login_event(&self, key: &UserKey) -> String {
        format!(r#"{{"event":"login","timestamp":{},"userKey":"{key}"}}"#, self.now().timestamp_millis())
    }

    /// An event arrives.
    pub fn hears(&self, body: &str) -> Result<login::Handled, Trouble> {
        self.hears_with(&Tap::default(), body).done()
    }

    /// An event arrives, with a tap.
    pub fn hears_with(&self, tap: &Tap, body: &str) -> Drive<Result<login::Handled, Trouble>> {
        let runner = Runner::start(self, tap);
        let event = login::parse(body.as_bytes()).unwrap();
        let ports = runner.ports();
        drive(tap, login::handle(&ports, event, &runner.name))
    }

    /// A run is undone.
    pub fn undo(&self, id: &SweepId) -> Result<UndoReport, Refusal> {
        self.undo_with(&Tap::default(), id).done()
    }

    /// A run is undone, with a tap.
    pub fn undo_with(&self, tap: &Tap, id: &SweepId) -> Drive<Result<UndoReport, Refusal>> {
        let runner = Runner::start(self, tap);
        let ports = runner.ports();
        drive(tap, admin::undo(&ports, id, 0, "carol", BUDGET, &runner.name))
    }

    /// What is said about an account; nothing when the newest snapshot does not have it.
    pub fn explain(&self, who: &str) -> Vec<String> {
        block_on(seatkeeper_engine::explain::explain(&self.store, who))
            .unwrap()
            .map(|told| told.lines())
            .unwrap_or_default()
    }

    /// Everybody in the newest snapshot, sorted by name.
    pub fn snapshot(&self) -> Vec<Judged> {
        let Some(head) = self.load(&state::snapshot_current()) else { return Vec::new() };
        (0..head.pages.count)
            .flat_map(|page| block_on(view::snapshot_page(&self.store, &head, page)).unwrap())
            .collect()
    }

    /// The stable word of the newest judgement on an account, by its present name in the snapshot.
    pub fn verdict(&self, who: &str) -> &'static str {
        let all = self.snapshot();
        all.iter().find(|judged| judged.account.username.as_str() == who).map_or("absent", |j| j.decision.code())
    }

    /// What the newest run said that it cannot do or know, as one text.
    pub fn limits(&self) -> String {
        self.run().report.map(|report| report.limits.join("\n")).unwrap_or_default()
    }

    /// A record of the store.
    pub fn load<T: DeserializeOwned>(&self, key: &state::Key<T>) -> Option<T> {
        block_on(state::load(&self.store, key)).unwrap()
    }

    /// The newest runs, newest first.
    pub fn runs(&self) -> Vec<Run> {
        block_on(view::runs(&self.store, 100)).unwrap()
    }

    /// The newest run.
    pub fn run(&self) -> Run {
        self.runs().into_iter().next().unwrap()
    }

    /// The newest plan.
    pub fn newest_plan(&self) -> Option<PlanHead> {
        self.load(&state::plan(&self.run().id))
    }

    /// Names in the newest plan, in its order.
    pub fn planned(&self) -> Vec<String> {
        let id = self.run().id;
        let plan = block_on(view::plan(&self.store, &id, 0, usize::MAX)).unwrap();
        plan.map(|(_, accounts)| accounts.iter().map(|a| a.username.to_string()).collect()).unwrap_or_default()
    }

    /// The journal of an account's newest reclaim.
    pub fn reclaim(&self, key: &UserKey) -> Option<Reclaim> {
        self.load(&state::reclaim(key))
    }

    /// What we hold of an account.
    pub fn taken(&self, key: &UserKey) -> Taken {
        self.reclaim(key).map(|reclaim| reclaim.taken()).unwrap_or_default()
    }

    /// What was given back on login.
    pub fn restored(&self, key: &UserKey) -> Option<Restore> {
        self.load(&state::restore(key))
    }

    /// What the checkpoint says is being done.
    pub fn work(&self) -> Option<Work> {
        self.load(&state::checkpoint()).and_then(|checkpoint| checkpoint.work)
    }

    /// How far a plan has been carried out.
    pub fn applying(&self) -> Option<Apply> {
        match self.work() {
            Some(Work::Apply(apply)) => Some(apply),
            _ => None,
        }
    }

    /// Acts in a function's audit stream, oldest first, after proving that its chain is unbroken.
    pub fn audited(&self, function: &str) -> Vec<audit::Entry> {
        let Some(head) = self.load(&state::audit_head(function)) else { return Vec::new() };
        let (mut all, mut before) = (Vec::new(), String::new());
        let first: chrono::NaiveDate = crate::lab::START.get(..10).unwrap().parse().unwrap();
        for day in first.iter_days().take(2_000) {
            let day = day.to_string();
            for page in 0.. {
                let Some(entries) = self.load(&state::audit(&day, function, page)) else { break };
                assert!(audit::unbroken(&before, &entries), "the audit chain of {function} breaks on {day}:{page}");
                before = entries.last().map_or(before, |last| last.hash.clone());
                all.extend(entries);
            }
            if day == head.day {
                return all;
            }
        }
        panic!("the audit stream of {function} does not reach {}", head.day)
    }

    /// All acts of all functions as `function act subject`, after proving every chain.
    pub fn acts(&self) -> Vec<String> {
        ["sweep", "restore", "admin"]
            .into_iter()
            .flat_map(|function| {
                let entries = self.audited(function);
                entries.into_iter().map(move |entry| format!("{function} {} {}", entry.act, entry.subject))
            })
            .collect()
    }
}
