//! A component for tests only: it reads Confluence's database with the adapter of the sweep and answers with what it
//! found, so that the interface between a real component and a host can be tried without the rest of a sweep. Below
//! `/ldap` it reads an LDAP server, and below `/tcp` it opens raw connections.

mod ldap;
mod tcp;

use http::{Response, StatusCode};
use seatkeeper_engine::sources::{Database, DatabaseAccount};
use seatkeeper_policy::GroupName;
use seatkeeper_spin::{Answer, Postgres, Variables, respond::whole};
use serde_json::{Value, json};
use spin_sdk::http::Request;
use std::collections::BTreeSet;

/// The variables that a component with a database has to be given.
const VARIABLES: [&str; 7] = [
    "database_origin",
    "database_user",
    "database_password",
    "database_name",
    "database_tls",
    "database_ca",
    "database_zone",
];

#[spin_sdk::http_service]
async fn handle(request: Request) -> Answer {
    let path = request.uri().path().to_owned();
    let found = match path.trim_start_matches('/').split_once('/') {
        Some(("ldap", identity)) => ldap::read(identity).await,
        Some(("tcp", address)) => tcp::greet(address).await,
        _ => accounts().await,
    };
    let (status, answer) = match found {
        Ok(found) => (StatusCode::OK, found),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, json!({ "error": error })),
    };
    let mut response = Response::new(answer.to_string().into_bytes());
    *response.status_mut() = status;
    whole(response)
}

async fn accounts() -> Result<Value, String> {
    let mut read = Variables::read(VARIABLES).await;
    let settings = read.database();
    let database = Postgres::new(read.finish(settings).map_err(|error| error.to_string())?);
    let groups = BTreeSet::from([GroupName::parse("confluence-users").map_err(|error| error.to_string())?]);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = database.accounts(&groups, after.as_deref()).await.map_err(|error| error.to_string())?;
        found.extend(page.accounts.iter().map(describe));
        after = page.next;
        if after.is_none() {
            return Ok(json!({ "configured": database.configured(), "accounts": found }));
        }
    }
}

fn describe(account: &DatabaseAccount) -> Value {
    json!({
        "username": account.username.as_str(),
        "key": account.key.as_str(),
        "directory": account.directory,
        "last_login": account.last_login,
        "last_authenticated": account.last_authenticated,
        "direct_groups": account.direct_groups.iter().map(GroupName::as_str).collect::<Vec<_>>(),
        "shadowed_in": account.shadowed_in,
    })
}
