//! Every manifest under `tests/refused` is refused at the start with exactly the text beside it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use seatkeeper_host::{Host, Options};

fn refusal(folder: &str) -> String {
    let mut options = Options::new(PathBuf::from("tests/refused").join(folder).join("spin.toml"));
    options.cache = false;
    match Host::load(&options) {
        Ok(_) => "it was not refused".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn each_manifest_is_refused_for_the_reasons_written_beside_it() {
    let folders = std::fs::read_dir("tests/refused").unwrap().map(Result::unwrap);
    let mut wrong = BTreeMap::new();
    let mut seen = 0;
    for folder in folders.filter(|entry| entry.path().is_dir()) {
        let name = folder.file_name().into_string().unwrap();
        let got = refusal(&name);
        let file = folder.path().join("error.txt");
        if std::env::var_os("WRITE_EXPECTED").is_some() {
            std::fs::write(&file, format!("{got}\n")).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if expected.trim_end() != got {
            wrong.insert(name, got);
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "not as written: {wrong:#?}");
    assert!(seen >= 20, "only {seen} manifests were found");
}

#[test]
fn a_manifest_that_is_not_there_is_named() {
    let error = Host::load(&Options::new("tests/refused/none.toml")).err().unwrap();
    assert!(error.to_string().contains("tests/refused/none.toml") && error.to_string().contains("--from"), "{error}");
}

#[test]
fn a_value_for_an_undeclared_variable_is_refused() {
    let mut options = Options::new("tests/refused/missing-wasm/spin.toml");
    options.sources.command_line.insert("typo".into(), "x".into());
    let error = Host::load(&options).err().unwrap();
    assert!(error.problems.iter().any(|problem| problem.contains("--variable typo")), "{error}");
}

#[test]
fn a_file_that_is_no_component_is_named_with_its_component() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.wasm"), b"\0asm\x01\0\0\0").unwrap();
    let manifest = "spin_manifest_version = 2\n[application]\nname = 'x'\n[[trigger.http]]\nroute = '/'\ncomponent = 'a'\n\
                    [component.a]\nsource = 'a.wasm'\n";
    std::fs::write(folder.path().join("spin.toml"), manifest).unwrap();
    let error = Host::load(&Options::new(folder.path().join("spin.toml"))).err().unwrap().to_string();
    assert!(error.contains("component \"a\"") && error.contains("a.wasm"), "{error}");
}
