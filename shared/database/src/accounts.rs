//! The listing of accounts: one statement, read page by page in the order of lower-case names.

use crate::{Parameter, Query, Value, row};
use seatkeeper_engine::ports::PortError;
use seatkeeper_engine::sources::DatabasePage;
use seatkeeper_policy::GroupName;
use std::collections::{BTreeMap, BTreeSet};

/// Accounts of one page: some 200 kB, read within a second even where the login table has no index.
pub const PAGE: usize = 1_000;

const SQL: &str = include_str!("accounts.sql");

/// Asks for the accounts after a name, or for the first ones.
pub fn query(groups: &BTreeSet<GroupName>, after: Option<&str>, zone: &str) -> Query {
    let groups = lower(groups).into_keys().collect();
    let parameters = vec![
        Parameter::Texts(groups),
        // No name is empty, so every name comes after the empty one.
        Parameter::Text(after.unwrap_or_default().to_owned()),
        Parameter::Text(zone.to_owned()),
        Parameter::Number(i64::try_from(PAGE).unwrap_or(i64::MAX)),
    ];
    Query { sql: SQL, parameters }
}

/// Reads the rows that came for [`query`]. A name or key that no other part of the product could hold is left out.
pub fn page(groups: &BTreeSet<GroupName>, rows: &[Vec<Value>]) -> Result<DatabasePage, PortError> {
    let spelled = lower(groups);
    let mut page = DatabasePage::default();
    for row in rows {
        let (account, name) = row::account(row, &spelled)?;
        page.accounts.extend(account);
        page.next = Some(name);
    }
    if rows.len() < PAGE {
        page.next = None;
    }
    Ok(page)
}

/// Groups by their lower-case names: the database compares those, the caller wants its own spelling back.
fn lower(groups: &BTreeSet<GroupName>) -> BTreeMap<String, GroupName> {
    groups.iter().map(|group| (group.as_str().to_lowercase(), group.clone())).collect()
}
