//! The policy: example, schema and explanation.

use crate::{read, root, table};
use seatkeeper_engine::policy_file;
use seatkeeper_policy::raw::RawPolicy;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn schema() -> Value {
    serde_json::to_value(schemars::schema_for!(RawPolicy)).unwrap()
}

/// All keys of the schema as dotted paths without indices, each with its default where it has one.
fn keys(schema: &Value) -> BTreeMap<String, Option<Value>> {
    fn target<'a>(root: &'a Value, node: &'a Value) -> &'a Value {
        let inner = node.pointer("/anyOf/0").or_else(|| node.get("items")).unwrap_or(node);
        inner
            .get("$ref")
            .and_then(Value::as_str)
            .map_or(inner, |path| root.pointer(path.trim_start_matches('#')).unwrap())
    }
    fn walk(root: &Value, node: &Value, prefix: &str, found: &mut BTreeMap<String, Option<Value>>) {
        for (name, child) in node["properties"].as_object().into_iter().flatten() {
            let path = format!("{prefix}{name}");
            let inner = target(root, child);
            if inner.get("properties").is_some() {
                walk(root, inner, &format!("{path}."), found);
            }
            // A table is told by its keys, a list of tables has a default of its own.
            if inner.get("properties").is_none() || child.get("items").is_some() {
                found.insert(path, child.get("default").filter(|value| !value.is_null()).cloned());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(schema, schema, "", &mut found);
    found
}

#[test]
fn the_json_schema_of_the_policy_is_the_one_of_the_code() {
    let path = root().join("docs/policy.schema.json");
    if std::env::var_os("SEATKEEPER_BLESS").is_some() {
        std::fs::write(&path, format!("{:#}\n", schema())).unwrap();
    }
    // As values: the order of keys depends on what else the build contains.
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert!(stored == schema(), "docs/policy.schema.json is not current; run this test with SEATKEEPER_BLESS=1");
}

#[test]
fn the_example_policy_is_valid_with_and_without_its_optional_lines() {
    let text = read("policy.toml");
    let policy = policy_file::parse(&text).unwrap();
    let all: Vec<_> = text.lines().map(|line| if line.starts_with("#:") { "" } else { optional(line) }).collect();
    let more = policy_file::parse(&all.join("\n")).unwrap();
    assert!(more.exemptions.len() > policy.exemptions.len(), "no optional exemption was found");
    assert_eq!(policy.mode, seatkeeper_policy::Mode::DryRun, "whoever sends the example must not lose a seat by it");
}

/// The line without the `#` that switches an optional key off.
fn optional(line: &str) -> &str {
    line.strip_prefix('#').filter(|rest| !rest.starts_with([' ', ':']) && !rest.is_empty()).unwrap_or(line)
}

#[test]
fn every_key_of_the_policy_is_in_the_example_and_explained_with_its_true_default() {
    let text = read("policy.toml");
    let written: BTreeSet<&str> = text
        .lines()
        .map(optional)
        .flat_map(|line| {
            let table = line.trim_start_matches('[').trim_end_matches(']');
            let key = line.split_once(" = ").map(|(key, _)| key);
            key.or_else(|| line.starts_with('[').then_some(table)).unwrap_or_default().split('.')
        })
        .collect();
    let explained: BTreeMap<_, _> =
        table(&read("docs/policy.md"), "key").into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let keys = keys(&schema());
    assert!(keys.len() > 20, "the schema was not understood: {keys:?}");
    let named: BTreeSet<_> = keys.keys().collect();
    assert_eq!(explained.keys().collect::<BTreeSet<_>>(), named, "docs/policy.md and the schema differ");
    for (key, default) in &keys {
        for part in key.split('.') {
            assert!(written.contains(part), "{key} is not in policy.toml");
        }
        // Defaults of a table stand in the schema of the table.
        // The default of an optional key is that it is not there.
        let default = default.clone().or_else(|| inner_default(key)).filter(|default| !default.is_null());
        if let Some(default) = default {
            assert_eq!(explained[key], default.to_string().replace(',', ", "), "default of {key} in docs/policy.md");
        } else {
            let told = explained[key].as_str();
            assert!(matches!(told, "required" | "–"), "{key} has no default, docs/policy.md says {told}");
        }
    }
}

fn inner_default(key: &str) -> Option<Value> {
    let (table, name) = key.split_once('.')?;
    schema()["properties"][table]["default"].get(name).cloned()
}
