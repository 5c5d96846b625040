//! Sizes on a large site.

use super::*;
use crate::testing::{blocked_by, every_obstacle, sweep, with_policy};
use seatkeeper_engine::{
    sources::Owned,
    state::{OwnedBy, Run},
};
use std::fmt::Write;

/// 700 accounts of each kind, 600 exemptions, 300 populations and 100 runs.
fn large() -> MemoryStore {
    let mut accounts = Vec::new();
    for number in 0..700 {
        accounts.push(judged(&format!("maximilian.mustermann-{number:05}"), Some(200)));
        accounts.push(blocked_by(&format!("wilhelmine.musterfrau-{number:05}"), every_obstacle()));
    }
    let mut policy = "version = 1\nlicence-groups = [\"users\"]\ninactive.after-days = 90\n".to_owned();
    for number in 0..600 {
        let why = "the account belongs to an integration that signs in by a token";
        write!(policy, "[[exempt]]\nuser = \"svc-{number}\"\nwhy = \"{why}\"\nowner = \"it-operations\"\n").unwrap();
    }
    for number in 0..300 {
        let rules = format!("users = [\"*\"]\nrules.inactive.after-days = {}\n", 30 + number);
        write!(policy, "[[population]]\nname = \"population {number}\"\npriority = 1\n{rules}").unwrap();
    }
    let store = with_policy(published(&accounts), &policy);
    let owned: Vec<OwnedBy> = (0..300)
        .map(|number| OwnedBy {
            key: accounts[number].account.key.clone(),
            username: accounts[number].account.username.clone(),
            owned: Owned {
                personal_space: Some(format!("~space{number}")),
                sole_administrator_of: (0..40).map(|space| format!("SPACE{space}")).collect(),
            },
            problem: None,
        })
        .collect();
    block_on(state::save(&store, &state::owned(&sweep()), &owned)).unwrap();
    let run: Run = block_on(state::load(&store, &state::run(&sweep()))).unwrap().unwrap();
    let codes = ["refused", "silent-204", "administrator", "nested", "duplicate-or-cache"];
    let ids: Vec<SweepId> = (0..100).map(|number| SweepId::parse(format!("20261122-11{number:04}")).unwrap()).collect();
    for id in &ids {
        let left = codes.iter().map(|code| ((*code).to_owned(), 3)).collect();
        let run = Run { id: id.clone(), left, ..run.clone() };
        block_on(state::save(&store, &state::run(id), &run)).unwrap();
    }
    block_on(state::save(&store, &state::runs(), &ids)).unwrap();
    store
}

#[test]
fn every_page_of_a_large_site_stays_below_200_kb() {
    let site = large();
    let largest =
        ["/report/accounts?size=9999", "/report/handover?size=9999", "/report/plans/20261122-110000?size=9999"];
    for path in PAGES.into_iter().chain(largest).map(|path| path.replace("anna", "wilhelmine.musterfrau-00001")) {
        let (status, page) = get(copy(&site), &path);
        assert_eq!(status, 200, "{path}");
        assert!(page.len() < 200_000, "{path} has {} bytes", page.len());
    }
}

/// Counts the bytes that are read.
struct Counting {
    store: MemoryStore,
    read: std::rc::Rc<std::cell::RefCell<Vec<String>>>,
}

impl Store for Counting {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, seatkeeper_engine::ports::StoreError> {
        self.read.borrow_mut().push(key.to_owned());
        self.store.get(key).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), seatkeeper_engine::ports::StoreError> {
        self.store.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), seatkeeper_engine::ports::StoreError> {
        self.store.delete(key).await
    }
}

/// The keys that a page reads.
fn keys_of(site: &MemoryStore, path: &str) -> Vec<String> {
    let read = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let store = Counting { store: copy(site), read: read.clone() };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (route, format) = Route::find(path, &HeaderMap::new()).unwrap();
    assert_eq!(block_on(answer(store, route, format, query, reader(), now())).status(), 200, "{path}");
    read.take()
}

#[test]
fn exemptions_populations_and_the_hand_over_list_read_no_snapshot_and_few_pages() {
    let site = large();
    for path in ["/report/exemptions", "/report/populations", "/report/handover", "/report/handover?page=49"] {
        let keys = keys_of(&site, path);
        assert!(!keys.iter().any(|key| key.starts_with("snapshot:2")), "{path} reads {keys:?}");
        let pages = keys.iter().filter(|key| key.starts_with("handover:")).count();
        assert!(pages <= 2, "{path} reads {pages} pages of the list");
        assert!(keys.len() < 20, "{path} reads {} keys", keys.len());
    }
}

#[test]
fn the_pages_of_the_hand_over_list_have_every_line_once() {
    let site = large();
    let mut seen = Vec::new();
    for page in 1..=10 {
        let (_, body) = get(copy(&site), &format!("/report/handover.json?size=500&page={page}"));
        let list: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(list["total"], 4_900);
        let rows = list["rows"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| format!("{} {}", row["user-key"], row["obstacle"])));
    }
    let lines = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((lines, seen.len()), (4_900, 4_900));
}
