use super::*;
use chrono::TimeDelta;
use seatkeeper_engine::{
    audit::{Act, append},
    state,
    testing::{MemoryStore, block_on},
};
use seatkeeper_policy::Instant;

fn at(minutes: i64) -> Instant {
    "2026-11-22T23:00:00Z".parse::<Instant>().unwrap() + TimeDelta::minutes(minutes)
}

/// Entries a minute apart, of the three functions in turn.
fn recorded(entries: i64) -> MemoryStore {
    let store = MemoryStore::default();
    for number in 0..entries {
        let function = FUNCTIONS[usize::try_from(number).unwrap() % 3];
        let id = format!("{number:04}");
        let act = Act { id, actor: "Ada", act: "tried", subject: "k", detail: "=1+1".into() };
        block_on(append(&store, function, act, at(number))).unwrap();
    }
    store
}

fn shown(store: &MemoryStore, query: &str) -> View {
    block_on(read(store, &Wanted::parse(query).unwrap(), || false)).unwrap()
}

fn ids(view: &View) -> Vec<&str> {
    view.rows.iter().map(|row| row.id.as_str()).collect()
}

#[test]
fn the_streams_are_shown_as_one_newest_first_and_page_after_page_nothing_is_missing_or_twice() {
    let store = recorded(950);
    let (mut query, mut seen) = (String::new(), Vec::new());
    loop {
        let view = shown(&store, &query);
        assert!(view.rows.len() <= SIZE);
        seen.extend(view.rows.into_iter().map(|row| row.id));
        let Some(older) = view.older else { break };
        query = format!("older={older}");
    }
    let all: Vec<String> = (0..950).rev().map(|number| format!("{number:04}")).collect();
    assert_eq!(seen, all);
}

#[test]
fn a_function_and_a_day_are_picked_out() {
    let store = recorded(120);
    let view = shown(&store, "function=restore&day=2026-11-22");
    assert_eq!(ids(&view).len(), 20);
    assert!(view.rows.iter().all(|row| row.function == "restore" && row.at.day() == "2026-11-22"));
    assert_eq!(ids(&shown(&store, "day=2026-11-24")), [""; 0]);
    for (query, name) in [("function=report", "function"), ("day=soon", "day"), ("verify=some", "verify")] {
        assert!(Wanted::parse(query).unwrap_err().to_string().contains(name), "{query}");
    }
}

#[test]
fn a_place_that_does_not_exist_leads_to_nothing_and_does_no_harm() {
    let store = recorded(10);
    for older in ["x", "admin.2026-11-22", "admin.2026-11-22.7.1", "admin.2020-01-01.0.1", "sweep.2026-11-22.0.-1"] {
        assert_eq!(ids(&shown(&store, &format!("older={older}"))), [""; 0], "{older}");
    }
    assert_eq!(ids(&shown(&store, "older=admin.2026-11-22.0.99")).len(), 4);
}

#[test]
fn a_short_trail_is_checked_whole_and_a_changed_entry_is_named() {
    let store = recorded(30);
    let verdict = shown(&store, "").verdict;
    assert!(verdict.holds() && verdict.whole && verdict.says().contains("All 30 entries"), "{verdict:?}");
    let key = state::audit("2026-11-22", "sweep", 0);
    let mut page = block_on(state::load(&store, &key)).unwrap().unwrap();
    page[2].detail = "nothing happened".into();
    block_on(state::save(&store, &key, &page)).unwrap();
    let verdict = shown(&store, "").verdict;
    assert!(!verdict.holds() && verdict.says().starts_with("The chain is broken"), "{verdict:?}");
    assert!(verdict.broken[0].contains("sweep, 2026-11-22, page 1, entry 3 (`0008`)"), "{verdict:?}");
}

#[test]
fn a_long_trail_is_checked_where_it_is_shown_and_in_steps_on_demand() {
    let store = recorded(14_000);
    let verdict = shown(&store, "").verdict;
    assert!(verdict.holds() && !verdict.whole && verdict.next.is_none(), "{verdict:?}");
    assert!(verdict.says().contains("on the pages shown here"), "{}", verdict.says());
    let (mut from, mut steps) = (Step::default(), 0);
    let whole = loop {
        steps += 1;
        // So little time that each step checks one page.
        let verdict = block_on(step(&store, &from, || true)).unwrap();
        let Some(next) = &verdict.next else { break verdict };
        from = Step::parse(next).unwrap();
    };
    assert!(steps > 20 && whole.whole && whole.holds(), "{steps} steps, {whole:?}");
    assert_eq!(whole.entries, 14_000);
}

#[test]
fn a_break_that_an_earlier_step_found_is_not_forgotten() {
    let from = Step::parse("sweep.2026-11-22.0.17.broken").unwrap();
    let verdict = block_on(step(&recorded(30), &from, || false)).unwrap();
    assert!(!verdict.holds() && verdict.whole);
    assert_eq!(verdict.entries, 27);
}

#[test]
fn a_file_holds_every_entry_once_and_no_formula() {
    let store = recorded(650);
    let file = |file| {
        let merge = block_on(Merge::open(&store, &Wanted::default())).unwrap();
        let copy = MemoryStore::default();
        for (key, value) in store.entries() {
            copy.put(&key, &value);
        }
        let parts: Vec<_> = block_on(futures::TryStreamExt::try_collect(export(copy, merge, file))).unwrap();
        assert!(parts.len() > 3, "the file was made in {} parts", parts.len());
        String::from_utf8(parts.concat()).unwrap()
    };
    let csv = file(File::Csv);
    assert_eq!(csv.lines().count(), 651);
    assert!(csv.starts_with("at,function,actor,act,subject,detail,id,hash") || csv.contains("function"));
    assert!(!csv.contains(",=1+1"), "a formula would be calculated");
    let json: serde_json::Value = serde_json::from_str(&file(File::Json)).unwrap();
    assert_eq!(json["entries"].as_array().unwrap().len(), 650);
    assert_eq!(json["entries"][0]["id"], "0649");
}
