//! Logins from the audit log.

use crate::site::{self, Site, user};
use chrono::{DateTime, TimeDelta, Utc};
use seatkeeper_confluence::Confluence;
use seatkeeper_engine::{
    ports::{ErrorClass, PortError},
    sources::{AuditLog, AuditLogin},
};
use seatkeeper_simulator::{Fault, FaultBody, FaultKind, world::Action};
use std::collections::BTreeSet;

type Client<'a> = Confluence<&'a Site, &'a Site>;

fn window(site: &Site) -> (DateTime<Utc>, DateTime<Utc>) {
    let now = DateTime::from_timestamp_millis(site.world().now_ms()).unwrap();
    (now - TimeDelta::days(60), now)
}

/// All logins of the last sixty days, with the number of pages and of entries.
async fn logins(site: &Site, client: &Client<'_>) -> Result<(Vec<AuditLogin>, u64, u64), PortError> {
    let (from, to) = window(site);
    let (mut all, mut pages, mut entries, mut cursor) = (Vec::new(), 0, 0, None::<String>);
    loop {
        let page = client.logins(from, to, cursor.as_deref()).await?;
        all.extend(page.logins);
        (pages, entries, cursor) = (pages + 1, entries + page.entries, page.next);
        if cursor.is_none() {
            return Ok((all, pages, entries));
        }
        // Each search is recorded, and the record lies behind the window.
        site.world().clock.advance(1);
    }
}

/// Who logged in when, by the site itself.
fn truth(site: &Site) -> BTreeSet<(String, i64)> {
    let from = window(site).0.timestamp_millis();
    let world = site.world();
    let login = |event: &seatkeeper_simulator::world::AuditEvent| match event.action {
        Action::Login(id) if event.at_ms >= from => Some((world.user(id).key_text(), event.at_ms)),
        _ => None,
    };
    world.audit.events().iter().filter_map(login).collect()
}

fn told(logins: &[AuditLogin]) -> BTreeSet<(String, i64)> {
    logins.iter().map(|login| (login.key.as_ref().unwrap().to_string(), login.at.timestamp_millis())).collect()
}

#[tokio::test]
async fn every_login_comes_once_in_whichever_way_the_log_is_written() {
    let ways: [&[(&str, &str)]; 8] = [
        &[],
        &[("audit_cap", "7")],
        &[("audit_cap", "1"), ("context_path", "/confluence")],
        &[("audit_login_author", "user"), ("audit_cap", "7")],
        &[("audit_login_author", "system")],
        &[("audit_text_keys", "true")],
        &[("audit_full_names", "true"), ("audit_cap", "7")],
        &[("audit_self_events", "false")],
    ];
    for way in ways {
        let site = Site::with(way);
        let expected = truth(&site);
        let (found, pages, entries) = logins(&site, &site.client()).await.unwrap();
        assert_eq!(told(&found), expected, "{way:?}");
        assert_eq!((found.len(), entries >= expected.len() as u64), (expected.len(), true), "{way:?}");
        assert!(expected.len() > 50 && (pages > 5) == way.iter().any(|(name, _)| *name == "audit_cap"), "{way:?}");
    }
}

#[tokio::test]
async fn a_person_is_named_by_the_user_name_and_never_by_the_full_name() {
    for full_names in ["true", "false"] {
        let site = Site::with(&[("audit_full_names", full_names)]);
        let (found, _, _) = logins(&site, &site.client()).await.unwrap();
        let mut named = 0;
        for login in &found {
            let world = site.world();
            let id = world.find_key(login.key.as_ref().unwrap().as_str()).unwrap();
            if let Some(name) = &login.username {
                assert_eq!(name.as_str(), &*world.user(id).username);
                named += 1;
            }
        }
        assert!(named * 10 > found.len() * 9, "{named} of {}", found.len());
    }
}

#[tokio::test]
async fn a_server_of_another_language_is_understood_with_its_text() {
    let site = Site::with(&[("audit_text_keys", "true"), ("audit_login_text", "Connexion réussie")]);
    let (found, _, entries) = logins(&site, &site.client()).await.unwrap();
    assert_eq!((found.len(), entries > 50), (0, true), "entries without logins tell that something is wrong");
    let settings = site.settings("demo-token", "sk-bot").with_login_texts(["connexion Réussie".to_owned()]);
    let (found, _, _) = logins(&site, &Confluence::new(&site, &site, settings)).await.unwrap();
    assert_eq!(told(&found), truth(&site));
}

#[tokio::test]
async fn without_coverage_there_are_entries_and_no_logins() {
    let site = Site::with(&[("audit_logins", "false")]);
    let id = site.world().find_user("k.müller").unwrap();
    site.world().login(id);
    let from = window(&site).0;
    site.client().logins(from, window(&site).1, None).await.unwrap();
    let page = site.client().logins(from, window(&site).1, None).await.unwrap();
    assert_eq!((page.logins.len(), page.entries > 0), (0, true), "our own search is an entry");
    assert_eq!(page.next, None);
}

#[tokio::test]
async fn a_login_of_this_moment_is_there_at_once() {
    let site = Site::with(&[]);
    let id = site.world().find_user("k.müller").unwrap();
    site.world().login(id);
    let (from, to) = window(&site);
    let page = site.client().logins(from, to, None).await.unwrap();
    let expected = AuditLogin { key: Some(site::key(&site.world(), id)), username: Some(user("k.müller")), at: to };
    assert_eq!(page.logins[0], expected);
}

#[tokio::test]
async fn a_log_that_is_not_there_or_not_for_us_is_told_as_that() {
    let site = Site::with(&[("audit_rest", "false")]);
    let failure = logins(&site, &site.client()).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Gone);
    assert!(failure.detail.contains("switched off"), "{failure}");
    let site = Site::with(&[]);
    let failure = logins(&site, &site.client_of("k.müller")).await.unwrap_err();
    assert_eq!(failure.class, ErrorClass::Refused, "{failure}");
}

#[tokio::test]
async fn every_fault_of_the_log_has_its_class_and_no_page_is_lost() {
    let status = |status, body, retry_after| FaultKind::Status { status, body, retry_after };
    for (kind, class) in [
        (status(401, FaultBody::Html, None), ErrorClass::Unauthorized),
        (status(403, FaultBody::Json, None), ErrorClass::Refused),
        (status(404, FaultBody::Html, None), ErrorClass::Gone),
        (status(429, FaultBody::Json, Some(99)), ErrorClass::Throttled),
        (status(500, FaultBody::Html, None), ErrorClass::Retryable),
        (FaultKind::Truncate, ErrorClass::Malformed),
        (FaultKind::HtmlPage, ErrorClass::Malformed),
        (FaultKind::SilentNoEffect, ErrorClass::Malformed),
        (FaultKind::Anonymous, ErrorClass::Unauthorized),
    ] {
        let site = Site::with(&[("audit_cap", "7")]);
        // The third page and those behind it, so that half of the log was read.
        site.simulator.inject(Fault::next("GET", "/rest/auditing/", kind.clone()).nth(3).forever());
        let failure = logins(&site, &site.client()).await.unwrap_err();
        assert_eq!(failure.class, class, "{kind:?}: {failure}");
    }
    let site = Site::with(&[("audit_cap", "7")]);
    let passing = status(429, FaultBody::Json, Some(2));
    site.simulator.inject(Fault::next("GET", "/rest/auditing/", passing).nth(3));
    let expected = truth(&site);
    assert_eq!(told(&logins(&site, &site.client()).await.unwrap().0), expected);
}
