//! The real sweep component on our host, against every kind of directory on a socket: each is asked only about whom it is
//! responsible for, and an outage of one of them takes nothing from anybody.
//!
//! The components must be built (`cargo xtask build`) and so must the host.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use seatkeeper_stand_ins::{Config, Fault, Hits, Kind, Person, Rule, StandIn, State};
use seatkeeper_tests::stage::{
    Install, Site,
    client::list,
    components_are_built,
    install::{our_host, policy, prepare, start},
    tokens,
};
use serde_json::Value;
use std::{collections::BTreeMap, thread};

/// Accounts of the site.
const USERS: u32 = 200;

/// Serves a stand-in for as long as the test runs, and tells its origin.
fn served(stand_in: &StandIn) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    let (served, runtime) = (stand_in.clone(), tokio::runtime::Runtime::new().unwrap());
    thread::spawn(move || {
        runtime.block_on(async move { served.serve(tokio::net::TcpListener::from_std(listener).unwrap()).await })
    });
    origin
}

/// A directory that knows everybody of the site as active, except one who has left.
fn directory(kind: Kind, names: &[String], leaver: &str, state: State) -> StandIn {
    let people = names.iter().enumerate();
    let state_of = |name: &str| if name == leaver { state } else { State::Active };
    let extra = people.map(|(number, name)| Person::named(number, name, state_of(name))).collect();
    StandIn::new(Config { extra, ..Config::new(kind, 0) })
}

/// A part of the policy: a directory that speaks about these people.
fn part(name: &str, provider: &str, people: &[&String], more: &str) -> String {
    let users: Vec<_> = people.iter().map(|name| format!("\"{name}\"")).collect();
    format!(
        "[[directory]]\nname = \"{name}\"\nprovider = \"{provider}\"\nmatch = \"username\"\nusers = [{}]\n\
         absent-days = 1\nguard = {{ leavers-accounts = 50 }}\n{more}",
        users.join(", ")
    )
}

/// The reason of every account in the newest plan, by name.
fn reasons(install: &Install) -> BTreeMap<String, String> {
    let accounts = install.report.get("/report/accounts.json?size=500").unwrap().success().unwrap();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    list(&accounts, "/accounts").unwrap().iter().map(|row| (text(row, "username"), text(row, "decision"))).collect()
}

#[test]
fn every_kind_of_directory_is_read_by_the_real_component_and_judges_only_whom_it_is_responsible_for() {
    components_are_built().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(USERS, &tokens().confluence).unwrap();
    // Plain names that nothing else would take a seat from, and that fit into every provider's questions.
    let plain: Vec<String> = {
        let simulator = site.own.as_ref().unwrap();
        let mut world = simulator.world();
        let now = world.now_ms();
        let group = world.find_group("confluence-users").unwrap();
        let found: Vec<_> = world
            .users()
            .filter(|(_, user)| user.active && user.groups.contains(&group))
            .filter(|(_, user)| user.lower.bytes().all(|b| b.is_ascii_lowercase() || b == b'.'))
            .filter(|(_, user)| !user.lower.starts_with("svc") && !user.lower.starts_with("admin"))
            .map(|(id, user)| (id, user.username.to_string()))
            .take(40)
            .collect();
        for (id, _) in &found {
            // Long ago enough to be an old account, recent enough to be an active one.
            world.set_last_login(*id, Some(now - 40 * 86_400_000));
        }
        found.into_iter().map(|(_, name)| name).collect()
    };
    let kinds = [
        (Kind::Scim, "scim", State::Disabled, ""),
        (Kind::Graph, "graph", State::Disabled, ""),
        (Kind::Okta, "okta", State::Disabled, ""),
        (
            Kind::Http,
            "http",
            State::Disabled,
            "[directory.http]\npath = \"/people/{identity}\"\nstatus = \"/employment/state\"\n\
             values = { employed = \"active\", left = \"disabled\", locked = \"locked\" }\nnot-found-is-absent = true\n",
        ),
    ];
    assert!(plain.len() >= 12, "{plain:?}");
    let mut process = prepare(our_host(&["--quiet"]).unwrap(), folder.path(), &site, &tokens(), false).unwrap();
    let (mut text, mut stand_ins) = (policy("approve"), Vec::new());
    for (place, (kind, word, state, more)) in kinds.into_iter().enumerate() {
        let mine: Vec<_> = plain.iter().skip(place * 3).take(3).collect();
        let stand_in = directory(kind, &plain, mine[0], state);
        let origin = served(&stand_in);
        let config = stand_in.config().clone();
        let mut set = |name: &str, value: &str| process.variables.push((name.to_owned(), value.to_owned()));
        set(&format!("{word}_origin"), &origin);
        match kind {
            Kind::Graph => {
                set("graph_login_origin", &origin);
                set("graph_tenant", "contoso.example");
                set("graph_client_id", &config.client_id);
                set("graph_client_secret", &config.client_secret);
            }
            _ => set(&format!("{word}_token"), &config.token),
        }
        text += &part(word, word, &mine, more);
        stand_ins.push((word, stand_in, mine));
    }
    let (_running, install) = start(&process, &tokens()).unwrap();
    install.policy(&text).unwrap();
    install.plan().unwrap();
    let told = reasons(&install);
    let asked = plain.iter().take(12).filter(|name| told[*name] == "reclaim/left").collect::<Vec<_>>();
    let leavers: Vec<_> = stand_ins.iter().map(|(_, _, mine)| mine[0]).collect();
    assert_eq!(asked, leavers, "{told:?}");
    for (word, stand_in, mine) in &stand_ins {
        assert!(stand_in.counts().requests > 0, "{word} was not asked");
        let page = install.report.get(&format!("/report/accounts/{}.json", mine[0])).unwrap().success().unwrap();
        assert!(page.to_string().contains(&format!("{word} says disabled")), "{page}");
    }
    // One of them fails: the sweep does not end, and nothing is planned anew.
    let writes = site.writes().unwrap();
    let (_, okta, _) = stand_ins.iter().find(|(word, ..)| *word == "okta").unwrap();
    okta.fail(Rule { hits: Hits::Forever, ..Rule::next(Fault::Status(401)) });
    let failed = install.trigger.post("/sweep?open=now", None).unwrap();
    let mut answer = failed;
    while answer.status == 200 {
        answer = install.trigger.post("/sweep", None).unwrap();
    }
    let report: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(report["error"]["code"], "unauthorized", "{report}");
    assert!(report["error"]["message"].as_str().unwrap().contains("okta"), "{report}");
    assert_eq!(site.writes().unwrap(), writes);
}
