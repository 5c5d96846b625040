//! Requests against a published sweep.

mod large;
mod lists;
mod reports;
mod single;

use super::*;
use crate::testing::{judged, now, published};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use seatkeeper_engine::session::{Person, Role};
use seatkeeper_engine::testing::{MemoryStore, block_on};

const HOSTILE: &str = r#"<script src=//evil.example>"'&{{7*7}}"#;

/// Somebody who may read.
fn reader() -> Caller {
    let person = Person { name: "Ada".into(), credential: "token:report_token".into(), role: Role::Viewer };
    Caller { person, session: None, named: false }
}

/// Status and body of a request for a path with its query. The one script of ours is left out, so that a test can look
/// for any other.
fn get(store: MemoryStore, address: &str) -> (u16, String) {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let headers = HeaderMap::from_iter([(header::ACCEPT, "text/html".parse().unwrap())]);
    let (route, format) = Route::find(path, &headers).unwrap();
    let answer = block_on(answer(store, route, format, query, reader(), now()));
    let status = answer.status().as_u16();
    let body = block_on(answer.into_body().collect()).unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    (status, body.replace(r#"<script src="/report/console.js" defer></script>"#, ""))
}

/// The same entries again: an answer takes its store with it.
fn copy(store: &MemoryStore) -> MemoryStore {
    let copy = MemoryStore::default();
    for (key, value) in store.entries() {
        copy.put(&key, &value);
    }
    copy
}

fn accounts() -> Vec<seatkeeper_engine::state::Judged> {
    let mut accounts: Vec<_> =
        ["anna", "bert", "cleo", "dora", "emil"].map(|name| judged(name, Some(200))).into_iter().collect();
    accounts.push(judged("fritz", None));
    accounts
}

const PAGES: [&str; 13] = [
    "/report/policy",
    "/report/policy?version=1",
    "/report",
    "/report/accounts",
    "/report/accounts/anna",
    "/report/plans/20261122-110000",
    "/report/runs",
    "/report/handover",
    "/report/exemptions",
    "/report/populations",
    "/report/directories",
    "/report/alerts",
    "/report/audit",
];

#[test]
fn every_page_is_complete_small_and_asks_no_other_host_for_anything() {
    for path in PAGES {
        let (status, page) = get(published(&accounts()), path);
        assert_eq!(status, 200, "{path}");
        assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"), "{path}");
        assert!(page.len() < 200_000, "{path} has {} bytes", page.len());
        for foreign in ["http:", "https:", "src=", "<script", "style=", "javascript:", "=\"//"] {
            assert!(!page.contains(foreign), "{path} contains {foreign}");
        }
    }
}

#[test]
fn a_name_that_is_markup_is_shown_as_text_on_every_page() {
    let mut account = judged("anna", Some(200));
    account.account.display_name = HOSTILE.to_owned();
    account.account.username = seatkeeper_policy::Username::parse(HOSTILE).unwrap();
    account.account.groups = [seatkeeper_policy::GroupName::parse(HOSTILE).unwrap()].into();
    for path in ["/report/accounts", "/report/accounts/key-anna", "/report/plans/20261122-110000"] {
        let (status, page) = get(published(std::slice::from_ref(&account)), path);
        assert_eq!(status, 200, "{path}");
        assert!(page.contains("evil.example"), "{path} does not show the name at all");
        assert!(!page.contains("<script") && !page.contains(r#">"'"#), "{path} lets markup through");
    }
    let (_, page) = get(published(&[account]), "/report/accounts?text=%22%3E%3Cscript%3E");
    assert!(!page.contains("<script"), "the filter lets markup through");
}

#[test]
fn the_overview_tells_seats_decisions_and_what_to_do() {
    let (_, page) = get(published(&accounts()), "/report");
    for text in ["92.0 % of 500 seats used", "reclaim/inactive", "hold/activity-unknown", "seatkeeper apply 5eed"] {
        assert!(page.contains(text), "{text} is missing");
    }
}

#[test]
fn before_the_first_sweep_every_list_says_so() {
    let (status, page) = get(MemoryStore::default(), "/report");
    assert_eq!(status, 200);
    assert!(page.contains("No policy is set") && page.contains("no sweep has been finished"), "{page}");
    let (_, page) = get(MemoryStore::default(), "/report/accounts");
    assert!(page.contains("No sweep has been finished yet"), "{page}");
    assert_eq!(get(MemoryStore::default(), "/report/accounts/anna").0, 404);
    assert_eq!(get(MemoryStore::default(), "/report/plans/x").0, 404);
}

#[test]
fn a_list_is_filtered_and_paged_over_the_stored_pages() {
    let list = |query: &str| -> serde_json::Value {
        serde_json::from_str(&get(published(&accounts()), &format!("/report/accounts.json?{query}")).1).unwrap()
    };
    let names = |list: &serde_json::Value| -> Vec<String> {
        let accounts = list["accounts"].as_array().unwrap();
        accounts.iter().map(|account| account["username"].as_str().unwrap().to_owned()).collect()
    };
    let second = list("decision=reclaim&size=2&page=2");
    assert_eq!((second["total"].as_u64(), second["known"].as_u64()), (Some(5), Some(6)));
    assert_eq!(names(&second), ["cleo", "dora"]);
    assert_eq!(names(&list("decision=hold")), ["fritz"]);
    assert_eq!(list("text=anna")["accounts"][0]["last-seen"], "2026-05-06T12:00:00Z");
    assert!(names(&list("page=99")).is_empty());
}

#[test]
fn the_csv_has_all_matching_accounts_of_all_stored_pages() {
    let (status, csv) = get(published(&accounts()), "/report/accounts.csv?decision=reclaim&size=1");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((status, lines.len()), (200, 6));
    assert!(lines[0].starts_with("user-key,username,"), "{}", lines[0]);
    assert!(lines[5].starts_with("key-emil,emil,"), "{}", lines[5]);
    let (_, csv) = get(published(&accounts()), "/report/plans/20261122-110000.csv");
    assert_eq!(csv.lines().count(), 6);
}

#[test]
fn an_account_that_lost_its_seat_and_is_in_no_group_any_more_is_still_explained() {
    let store = published(&accounts());
    let gone = judged("gerd", Some(300));
    let planned = published(std::slice::from_ref(&gone)).entries()["plan:20261122-110000:0"].clone();
    store.put("plan:20261122-110000:0", &planned);
    assert_eq!(get(store, "/report/accounts/gerd").0, 404, "nothing was taken from it yet");

    let store = published(&accounts());
    store.put("plan:20261122-110000:0", &planned);
    let reclaim = seatkeeper_policy::journal::Reclaim {
        sweep: crate::testing::sweep(),
        key: gone.account.key.clone(),
        username: gone.account.username.clone(),
        reason: match gone.decision {
            seatkeeper_policy::Decision::Reclaim(reason) => reason,
            other => panic!("{other}"),
        },
        started: now(),
        finished: Some(now()),
        steps: vec![seatkeeper_policy::journal::Step {
            action: seatkeeper_policy::Action::Disable,
            state: seatkeeper_policy::journal::StepState::Done,
        }],
        carried: std::collections::BTreeSet::new(),
        again: 0,
        left: Some("silent-204".into()),
    };
    block_on(state::save(&store, &state::reclaim(&gone.account.key), &reclaim)).unwrap();
    let (status, page) = get(store, "/report/accounts/GERD");
    assert_eq!(status, 200);
    assert!(page.contains("no licence group") && page.contains("deactivate: done and verified"), "{page}");
    assert!(page.contains("Confluence confirmed the change and nothing changed"), "{page}");
}

#[test]
fn an_export_breaks_off_when_its_pages_are_gone_instead_of_looking_complete() {
    let store = published(&accounts());
    block_on(state::remove(&store, &state::snapshot(&crate::testing::sweep(), 1))).unwrap();
    let (route, format) = Route::find("/report/accounts.csv", &HeaderMap::new()).unwrap();
    let answer = block_on(answer(store, route, format, "", reader(), now()));
    assert!(block_on(answer.into_body().collect()).is_err());
}

#[test]
fn a_wrong_query_is_explained_in_the_form_that_was_asked_for() {
    let (status, page) = get(published(&accounts()), "/report/accounts?dasy=1");
    assert_eq!(status, 400);
    assert!(page.contains("dasy") && page.contains("<html"), "{page}");
    let (status, json) = get(published(&accounts()), "/report/accounts.json?dasy=1");
    assert_eq!(status, 400);
    assert!(json.contains("query-invalid"), "{json}");
}

#[test]
fn a_damaged_record_is_a_page_that_names_it() {
    let store = published(&accounts());
    store.put("snapshot:current", b"{");
    let (status, page) = get(store, "/report/accounts");
    assert_eq!(status, 503);
    assert!(page.contains("snapshot:current"), "{page}");
}

#[test]
fn the_plan_in_the_navigation_is_the_newest_one_or_says_that_there_is_none() {
    let find = |store| {
        let (route, format) = Route::find("/report/plan", &HeaderMap::new()).unwrap();
        block_on(answer(store, route, format, "", reader(), now()))
    };
    let found = find(published(&accounts()));
    assert_eq!(
        (found.status().as_u16(), &found.headers()["location"]),
        (303, &"/report/plans/20261122-110000".parse().unwrap())
    );
    assert_eq!(find(MemoryStore::default()).status(), 200);
}

#[test]
fn metrics_are_text_for_prometheus() {
    let (status, page) = get(published(&accounts()), "/metrics");
    assert_eq!(status, 200);
    assert!(
        page.contains("# TYPE seatkeeper_license_seats gauge")
            && page.contains("seatkeeper_license_seats{kind=\"used\"} 460"),
        "{page}"
    );
}
