//! Scenario folders: a policy and a world as files, and the plan that must come of them.

use crate::{Lab, verbs::BUDGET};
use chrono::TimeDelta;
use seatkeeper_engine::{state::Outcome, testing::block_on, view};
use seatkeeper_policy::Action;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

/// `world.json` of a scenario.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WorldFile {
    /// What the scenario is about.
    pub about: String,
    /// Knobs of the simulator.
    #[serde(default)]
    pub knobs: BTreeMap<String, String>,
    /// Days since everybody else was seen.
    #[serde(default = "yesterday")]
    pub others_idle_days: i64,
    /// Whether a Crowd that can rename is there.
    #[serde(default)]
    pub crowd: bool,
    /// The people that the scenario is about.
    pub people: Vec<PersonFile>,
    /// Days that pass between a first sweep and the one that counts; none means that there is no first sweep.
    #[serde(default)]
    pub first_sweep_days_ago: Option<i64>,
}

/// One person of a scenario.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PersonFile {
    /// User name.
    pub name: String,
    /// Days since the last login, at the sweep that counts; none means never.
    pub idle_days: Option<i64>,
    /// Groups.
    #[serde(default = "users")]
    pub groups: Vec<String>,
    /// Whether the account is active.
    #[serde(default = "yes")]
    pub active: bool,
    /// Whether a login event was received at the beginning.
    #[serde(default)]
    pub login_event: bool,
}

fn yesterday() -> i64 {
    1
}

fn users() -> Vec<String> {
    vec!["confluence-users".to_owned()]
}

fn yes() -> bool {
    true
}

/// Plays the scenario in a folder and tells its outcome, its plan, and the judgement on each of its people.
pub fn play(folder: &Path) -> String {
    let policy = fs::read_to_string(folder.join("policy.toml")).unwrap();
    let file: WorldFile = serde_json::from_str(&fs::read_to_string(folder.join("world.json")).unwrap()).unwrap();
    let knobs: Vec<_> = file.knobs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut lab = Lab::with(&knobs);
    lab.crowd = file.crowd;
    let wait = file.first_sweep_days_ago.unwrap_or_default();
    lab.everybody_was_here(file.others_idle_days - wait);
    for person in &file.people {
        let groups: Vec<_> = person.groups.iter().map(String::as_str).collect();
        let key = lab.add_to(&person.name, person.idle_days.map(|days| days - wait), &groups);
        if !person.active {
            lab.change(&key, seatkeeper_simulator::world::Change::Active(false));
        }
    }
    lab.policy(&policy);
    for person in file.people.iter().filter(|person| person.login_event) {
        lab.hears(&lab.login_event(&lab.key(&person.name))).unwrap();
    }
    if file.first_sweep_days_ago.is_some() {
        lab.sweep();
        lab.pass(TimeDelta::days(wait));
    }
    assert!(BUDGET > TimeDelta::zero());
    lab.sweep();
    tell(&lab, &file)
}

fn tell(lab: &Lab, file: &WorldFile) -> String {
    let run = lab.run();
    let mut text = String::new();
    let outcome = match &run.outcome {
        Outcome::Failed { code, .. } => format!("failed: {code}"),
        other => format!("{other:?}"),
    };
    writeln!(text, "{}\n\noutcome: {outcome}\nwrites: {}", file.about, lab.sim.writes()).unwrap();
    for limit in run.report.iter().flat_map(|report| &report.limits) {
        writeln!(text, "limit: {limit}").unwrap();
    }
    if let Some((_, accounts)) = block_on(view::plan(&lab.store, &run.id, 0, usize::MAX)).unwrap() {
        writeln!(text, "\nplan: {} account(s)", accounts.len()).unwrap();
        for account in accounts {
            let actions: Vec<_> = account.actions.iter().map(action).collect();
            writeln!(text, "  {}: {}", account.username, actions.join(", ")).unwrap();
        }
    }
    writeln!(text, "\npeople:").unwrap();
    for person in &file.people {
        let told = lab.explain(&person.name);
        let line = told.get(3).map_or("not in a licence group", String::as_str);
        writeln!(text, "  {}: {line}", person.name).unwrap();
    }
    text
}

fn action(action: &Action) -> String {
    match action {
        Action::RemoveGroup(group) => format!("leave {group}"),
        Action::Disable => "disable".to_owned(),
        Action::Rename(name) => format!("rename to {name}"),
    }
}
