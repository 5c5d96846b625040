//! Mail address and full name in Crowd.

use crate::Site;
use seatkeeper_engine::ports::{Attributes, ErrorClass, PortError, UpdateAttributes};
use seatkeeper_policy::Username;
use seatkeeper_simulator::{Fault, FaultKind, world::Change};

fn target() -> Attributes {
    Attributes { full_name: "Änn \"Neu\"".to_owned(), email: "ann@new.example.com".to_owned() }
}

async fn update(site: &Site, name: &str) -> Result<(), PortError> {
    site.crowd("crowd-secret").update(&Username::parse(name).unwrap(), &target()).await
}

#[tokio::test]
async fn an_update_changes_two_fields_and_leaves_the_account_as_it_was() {
    for active in [true, false] {
        let site = Site::with(&[]);
        let name = site.name("Atlassian Crowd");
        let id = site.look(|world| world.find_user(&name)).unwrap();
        site.0.world().apply(None, id, Change::Active(active));
        site.0.world().changes = 0;
        for _ in 0..2 {
            update(&site, &name).await.unwrap();
        }
        let user = site.look(|world| world.user(id).clone());
        assert_eq!((&*user.display_name, user.email_text()), ("Änn \"Neu\"", target().email));
        assert_eq!(user.active, active);
        assert_eq!(site.look(|world| world.changes), 1);
    }
}

#[tokio::test]
async fn crowd_shows_the_change_at_once_and_the_wiki_after_its_synchronisation() {
    let site = Site::with(&["directory_sync_seconds=3600"]);
    let name = site.name("Atlassian Crowd");
    let id = site.look(|world| world.find_user(&name)).unwrap();
    update(&site, &name).await.unwrap();
    let told = site.crowd("crowd-secret").attributes(&Username::parse(&name).unwrap()).await.unwrap();
    assert_eq!(told, Some(target()));
    assert_ne!(site.look(|world| world.user(id).email_text()), target().email);
    site.0.world().clock.advance(3600);
    site.0.world().apply_due();
    assert_eq!(site.look(|world| world.user(id).email_text()), target().email);
}

#[tokio::test]
async fn case_4_a_read_only_directory_is_refused_with_what_to_do() {
    let site = Site::with(&[]);
    let failure = update(&site, &site.name("Corporate LDAP")).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused);
    assert!(failure.detail.contains("the directory is not read-only"), "{failure}");
    assert_eq!(site.look(|world| world.changes), 0);
    assert_eq!(update(&site, "nobody.at.all").await.unwrap_err().class, ErrorClass::Gone);
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_found_done_by_the_next_call() {
    let site = Site::with(&[]);
    let name = site.name("Atlassian Crowd");
    site.0.inject(Fault::next("PUT", "/crowd/", FaultKind::DropAfterEffect));
    assert_eq!(update(&site, &name).await.unwrap_err().class, ErrorClass::Retryable);
    update(&site, &name).await.unwrap();
    assert_eq!(site.look(|world| world.changes), 1);
}

#[tokio::test]
async fn a_change_that_crowd_only_acknowledges_is_no_success() {
    let site = Site::with(&[]);
    let name = site.name("Atlassian Crowd");
    site.0.inject(Fault::next("PUT", "/crowd/", FaultKind::SilentNoEffect));
    let failure = update(&site, &name).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Retryable);
    assert!(failure.detail.contains("does not show it"), "{failure}");
}
