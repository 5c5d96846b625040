use super::*;
use crate::testing::{MemoryStore, block_on};
use proptest::prelude::*;
use seatkeeper_policy::{
    Decision, Evidence, GroupName, HoldReason, KeepReason, SeatCount, Source, SweepId, UserKey, Username,
    account::Sighting,
    report::PlanReport,
    testing::{account, at},
};
use std::collections::BTreeSet;

fn noon() -> Instant {
    at("2026-11-22T12:00:00Z")
}

/// An account by some small numbers, so that many of them share a property.
fn judged(number: usize, (seen, created, groups, kind): (u8, u8, u8, u8)) -> Judged {
    let mut account = account(&format!("user{number:03}"), noon());
    account.key = UserKey::parse(format!("key{number}")).unwrap();
    account.username = Username::parse(format!("user{number:03}")).unwrap();
    account.display_name = ["Ada Ärger", "BOB", "Zoë\u{7f}Quinn", ""][usize::from(kind) % 4].to_owned();
    account.directory =
        ["", "Crowd", "LDAP"].get(usize::from(kind) % 3).filter(|name| !name.is_empty()).map(ToString::to_string);
    account.groups =
        (0..3).filter(|n| groups & (1 << n) != 0).map(|n| GroupName::parse(format!("g{n}")).unwrap()).collect();
    account.created = (created > 2).then(|| at("2020-01-01T00:00:00Z") + chrono::TimeDelta::days(created.into()));
    account.evidence = Evidence::default();
    if seen > 2 {
        let at = at("2026-01-01T00:00:00Z") + chrono::TimeDelta::days(seen.into());
        account.evidence.saw(Sighting { at, source: Source::LastLogin });
    } else if seen == 1 {
        account.evidence.never = Some(Source::LastLogin);
    }
    let decision = match kind % 3 {
        0 => Decision::Keep(KeepReason::Administrator),
        1 => Decision::Hold(HoldReason::ActivityUnknown),
        _ => Decision::Keep(KeepReason::OwnAccount),
    };
    Judged { account, decision }
}

/// A store with a snapshot of these accounts, as a sweep writes it, and its head.
fn published(accounts: &[Judged], indexed: bool) -> (MemoryStore, SnapshotHead) {
    let store = MemoryStore::default();
    let sweep = SweepId::parse("20261122-110000").unwrap();
    let (mut pages, mut index) = (0, 0);
    for chunk in state::index_chunks(accounts, SNAPSHOT_PAGE) {
        if indexed {
            block_on(state::save(&store, &state::index(&sweep, index), &IndexPage::of(pages, chunk))).unwrap();
            block_on(state::save(&store, &state::index_names(&sweep, index), &state::names(chunk))).unwrap();
            index += 1;
        }
        for page in chunk.chunks(SNAPSHOT_PAGE) {
            block_on(state::save(&store, &state::snapshot(&sweep, pages), &page.to_vec())).unwrap();
            pages += 1;
        }
    }
    let seats = SeatCount { used: 1, max: None };
    let head = SnapshotHead {
        pages: state::Pages { sweep, count: pages },
        index,
        lists: state::Lists::default(),
        replaced: None,
        at: noon(),
        report: PlanReport::default(),
        seats,
        policy: 1,
        capabilities: None,
    };
    (store, head)
}

/// The same list by the plainest means.
fn plain(accounts: &[Judged], filter: &Filter, part: Part) -> Vec<String> {
    let clean = |text: &str| text.to_lowercase().replace('\u{7f}', "");
    let mut wanted: Vec<&Judged> = accounts
        .iter()
        .filter(|judged| {
            let account = &judged.account;
            let seen = account.evidence.newest().map(|seen| seen.at);
            let groups: BTreeSet<String> = account.groups.iter().map(ToString::to_string).collect();
            filter.decision.as_ref().is_none_or(|code| judged.decision.code().starts_with(code.as_str()))
                && filter.status.as_ref().is_none_or(|word| account.status.word() == word)
                && filter.group.as_ref().is_none_or(|name| groups.contains(name))
                && filter.without_group.as_ref().is_none_or(|name| !groups.contains(name))
                && filter.directory.as_ref().is_none_or(|name| account.directory.as_ref() == Some(name))
                && filter.seen_from.is_none_or(|from| seen.is_some_and(|seen| seen >= from))
                && filter.seen_before.is_none_or(|before| seen.is_some_and(|seen| seen < before))
                && (!filter.never || (seen.is_none() && account.evidence.never.is_some()))
                && filter.text.as_ref().is_none_or(|text| {
                    let text = text.to_lowercase();
                    clean(account.username.as_str()).contains(&text) || clean(&account.display_name).contains(&text)
                })
        })
        .collect();
    let instant = |judged: &Judged| match part.order {
        Order::Name => None,
        Order::Seen => judged.account.evidence.newest().map(|seen| seen.at.timestamp()),
        Order::Created => judged.account.created.map(|at| at.timestamp()),
    };
    if part.order == Order::Name {
        if part.descending {
            wanted.reverse();
        }
    } else {
        wanted.sort_by_key(|judged| match instant(judged) {
            None => (1, 0),
            Some(at) => (0, if part.descending { -at } else { at }),
        });
    }
    wanted.into_iter().skip(part.skip).take(part.most).map(|judged| judged.account.username.to_string()).collect()
}

fn filters() -> impl Strategy<Value = Filter> {
    let maybe = |words: &'static [&'static str]| prop::option::of(prop::sample::select(words).prop_map(str::to_owned));
    let day =
        || prop::option::of((0_i64..300).prop_map(|day| at("2026-01-01T00:00:00Z") + chrono::TimeDelta::days(day)));
    let words = (
        maybe(&["keep/", "keep/administrator", "hold/", "reclaim/"]),
        maybe(&["current", "deactivated"]),
        maybe(&["g0", "g1", "g9"]),
        maybe(&["g0", "g2"]),
        maybe(&["Crowd", "LDAP", "none"]),
        maybe(&["ada", "ÄR", "user01", "zoëq", "o", "\u{7f}", "1\u{7f}b"]),
    );
    (words, day(), day(), any::<bool>()).prop_map(
        |((decision, status, group, without_group, directory, text), seen_from, seen_before, never)| Filter {
            decision,
            status,
            group,
            without_group,
            directory,
            seen_from,
            seen_before,
            never,
            text,
        },
    )
}

fn parts() -> impl Strategy<Value = Part> {
    let orders = prop::sample::select(vec![Order::Name, Order::Seen, Order::Created]);
    (orders, any::<bool>(), 0_usize..30, 0_usize..30).prop_map(|(order, descending, skip, most)| Part {
        order,
        descending,
        skip,
        most,
    })
}

proptest! {
    #[test]
    fn the_index_finds_what_reading_everything_finds(
        shapes in prop::collection::vec(any::<(u8, u8, u8, u8)>(), 0..60),
        filter in filters(),
        part in parts(),
        indexed: bool,
    ) {
        let accounts: Vec<Judged> = shapes.into_iter().enumerate().map(|(n, shape)| judged(n, shape)).collect();
        let (store, head) = published(&accounts, indexed);
        let found = block_on(super::accounts(&store, &head, &filter, part)).unwrap();
        let names: Vec<String> = found.accounts.iter().map(|judged| judged.account.username.to_string()).collect();
        prop_assert_eq!(&names, &plain(&accounts, &filter, part));
        let all = Part { skip: 0, most: usize::MAX, ..part };
        prop_assert_eq!(found.total, plain(&accounts, &filter, all).len());
        prop_assert_eq!(filter.choose(accounts).len(), found.total);
    }
}

#[test]
fn accounts_beyond_the_first_page_of_the_index_are_found_where_they_are() {
    let count = INDEX_PAGE + SNAPSHOT_PAGE + 7;
    let accounts: Vec<Judged> = (0..count).map(|n| judged(n, (u8::try_from(n % 251).unwrap(), 9, 1, 0))).collect();
    let (store, head) = published(&accounts, true);
    for (order, descending) in [(Order::Name, false), (Order::Name, true), (Order::Seen, false), (Order::Seen, true)] {
        for skip in [0, SNAPSHOT_PAGE - 1, INDEX_PAGE - 2, count - 3, count] {
            let part = Part { order, descending, skip, most: 5 };
            let found = block_on(super::accounts(&store, &head, &Filter::default(), part)).unwrap();
            let names: Vec<String> = found.accounts.iter().map(|judged| judged.account.username.to_string()).collect();
            assert_eq!(names, plain(&accounts, &Filter::default(), part), "{part:?}");
            assert_eq!(found.total, count);
        }
    }
}

#[test]
fn an_index_with_a_hole_is_an_error_and_not_a_shorter_list() {
    let accounts: Vec<Judged> = (0..3).map(|n| judged(n, (9, 9, 1, 0))).collect();
    let (store, head) = published(&accounts, true);
    let by_text = Filter { text: Some("user".into()), ..Filter::default() };
    let part = Part { most: 5, ..Part::default() };
    block_on(state::remove(&store, &state::index_names(&head.pages.sweep, 0))).unwrap();
    assert!(block_on(super::accounts(&store, &head, &Filter::default(), part)).is_ok());
    assert!(block_on(super::accounts(&store, &head, &by_text, part)).unwrap_err().to_string().contains("names:"));
    block_on(state::remove(&store, &state::index(&head.pages.sweep, 0))).unwrap();
    assert!(block_on(super::accounts(&store, &head, &Filter::default(), part)).is_err());
}

/// Accounts with these display names.
fn named(names: impl IntoIterator<Item = String>) -> Vec<Judged> {
    let named = |(number, name)| {
        let mut judged = judged(number, (5, 5, 1, 0));
        judged.account.display_name = name;
        judged
    };
    names.into_iter().enumerate().map(named).collect()
}

fn searched(store: &MemoryStore, head: &SnapshotHead, text: &str) -> usize {
    let filter = Filter { text: Some(text.into()), ..Filter::default() };
    block_on(super::accounts(store, head, &filter, Part { most: 10, ..Part::default() })).unwrap().total
}

#[test]
fn a_sigma_is_found_at_the_end_of_a_word_and_within_it_in_any_case() {
    let all = named(["ΟΔΥΣΣΕΥΣ", "Οδυσσεύς Παππάς", "Οδυσσευς"].map(str::to_owned));
    for indexed in [true, false] {
        let (store, head) = published(&all, indexed);
        for (text, found) in [("ΟΔΥΣΣΕΥΣ", 2), ("οδυσσευς", 2), ("οδυσσευσ", 2), ("ΠΑΠΠΆΣ", 1), ("ευσα", 0)]
        {
            assert_eq!(searched(&store, &head, text), found, "{text}, {indexed}");
        }
    }
}

#[test]
fn long_names_make_pages_of_fewer_accounts_and_every_account_is_found_where_it_is() {
    let long = "ñ".repeat(400);
    let all = named((0..2_000).map(|number| format!("{long} {number:05}")));
    let (store, head) = published(&all, true);
    assert!(head.index > 1);
    for page in 0..head.index {
        let names = block_on(state::load(&store, &state::index_names(&head.pages.sweep, page))).unwrap().unwrap();
        assert!(names.len() <= state::NAMES_PAGE, "page {page} has {} bytes", names.len());
    }
    for number in [0, 399, 400, 1_234, 1_999] {
        let filter = Filter { text: Some(format!(" {number:05}")), ..Filter::default() };
        let found = block_on(super::accounts(&store, &head, &filter, Part { most: 10, ..Part::default() })).unwrap();
        assert_eq!(
            found.accounts.iter().map(|judged| &judged.account.key).collect::<Vec<_>>(),
            [&all[number].account.key]
        );
    }
}
