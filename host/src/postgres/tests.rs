use seatkeeper_database::access;
use seatkeeper_postgres::{DATABASE, PASSWORD, READER, Server};
use tokio::sync::mpsc;

use super::*;
use crate::bindings::postgres::{DbDataType, DbValue, ParameterValue, QueryError};
use crate::outbound::allowed::AllowedHosts;
use crate::outbound::client::{Client as HttpClient, ClientOptions};
use crate::variables::Values;

fn shared() -> Arc<Server> {
    Server::shared(&access::grants(READER)).unwrap()
}

fn policy(entry: &str) -> OutboundPolicy {
    let allowed = AllowedHosts::parse(&[entry.to_owned()], &Values::default()).unwrap();
    OutboundPolicy::new("sweep", allowed, HttpClient::new(ClientOptions::default()).unwrap())
}

fn databases(blocked: &[&str]) -> Databases {
    let blocked: Vec<String> = blocked.iter().map(|entry| (*entry).to_owned()).collect();
    Databases::new(BlockedNetworks::parse(&blocked).unwrap(), Vec::new())
}

fn address(server: &Server, host: &str, more: &str) -> String {
    let password = PASSWORD.replace('\\', "\\\\").replace('\'', "\\'");
    format!("host={host} port={} user={READER} password='{password}' dbname={DATABASE} {more}", server.port())
}

async fn refused(databases: &Databases, entry: &str, address: &str) -> String {
    match databases.open(&policy(entry), address, None).await {
        Err(Error::ConnectionFailed(why)) => why,
        other => panic!("another end: {:?}", other.map(drop)),
    }
}

async fn query(client: &Client, sql: &str, parameters: Vec<ParameterValue>) -> Result<Vec<Vec<DbValue>>, Error> {
    let statement = prepare(client, sql).await?;
    let bound = values::bind(parameters).map_err(Error::BadParameter)?;
    let rows = answer(client.query_raw(&statement, bound)).await?;
    let (wanted, mut receiver) = mpsc::channel(rows::IN_FLIGHT);
    let collect = async {
        let mut found = Vec::new();
        while let Some(row) = receiver.recv().await {
            found.push(row);
        }
        found
    };
    let (outcome, found) = tokio::join!(rows::read(rows, wanted), collect);
    outcome.map(|()| found)
}

#[tokio::test]
async fn only_a_granted_place_is_connected_to() {
    let server = shared();
    let (open, port) = (databases(&[]), server.port());
    let granted = format!("postgres://127.0.0.1:{port}");
    let plain = address(&server, "127.0.0.1", "sslmode=disable");
    assert!(open.open(&policy(&granted), &plain, None).await.is_ok());
    assert!(open.open(&policy("*://*:*"), &plain, None).await.is_ok());

    let denied = format!("address postgres://127.0.0.1:{port} is not permitted");
    for entry in ["postgres://localhost:*", "postgres://127.0.0.1", &format!("https://127.0.0.1:{port}")] {
        assert_eq!(refused(&open, entry, &plain).await, denied, "{entry}");
    }
    let both = address(&server, "127.0.0.1,localhost", "");
    assert!(refused(&open, &granted, &both).await.contains("postgres://localhost"), "all places have to be granted");
    let round = address(&server, "127.0.0.1", "hostaddr=127.0.0.1");
    assert!(refused(&open, &granted, &round).await.contains("hostaddr"));
    let blocked = refused(&databases(&["127.0.0.0/8"]), &granted, &plain).await;
    assert!(blocked.contains("its network is blocked"), "{blocked}");
    let resolved =
        refused(&databases(&["private"]), "postgres://localhost:*", &address(&server, "localhost", "")).await;
    assert!(resolved.contains("its network is blocked"), "a name must not be a way round: {resolved}");
}

#[tokio::test]
async fn failures_of_a_connection_say_why_and_never_tell_the_password() {
    let server = shared();
    let (open, granted) = (databases(&[]), "*://*:*");
    let wrong = format!("host=127.0.0.1 port={} user={READER} password=hunter2 dbname={DATABASE}", server.port());
    let told = refused(&open, granted, &format!("{wrong} sslmode=disable")).await;
    assert!(told.contains("28P01") && !told.contains("hunter2"), "{told}");
    let untrusted = refused(&open, granted, &address(&server, "localhost", "sslmode=require")).await;
    assert!(untrusted.contains("certificate"), "{untrusted}");
    let nobody = refused(&open, granted, "host=127.0.0.1 port=1 user=me").await;
    assert!(nobody.contains("refused"), "{nobody}");
    let bad = refused(&open, granted, "host=127.0.0.1 prot=1").await;
    assert!(bad.contains("prot"), "{bad}");
}

#[tokio::test]
async fn a_certificate_authority_of_ones_own_is_trusted_for_the_name_it_signed() {
    let server = shared();
    let (open, policy, authority) = (databases(&[]), policy("*://*:*"), server.certificate().unwrap());
    let by_name = address(&server, "localhost", "sslmode=require");
    let client = open.open(&policy, &by_name, Some(&authority)).await.unwrap();
    let encrypted = query(&client, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", vec![]).await.unwrap();
    assert!(matches!(encrypted[0][0], DbValue::Boolean(true)));
    let other_name = address(&server, "127.0.0.1", "sslmode=require");
    assert!(open.open(&policy, &other_name, Some(&authority)).await.is_err());
    assert!(matches!(open.open(&policy, &by_name, Some("no PEM")).await, Err(Error::BadParameter(_))));
}

#[tokio::test]
async fn values_come_back_as_they_were_sent() {
    let server = shared();
    let plain = address(&server, "127.0.0.1", "sslmode=disable");
    let client = databases(&[]).open(&policy("*://*:*"), &plain, None).await.unwrap();
    let sql = "SELECT $1::bool, $2::int2, $3::int4, $4::int8, $5::float8, $6::text, $7::bytea, $8::date, $9::time, \
               $10::timestamp, $11::text[], $12::int8[], $13::text, 12.5::numeric, $14::float4, $15::int4[]";
    let sent = vec![
        ParameterValue::Boolean(true),
        ParameterValue::Int16(-2),
        ParameterValue::Int32(3),
        ParameterValue::Int64(i64::MIN),
        ParameterValue::Floating64(0.5),
        ParameterValue::Str("Zoë '; DROP TABLE x".into()),
        ParameterValue::Binary(vec![0, 255]),
        ParameterValue::Date((2024, 2, 29)),
        ParameterValue::Time((23, 59, 59, 1_000)),
        ParameterValue::Datetime((2026, 11, 23, 12, 0, 0, 0)),
        ParameterValue::ArrayStr(vec![Some("a".into()), None]),
        ParameterValue::ArrayInt64(vec![Some(1), None]),
        ParameterValue::DbNull,
        ParameterValue::Floating32(0.25),
        ParameterValue::ArrayInt32(vec![None, Some(7)]),
    ];
    let statement = prepare(&client, sql).await.unwrap();
    let kinds: Vec<DbDataType> = statement.columns().iter().map(|column| values::data_type(column.type_())).collect();
    assert!(matches!(&kinds[13], DbDataType::Other(name) if name == "numeric"), "{kinds:?}");
    let rows = query(&client, sql, sent).await.unwrap();
    let told = format!("{:?}", rows[0]);
    for part in [
        "Boolean(true)",
        "Int16(-2)",
        "Int32(3)",
        "Int64(-9223372036854775808)",
        "Floating64(0.5)",
        "Zoë '; DROP TABLE x",
        "Binary([0, 255])",
        "Date((2024, 2, 29))",
        "Time((23, 59, 59, 1000))",
        "Datetime((2026, 11, 23, 12, 0, 0, 0))",
        "ArrayStr([Some(\"a\"), None])",
        "ArrayInt64([Some(1), None])",
        "DbNull",
        "Unsupported([",
        "Floating32(0.25)",
        "ArrayInt32([None, Some(7)])",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert!(values::bind(vec![ParameterValue::Uuid(String::new())]).is_err_and(|why| why.contains("not implemented")));
    assert!(values::bind(vec![ParameterValue::Date((2026, 2, 29))]).is_err());
}

#[tokio::test]
async fn a_failed_statement_brings_the_code_of_the_server_and_leaves_the_connection_usable() {
    let server = shared();
    let plain = address(&server, "127.0.0.1", "sslmode=disable options='-c default_transaction_read_only=on'");
    let client = databases(&[]).open(&policy("*://*:*"), &plain, None).await.unwrap();
    for (sql, code) in [
        ("SELECT credential FROM cwd_user", "42501"),
        ("CREATE TABLE t (a int)", "25006"),
        ("SELECT 1/0", "22012"),
        ("SELEC", "42601"),
    ] {
        match query(&client, sql, vec![]).await {
            Err(Error::QueryFailed(QueryError::DbError(error))) => {
                assert_eq!(error.code, code);
                assert!(error.severity == "ERROR" && error.as_text.contains(&error.message), "{error:?}");
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
    let wrong = query(&client, "SELECT $1::int8", vec![ParameterValue::Str("1".into())]).await.unwrap_err();
    assert!(matches!(wrong, Error::QueryFailed(QueryError::Text(_))), "{wrong:?}");
    let zoned = query(&client, "SELECT now()", vec![]).await.unwrap_err();
    assert!(matches!(&zoned, Error::ValueConversionFailed(why) if why.contains("\"now\"")), "{zoned:?}");
    assert_eq!(query(&client, "SELECT 1", vec![]).await.unwrap().len(), 1);
    let endless = "SELECT repeat('x', 1000000) FROM generate_series(1, 100)";
    let large = query(&client, endless, vec![]).await.unwrap_err();
    assert!(matches!(&large, Error::Other(why) if why.contains("smaller pages")), "{large:?}");
}
