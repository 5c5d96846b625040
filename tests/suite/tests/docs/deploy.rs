//! Manifests, variables and commands.

use crate::{read, table};
use std::collections::{BTreeMap, BTreeSet};

fn toml(path: &str) -> toml::Table {
    read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn variables() -> BTreeMap<String, toml::Value> {
    toml("spin.toml")["variables"].as_table().unwrap().clone().into_iter().collect()
}

#[test]
fn the_readme_names_every_variable_with_its_default() {
    let told: BTreeMap<_, _> =
        table(&read("README.md"), "variable").into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let declared: BTreeMap<_, _> = variables()
        .into_iter()
        .map(|(name, value)| {
            let default = value.get("default").and_then(toml::Value::as_str);
            (
                name,
                default
                    .map_or_else(|| "required".to_owned(), |text| if text.is_empty() { "empty" } else { text }.into()),
            )
        })
        .collect();
    assert_eq!(told, declared);
}

#[test]
fn the_readme_names_every_command() {
    let mut commands = BTreeSet::new();
    for file in ["host/src/main.rs", "host/src/cli/remote/mod.rs"] {
        let code = read(file);
        let variants = code.split("enum Command {\n").nth(1).unwrap().split("\n}").next().unwrap().lines();
        let names = variants.filter_map(|line| line.strip_prefix("    ")?.split_once('(').map(|(name, _)| name));
        commands.extend(names.filter(|name| name.chars().all(char::is_alphanumeric)).map(str::to_lowercase));
    }
    // The commands of the second file are one variant of the first.
    commands.remove("remote");
    let told: BTreeSet<_> = table(&read("README.md"), "command").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(told, commands);
}

#[test]
fn the_second_manifest_is_the_first_without_cron() {
    let mut first = toml("spin.toml");
    let crons = first["trigger"].as_table_mut().unwrap().remove("cron").unwrap();
    for trigger in crons.as_array().unwrap() {
        let component = trigger["component"].as_str().unwrap();
        assert!(first["component"].as_table_mut().unwrap().remove(component).is_some(), "{component}");
    }
    // The second manifest lies one folder deeper, and paths count from the manifest.
    for (_, component) in first["component"].as_table_mut().unwrap() {
        let component = component.as_table_mut().unwrap();
        let source = format!("../{}", component["source"].as_str().unwrap());
        component.insert("source".into(), source.into());
        if let Some(build) = component.get_mut("build").and_then(toml::Value::as_table_mut) {
            build.insert("workdir".into(), "..".into());
        }
    }
    assert_eq!(toml("deploy/spin.aka.toml"), first);
}

#[test]
fn a_component_of_cron_is_the_same_file_with_the_same_grants_as_its_twin() {
    let manifest = toml("spin.toml");
    let mut without_build = manifest["component"].as_table().unwrap().clone();
    for (_, component) in &mut without_build {
        component.as_table_mut().unwrap().remove("build");
    }
    for trigger in manifest["trigger"]["cron"].as_array().unwrap() {
        let component = trigger["component"].as_str().unwrap();
        assert_eq!(without_build[component], without_build[component.strip_suffix("-cron").unwrap()], "{component}");
    }
}

#[test]
fn the_kubernetes_manifest_keeps_every_component_but_those_of_cron_and_sets_every_variable() {
    let text = read("deploy/spinkube.yaml");
    let manifest = toml("spin.toml");
    let crons: Vec<_> =
        manifest["trigger"]["cron"].as_array().unwrap().iter().map(|t| t["component"].as_str().unwrap()).collect();
    let kept: Vec<_> =
        manifest["component"].as_table().unwrap().keys().filter(|id| !crons.contains(&id.as_str())).cloned().collect();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("components: ")).unwrap();
    let mut named: Vec<_> =
        line.trim_matches(['[', ']']).split(", ").map(|id| id.trim_matches('"').to_owned()).collect();
    named.sort();
    let mut kept = kept;
    kept.sort();
    assert_eq!(named, kept);
    for (name, value) in variables() {
        let entry = text.split(&format!("- name: {name}\n")).nth(1).unwrap_or_else(|| panic!("{name} is not set"));
        let secret = value.get("secret").and_then(toml::Value::as_bool).unwrap_or(false);
        let from_secret = entry.lines().next().unwrap().contains("secretKeyRef");
        assert_eq!(from_secret, secret, "{name} must come from a secret exactly when spin.toml says that it is one");
    }
}

#[test]
fn the_other_deployment_files_can_be_read_and_name_things_that_exist() {
    toml("deploy/runtime-config.example.toml");
    let unit = read("deploy/seatkeeper.service");
    assert!(unit.contains("ExecStart=/usr/local/bin/seatkeeper up "), "{unit}");
    for folder in ["ProtectSystem=strict", "NoNewPrivileges=yes", "EnvironmentFile="] {
        assert!(unit.contains(folder), "{folder} is missing");
    }
}
