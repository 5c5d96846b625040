//! Mail address and full name: where the call exists, and what directories do with it.

use crate::site::{Site, user};
use seatkeeper_engine::ports::{Attributes, ErrorClass, UpdateAttributes};
use seatkeeper_policy::Username;
use seatkeeper_simulator::{Fault, FaultKind};

fn target() -> Attributes {
    Attributes { full_name: "Änn \"Neu\" O'Hara".to_owned(), email: "ann+neu@new.example.com".to_owned() }
}

/// Somebody in this directory.
fn somebody(site: &Site, directory: &str) -> Username {
    let world = site.world();
    let mut there = world.users().filter(|(id, user)| user.has_seat() && world.directory_of(*id).name == directory);
    user(&there.next().unwrap().1.username)
}

#[tokio::test]
async fn the_call_is_found_on_the_releases_that_have_it_and_the_question_changes_nothing() {
    for (version, updater) in [
        ("8.5", None),
        ("9.0", None),
        ("9.3", Some("Confluence")),
        ("10.0", Some("Confluence")),
        ("10.2", Some("Confluence")),
    ] {
        for nobody in ["404", "400"] {
            let site = Site::with(&[("version", version), ("update_nobody_status", nobody), ("xsrf_check", "true")]);
            site.changes();
            assert_eq!(site.client().updater().await.unwrap(), updater, "{version}");
            assert_eq!(site.changes(), 0);
        }
    }
}

#[tokio::test]
async fn read_only_mode_hides_the_call_and_is_told_as_what_it_is() {
    for status in ["403", "405"] {
        let site = Site::with(&[("access_mode", "READ_ONLY"), ("read_only_status", status)]);
        let failure = site.client().updater().await.unwrap_err();
        assert_eq!(failure.class, ErrorClass::Refused);
        assert!(failure.detail.contains("read-only mode"), "{failure}");
    }
}

#[tokio::test]
async fn an_update_is_made_read_back_and_undone_and_a_second_time_changes_nothing() {
    let site = Site::with(&[("context_path", "/confluence"), ("xsrf_check", "true")]);
    let client = site.client();
    for name in ["anna maria.schmidt", "k.müller", "100%real", "日本太郎", "question?mark", "script.kid"] {
        let name = user(name);
        let before = client.attributes(&name).await.unwrap().unwrap();
        site.changes();
        for _ in 0..2 {
            client.update(&name, &target()).await.unwrap();
            assert_eq!(client.attributes(&name).await.unwrap().as_ref(), Some(&target()), "{name}");
        }
        assert_eq!(site.changes(), 1, "{name}");
        let clean: String = before.full_name.chars().filter(|c| !matches!(c, '<' | '>')).collect();
        let back = Attributes { full_name: clean, ..before };
        client.update(&name, &back).await.unwrap();
        assert_eq!(client.attributes(&name).await.unwrap(), Some(back), "{name}");
    }
}

#[tokio::test]
async fn a_release_that_does_not_tell_addresses_is_not_asked_to_keep_one() {
    let site = Site::with(&[("version", "9.3")]);
    let failure = site.client().attributes(&user("script.kid")).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused);
    assert!(failure.detail.contains("does not tell the mail address"), "{failure}");
}

#[tokio::test]
async fn case_4_a_read_only_directory_is_never_taken_for_changed() {
    for reaction in ["silent-204", "403", "400", "500"] {
        let site = Site::with(&[("directory_reaction", reaction)]);
        let name = somebody(&site, "Corporate LDAP");
        let failure = site.client().update(&name, &target()).await.unwrap_err();
        assert_eq!(failure.class, ErrorClass::Refused, "{failure}");
        assert!(failure.detail.contains("by hand"), "{failure}");
        assert_eq!(site.changes(), 0);
    }
}

#[tokio::test]
async fn a_change_that_a_directory_shows_late_is_no_success_yet_and_is_one_afterwards() {
    let site = Site::with(&[("directory_sync_seconds", "3600")]);
    let name = somebody(&site, "Atlassian Crowd");
    let failure = site.client().update(&name, &target()).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused);
    assert!(failure.detail.contains("next synchronisation"), "{failure}");
    site.world().clock.advance(3600);
    assert_eq!(site.client().attributes(&name).await.unwrap(), Some(target()));
}

#[tokio::test]
async fn a_lost_answer_is_made_up_for_and_what_confluence_refuses_is_refused() {
    let site = Site::with(&[]);
    let name = user("script.kid");
    site.changes();
    site.simulator.inject(Fault::next("PUT", "/rest/api/admin/user/", FaultKind::DropAfterEffect));
    site.client().update(&name, &target()).await.unwrap();
    assert_eq!(site.changes(), 1);
    for (full_name, email) in [("<b>Ann</b>", "a@b.example"), ("anonymous", "a@b.example"), ("Ann", "nowhere")] {
        let to = Attributes { full_name: full_name.to_owned(), email: email.to_owned() };
        assert_eq!(site.client().update(&name, &to).await.unwrap_err().class, ErrorClass::Refused, "{to:?}");
    }
    assert_eq!(site.client().update(&user("nobody.at.all"), &target()).await.unwrap_err().class, ErrorClass::Gone);
    assert_eq!(site.client().attributes(&user("nobody.at.all")).await.unwrap(), None);
    assert_eq!(site.changes(), 0);
}
