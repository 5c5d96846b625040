//! Renames.

use crate::Site;
use seatkeeper_engine::ports::{ErrorClass, PortError, Rename};
use seatkeeper_policy::Username;
use seatkeeper_simulator::{Fault, FaultKind};

async fn rename(site: &Site, password: &str, from: &str, to: &str) -> Result<(), PortError> {
    site.crowd(password).rename(&Username::parse(from).unwrap(), &Username::parse(to).unwrap()).await
}

fn site() -> (Site, String) {
    let site = Site::with(&[]);
    let name = site.name("Atlassian Crowd");
    (site, name)
}

#[tokio::test]
async fn an_account_keeps_its_key_when_it_gets_a_new_name() {
    let (site, name) = site();
    let new = format!("{name}_inactive_20261122");
    let before = site.0.world().find_user(&name);
    rename(&site, "crowd-secret", &name, &new).await.unwrap();
    assert_eq!(site.0.world().find_user(&name), None);
    assert_eq!(site.0.world().find_user(&new), before);
    // The second run of anything changes nothing.
    site.0.world().changes = 0;
    rename(&site, "crowd-secret", &name, &new).await.unwrap();
    assert_eq!(site.0.world().changes, 0);
}

#[tokio::test]
async fn a_rename_whose_answer_was_lost_is_finished_by_the_next_call() {
    let (site, name) = site();
    let new = format!("{name}_inactive_20261122");
    site.0.inject(Fault::next("POST", "/crowd/", FaultKind::DropAfterEffect));
    let lost = rename(&site, "crowd-secret", &name, &new).await.unwrap_err();
    assert_eq!(lost.class, ErrorClass::Retryable, "{lost}");
    rename(&site, "crowd-secret", &name, &new).await.unwrap();
    assert!(site.0.world().find_user(&new).is_some());
}

#[tokio::test]
async fn a_taken_name_a_wrong_password_and_an_unknown_account_change_nothing() {
    let (site, name) = site();
    let other = site.names("Atlassian Crowd").swap_remove(1);
    for (password, from, to, class) in [
        ("crowd-secret", name.as_str(), other.as_str(), ErrorClass::Refused),
        ("wrong", name.as_str(), "new", ErrorClass::Unauthorized),
        ("crowd-secret", "nobody.at.all", "new", ErrorClass::Gone),
    ] {
        let failure = rename(&site, password, from, to).await.unwrap_err();
        assert_eq!(failure.class, class, "{failure}");
    }
    assert_eq!(site.0.world().changes, 0);
}

#[tokio::test]
async fn case_70_a_name_in_a_read_only_directory_is_not_renamed_and_it_is_said_why() {
    let site = Site::with(&[]);
    let failure = rename(&site, "crowd-secret", &site.name("Corporate LDAP"), "new").await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused);
    assert!(failure.detail.contains("read-only"), "{failure}");
}

#[tokio::test]
async fn case_68_a_name_that_differs_only_in_case_is_taken() {
    let (site, name) = site();
    let other = site.names("Atlassian Crowd").swap_remove(1).to_uppercase();
    let failure = rename(&site, "crowd-secret", &name, &other).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused);
    assert!(failure.detail.contains("is taken by"), "{failure}");
}

#[tokio::test]
async fn case_71_a_rename_succeeds_in_crowd_before_the_wiki_hears_of_it() {
    let site = Site::with(&["directory_sync_seconds=3600"]);
    let name = site.name("Atlassian Crowd");
    let new = format!("{name}_inactive_20261122");
    rename(&site, "crowd-secret", &name, &new).await.unwrap();
    let (crowd, old) = (site.crowd("crowd-secret"), Username::parse(&name).unwrap());
    assert_eq!(crowd.holder(&old).await.unwrap(), None);
    assert!(site.look(|world| world.find_user(&new).is_none()));
    // A second call finds it done, although the wiki still shows the old name.
    rename(&site, "crowd-secret", &name, &new).await.unwrap();
    site.0.world().clock.advance(3600);
    site.0.world().apply_due();
    assert!(site.look(|world| world.find_user(&new).is_some() && world.find_user(&name).is_none()));
}

#[tokio::test]
async fn case_74_a_swap_goes_by_way_of_a_third_name() {
    let site = Site::with(&["directory_sync_seconds=3600"]);
    let names = site.names("Atlassian Crowd");
    let (a, b) = (&names[0], &names[1]);
    assert_eq!(rename(&site, "crowd-secret", a, b).await.unwrap_err().class, ErrorClass::Refused);
    for (from, to) in [(a.as_str(), "in.between"), (b, a), ("in.between", b)] {
        rename(&site, "crowd-secret", from, to).await.unwrap();
    }
}
