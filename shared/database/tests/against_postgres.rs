//! The statements and the mapping against a real server with Confluence's tables.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, NaiveDateTime, Utc};
use seatkeeper_database::{Parameter, Query, Settings, Value, access, accounts, fault, settings::Raw, structure};
use seatkeeper_engine::ports::{ErrorClass, Holder, PortError};
use seatkeeper_engine::sources::DatabaseAccount;
use seatkeeper_policy::GroupName;
use seatkeeper_postgres::{DATABASE, PASSWORD, READER, Server, WRITER};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, NoTls};

fn start() -> Server {
    Server::start(&access::grants(READER)).unwrap_or_else(|error| panic!("{error}"))
}

/// For tests that leave the server as it is.
fn shared() -> Arc<Server> {
    Server::shared(&access::grants(READER)).unwrap_or_else(|error| panic!("{error}"))
}

fn settings(server: &Server, user: &str, zone: &str) -> Settings {
    let origin = format!("postgres://127.0.0.1:{}", server.port());
    let raw = Raw { origin: &origin, user, password: PASSWORD, name: DATABASE, tls: "off", authority: "", zone };
    Settings::parse(raw).unwrap().unwrap()
}

/// A connection with the very address that the component uses.
async fn connect(settings: &Settings) -> Client {
    let config: Config = settings.address().parse().unwrap();
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn ask(client: &Client, query: &Query) -> Result<Vec<Vec<Value>>, tokio_postgres::Error> {
    let parameters: Vec<Box<dyn ToSql + Sync>> = query
        .parameters
        .iter()
        .map(|parameter| -> Box<dyn ToSql + Sync> {
            match parameter.clone() {
                Parameter::Text(text) => Box::new(text),
                Parameter::Texts(texts) => Box::new(texts),
                Parameter::Number(number) => Box::new(number),
            }
        })
        .collect();
    let bound: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(AsRef::as_ref).collect();
    let rows = client.query(query.sql, &bound).await?;
    Ok(rows.iter().map(|row| (0..row.len()).map(|index| value(row, index)).collect()).collect())
}

fn value(row: &tokio_postgres::Row, index: usize) -> Value {
    match *row.columns().get(index).unwrap().type_() {
        Type::BOOL => row.get::<_, Option<bool>>(index).map_or(Value::Null, Value::Flag),
        Type::TEXT => row.get::<_, Option<String>>(index).map_or(Value::Null, Value::Text),
        Type::TIMESTAMP => row.get::<_, Option<NaiveDateTime>>(index).map_or(Value::Null, Value::Time),
        Type::TEXT_ARRAY => row.get::<_, Option<Vec<String>>>(index).map_or(Value::Null, Value::Texts),
        ref other => panic!("no host has to know {other}"),
    }
}

async fn judged(server: &Server, user: &str) -> Result<(), PortError> {
    let client = connect(&settings(server, user, "UTC")).await;
    access::judge(&ask(&client, &access::query()).await.unwrap())
}

fn groups(names: &[&str]) -> BTreeSet<GroupName> {
    names.iter().map(|name| GroupName::parse(*name).unwrap()).collect()
}

/// All accounts by name, read page by page.
async fn read(server: &Server, wanted: &BTreeSet<GroupName>, zone: &str) -> (BTreeMap<String, DatabaseAccount>, usize) {
    let client = connect(&settings(server, READER, zone)).await;
    let (mut found, mut after, mut pages) = (BTreeMap::new(), None, 0);
    loop {
        let rows = ask(&client, &accounts::query(wanted, after.as_deref(), zone)).await.unwrap();
        let page = accounts::page(wanted, &rows).unwrap();
        pages += 1;
        for account in page.accounts {
            let name = account.username.as_str().to_owned();
            assert!(found.insert(name.clone(), account).is_none(), "{name} came twice");
        }
        after = page.next;
        if after.is_none() {
            return (found, pages);
        }
    }
}

fn at(text: &str) -> Option<DateTime<Utc>> {
    text.parse().map(Some).unwrap()
}

/// The world of `people.sql`, read once in the time zone of Berlin.
fn world() -> &'static BTreeMap<String, DatabaseAccount> {
    static WORLD: OnceLock<BTreeMap<String, DatabaseAccount>> = OnceLock::new();
    WORLD.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let wanted = groups(&["confluence-users", "confluence-administrators", "Confluence-Guests"]);
        runtime.block_on(read(&shared(), &wanted, "Europe/Berlin")).0
    })
}

fn account(name: &str) -> &'static DatabaseAccount {
    world().get(name).unwrap_or_else(|| panic!("{name} is missing among {:?}", world().keys()))
}

#[test]
fn everybody_with_a_key_in_an_active_directory_of_confluence_is_there_once() {
    let names: Vec<&str> = world().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "Bob", "Mia", "Zoë", "alice", "carl", "dora", "emil", "fred", "gina", "hans", "ida", "jack", "kim", "lara",
            "nora", "o'neil", "uma", "vera", "will"
        ]
    );
}

#[test]
fn the_newest_of_several_logins_counts_and_is_local_time_of_the_server() {
    let alice = account("alice");
    assert_eq!(alice.last_login, at("2026-10-01T08:00:00.5Z"));
    assert_eq!(alice.last_authenticated, at("2026-11-23T12:00:00Z"));
    assert_eq!(alice.created, at("2024-02-29T07:00:00Z"));
    assert_eq!(alice.email.as_deref(), Some("alice@example.com"));
    assert_eq!((alice.key.as_str(), alice.directory.as_str()), ("k-alice", "Confluence Internal Directory"));
}

#[test]
fn somebody_who_never_logged_in_does_not_vanish() {
    let nora = account("nora");
    assert_eq!((nora.last_login, nora.last_authenticated, nora.created), (None, None, None));
    assert_eq!(nora.email, None, "blanks are no address");
    assert_eq!(nora.direct_groups, groups(&["confluence-users"]));
}

#[test]
fn the_first_active_directory_wins_and_active_accounts_below_are_shadows() {
    let bob = account("Bob");
    assert_eq!(bob.directory, "Corporate LDAP");
    assert_eq!(bob.shadowed_in, BTreeSet::from(["Confluence Internal Directory".to_owned()]));
    assert_eq!(bob.direct_groups, groups(&["confluence-users"]));
    let carl = account("carl");
    assert_eq!((carl.directory.as_str(), carl.shadowed_in.len()), ("Corporate LDAP", 0));
    let dora = account("dora");
    assert_eq!((dora.directory.as_str(), dora.shadowed_in.len()), ("Confluence Internal Directory", 0));
}

#[test]
fn the_last_authentication_of_a_shadow_counts_for_the_person() {
    assert_eq!(account("Bob").last_authenticated.unwrap().timestamp_millis(), 1_795_000_000_000);
}

#[test]
fn seconds_are_told_from_milliseconds_and_garbage_is_unknown() {
    assert_eq!(account("emil").last_authenticated, at("2026-11-23T12:00:00Z"));
    for name in ["fred", "gina", "will"] {
        assert_eq!(account(name).last_authenticated, None, "{name}");
    }
    assert_eq!((account("vera").last_login, account("vera").created), (None, None), "infinity is no date");
}

#[test]
fn an_hour_that_comes_twice_counts_as_the_later_one_and_one_that_never_came_does_no_harm() {
    assert_eq!(account("uma").last_login, at("2026-10-25T01:30:00Z"));
    assert_eq!(account("uma").created, at("2026-03-29T01:30:00Z"));
}

#[test]
fn writable_is_what_confluence_may_change() {
    for (name, groups, account_too) in [
        ("alice", true, true),
        ("hans", true, false),
        ("ida", false, false),
        ("jack", true, false),
        ("kim", false, false),
        ("lara", false, false),
        ("Bob", false, false),
    ] {
        assert_eq!((account(name).writable_groups, account(name).writable_account), (groups, account_too), "{name}");
    }
}

#[test]
fn only_direct_memberships_in_the_wanted_groups_are_told_in_the_spelling_of_the_caller() {
    assert_eq!(account("lara").direct_groups, BTreeSet::new());
    assert_eq!(account("alice").direct_groups, groups(&["confluence-users", "confluence-administrators"]));
    assert_eq!(account("jack").direct_groups, groups(&["Confluence-Guests"]));
    assert_eq!(account("ida").direct_groups, groups(&["confluence-users", "Confluence-Guests"]));
}

#[test]
fn the_documentation_grants_exactly_what_is_read() {
    let page = include_str!("../../../docs/database.md");
    let granted: Vec<&str> = page.lines().filter(|line| line.starts_with("GRANT SELECT")).collect();
    assert_eq!(granted, access::grants(READER).lines().collect::<Vec<_>>());
}

#[tokio::test]
async fn individual_grants_administrators_and_nested_groups_are_told() {
    let server = shared();
    let client = connect(&settings(&server, READER, "UTC")).await;
    let told = structure::read(&ask(&client, &structure::query()).await.unwrap()).unwrap();
    let group = |name: &str| GroupName::parse(name).unwrap();
    let alice = Holder::Account(seatkeeper_policy::UserKey::parse("k-alice").unwrap());
    assert_eq!(told.permissions.can_use, BTreeSet::from([Holder::Group(group("confluence-users")), alice]));
    assert_eq!(told.permissions.administer, BTreeSet::from([Holder::Group(group("confluence-administrators"))]));
    assert_eq!(told.nested.len(), 1, "{told:?}");
}

#[tokio::test]
async fn pages_are_continued_by_name_without_a_gap_or_a_repetition() {
    let server = start();
    server
        .run(
            DATABASE,
            "INSERT INTO user_mapping SELECT 'm-' || i, 'Many.' || i, 'many.' || i FROM generate_series(1, 2500) i;
             INSERT INTO cwd_user SELECT 1000 + i, 'Many.' || i, 'many.' || i, 'T', now(), NULL, 10, NULL
                 FROM generate_series(1, 2500) i;",
        )
        .unwrap();
    let (all, pages) = read(&server, &groups(&["confluence-users"]), "UTC").await;
    assert_eq!((all.len(), pages), (2_519, 3));
    let (none, _) = read(&server, &BTreeSet::new(), "UTC").await;
    assert!(none.len() == 2_519 && none.values().all(|account| account.direct_groups.is_empty()));
}

#[tokio::test]
async fn only_a_role_that_cannot_write_is_let_in() {
    let server = start();
    assert_eq!(judged(&server, READER).await, Ok(()));

    let owner = judged(&server, WRITER).await.unwrap_err();
    assert!(owner.detail.contains("could change") && owner.detail.contains("cwd_user"), "{owner}");

    server.run(DATABASE, &format!("GRANT UPDATE (active) ON cwd_user TO {READER}")).unwrap();
    let column = judged(&server, READER).await.unwrap_err();
    assert!(column.detail.contains("could change cwd_user;"), "{column}");

    server.run(DATABASE, &format!("REVOKE UPDATE (active) ON cwd_user FROM {READER}")).unwrap();
    server.run(DATABASE, &format!("REVOKE SELECT (successdate) ON logininfo FROM {READER}")).unwrap();
    let blind = judged(&server, READER).await.unwrap_err();
    assert!(blind.detail.contains("may not read logininfo.successdate;"), "{blind}");

    server.run(DATABASE, &format!("ALTER ROLE {READER} SUPERUSER")).unwrap();
    let superuser = judged(&server, READER).await.unwrap_err();
    assert!(superuser.detail.contains("is a superuser"), "{superuser}");

    server.run(DATABASE, &format!("ALTER ROLE {READER} NOSUPERUSER; DROP TABLE cwd_membership")).unwrap();
    let incomplete = judged(&server, READER).await.unwrap_err();
    assert!(incomplete.detail.contains("cwd_membership.child_user_id"), "{incomplete}");
}

#[tokio::test]
async fn the_session_itself_refuses_to_write_and_stops_what_takes_too_long() {
    let server = shared();
    let client = connect(&settings(&server, WRITER, "UTC")).await;
    let error = client.execute("UPDATE cwd_user SET active = 'F'", &[]).await.unwrap_err();
    assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("25006"));
    let limit: String = client.query_one("SHOW statement_timeout", &[]).await.unwrap().get(0);
    assert_eq!(limit, "10s");
}

#[tokio::test]
async fn the_password_hashes_stay_out_of_reach() {
    let server = shared();
    let client = connect(&settings(&server, READER, "UTC")).await;
    let error = client.query("SELECT credential FROM cwd_user", &[]).await.unwrap_err();
    assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("42501"));
}

#[tokio::test]
async fn a_zone_that_the_server_does_not_know_is_told_by_the_name_of_its_variable() {
    let server = shared();
    let settings = settings(&server, READER, "Europe/Atlantis");
    let client = connect(&settings).await;
    let error = ask(&client, &accounts::query(&BTreeSet::new(), None, settings.zone())).await.unwrap_err();
    let error = error.as_db_error().unwrap();
    let told = fault::explain(&settings, fault::Fault::Server { code: error.code().code(), message: error.message() });
    assert_eq!(told.class, ErrorClass::Refused);
    assert!(told.detail.contains("`database_zone`") && told.detail.contains("Atlantis"), "{told}");
}
