//! Two hosts on one database file, as an administrator would start them by mistake or for availability: sweeps and
//! logins go to both at once, and the end is the same as with one.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

use seatkeeper_tests::stage::{
    Install, Process, Site,
    client::{number, text},
    components_are_built,
    install::{our_host, policy, prepare, start},
    process::files,
    tokens,
};
use serde_json::{Value, json};
use std::{fs, thread, time::Duration};

/// Two hosts with different folders of their own and the same database.
fn two(folder: &std::path::Path, site: &Site) -> [Process; 2] {
    let first = prepare(our_host(&[]).unwrap(), &folder.join("one"), site, &tokens(), false).unwrap();
    let second = prepare(our_host(&[]).unwrap(), &folder.join("two"), site, &tokens(), false).unwrap();
    fs::copy(&first.runtime_config, &second.runtime_config).unwrap();
    [first, second]
}

/// Ticks on both hosts at once until one of them reports the end of the sweep.
fn sweep_on_both(hosts: &[Install; 2], first: &str) -> Value {
    let drive = |install: &Install| {
        let mut path = first;
        for _ in 0..500 {
            let report = install.trigger.post(path, None).unwrap().success().unwrap();
            path = "/sweep";
            match text(&report, "/status").unwrap().as_str() {
                "working" => {}
                "busy" => thread::sleep(Duration::from_millis(50)),
                _ => return report,
            }
        }
        panic!("the sweep did not come to rest");
    };
    thread::scope(|scope| {
        let calls = hosts.each_ref().map(|install| scope.spawn(move || drive(install)));
        let ends = calls.map(|call| call.join().unwrap());
        // One of them may have come when everything was done.
        ends.into_iter().max_by_key(|end| u8::from(!end["plan"].is_null())).unwrap()
    })
}

#[test]
fn two_hosts_on_one_database_file_end_where_one_would_have_ended() {
    components_are_built().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(600, &tokens().confluence).unwrap();
    let (one, two) = two(folder.path(), &site).into();
    let (first, a) = start(&one, &tokens()).unwrap();
    let (second, b) = start(&two, &tokens()).unwrap();
    let hosts = [a, b];

    // What one host stores, the other one sees.
    hosts[0].policy(&policy("approve")).unwrap();
    let read = hosts[1].admin.get("/admin/policy").unwrap().success().unwrap();
    assert_eq!(text(&read, "/text").unwrap(), policy("approve"));

    // Both are told to sweep; one plan comes out of it, and both know it.
    sweep_on_both(&hosts, "/sweep?open=now");
    let waiting = hosts[1].trigger.post("/sweep", None).unwrap().success().unwrap();
    assert_eq!(text(&waiting, "/status").unwrap(), "waiting", "{waiting}");
    let plan = &waiting["plan"];
    let planned = hosts[0].planned(plan).unwrap();
    assert!(planned.len() > 20, "only {} accounts are planned", planned.len());

    // Approved at one, carried out by both.
    let before = site.seats_used().unwrap();
    hosts[0].approve(plan).unwrap();
    sweep_on_both(&hosts, "/sweep");
    let runs = hosts[1].report.get("/report/runs.json").unwrap().success().unwrap();
    let run = runs["runs"].as_array().unwrap().iter().find(|run| run["id"] == plan["id"]).unwrap();
    assert_eq!(run["outcome"]["is"], "applied", "{run}");
    let freed: Vec<&String> = planned.iter().filter(|key| !site.has_seat(key).unwrap()).collect();
    assert!(freed.len() > 20, "only {} accounts lost their seat", freed.len());
    assert_eq!(before - site.seats_used().unwrap(), freed.len() as u64, "{run}");
    // An account that both took on is counted as reclaimed by one and as skipped by the other, or once.
    let told = number(run, "/tally/reclaimed").unwrap() + number(run, "/tally/skipped").unwrap();
    assert!(told >= freed.len() as u64, "{} seats came free: {run}", freed.len());

    // Two hundred logins, every one of them told to both hosts at the same time, while sweeps go on.
    let facts = site.facts().unwrap();
    let names: Vec<&String> = facts.keys().filter(|key| !planned.contains(key)).collect();
    let logins: Vec<&String> = freed.iter().copied().chain(names).take(200).collect();
    assert_eq!(logins.len(), 200);
    thread::scope(|scope| {
        let sweeping = scope.spawn(|| sweep_on_both(&hosts, "/sweep?open=now"));
        let senders: Vec<_> = (0..8)
            .map(|sender| {
                let (hosts, logins) = (&hosts, &logins);
                scope.spawn(move || {
                    for (number, name) in logins.iter().enumerate().filter(|(number, _)| number % 4 == sender % 4) {
                        send(&hosts[(sender / 4 + number) % 2], name);
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.join().unwrap();
        }
        sweeping.join().unwrap();
    });

    let waiting: Vec<&&String> = freed.iter().filter(|key| !site.has_seat(key).unwrap()).collect();
    assert!(waiting.is_empty(), "these logged in and did not get their seat back: {waiting:?}");
    for process in [first, second] {
        let output = process.stop().unwrap();
        assert!(!busy(&output), "the database was busy:\n{output}");
    }
    for file in files(folder.path()).unwrap().iter().filter(|file| file.extension().is_some_and(|e| e != "db")) {
        assert!(
            !busy(&String::from_utf8_lossy(&fs::read(file).unwrap())),
            "{} tells of a busy database",
            file.display()
        );
    }
}

/// Sends a login until it is accepted, as senders do.
fn send(install: &Install, name: &str) {
    let event = json!({"event": "login", "userKey": name}).to_string();
    for _ in 0..100 {
        let answer = install.event(&event).unwrap();
        assert!(!busy(&String::from_utf8_lossy(&answer.body)), "{name}: {}", String::from_utf8_lossy(&answer.body));
        if answer.status == 200 {
            return;
        }
        assert_eq!(answer.status, 503, "{name}: {}", String::from_utf8_lossy(&answer.body));
        thread::sleep(Duration::from_millis(100));
    }
    panic!("the login of {name} was not accepted in 100 attempts");
}

fn busy(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("database is locked") || text.contains("sqlite_busy") || text.contains("database is busy")
}
