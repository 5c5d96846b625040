//! What `docs/users.md` shows is what happens.

use crate::{details, done, lab, looked, wish};
use seatkeeper_engine::{
    attributes::{COLUMNS, JobStatus, parse},
    state::{RowState, Wish},
};
use seatkeeper_web::csv;
use serde_json::Value;
use std::path::Path;

fn manual() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/users.md");
    std::fs::read_to_string(path).unwrap()
}

fn block(manual: &str, language: &str) -> String {
    let rest = manual.split(&format!("```{language}\n")).nth(1).unwrap();
    rest.split("```").next().unwrap().to_owned()
}

#[test]
fn the_file_in_the_manual_does_what_the_manual_says() {
    let lab = lab(&[]);
    for group in ["sales", "staff", "old-sales"] {
        lab.world().add_group(None, group).unwrap();
    }
    let mut people = Vec::new();
    for (name, groups) in [("jdoe", &["old-sales"][..]), ("rroe", &[]), ("a", &[]), ("b", &[])] {
        people.push(lab.newcomer(name).mail("old@old.example").groups(groups).add());
    }
    let text = block(&manual(), "csv");
    assert_eq!(text.lines().next().unwrap(), COLUMNS.join(","));
    let report = done(&lab, parse(&text, csv::unprotect).unwrap());
    assert_eq!(report.status, JobStatus::Done, "{report:?}");
    let names: Vec<_> = people.iter().map(|key| lab.name(key)).collect();
    assert_eq!(names, ["jane.doe", "richard.roe", "b", "a"]);
    assert_eq!(lab.groups(&people[0]), ["sales", "staff"]);
    assert_eq!(details(&lab, &people[0]), ("jane.doe@example.com".to_owned(), "Doe, Jane".to_owned()));
}

#[test]
fn the_body_in_the_manual_changes_what_it_names() {
    let lab = lab(&[]);
    for group in ["sales", "old-sales"] {
        lab.world().add_group(None, group).unwrap();
    }
    let key = lab.newcomer("jdoe").mail("old@old.example").groups(&["old-sales"]).add();
    let body: Value = serde_json::from_str(&block(&manual(), "json")).unwrap();
    let texts = |name: &str| -> Vec<String> { serde_json::from_value(body["groups"][name].clone()).unwrap() };
    let wished = Wish {
        email: body["email"].as_str().unwrap().into(),
        full_name: body["full-name"].as_str().unwrap().into(),
        add_groups: texts("add"),
        remove_groups: texts("remove"),
        ..Wish::default()
    };
    assert_eq!(done(&lab, wish("jdoe", wished)).status, JobStatus::Done);
    assert_eq!(lab.groups(&key), ["sales"]);
    assert_eq!(details(&lab, &key), ("jane.doe@example.com".to_owned(), "Jane Doe".to_owned()));
}

#[test]
fn the_manual_names_every_status_and_every_state_of_a_row() {
    let manual = manual();
    let status = [
        JobStatus::Working,
        JobStatus::Waiting,
        JobStatus::Stopped,
        JobStatus::Refused,
        JobStatus::Checked,
        JobStatus::Done,
        JobStatus::Undone,
    ];
    for status in status {
        let word = serde_json::to_value(status).unwrap();
        assert!(manual.contains(&format!("| `{}` |", word.as_str().unwrap())), "{word} is not in docs/users.md");
    }
    let why = String::new;
    for state in [
        RowState::Done,
        RowState::Waiting,
        RowState::Skipped { why: why() },
        RowState::NotEffective { why: why() },
        RowState::Failed { why: why() },
        RowState::Undone,
        RowState::NotUndone { why: why() },
    ] {
        assert!(manual.contains(&format!("`{}`", state.word())), "{} is not in docs/users.md", state.word());
    }
}

#[test]
fn the_first_step_of_the_manual_writes_nothing() {
    let lab = lab(&[]);
    let facts = lab.facts();
    let report = looked(&lab, crate::renames(&[("mia", "mia.lee")]));
    assert_eq!((report.status, lab.facts()), (JobStatus::Checked, facts));
}
