//! SCIM servers that no stand-in imitates, scripted.

use super::*;
use crate::testing::{Scripted, World, json as answer};
use futures::executor::block_on;
use seatkeeper_policy::directory::DirectoryGuard;
use serde_json::json;
use std::ops::Range;

fn directory(matching: Match) -> Directory {
    Directory {
        name: "hr".to_owned(),
        provider: Provider::Scim,
        matching,
        responsible: None,
        leavers: true,
        absent_after: None,
        sign_ins: false,
        one_by_one: false,
        guard: DirectoryGuard { leavers_percent: 5, leavers_accounts: 5, drop_percent: 5, unknown_percent: 5 },
    }
}

fn scim(world: &World) -> Scim<&World, &World> {
    let settings = ScimSettings::parse("https://people.example.com/scim/v2", "t0k3n", OAuthTexts::default());
    Scim::new(world, world, settings.unwrap())
}

fn person(world: &World, matching: Match, identity: &str) -> DirectoryPerson {
    block_on(scim(world).person(&directory(matching), identity)).unwrap()
}

/// A page with these people, all switched on or all switched off, and what it says about the number of all.
fn page(people: Range<u32>, active: bool, total: u32) -> Scripted {
    let start = people.start + 1;
    let people: Vec<_> = people
        .map(|number| {
            json!({"id": number.to_string(), "userName": format!("u{number}"), "active": active,
                   "emails": [{"value": "team@example.com"}]})
        })
        .collect();
    answer(200, json!({"totalResults": total, "startIndex": start, "Resources": people}))
}

#[test]
fn a_lookup_that_was_cut_short_calls_nobody_disabled() {
    for (world, presence) in [
        (World::new([page(0..3, false, 3)]), Presence::Disabled),
        (World::new([page(0..10, false, 12)]), Presence::Unknown),
        (World::new([page(0..10, true, 12)]), Presence::Active),
        // The total may be that of the window.
        (World::new([page(0..10, false, 10)]), Presence::Unknown),
    ] {
        assert_eq!(person(&world, Match::Mail, "team@example.com").presence, presence);
    }
}

/// The numbers of people on all pages, and the questions.
fn everybody(world: &World) -> Result<(usize, usize), PortError> {
    let (directory, mut people, mut cursor) = (directory(Match::Username), 0, None::<String>);
    loop {
        // A new client for each page: nothing but the cursor is remembered.
        let page = block_on(scim(world).people(&directory, cursor.as_deref()))?;
        people += page.people.len();
        cursor = page.next;
        if cursor.is_none() {
            return Ok((people, world.calls().len()));
        }
    }
}

#[test]
fn a_server_that_counts_the_page_instead_of_everybody_is_read_to_the_end() {
    for limit in [50, 100, 200] {
        let pages = [
            page(0..limit, true, limit),
            page(limit..2 * limit, true, limit),
            page(2 * limit..2 * limit + 7, true, 7),
            page(2 * limit + 7..2 * limit + 7, true, 0),
        ];
        let world = World::new(pages);
        assert_eq!(everybody(&world).unwrap(), (2 * limit as usize + 7, 4), "{limit}");
        let asked = world.calls();
        assert!(asked[1].contains(&format!("startIndex={}&", limit + 1)), "{asked:?}");
    }
}

#[test]
fn a_full_first_page_that_is_said_to_be_everybody_is_followed_by_one_question_and_any_other_by_none() {
    for total in [0, 200] {
        let world = World::new([page(0..200, true, 200), page(200..200, true, total)]);
        assert_eq!(everybody(&world).unwrap(), (200, 2));
    }
    let world = World::new([page(0..199, true, 199)]);
    assert_eq!(everybody(&world).unwrap(), (199, 1));
    // A total that was more than the page has been a total.
    let world = World::new([page(0..200, true, 400), page(200..400, true, 400)]);
    assert_eq!(everybody(&world).unwrap(), (400, 2));
}

#[test]
fn the_question_behind_the_end_fails_like_any_other_and_notices_people_who_moved() {
    for (second, class) in [
        (answer(403, json!({})), ErrorClass::Refused),
        (answer(400, json!({})), ErrorClass::Refused),
        // The same people again, somebody new, and somebody less.
        (page(0..200, true, 200), ErrorClass::Endless),
        (page(200..201, true, 201), ErrorClass::Retryable),
        (page(200..200, true, 199), ErrorClass::Retryable),
    ] {
        let world = World::new([page(0..200, true, 200), second]);
        assert_eq!(everybody(&world).unwrap_err().class, class);
    }
    // A page that counts itself has to go on where the one before ended.
    let again = page(200..400, true, 200);
    let world = World::new([page(0..200, true, 200), page(200..400, true, 200), again]);
    assert_eq!(everybody(&world).unwrap_err().class, ErrorClass::Endless);
}

#[test]
fn a_name_is_asked_for_as_it_is_spelled_and_then_in_lower_case_before_it_is_absent() {
    let nobody = || answer(200, json!({"totalResults": 0}));
    let asked = |world: &World| -> Vec<bool> {
        world.calls().iter().map(|call| call.contains("userName%20eq%20%22U7%22")).collect()
    };
    let world = World::new([page(7..8, false, 1)]);
    assert_eq!((person(&world, Match::Username, "U7").presence, asked(&world)), (Presence::Disabled, vec![true]));
    // A server that keeps it in lower case and compares exactly.
    let world = World::new([nobody(), page(7..8, true, 1)]);
    let found = person(&world, Match::Username, "U7");
    assert_eq!((found.identity.as_str(), found.presence), ("u7", Presence::Active));
    assert_eq!(asked(&world), [true, false]);
    let world = World::new([nobody(), nobody()]);
    let found = person(&world, Match::Username, "U7");
    assert_eq!((found.identity.as_str(), found.presence), ("U7", Presence::Absent));
    let world = World::new([nobody()]);
    assert_eq!(person(&world, Match::Username, "u7").presence, Presence::Absent);
}
