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
