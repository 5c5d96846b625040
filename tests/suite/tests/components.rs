//! The real components on our host: the contract, a power cut in the middle of a run, how instances are used, and that
//! no secret is ever told.
//!
//! The components must be built (`cargo xtask build`) and so must the host; both messages say how.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed expectation is a failed test")]

use seatkeeper_simulator::{Fault, FaultKind};
use seatkeeper_tests::{
    contract::{checks, run::run, scene::Scene},
    stage::{
        Install, Manifest, Process, Site,
        client::{list, number, text},
        components_are_built,
        install::{our_host, policy, prepare, start},
        process::files,
        tokens,
    },
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// Accounts of each site.
const USERS: u32 = 300;

/// How to start our host in a folder.
fn process(folder: &Path, site: &Site, args: &[&str]) -> Process {
    components_are_built().unwrap();
    prepare(our_host(args).unwrap(), folder, site, &tokens(), false).unwrap()
}

fn contract_holds(args: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(USERS, &tokens().confluence).unwrap();
    let process = process(&folder.path().join("host"), &site, args);
    let mut scene = Scene::start(process, folder.path().to_owned(), site, &tokens()).unwrap();
    let mut out = Vec::new();
    let total = run(&mut scene, &checks(), &mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert_eq!(total.failed, 0, "with {args:?}:\n{out}");
    // Only the timer needs more than this; its own test fires it.
    assert_eq!(total.skipped, 1, "with {args:?}:\n{out}");
}

#[test]
fn the_contract_holds_on_our_host() {
    contract_holds(&[]);
}

#[test]
fn the_contract_holds_with_an_instance_for_every_request() {
    contract_holds(&["--max-instance-reuse-count", "1", "--strict-kv", "--quiet"]);
}

#[test]
fn the_contract_holds_with_instances_that_serve_many_requests_at_once() {
    contract_holds(&["--max-instance-reuse-count", "128", "--max-instance-concurrent-reuse-count", "16"]);
}

#[test]
fn the_host_refuses_to_start_without_a_required_variable_and_names_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(100, &tokens().confluence).unwrap();
    let mut process = process(folder.path(), &site, &[]);
    process.variables.retain(|(name, _)| name != "confluence_token" && name != "hook_secret");
    let said = process.refusal().unwrap();
    assert!(said.contains("confluence_token") && said.contains("hook_secret"), "{said}");
    assert!(!said.contains(&tokens().admin), "a secret is in the message:\n{said}");
}

#[test]
fn a_cron_event_sweeps_as_a_request_does_and_ends_with_the_components_result() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(USERS, &tokens().confluence).unwrap();
    components_are_built().unwrap();
    let with_timer = prepare(our_host(&[]).unwrap(), folder.path(), &site, &tokens(), true).unwrap();
    let fire = || {
        let mut firing = with_timer.clone();
        firing.program.args = vec!["--fire".into(), "sweep-cron".into()];
        let mut command = std::process::Command::new(&firing.program.path);
        command.arg("up").arg("-f").arg(&firing.manifest).arg("--runtime-config-file").arg(&firing.runtime_config);
        command.arg("--state-dir").arg(&firing.state).args(&firing.program.args);
        for (name, value) in &firing.variables {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        command.output().unwrap()
    };
    let output = fire();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no-policy"), "{said}");

    let (running, install) = start(&with_timer_without_timer(&with_timer, folder.path()), &tokens()).unwrap();
    install.policy(&policy("dry-run")).unwrap();
    running.stop().unwrap();
    let output = fire();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (_running, install) = start(&with_timer_without_timer(&with_timer, folder.path()), &tokens()).unwrap();
    let runs = install.report.get("/report/runs.json").unwrap().success().unwrap();
    assert_eq!(runs["runs"][0]["outcome"]["is"], "dry-run-published", "{runs}");
}

/// The same files with a manifest that has no timers, so that nothing fires by itself.
fn with_timer_without_timer(process: &Process, folder: &Path) -> Process {
    let manifest = Manifest::read(&process.manifest).unwrap().without_cron().unwrap();
    Process { manifest: manifest.write(folder, "no-timer.toml").unwrap(), cron: false, ..process.clone() }
}

/// A whole run on a new site; with `power_cut`, the host is killed when so many writes have reached Confluence.
fn whole_run(power_cut: Option<u64>) -> (BTreeMap<String, (bool, Vec<String>)>, Value) {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(USERS, &tokens().confluence).unwrap();
    let mut process = process(folder.path(), &site, &["--quiet"]);
    // The lease of a killed tick must not hold up the next one: the next one has a shorter budget, and takes a lease
    // that ends later than any of its own could for one that a wrong clock has made.
    process.variables.push(("tick_budget_seconds".into(), "600".into()));
    let (mut running, mut install) = start(&process, &tokens()).unwrap();
    install.policy(&policy("approve")).unwrap();
    let plan = install.plan().unwrap();
    install.approve(&plan).unwrap();
    if let Some(writes) = power_cut {
        let trigger = install.trigger.clone();
        let tick = thread::spawn(move || trigger.post("/sweep", None));
        while site.own.as_ref().unwrap().writes() < writes {
            assert!(!tick.is_finished(), "the run ended before {writes} writes; nothing was interrupted");
            thread::sleep(Duration::from_millis(1));
        }
        running.kill().unwrap();
        assert!(tick.join().unwrap().is_err(), "the tick was answered although its host was killed");
        process.variables.retain(|(name, _)| name != "tick_budget_seconds");
        (running, install) = start(&process, &tokens()).unwrap();
    }
    let done = install.sweep("/sweep").unwrap();
    assert_eq!(done["outcome"]["is"], "applied", "{done}");
    let runs = install.report.get("/report/runs.json").unwrap().success().unwrap();
    running.stop().unwrap();
    // By name: the keys contain the instant at which the population was made.
    let facts = site.facts().unwrap().into_values().map(|(name, active, groups)| (name, (active, groups)));
    (facts.collect(), runs["runs"][0]["tally"].clone())
}

#[test]
fn a_run_that_a_power_cut_interrupts_ends_as_if_nothing_had_happened() {
    let (facts, tally) = whole_run(None);
    let reclaimed = number(&tally, "/reclaimed").unwrap();
    assert!(reclaimed > 20, "only {reclaimed} accounts lost their seat");
    for writes in [1, reclaimed / 2] {
        let (resumed, resumed_tally) = whole_run(Some(writes));
        assert_eq!(resumed, facts, "after a power cut at write {writes}");
        assert_eq!(resumed_tally, tally, "after a power cut at write {writes}");
    }
}

#[test]
fn no_secret_is_told_by_any_page_log_or_file() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(USERS, &tokens().confluence).unwrap();
    let process = process(folder.path(), &site, &["--access-log"]);
    let (running, install) = start(&process, &tokens()).unwrap();
    site.hook(running.base(), &tokens().hook).unwrap();
    let transcript = Arc::new(Mutex::new(Vec::new()));
    let install = Install::of(&install.anyone.writing_down(Arc::clone(&transcript)), tokens());
    install.policy(&policy("approve")).unwrap();
    let plan = install.plan().unwrap();
    install.approve(&plan).unwrap();
    install.sweep("/sweep").unwrap();
    let planned = install.planned(&plan).unwrap();
    let sleeper = planned.iter().find(|name| !site.has_seat(name).unwrap()).unwrap();
    site.login(sleeper).unwrap();
    site.licence(Some(site.seats_used().unwrap())).unwrap();
    install.trigger.post("/alert", None).unwrap().success().unwrap();
    let pages = ["/report", "/report/accounts", "/report/runs", "/report/accounts.csv", "/report/overview.json"];
    for page in pages.into_iter().chain(["/admin/check", "/admin/plans", "/admin/policy"]) {
        install.admin.send("GET", page, &[("accept", "text/html")], None).unwrap().expect(200).unwrap();
    }
    // What goes wrong is told at length; that is where secrets like to slip in.
    install.anyone.with_token(&tokens().report).get("/admin/check").unwrap().expect(403).unwrap();
    install.signed(b"{}", "sha256=00").unwrap().expect(401).unwrap();
    let anonymous = Fault::next("GET", "/rest/", FaultKind::Anonymous).forever();
    site.own.as_ref().unwrap().inject(anonymous);
    install.trigger.post("/sweep?open=now", None).unwrap().expect(503).unwrap();
    assert!(list(&install.admin.get("/admin/plans").unwrap().success().unwrap(), "/plans").unwrap().len() == 1);
    running.stop().unwrap();

    let secrets = tokens();
    let secrets =
        [secrets.confluence, secrets.admin, secrets.report, secrets.trigger, secrets.hook, "_sim/chat/slack".into()];
    let transcript = transcript.lock().unwrap();
    assert!(transcript.len() > 10_000, "only {} bytes were answered", transcript.len());
    let mut searched = 0;
    for (place, bytes) in files(folder.path())
        .unwrap()
        .into_iter()
        // The compiled components are not written by them.
        .filter(|path| !path.components().any(|part| part.as_os_str() == "cache"))
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .chain([("an answer".to_owned(), transcript.clone())])
    {
        searched += 1;
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "a secret that ends in {} is in {place}", &secret[secret.len() - 4..]);
        }
    }
    assert!(searched > 4, "only {searched} places were searched");
    assert!(text(&plan, "/hash").unwrap().len() == 64);
}
