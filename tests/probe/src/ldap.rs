//! An LDAP server, read with the adapter of the sweep.

use seatkeeper_directories::ldap::{Ldap, LdapSettings};
use seatkeeper_engine::directories::{Directories, DirectoryPerson};
use seatkeeper_policy::directory::{Directory, DirectoryGuard, LdapDialect, LdapRules, Match, Provider};
use seatkeeper_spin::{SpinClock, SpinTcp};
use serde_json::{Value, json};
use spin_sdk::variables;

/// Everybody, or one person where the path names one. Each page is asked for by a client of its own, as each tick of a
/// sweep has one, where the variable `ldap_fresh` is set.
pub async fn read(identity: &str) -> Result<Value, String> {
    let directory = directory(&text("ldap_base").await?);
    let mut client = client().await?;
    if !identity.is_empty() {
        let person = client.person(&directory, identity).await.map_err(|error| error.to_string())?;
        return Ok(describe(&person));
    }
    let fresh = !text("ldap_fresh").await?.is_empty();
    let (mut people, mut pages, mut cursor) = (Vec::new(), 0, None);
    loop {
        let page = client.people(&directory, cursor.as_deref()).await.map_err(|error| error.to_string())?;
        people.extend(page.people.iter().map(describe));
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            return Ok(json!({ "pages": pages, "count": people.len(), "people": people }));
        }
        if fresh {
            client = self::client().await?;
        }
    }
}

async fn client() -> Result<Ldap<SpinTcp, SpinClock>, String> {
    let settings = LdapSettings::parse(
        &text("ldap_address").await?,
        &text("ldap_tls").await?,
        &text("ldap_server_name").await?,
        &text("ldap_ca").await?,
        &text("ldap_bind_dn").await?,
        &text("ldap_password").await?,
    );
    Ok(Ldap::new(SpinTcp, SpinClock, settings.map_err(|error| error.to_string())?))
}

async fn text(name: &str) -> Result<String, String> {
    variables::get(name).await.map_err(|error| error.to_string())
}

fn directory(base: &str) -> Directory {
    let rules = LdapRules { base: base.to_owned(), dialect: LdapDialect::Openldap, filter: None, leavers_base: None };
    Directory {
        name: "probe".to_owned(),
        provider: Provider::Ldap(rules),
        matching: Match::Username,
        responsible: None,
        leavers: true,
        absent_after: None,
        sign_ins: true,
        one_by_one: false,
        guard: DirectoryGuard { leavers_percent: 100, leavers_accounts: 1, drop_percent: 100, unknown_percent: 100 },
    }
}

fn describe(person: &DirectoryPerson) -> Value {
    json!({ "identity": person.identity, "presence": person.presence, "seen": person.seen.map(|seen| seen.at) })
}
