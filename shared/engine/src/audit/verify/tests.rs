//! A stream of several days and pages, whole and damaged.

use super::*;
use crate::{
    audit::{Act, PAGE, append},
    testing::{MemoryStore, block_on},
};
use seatkeeper_policy::testing::at;

const FUNCTION: &str = "sweep";

fn record(store: &MemoryStore, id: &str, when: &str) {
    let act = Act { id: id.into(), actor: "sweep", act: "reclaim", subject: "k", detail: String::new() };
    block_on(append(store, FUNCTION, act, at(when))).unwrap();
}

/// One entry on the first day, a page and five entries on the second, one on the third.
fn recorded() -> MemoryStore {
    let store = MemoryStore::default();
    record(&store, "first", "2026-11-01T10:00:00Z");
    for number in 0..PAGE + 5 {
        record(&store, &number.to_string(), "2026-11-20T10:00:00Z");
    }
    record(&store, "last", "2026-11-22T10:00:00Z");
    store
}

fn pages(store: &MemoryStore) -> Vec<(String, u32)> {
    let days = block_on(days(store, FUNCTION)).unwrap();
    days.places().map(|Place { day, page }| (day, page)).collect()
}

fn verified(store: &MemoryStore) -> Verified {
    let days = block_on(days(store, FUNCTION)).unwrap();
    block_on(verify(store, &days, None, || false)).unwrap()
}

fn change(store: &MemoryStore, day: &str, number: u32, change: impl FnOnce(&mut Vec<Entry>)) {
    let key = state::audit(day, FUNCTION, number);
    let mut entries = block_on(state::load(store, &key)).unwrap().unwrap();
    change(&mut entries);
    block_on(state::save(store, &key, &entries)).unwrap();
}

fn place(day: &str, page: u32) -> Place {
    Place { day: day.into(), page }
}

#[test]
fn a_whole_stream_is_verified_from_its_first_entry_to_its_last() {
    let store = recorded();
    let found = verified(&store);
    assert_eq!((found.entries, found.broken, found.next), (207, None, None));
    assert_eq!((found.from, found.to), (Some(at("2026-11-01T10:00:00Z")), Some(at("2026-11-22T10:00:00Z"))));
    assert_eq!(pages(&store).len(), 4);
}

#[test]
fn a_stream_without_entries_holds() {
    let found = verified(&MemoryStore::default());
    assert_eq!((found.entries, found.broken, found.last.as_str()), (0, None, ""));
}

#[test]
fn every_kind_of_damage_is_named_with_its_page_and_entry() {
    type Damage = fn(&MemoryStore);
    let cases: [(Damage, Place, Option<u32>, Why); 6] = [
        (|s| change(s, "2026-11-20", 0, |e| e[7].actor = "x".into()), place("2026-11-20", 0), Some(8), Why::Hash),
        (|s| change(s, "2026-11-20", 0, |e| drop(e.remove(7))), place("2026-11-20", 0), Some(8), Why::Hash),
        (|s| change(s, "2026-11-20", 0, |e| e.swap(3, 4)), place("2026-11-20", 0), Some(4), Why::Hash),
        (|s| change(s, "2026-11-20", 0, |e| drop(e.pop())), place("2026-11-20", 1), Some(1), Why::Hash),
        (
            |s| block_on(state::remove(s, &state::audit("2026-11-20", FUNCTION, 1))).unwrap(),
            place("2026-11-20", 1),
            None,
            Why::Missing,
        ),
        (
            |s| change(s, "2026-11-01", 0, |e| e[0].at = at("2026-10-01T10:00:00Z")),
            place("2026-11-01", 0),
            Some(1),
            Why::Beginning,
        ),
    ];
    for (damage, place, entry, why) in cases {
        let store = recorded();
        damage(&store);
        let broken = verified(&store).broken.unwrap();
        assert_eq!((&broken.place, broken.entry, broken.why), (&place, entry, why), "{broken:?}");
        let days = block_on(days(&store, FUNCTION)).unwrap();
        let page = block_on(page(&store, &days, &place)).unwrap().unwrap();
        assert_eq!(page.broken, Some(broken), "the page alone shows it as well");
    }
}

#[test]
fn a_stream_that_is_older_than_its_list_of_days_is_found_from_its_beginning() {
    let store = recorded();
    block_on(state::remove(&store, &state::audit_days(FUNCTION))).unwrap();
    assert_eq!(pages(&store).len(), 4);
    assert_eq!(verified(&store).entries, 207);
    record(&store, "with a list", "2026-11-23T10:00:00Z");
    let found = verified(&store);
    assert_eq!((found.entries, found.broken), (208, None));
}

#[test]
fn a_beginning_that_was_cut_off_is_no_whole_stream() {
    let store = recorded();
    block_on(state::remove(&store, &state::audit("2026-11-01", FUNCTION, 0))).unwrap();
    let mut days = block_on(state::load(&store, &state::audit_days(FUNCTION))).unwrap().unwrap();
    days.remove(0);
    block_on(state::save(&store, &state::audit_days(FUNCTION), &days)).unwrap();
    let broken = verified(&store).broken.unwrap();
    assert_eq!((broken.place, broken.why), (place("2026-11-20", 0), Why::Beginning));
}

#[test]
fn a_verification_that_was_interrupted_goes_on_where_it_stopped() {
    let store = recorded();
    let days = block_on(days(&store, FUNCTION)).unwrap();
    let (mut from, mut entries, mut calls) = (None, 0, 0);
    loop {
        let found = block_on(verify(&store, &days, from.as_ref(), || true)).unwrap();
        assert_eq!(found.broken, None);
        entries += found.entries;
        calls += 1;
        from = found.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!((entries, calls), (207, 4));
}

#[test]
fn a_page_names_its_neighbours_and_what_it_continues() {
    let store = recorded();
    let days = block_on(days(&store, FUNCTION)).unwrap();
    let second = block_on(page(&store, &days, &place("2026-11-20", 1))).unwrap().unwrap();
    assert_eq!((second.earlier, second.later), (Some(place("2026-11-20", 0)), Some(place("2026-11-22", 0))));
    assert_eq!((second.entries.len(), second.broken), (5, None));
    let first = block_on(page(&store, &days, &place("2026-11-01", 0))).unwrap().unwrap();
    assert_eq!((first.before.as_str(), first.earlier), ("", None));
    assert_eq!(block_on(page(&store, &days, &place("2026-11-02", 0))).unwrap(), None);
}

#[test]
fn a_clock_that_goes_back_writes_over_nothing() {
    let store = recorded();
    record(&store, "from the past", "2026-11-01T10:00:00Z");
    let found = verified(&store);
    assert_eq!((found.entries, found.broken), (208, None));
    assert_eq!(pages(&store).len(), 4);
}

#[test]
fn an_act_whose_page_was_written_and_not_its_head_is_recorded_once() {
    let store = recorded();
    let head = block_on(state::load(&store, &state::audit_head(FUNCTION))).unwrap().unwrap();
    let days = block_on(state::load(&store, &state::audit_days(FUNCTION))).unwrap().unwrap();
    record(&store, "repeated", "2026-11-23T10:00:00Z");
    block_on(state::save(&store, &state::audit_head(FUNCTION), &head)).unwrap();
    block_on(state::save(&store, &state::audit_days(FUNCTION), &days)).unwrap();
    record(&store, "repeated", "2026-11-23T10:00:00Z");
    let found = verified(&store);
    assert_eq!((found.entries, found.broken), (208, None));
}

#[test]
fn a_stream_that_lost_its_head_goes_on_where_it_was() {
    let store = recorded();
    block_on(state::remove(&store, &state::audit_head(FUNCTION))).unwrap();
    assert_eq!(verified(&store).broken, None);
    record(&store, "same day", "2026-11-22T11:00:00Z");
    block_on(state::remove(&store, &state::audit_head(FUNCTION))).unwrap();
    record(&store, "next day", "2026-11-23T10:00:00Z");
    let found = verified(&store);
    assert_eq!((found.entries, found.broken), (209, None));
}

#[test]
fn two_runners_at_the_end_of_a_page_come_to_the_same_next_one() {
    let store = recorded();
    for number in 0..PAGE - 1 {
        record(&store, &format!("full {number}"), "2026-11-22T11:00:00Z");
    }
    let head = block_on(state::load(&store, &state::audit_head(FUNCTION))).unwrap().unwrap();
    record(&store, "the one", "2026-11-22T12:00:00Z");
    // The other had read the head before.
    block_on(state::save(&store, &state::audit_head(FUNCTION), &head)).unwrap();
    record(&store, "the other", "2026-11-22T12:00:00Z");
    let found = verified(&store);
    assert_eq!((found.broken, pages(&store).len()), (None, 5));
}

/// Counts what is read.
struct Counting<'a>(&'a MemoryStore, std::cell::Cell<usize>);

impl Store for Counting<'_> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, crate::ports::StoreError> {
        self.1.set(self.1.get() + 1);
        self.0.get(key).await
    }

    async fn set(&self, key: &str, value: &[u8]) -> Result<(), crate::ports::StoreError> {
        self.0.set(key, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), crate::ports::StoreError> {
        self.0.delete(key).await
    }
}

#[test]
fn when_the_first_page_is_gone_nobody_looks_for_days_before_it() {
    let store = recorded();
    block_on(state::remove(&store, &state::audit("2026-11-01", FUNCTION, 0))).unwrap();
    let counting = Counting(&store, std::cell::Cell::default());
    let found = block_on(days(&counting, FUNCTION)).unwrap();
    assert!(!found.from_beginning);
    assert!(counting.1.get() <= 4, "{} lookups", counting.1.get());
    assert_eq!(verified(&store).broken.unwrap().why, Why::Missing);
}

#[test]
fn an_older_stream_is_looked_for_until_the_next_page_is_opened_and_then_known() {
    let store = recorded();
    for key in [state::audit_days(FUNCTION).name(), state::audit_begin(FUNCTION).name()] {
        block_on(store.delete(key)).unwrap();
    }
    assert_eq!(pages(&store).len(), 4);
    record(&store, "with a list", "2026-11-23T10:00:00Z");
    let counting = Counting(&store, std::cell::Cell::default());
    assert_eq!(block_on(days(&counting, FUNCTION)).unwrap().places().count(), 5);
    assert!(counting.1.get() <= 4, "{} lookups", counting.1.get());
    assert_eq!((verified(&store).entries, verified(&store).broken), (208, None));
}
