//! The policy: in plain words, as it is written, its versions, and what changed between two of them.

use seatkeeper_console::Moment;
use seatkeeper_engine::{
    policy_file,
    ports::Store,
    state::{self, PolicyRecord, StateError},
};
use seatkeeper_policy::{Mode, Policy, rules::WarningRule};
use seatkeeper_web::{Query, QueryError};
use similar::{ChangeTag, TextDiff};

/// Versions that are listed.
const LISTED: u32 = 50;

/// Lines of a difference at most.
const LINES: usize = 500;

/// What the page offers where no policy is set yet.
const EXAMPLE: &str = include_str!("../../../policy.toml");

/// The page.
#[derive(Debug)]
pub struct View {
    /// What is wrong with the version shown.
    pub problem: Option<String>,
    /// The version in force.
    pub newest: Option<u32>,
    /// The version shown.
    pub shown: Option<Revision>,
    /// The same in plain words.
    pub words: Vec<Part>,
    /// The version before, which it is compared with.
    pub compared: u32,
    /// What changed since that one.
    pub difference: Vec<Line>,
    /// The newest versions.
    pub versions: Vec<Revision>,
    /// A policy to begin with.
    pub example: &'static str,
}

impl View {
    /// Whether the version shown is the one in force.
    pub fn in_force(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| self.newest == Some(shown.version))
    }
}

/// One version.
#[derive(Debug)]
pub struct Revision {
    /// Its number.
    pub version: u32,
    /// When.
    pub saved: Moment,
    /// Who.
    pub by: String,
    /// As it is written.
    pub text: String,
}

/// One of the four questions that a policy answers.
#[derive(Debug)]
pub struct Part {
    /// The question.
    pub title: &'static str,
    /// The answer.
    pub lines: Vec<String>,
}

/// A line of a difference.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// `in`, `out` or `same`.
    pub class: &'static str,
    /// For people who see no colours.
    pub sign: &'static str,
    /// The line.
    pub text: String,
}

impl From<PolicyRecord> for Revision {
    fn from(record: PolicyRecord) -> Self {
        Self { version: record.version, saved: Moment(record.saved), by: record.by, text: record.text }
    }
}

/// The version that a request asks for.
pub fn wanted(query: &str) -> Result<Option<u32>, QueryError> {
    Query::parse(query, &["version"])?.parsed("version", "the number of a version")
}

/// Reads the page.
pub async fn read(store: &impl Store, wanted: Option<u32>) -> Result<View, StateError> {
    let newest = state::load(store, &state::policy()).await?;
    let number = newest.as_ref().map(|record| record.version);
    let shown = match wanted.filter(|version| Some(*version) != number) {
        Some(version) => state::load(store, &state::policy_version(version)).await?,
        None => newest,
    };
    let (mut versions, mut compared, mut difference) = (Vec::new(), 0, Vec::new());
    let last = number.unwrap_or_default();
    for version in (last.saturating_sub(LISTED)..=last).rev().filter(|version| *version > 0) {
        versions.extend(state::load(store, &state::policy_version(version)).await?.map(Revision::from));
    }
    if let Some(record) = &shown
        && let Some(before) = record.version.checked_sub(1).filter(|before| *before > 0)
        && let Some(before) = state::load(store, &state::policy_version(before)).await?
    {
        compared = before.version;
        difference = differing(&before.text, &record.text);
    }
    let parsed = shown.as_ref().map(|record| policy_file::parse(&record.text));
    let problem = match &parsed {
        None if wanted.is_some() => Some("There is no such version.".to_owned()),
        None => Some("No policy is set, so nothing is done.".to_owned()),
        Some(Err(problems)) => {
            let first = problems.first().map(|problem| format!("{}: {}", problem.field, problem.problem));
            Some(format!("This version cannot be used: {}", first.unwrap_or_default()))
        }
        Some(Ok(_)) => None,
    };
    let words = parsed.and_then(Result::ok).map(|policy| in_words(&policy)).unwrap_or_default();
    let shown = shown.map(Revision::from);
    Ok(View { problem, newest: number, shown, words, compared, difference, versions, example: EXAMPLE })
}

fn differing(before: &str, after: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(before, after);
    let groups = diff.grouped_ops(2);
    let changes = groups.iter().flatten().flat_map(|op| diff.iter_changes(op));
    changes
        .take(LINES)
        .map(|change| {
            let (class, sign) = match change.tag() {
                ChangeTag::Delete => ("out", "−"),
                ChangeTag::Insert => ("in", "+"),
                ChangeTag::Equal => ("same", " "),
            };
            Line { class, sign, text: change.value().trim_end().to_owned() }
        })
        .collect()
}

/// The four questions: who, when, how, and who is left alone.
fn in_words(policy: &Policy) -> Vec<Part> {
    let names = |names: Vec<String>| names.join(", ");
    let mut who =
        vec![format!("Everybody in {}.", names(policy.licence_groups.iter().map(ToString::to_string).collect()))];
    who.extend(policy.populations.iter().map(|one| format!("{} have rules of their own.", one.name)));
    who.extend(policy.directories.iter().map(|one| format!("{} is asked who has left.", one.name)));
    let rules = &policy.rules;
    let mut when = Vec::new();
    when.extend(rules.inactive_after.map(|days| format!("Not seen for more than {} days.", days.get())));
    when.extend(
        rules
            .never_logged_in_after
            .map(|days| format!("Never logged in, and known for more than {} days.", days.get())),
    );
    when.push(format!("A sweep looks every {} hours.", policy.sweep_every_hours));
    let mut how = vec![match policy.mode {
        Mode::DryRun => "Nothing is changed: it only makes plans.".to_owned(),
        Mode::Approve => "A person approves each plan.".to_owned(),
        Mode::Enforce => "Plans within the cap are carried out by themselves.".to_owned(),
    }];
    how.push(format!(
        "The licence groups are taken away{}{}.",
        if rules.measures.disable { ", and the account is deactivated" } else { "" },
        if rules.measures.rename { ", and it is renamed" } else { "" }
    ));
    how.extend(rules.warning.as_ref().map(|WarningRule { grace, quiet, .. }| {
        let told = if *quiet { "After" } else { "The person is warned first; after" };
        format!("{told} {} days more the seat is taken.", grace.get())
    }));
    how.push(format!(
        "At most {} accounts or {} percent at once; more takes two people.",
        policy.cap.accounts, policy.cap.percent
    ));
    if policy.restore.on_login {
        how.push("The next login gives everything back.".to_owned());
    }
    let mut except = vec![format!(
        "Administrators: {}.",
        names(policy.administrator_groups.iter().map(ToString::to_string).collect())
    )];
    except.push(format!("Accounts younger than {} days.", rules.young.get()));
    except.push(format!("Accounts that got their seat back less than {} days ago.", rules.restored_grace.get()));
    except.push(match policy.exemptions.len() {
        0 => "Nobody else.".to_owned(),
        1 => "One exemption.".to_owned(),
        many => format!("{many} exemptions."),
    });
    vec![
        Part { title: "Who", lines: who },
        Part { title: "When", lines: when },
        Part { title: "How", lines: how },
        Part { title: "Except", lines: except },
    ]
}
