//! Crowd as a directory: what the site is, the client must say, whole or not at all.

use crate::Site;
use seatkeeper_engine::{
    directories::{Directories, DirectoryPerson},
    ports::{ErrorClass, PortError},
};
use seatkeeper_policy::{
    account::Source,
    directory::{Directory, DirectoryGuard, Match, Presence, Provider},
};
use seatkeeper_simulator::{Fault, FaultBody, FaultKind, world::Change};
use std::collections::BTreeMap;

fn directory(matching: Match) -> Directory {
    let guard = DirectoryGuard { leavers_percent: 10, leavers_accounts: 5, drop_percent: 10, unknown_percent: 10 };
    Directory {
        name: "people".to_owned(),
        provider: Provider::Crowd,
        matching,
        responsible: None,
        leavers: true,
        absent_after: None,
        sign_ins: true,
        one_by_one: false,
        guard,
    }
}

async fn everybody(site: &Site, matching: Match) -> Result<BTreeMap<String, Presence>, PortError> {
    let (crowd, directory) = (site.crowd("crowd-secret"), directory(matching));
    let (mut all, mut cursor) = (BTreeMap::new(), None::<String>);
    loop {
        let page = crowd.people(&directory, cursor.as_deref()).await?;
        all.extend(page.people.into_iter().map(|person| (person.identity, person.presence)));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

async fn person(site: &Site, matching: Match, identity: &str) -> Result<DirectoryPerson, PortError> {
    site.crowd("crowd-secret").person(&directory(matching), identity).await
}

/// Who the site knows, by name, and whether switched on.
fn truth(site: &Site) -> BTreeMap<String, Presence> {
    site.look(|world| {
        let known = world.users_by_name().iter().map(|id| world.user(*id));
        let presence = |active| if active { Presence::Active } else { Presence::Disabled };
        known.map(|user| (user.username.to_string(), presence(user.active))).collect()
    })
}

#[tokio::test]
async fn case_75_everybody_is_told_with_their_state_however_short_the_pages_are() {
    for cap in [0, 1, 7, 100, 299, 300] {
        let site = Site::with(&[&format!("crowd_page_cap={cap}")]);
        let people = everybody(&site, Match::Username).await.unwrap();
        assert_eq!(people, truth(&site), "{cap}");
        assert!(people.values().any(|presence| *presence == Presence::Disabled));
    }
}

#[tokio::test]
async fn case_9_every_account_is_found_by_name_whatever_letters_it_is_made_of() {
    let site = Site::with(&[]);
    for (name, presence) in truth(&site) {
        let found = person(&site, Match::Username, &name).await.unwrap();
        assert_eq!((found.identity, found.presence), (name, presence));
    }
    let gone = site.name("Atlassian Crowd");
    let id = site.look(|world| world.find_user(&gone)).unwrap();
    site.0.world().delete_user(None, id);
    for absent in [gone.as_str(), "nobody.at.all", "e10", "*", "x\" or active = true"] {
        assert_eq!(person(&site, Match::Username, absent).await.unwrap().presence, Presence::Absent, "{absent}");
    }
}

#[tokio::test]
async fn case_10_an_account_is_found_by_its_whole_mail_and_never_by_the_beginning_of_one() {
    let site = Site::with(&[]);
    let name = site.name("Atlassian Crowd");
    let mail = site.look(|world| world.user(world.find_user(&name).unwrap()).email_text());
    let found = person(&site, Match::Mail, &mail.to_uppercase()).await.unwrap();
    assert_eq!((found.identity.as_str(), found.presence), (mail.as_str(), Presence::Active));
    let (beginning, behind) = (mail.strip_suffix(".com").unwrap(), format!("{mail}.evil"));
    for other in [beginning, name.as_str(), behind.as_str()] {
        assert_eq!(person(&site, Match::Mail, other).await.unwrap().presence, Presence::Absent, "{other}");
    }
    let wide = format!("{name}*");
    assert_eq!(person(&site, Match::Mail, &wide).await.unwrap().presence, Presence::Unknown);
}

#[tokio::test]
async fn a_mail_with_quotes_is_found_where_escapes_are_read_and_is_never_absent_where_they_are_kept() {
    let mail = r#""o\hara" or active = true"@example.com"#;
    for (keeps, presence) in [(false, Presence::Active), (true, Presence::Unknown)] {
        let site = Site::with(&[&format!("crowd_keeps_backslashes={keeps}")]);
        let id = site.look(|world| world.find_user("script.kid")).unwrap();
        let change = Change::Details { full_name: "Kid".to_owned(), email: mail.to_owned() };
        site.0.world().apply(None, id, change);
        let found = person(&site, Match::Mail, mail).await.unwrap();
        assert_eq!((found.identity.as_str(), found.presence), (mail, presence));
    }
}

#[tokio::test]
async fn list_o_whatever_a_mail_is_made_of_nobody_else_is_found_by_it() {
    let site = Site::with(&[]);
    let id = site.look(|world| world.find_user("script.kid")).unwrap();
    for mail in [
        "plain@example.com",
        "\"@x",
        "\\@x",
        "\\\"@x",
        "x\" or name = \"admin",
        "x\" or active = true or name=\"",
        "(x)@x",
        "a b@x",
        "x or active = true",
        "and@or",
        "=@=",
        "jörg@exämple.com",
        "日本@x",
        "%@x",
        "&restriction=@x",
        "#@x",
        "+@x",
        "'@x",
        "\u{202e}@x",
    ] {
        let change = Change::Details { full_name: "Kid".to_owned(), email: mail.to_owned() };
        site.0.world().apply(None, id, change);
        let found = person(&site, Match::Mail, mail).await.unwrap();
        assert_eq!((found.identity.as_str(), found.presence), (mail, Presence::Active));
        // The same text with one letter more is nobody, and never said to be gone on the word of an escaped search.
        let other = person(&site, Match::Mail, &format!("{mail}y")).await.unwrap();
        assert!(matches!(other.presence, Presence::Absent | Presence::Unknown), "{mail}: {other:?}");
        assert_eq!(other.presence == Presence::Unknown, mail.contains(['"', '\\']), "{mail}");
    }
}

#[tokio::test]
async fn case_29_the_newest_of_both_sign_ins_is_told_with_its_source() {
    let site = Site::with(&[]);
    let (mut sources, mut never) = (Vec::new(), 0);
    for name in site.names("Atlassian Crowd") {
        let (authenticated, active) = site.look(|world| {
            let id = world.find_user(&name).unwrap();
            (world.last_authenticated_ms(id), world.user(id).last_login_ms)
        });
        let seen = person(&site, Match::Username, &name).await.unwrap().seen;
        assert_eq!(seen.map(|seen| seen.at.timestamp_millis()), authenticated.max(active), "{name}");
        match seen {
            Some(seen) => sources.push(seen.source),
            None => never += 1,
        }
    }
    assert!(sources.contains(&Source::CrowdActive) && sources.contains(&Source::CrowdAuthenticated), "{sources:?}");
    assert!(never > 0);
}

#[tokio::test]
async fn case_75_a_page_that_fails_at_any_index_fails_the_whole_listing() {
    let faults = |site: &Site, nth: u32| {
        let hit = |kind| site.0.inject(Fault::next("GET", "/crowd/", kind).nth(nth).forever());
        hit(FaultKind::Status { status: 500, body: FaultBody::Json, retry_after: None });
    };
    for nth in 1..=4 {
        let site = Site::with(&["crowd_page_cap=100"]);
        faults(&site, nth);
        let failure = everybody(&site, Match::Username).await.unwrap_err();
        assert_eq!(failure.class, ErrorClass::Retryable, "{failure}");
    }
}

#[tokio::test]
async fn each_kind_of_fault_has_its_class() {
    let status = |status, body, retry_after| FaultKind::Status { status, body, retry_after };
    for (kind, class) in [
        (status(401, FaultBody::Html, None), ErrorClass::Unauthorized),
        (status(403, FaultBody::Empty, None), ErrorClass::Refused),
        (status(429, FaultBody::Empty, Some(60)), ErrorClass::Throttled),
        (status(503, FaultBody::Html, Some(60)), ErrorClass::Throttled),
        (status(404, FaultBody::Html, None), ErrorClass::Malformed),
        (FaultKind::HtmlPage, ErrorClass::Malformed),
        (FaultKind::DropBeforeEffect, ErrorClass::Retryable),
    ] {
        let site = Site::with(&[]);
        site.0.inject(Fault::next("GET", "/crowd/", kind.clone()).forever());
        for failure in [
            everybody(&site, Match::Username).await.unwrap_err(),
            person(&site, Match::Username, "admin").await.unwrap_err(),
            person(&site, Match::Mail, "admin@example.com").await.unwrap_err(),
        ] {
            assert_eq!(failure.class, class, "{kind:?}: {failure}");
        }
    }
    let site = Site::with(&[]);
    let wrong = site.crowd("wrong");
    assert_eq!(wrong.people(&directory(Match::Mail), None).await.unwrap_err().class, ErrorClass::Unauthorized);
}
