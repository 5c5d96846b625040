//! The hand-over list, exemptions, populations, and the accounts with all their evidence.

use super::*;
use crate::testing::{blocked_by, every_obstacle, with_policy};
use chrono::TimeDelta;
use seatkeeper_engine::state::Judged;
use seatkeeper_policy::{Decision, ExemptBy, HoldReason, KeepReason, Obstacle, Source, Username, account::Sighting};

fn json(store: MemoryStore, address: &str) -> serde_json::Value {
    let (status, body) = get(store, address);
    assert_eq!(status, 200, "{address}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn exempt(name: &str, by: ExemptBy, why: &str) -> Judged {
    let mut account = judged(name, Some(200));
    account.decision = Decision::Keep(KeepReason::Exempt { by, why: why.into(), owner: "it".into(), until: None });
    account
}

#[test]
fn an_account_tells_its_directory_mail_creation_obstacles_and_every_source() {
    let mut account = blocked_by("anna", every_obstacle());
    account.account.directory = Some("Corporate".into());
    account.account.email = Some("anna@example.com".into());
    account.account.created = Some(now() - TimeDelta::days(2_000));
    account.account.evidence.saw(Sighting { at: now() - TimeDelta::days(300), source: Source::AuditLog });
    let list = json(published(std::slice::from_ref(&account)), "/report/accounts.json");
    let row = &list["accounts"][0];
    assert_eq!((row["directory"].as_str(), row["mail"].as_str()), (Some("Corporate"), Some("anna@example.com")));
    assert_eq!(row["created"], "2021-06-01T12:00:00Z");
    assert_eq!(row["known-since"], row["created"], "the earlier of both counts");
    assert_eq!(row["evidence"][1], serde_json::json!({"source": "audit-log", "at": "2026-01-26T12:00:00Z"}));
    assert_eq!(row["source"], "last-login");
    assert_eq!(row["obstacles"].as_array().unwrap().len(), 7);

    let (_, csv) = get(published(&[account]), "/report/accounts.csv");
    let mut lines = csv.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let fields: Vec<&str> = lines.next().unwrap().split("\",\"").collect();
    assert_eq!(columns.len(), fields.len());
    let of = |name: &str| fields[columns.iter().position(|column| *column == name).unwrap()];
    assert_eq!((of("seen-audit-log"), of("seen-import")), ("2026-01-26T12:00:00Z", ""));
    assert!(of("obstacles").contains("shadowed-duplicate"), "{csv}");
}

#[test]
fn warned_accounts_can_be_listed() {
    let mut account = judged("anna", Some(200));
    if let Decision::Reclaim(reason) = account.decision {
        account.decision = Decision::Warn { reason, state: seatkeeper_policy::WarnState::Due };
    }
    let store = published(&[account, judged("bert", Some(200))]);
    let list = json(store, "/report/accounts.json?decision=warn");
    assert_eq!((list["total"].as_u64(), list["accounts"][0]["decision"].as_str()), (Some(1), Some("warn/due")));
}

#[test]
fn the_hand_over_list_has_a_line_for_each_account_and_obstacle() {
    let accounts = || {
        [
            blocked_by("anna", every_obstacle()),
            judged("bert", Some(200)),
            blocked_by("cleo", vec![Obstacle::Individual]),
        ]
    };
    let list = json(published(&accounts()), "/report/handover.json");
    assert_eq!((list["total"].as_u64(), list["obstacles"]["individual-grant"].as_u64()), (Some(8), Some(2)));
    assert_eq!(list["rows"][0]["user-key"], "key-anna");
    let chosen = json(published(&accounts()), "/report/handover.json?obstacle=individual-grant&size=1&page=2");
    assert_eq!((chosen["pages"].as_u64(), chosen["rows"][0]["username"].as_str()), (Some(2), Some("cleo")));

    let (_, page) = get(published(&accounts()), "/report/handover");
    assert!(page.contains("take the account out of staff, or take staff out of users"), "{page}");
    assert!(!page.contains("bert"), "a plain reclaim is not handed over");
    let (_, csv) = get(published(&accounts()), "/report/handover.csv");
    assert_eq!(csv.lines().count(), 9);
    assert!(csv.starts_with("username,user-key,display-name,directory,obstacle,detail,advice,reason"), "{csv}");
    let (_, csv) = get(published(&accounts()), "/report/handover.csv?obstacle=comes-back");
    assert_eq!(csv.lines().count(), 2);
    assert_eq!(get(published(&accounts()), "/report/handover?obstacle=x").0, 400);
}

#[test]
fn a_formula_in_the_hand_over_list_or_in_an_exemption_is_text_in_the_file() {
    let mut account = blocked_by("anna", vec![Obstacle::ReadOnly { directory: "=1+1".into() }]);
    account.account.directory = Some("=1+1".into());
    account.account.display_name = "@SUM(1)".into();
    let (_, csv) = get(published(&[account]), "/report/handover.csv");
    assert!(csv.contains("'=1+1,") && csv.contains("'@SUM(1),"), "{csv}");

    let policy = format!("{POLICY}[[exempt]]\nuser = \"anna\"\nwhy = \"=1+1\"\nowner = \"+it\"\n");
    let (_, csv) = get(with_policy(published(&[]), &policy), "/report/exemptions.csv");
    assert!(csv.contains("'=1+1,") && csv.contains("'+it,"), "{csv}");
}

const POLICY: &str = "version = 1\nlicence-groups = [\"users\"]\ninactive.after-days = 90\n";

#[test]
fn exemptions_that_end_first_come_first_with_the_accounts_they_keep() {
    let policy = format!(
        r#"{POLICY}
        [[exempt]]
        pattern = "svc-*"
        why = "integrations"
        owner = "it"
        [[exempt]]
        user = "later"
        why = "sabbatical"
        owner = "hr"
        expires = "2027-06-01"
        [[exempt]]
        user = "soon"
        why = "leave"
        owner = "hr"
        expires = "2026-11-25"
        [[exempt]]
        user = "over"
        why = "project"
        owner = "hr"
        expires = "2026-10-01"
        "#
    );
    let kept = || {
        let by = || ExemptBy::Pattern("svc-*".into());
        with_policy(
            published(&[
                exempt("svc-a", by(), "integrations"),
                exempt("svc-b", by(), "integrations"),
                judged("x", None),
            ]),
            &policy,
        )
    };
    let list = json(kept(), "/report/exemptions.json");
    let tell = |row: &serde_json::Value| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        (text("subject"), text("says"), row["accounts"].as_u64().unwrap())
    };
    let rows: Vec<_> = list["exemptions"].as_array().unwrap().iter().map(tell).collect();
    let row = |subject: &str, says: &str, accounts| (subject.to_owned(), says.to_owned(), accounts);
    assert_eq!(
        rows,
        [
            row("over", "ended", 0),
            row("soon", "ends in 3 days", 0),
            row("later", "in force", 0),
            row("svc-*", "no end", 2)
        ]
    );
    assert_eq!(list["lapsing"], 2);
    let (_, page) = get(kept(), "/report/exemptions");
    assert!(page.contains("ends in 3 days") && page.contains("2 of them end within 30 days"), "{page}");
    let (_, overview) = get(kept(), "/report");
    assert!(overview.contains("2 exemptions end within 30 days or ended already"), "{overview}");
    assert_eq!(json(kept(), "/report.json")["lapsing-exemptions"], 2);
    assert!(get(MemoryStore::default(), "/report/exemptions").1.contains("No policy is set"));
}

const POPULATIONS: &str = r#"
    [[population]]
    name = "contractors"
    priority = 10
    users = ["ext-*"]
    rules.inactive.after-days = 30
    [[population]]
    name = "builders"
    priority = 10
    users = ["*-build"]
    rules.inactive.after-days = 60
    [[population]]
    name = "partners"
    priority = 20
    mail-domains = ["example.com"]
    rules.inactive.after-days = 45
"#;

#[test]
fn each_population_is_counted_with_its_decisions_and_everything_that_is_disputed_or_open() {
    let mut disputed = judged("ext-build", Some(200));
    disputed.account.email = Some("x@example.org".into());
    disputed.decision =
        Decision::Hold(HoldReason::PoliciesConflict { first: "builders".into(), second: "contractors".into() });
    let mut open = judged("nomail", Some(200));
    open.decision =
        Decision::Hold(HoldReason::PopulationUnknown { population: "partners".into(), fact: "mail address".into() });
    let mut plain = judged("ext-a", Some(200));
    plain.account.email = Some("a@example.org".into());
    let store =
        || with_policy(published(&[disputed.clone(), open.clone(), plain.clone()]), &format!("{POLICY}{POPULATIONS}"));
    let told = json(store(), "/report/populations.json");
    let rows: Vec<_> = told["populations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["name"].as_str(), row["accounts"].as_u64().unwrap()))
        .collect();
    assert_eq!(rows, [(Some("partners"), 0), (Some("builders"), 1), (Some("contractors"), 1), (None, 1)]);
    assert_eq!(told["populations"][2]["decisions"]["reclaim/inactive"], 1);
    assert_eq!(
        told["conflicts"][0],
        serde_json::json!({"first": "builders", "second": "contractors", "accounts": 1, "held": 1})
    );
    assert_eq!(
        told["open"][0],
        serde_json::json!({"population": "partners", "fact": "mail address", "accounts": 1, "held": 1})
    );
    assert_eq!(told["policy-changed"], false);
    let (_, page) = get(store(), "/report/populations");
    assert!(page.contains("hold%2Fpolicies-conflict") && page.contains("everybody else"), "{page}");
    let (_, overview) = get(store(), "/report");
    assert!(overview.contains("2 accounts are held because it is not clear which rules apply"), "{overview}");
}

#[test]
fn names_that_are_markup_are_text_on_every_list() {
    let mut account = blocked_by("anna", vec![Obstacle::TriedInVain { at: now(), detail: HOSTILE.into() }]);
    account.account.username = Username::parse(HOSTILE).unwrap();
    account.account.display_name = HOSTILE.into();
    account.account.directory = Some(HOSTILE.into());
    let quoted = format!("'''{HOSTILE}'''").replace("\"'&", "\"&");
    let policy = format!(
        "{POLICY}[[exempt]]\npattern = {quoted}\nwhy = {quoted}\nowner = {quoted}\n[[population]]\nname = {quoted}\n\
         priority = 1\nmail-domains = [\"example.com\"]\nrules.inactive.after-days = 30\n"
    );
    for path in ["/report/handover", "/report/exemptions", "/report/populations"] {
        let (status, page) = get(with_policy(published(std::slice::from_ref(&account)), &policy), path);
        assert_eq!(status, 200, "{path}");
        assert!(page.contains("evil.example"), "{path} does not show the name at all");
        assert!(!page.contains("<script"), "{path} lets markup through");
    }
}

#[test]
fn the_first_page_tells_what_each_directory_said_and_escapes_its_name() {
    let store = published(&[judged("a", Some(200))]);
    let mut head = block_on(seatkeeper_engine::state::load(&store, &seatkeeper_engine::state::snapshot_current()))
        .unwrap()
        .unwrap();
    let tally = seatkeeper_policy::DirectoryTally {
        people: Some(4_711),
        present: 4_000,
        accounts: 321,
        left: 7,
        ..Default::default()
    };
    head.report.directories.insert("<b>entra</b>".into(), tally);
    head.report.decisions.insert("hold/left-but-active".into(), 2);
    block_on(seatkeeper_engine::state::save(&store, &seatkeeper_engine::state::snapshot_current(), &head)).unwrap();
    let (_, page) = get(store, "/report");
    for text in ["4711", "4000", "321", "2 accounts are in use although a directory says", "&#60;b&#62;entra"] {
        assert!(page.contains(text), "{text} is missing: {page}");
    }
    assert!(!page.contains("<b>entra"));
}

/// A store whose pages are gone when they are read for the first time, as while a sweep publishes a newer snapshot.
struct Replaced(MemoryStore, std::cell::Cell<bool>);

impl Store for Replaced {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, seatkeeper_engine::ports::StoreError> {
        let page = ["snapshot:2", "handover:", "counts:"].iter().any(|kind| key.starts_with(kind));
        if page && !self.1.replace(true) { Ok(None) } else { self.0.get(key).await }
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), seatkeeper_engine::ports::StoreError> {
        self.0.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), seatkeeper_engine::ports::StoreError> {
        self.0.delete(key).await
    }
}

#[test]
fn a_snapshot_that_is_replaced_while_it_is_read_is_read_again_and_never_half() {
    let accounts = [judged("anna", Some(200)), blocked_by("cleo", vec![Obstacle::Individual])];
    for (path, shown) in [
        ("/report/accounts.json", "anna"),
        ("/report/accounts/anna.json", "anna"),
        ("/report/handover.json", "cleo"),
        ("/report/exemptions.json", "as-of\":\"2026"),
        ("/report/populations.json", "as-of\":\"2026"),
    ] {
        let store = Replaced(with_policy(published(&accounts), POLICY), std::cell::Cell::default());
        let (route, format) = Route::find(path, &HeaderMap::new()).unwrap();
        let answer = block_on(answer(store, route, format, "", reader(), now()));
        assert_eq!(answer.status(), 200, "{path}");
        let body = block_on(answer.into_body().collect()).unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&body).contains(shown), "{path}");
    }
}

#[test]
fn all_accounts_that_match_are_one_json_file_with_the_day_in_its_name() {
    let mut many = accounts();
    many.push(exempt("gerd", ExemptBy::Name, "\"quoted\""));
    let fetch = |store, query: &str| {
        let (route, format) = Route::find("/report/accounts.json", &HeaderMap::new()).unwrap();
        let answer = block_on(answer(store, route, format, query, reader(), now()));
        let name = answer.headers().get(header::CONTENT_DISPOSITION).cloned();
        let body = block_on(answer.into_body().collect()).unwrap().to_bytes();
        let file: serde_json::Value = serde_json::from_slice(&body).unwrap();
        (name.unwrap().to_str().unwrap().to_owned(), file)
    };
    let (name, file) = fetch(published(&many), "all=true&size=2&page=3");
    assert!(name.contains("accounts-20261122.json"), "{name}");
    assert_eq!((file["accounts"].as_array().unwrap().len(), &file["known"]), (7, &serde_json::json!(7)));
    let whole = json(published(&many), "/report/accounts.json");
    assert_eq!(file["accounts"], whole["accounts"], "the same shape as a page");
    let (_, file) = fetch(published(&many), "all=true&decision=reclaim");
    assert_eq!(file["accounts"].as_array().unwrap().len(), 5);
    let (_, none) = fetch(MemoryStore::default(), "all=true");
    assert_eq!((none["accounts"].as_array().unwrap().len(), &none["sweep"]), (0, &serde_json::Value::Null));
    let (_, page) = get(published(&many), "/report/accounts?decision=reclaim");
    assert!(page.contains("/report/accounts.json?decision=reclaim&#38;all=true"), "{page}");
}
