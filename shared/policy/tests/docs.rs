//! What the example policy and its documentation show is what the code reads.
#![expect(clippy::panic, reason = "a failed expectation is a failed test")]

use seatkeeper_policy::{Mode, Policy, raw::RawPolicy};
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads a policy; a mistake comes out as text.
fn parse(text: &str) -> Result<Policy, String> {
    let raw: RawPolicy = toml::from_str(text).map_err(|error| error.to_string())?;
    Policy::try_from(raw).map_err(|problems| format!("{problems:?}"))
}

/// The examples of a page, with the number of their line.
fn examples(page: &str) -> Vec<(usize, String)> {
    let text = read(page);
    let mut lines = text.lines().enumerate();
    let mut found = Vec::new();
    while let Some((number, line)) = lines.next() {
        if line == "```toml" {
            let block: Vec<_> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            found.push((number + 1, block.join("\n")));
        }
    }
    found
}

#[test]
fn every_example_of_the_page_about_policies_is_a_valid_policy_as_it_stands_or_below_the_required_keys() {
    let examples = examples("docs/policy.md");
    assert!(examples.len() >= 5, "only {} examples were found", examples.len());
    for (line, text) in examples {
        let given: toml::Table = text.parse().unwrap_or_else(|error| panic!("docs/policy.md, line {line}: {error}"));
        // What says who is inactive: a window, a standard, or that nobody is.
        let windows = ["inactive", "preset", "only-never-logged-in"].iter().any(|key| given.contains_key(*key));
        let required = [
            (given.contains_key("version"), "version = 1\n"),
            (given.contains_key("licence-groups"), "licence-groups = [\"confluence-users\"]\n"),
            (windows, "inactive.after-days = 90\n"),
        ];
        let base: String = required.into_iter().filter_map(|(there, line)| (!there).then_some(line)).collect();
        parse(&(base + &text)).unwrap_or_else(|error| panic!("docs/policy.md, line {line}: {error}"));
    }
}

#[test]
fn the_example_policy_takes_nothing_from_whoever_sends_it_as_it_is() {
    let policy = parse(&read("policy.toml")).unwrap_or_else(|error| panic!("policy.toml: {error}"));
    assert_eq!(policy.mode, Mode::DryRun);
    assert!(policy.populations.is_empty() && policy.rules.warning.is_none());
}
