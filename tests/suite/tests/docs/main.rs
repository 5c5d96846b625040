//! The documents, the deployment files and the senders say what the code says.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed expectation is a failed test"
)]

mod deploy;
mod errors;
mod policy;
mod senders;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The first cells of all rows of the tables that begin with a header cell of this name, without the backticks.
fn table(text: &str, header: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else {
            inside &= line.starts_with("|-");
            continue;
        };
        let cells: Vec<_> = row.split(" | ").map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
        if inside {
            rows.push(cells);
        } else {
            inside = cells.first().is_some_and(|first| first == header);
        }
    }
    rows
}

#[test]
fn every_key_of_the_store_is_in_the_architecture_with_its_owner() {
    let code = read("shared/engine/src/state/keys.rs");
    let told: BTreeMap<_, _> =
        table(&read("docs/architecture.md"), "key").into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let mut found = 0;
    for part in code.split("\n/// Owner: ").skip(1) {
        let name = part.split("Key::new(").nth(1).and_then(|rest| rest.split('"').nth(1)).unwrap();
        let row = name.split('{').next().unwrap();
        let key = told
            .keys()
            .find(|key| key.split('{').next() == Some(row) && key.matches('{').count() == name.matches('{').count());
        let key = key.unwrap_or_else(|| panic!("{name} is not in docs/architecture.md"));
        let owner = part.split(['.', ';']).next().unwrap();
        let first = told[key].split(' ').next().unwrap();
        assert!(owner.contains(first), "{name}: the code says {owner}, docs/architecture.md says {}", told[key]);
        found += 1;
    }
    assert_eq!(found, told.len(), "docs/architecture.md names a key that does not exist");
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let code = sources(&["shared", "functions", "host", "tests"], true);
    let rows = table(&read("docs/threat-model.md"), "who");
    assert!(rows.len() > 10, "{rows:?}");
    for row in rows {
        let names: Vec<_> = row[3].split(", ").map(|name| name.trim_matches('`')).collect();
        for name in names {
            assert!(code.contains(&format!("fn {name}(")), "there is no test `{name}`");
        }
    }
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let mut pages = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
    for folder in ["docs", "docs/decisions"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                pages.push(format!("{folder}/{name}"));
            }
        }
    }
    assert!(pages.len() > 10, "{pages:?}");
    for page in pages {
        for link in read(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            let target = root().join(&page).parent().unwrap().join(file);
            assert!(target.exists(), "{page} links to {link}, which does not exist");
        }
    }
}

/// The Rust code below some folders, without the tests at the end of each file where that is asked for.
fn sources(folders: &[&str], with_tests: bool) -> String {
    let mut code = String::new();
    let mut folders: Vec<_> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let end = if with_tests { text.len() } else { text.find("#[cfg(test)]").unwrap_or(text.len()) };
                code.extend(text.get(..end));
                code.push('\n');
            }
        }
    }
    code
}
