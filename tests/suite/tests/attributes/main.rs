//! Names, mail addresses, full names and groups of accounts, changed on an administrator's order: the check before, the
//! order of work, crashes, undo, and what is refused.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

mod cases;
mod crash;
mod difficult;
mod manual;
mod orders;
mod undo;

use chrono::TimeDelta;
use seatkeeper_engine::{
    attributes::{self, JobReport, Line, Order, Ports, Refusal, Shift, Updaters, Window},
    state::{AttributeJob, RowState, Wish},
    testing::block_on,
};
use seatkeeper_policy::SweepId;
use seatkeeper_tests::{Drive, Lab, POLICY, Runner, Tap, drive, runner::Renamer};

/// A site with Crowd, a policy and some people.
fn lab(knobs: &[(&str, &str)]) -> Lab {
    let mut lab = Lab::of(40, knobs);
    lab.crowd = true;
    lab.policy(POLICY);
    for name in ["mia", "noah", "ole"] {
        lab.newcomer(name).mail(&format!("{name}@old.example")).groups(&["confluence-users"]).idle(Some(1)).add();
    }
    lab
}

/// What a test orders.
struct Ask<'a> {
    lines: Vec<Line>,
    dry_run: bool,
    skip_refused: bool,
    budget: TimeDelta,
    by: &'a str,
}

impl Ask<'_> {
    /// These lines, for real, with plenty of time.
    fn of(lines: Vec<Line>) -> Self {
        Self { lines, dry_run: false, skip_refused: false, budget: TimeDelta::minutes(10), by: "anna" }
    }
}

/// Lines that only rename.
fn renames(pairs: &[(&str, &str)]) -> Vec<Line> {
    let line = |((from, to), line): (&(&str, &str), u32)| Line {
        line,
        username: (*from).to_owned(),
        wish: Wish { new_username: (*to).to_owned(), ..Wish::default() },
    };
    pairs.iter().zip(2..).map(line).collect()
}

/// One line with any wish.
fn wish(username: &str, wish: Wish) -> Vec<Line> {
    vec![Line { line: 1, username: username.to_owned(), wish }]
}

type Answer = Result<JobReport, Refusal>;

/// Orders a job, with a tap.
fn order_with(lab: &Lab, tap: &Tap, ask: &Ask<'_>) -> Drive<Answer> {
    with(lab, tap, async |ports, runner| {
        let Ask { lines, dry_run, skip_refused, budget, by } = ask;
        let order = Order { by, dry_run: *dry_run, skip_refused: *skip_refused };
        attributes::order(&ports, lines.clone(), order, Shift { runner, budget: *budget }).await
    })
}

/// Goes on with the newest job, with a tap.
fn resume_with(lab: &Lab, tap: &Tap, budget: TimeDelta) -> Drive<Answer> {
    let id = newest(lab).id;
    with(lab, tap, async |ports, runner| attributes::resume(&ports, &id, Shift { runner, budget }).await)
}

/// Undoes the newest job, with a tap.
fn undo_with(lab: &Lab, tap: &Tap) -> Drive<Answer> {
    let id = newest(lab).id;
    let budget = TimeDelta::minutes(10);
    with(lab, tap, async |ports, runner| attributes::undo(&ports, &id, "carol", Shift { runner, budget }).await)
}

type Crowd<'a> = seatkeeper_directories::Crowd<seatkeeper_tests::runner::TappedHttp<'a>, seatkeeper_tests::LabClock>;
type Site<'a> = seatkeeper_confluence::Confluence<seatkeeper_tests::runner::TappedHttp<'a>, seatkeeper_tests::LabClock>;
type All<'b, 'a> = Ports<
    'b,
    seatkeeper_tests::runner::TappedStore<'a>,
    Site<'a>,
    Renamer<'a>,
    Updaters<'b, Crowd<'a>, Site<'a>>,
    seatkeeper_tests::LabClock,
>;

fn with(lab: &Lab, tap: &Tap, act: impl AsyncFnOnce(All<'_, '_>, &str) -> Answer) -> Drive<Answer> {
    let runner = Runner::start(lab, tap);
    let directory = match &runner.rename {
        Renamer::Crowd(crowd) => Some(crowd),
        Renamer::Nobody(_) => None,
    };
    let update = Updaters::new(directory, &runner.confluence);
    let Runner { store, confluence, rename, clock, name } = &runner;
    let ports = Ports { store, confluence, rename, update: &update, clock };
    drive(tap, act(ports, name))
}

/// Orders a job and expects that it was taken.
fn done(lab: &Lab, lines: Vec<Line>) -> JobReport {
    order_with(lab, &Tap::default(), &Ask::of(lines)).done().unwrap()
}

/// Looks at lines without writing anything.
fn looked(lab: &Lab, lines: Vec<Line>) -> JobReport {
    order_with(lab, &Tap::default(), &Ask { dry_run: true, ..Ask::of(lines) }).done().unwrap()
}

/// Orders a job and expects that its check refuses it; everything that was said against it.
fn refused(lab: &Lab, lines: Vec<Line>) -> String {
    let (facts, changes) = (lab.facts(), lab.world().changes);
    let answer = order_with(lab, &Tap::default(), &Ask::of(lines)).done();
    assert_eq!((lab.facts(), lab.world().changes), (facts, changes), "a refused job wrote something");
    let Err(Refusal::Refused(report)) = answer else { panic!("{answer:?}") };
    problems(&report)
}

/// Everything that was said against the rows of a report.
fn problems(report: &JobReport) -> String {
    let mut told = Vec::new();
    for row in &report.rows {
        if let RowState::Refused { objections } = &row.state {
            told.extend(
                objections.iter().map(|o| format!("line {}, {}: {} {}", row.line, o.field, o.value, o.problem)),
            );
        }
    }
    told.join("\n")
}

/// The newest job.
fn newest(lab: &Lab) -> AttributeJob {
    block_on(attributes::list(&lab.store, 1)).unwrap().remove(0)
}

/// Every row of a job, as its line and the word of its state.
fn states(lab: &Lab, id: &SweepId) -> Vec<(u32, &'static str)> {
    let window = Window { most: usize::MAX, ..Window::default() };
    let report = block_on(attributes::show(&lab.store, id, &window)).unwrap().unwrap();
    report.rows.iter().map(|row| (row.line, row.state.word())).collect()
}

/// Mail address and full name of an account, whatever it is called now.
fn details(lab: &Lab, key: &seatkeeper_policy::UserKey) -> (String, String) {
    let id = lab.id(key);
    let world = lab.world();
    let user = world.user(id);
    (user.email.clone().map(|mail| mail.to_string()).unwrap_or_default(), user.display_name.to_string())
}
