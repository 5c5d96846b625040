//! The edge cases that this product is held to carry a number in the names of their tests, so that a number without a test
//! is seen. What is left out on purpose is in `docs/non-goals.md`.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Different numbers that have a test at least.
const LEAST: usize = 80;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Numbers in names of tests: `case_NN_…` right after the attribute.
fn numbers(text: &str) -> impl Iterator<Item = u32> {
    let names = text.split("#[test]").skip(1).filter_map(|rest| rest.trim_start().strip_prefix("fn case_"));
    names.filter_map(|name| {
        let digits = name.find('_')?;
        name.get(..digits)?.parse().ok()
    })
}

fn tested() -> BTreeSet<u32> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["tests", "shared", "functions"] {
        sources(&root.join(folder), &mut files);
    }
    files.iter().flat_map(|file| numbers(&fs::read_to_string(file).unwrap()).collect::<Vec<_>>()).collect()
}

#[test]
fn nearly_all_edge_cases_have_a_test_and_every_one_of_directories_and_renames() {
    let tested = tested();
    println!("{} different numbers: {tested:?}", tested.len());
    assert!(tested.len() >= LEAST, "{} of {LEAST}: {tested:?}", tested.len());
    let missing: Vec<_> = (1..=14).chain(68..=82).filter(|number| !tested.contains(number)).collect();
    assert!(missing.is_empty(), "identity, directories and renames lack {missing:?}");
}

#[test]
fn a_number_counts_only_where_a_test_begins_with_it() {
    let text =
        "// case_07_in_a_comment\n#[test]\nfn case_12_counts() {}\nfn case_13_helper() {}\n#[test]\nfn other() {}\n";
    assert_eq!(numbers(text).collect::<Vec<_>>(), [12]);
}
