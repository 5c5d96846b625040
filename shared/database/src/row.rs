//! From a row to an account.

use crate::Value;
use chrono::{DateTime, NaiveDateTime, Utc};
use seatkeeper_engine::ports::{ErrorClass, PortError};
use seatkeeper_engine::sources::DatabaseAccount;
use seatkeeper_policy::{GroupName, UserKey, Username};
use std::collections::{BTreeMap, BTreeSet};
use std::slice::Iter;

const OPERATION: &str = "read accounts from Confluence's database";

/// Numbers below are seconds, from it on milliseconds. As milliseconds it is March 1973, as seconds the year 5138.
const FIRST_MILLISECONDS: i64 = 100_000_000_000;
/// Numbers from here on are no time of this millennium in either unit.
const NO_TIME: i64 = 100_000_000_000_000;

/// Takes the values of a row one after the other and says which one is not what it should be.
pub(crate) struct Reader<'a> {
    operation: &'static str,
    values: Iter<'a, Value>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(operation: &'static str, row: &'a [Value]) -> Self {
        Self { operation, values: row.iter() }
    }

    fn next(&mut self) -> &'a Value {
        self.values.next().unwrap_or(&Value::Null)
    }

    fn wrong(&self, column: &str, value: &Value) -> PortError {
        let kind = match value {
            Value::Null => "nothing",
            Value::Flag(_) => "a truth value",
            Value::Text(_) => "a text",
            Value::Time(_) => "a time",
            Value::Texts(_) => "a list of texts",
        };
        PortError {
            class: ErrorClass::Malformed,
            operation: self.operation.to_owned(),
            detail: format!("column `{column}` holds {kind}, which was not expected there"),
        }
    }

    pub(crate) fn text(&mut self, column: &str) -> Result<&'a str, PortError> {
        match self.next() {
            Value::Text(text) => Ok(text),
            other => Err(self.wrong(column, other)),
        }
    }

    pub(crate) fn flag(&mut self, column: &str) -> Result<bool, PortError> {
        match self.next() {
            Value::Flag(flag) => Ok(*flag),
            other => Err(self.wrong(column, other)),
        }
    }

    /// A list; null stands for an empty one.
    pub(crate) fn texts(&mut self, column: &str) -> Result<&'a [String], PortError> {
        match self.next() {
            Value::Texts(texts) => Ok(texts),
            Value::Null => Ok(&[]),
            other => Err(self.wrong(column, other)),
        }
    }

    fn optional_text(&mut self, column: &str) -> Result<Option<&'a str>, PortError> {
        match self.next() {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            other => Err(self.wrong(column, other)),
        }
    }

    fn time(&mut self, column: &str) -> Result<Option<DateTime<Utc>>, PortError> {
        match self.next() {
            Value::Time(time) => Ok(Some(NaiveDateTime::and_utc(time))),
            Value::Null => Ok(None),
            other => Err(self.wrong(column, other)),
        }
    }
}

/// The account of a row and its lower-case name, which is where the following page starts. The columns are those of
/// `accounts.sql`, in that order.
pub(crate) fn account(
    row: &[Value],
    spelled: &BTreeMap<String, GroupName>,
) -> Result<(Option<DatabaseAccount>, String), PortError> {
    let mut read = Reader::new(OPERATION, row);
    let key = read.text("user_key")?;
    let username = read.text("user_name")?;
    let lower = read.text("lower_username")?;
    let directory = read.text("directory")?;
    let internal = read.flag("internal")?;
    let local_groups = read.flag("local_groups")?;
    let update_group = read.flag("update_group")?;
    let update_user = read.flag("update_user")?;
    let created = read.time("created")?;
    let email = read.optional_text("email")?;
    let last_login = read.time("last_login")?;
    let last_authenticated = read.texts("last_authenticated")?;
    let direct = read.texts("direct_groups")?;
    let synchronised = read.texts("synchronised_groups")?;
    let shadowed_in = read.texts("shadowed_in")?;
    let (Ok(key), Ok(username)) = (UserKey::parse(key), Username::parse(username)) else {
        return Ok((None, lower.to_owned()));
    };
    let groups = Memberships { internal, local_groups, update_group, direct, synchronised };
    let account = DatabaseAccount {
        key,
        username,
        directory: directory.to_owned(),
        writable_groups: groups.writable(),
        writable_account: update_user,
        created,
        email: email.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned),
        last_login,
        last_authenticated: last_authenticated.iter().filter_map(|text| epoch(text)).max(),
        direct_groups: direct.iter().filter_map(|name| spelled.get(name)).cloned().collect(),
        shadowed_in: shadowed_in.iter().cloned().collect::<BTreeSet<_>>(),
    };
    Ok((Some(account), lower.to_owned()))
}

/// What decides whether an account can be taken out of its licence groups.
struct Memberships<'a> {
    internal: bool,
    local_groups: bool,
    update_group: bool,
    direct: &'a [String],
    synchronised: &'a [String],
}

impl Memberships<'_> {
    /// A directory that may change groups changes all of them, except a read-only one with local groups: that one may
    /// change groups, but what it synchronises comes back with the next synchronisation.
    fn writable(&self) -> bool {
        let all_local = self.synchronised.is_empty() || self.internal;
        match (self.update_group, self.local_groups) {
            (true, false) => true,
            (true, true) => all_local,
            (false, _) => all_local && !self.direct.is_empty(),
        }
    }
}

/// Milliseconds since 1970 as text; seconds in some installations, and sometimes nothing of the kind.
fn epoch(text: &str) -> Option<DateTime<Utc>> {
    match text.trim().parse::<i64>().ok()? {
        seconds @ 1..FIRST_MILLISECONDS => DateTime::from_timestamp(seconds, 0),
        milliseconds @ FIRST_MILLISECONDS..NO_TIME => DateTime::from_timestamp_millis(milliseconds),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups<'a>(update_group: bool, local_groups: bool, direct: &'a [String], synchronised: &'a [String]) -> bool {
        Memberships { internal: false, local_groups, update_group, direct, synchronised }.writable()
    }

    #[test]
    fn the_time_of_the_last_authentication_may_be_in_milliseconds_or_seconds_or_no_time_at_all() {
        let noon = "2026-11-23T12:00:00Z".parse().ok();
        assert_eq!(epoch("1795435200000"), noon);
        assert_eq!(epoch(" 1795435200 "), noon);
        assert_eq!(epoch("99999999999").map(|at| at.timestamp()), Some(99_999_999_999));
        assert_eq!(epoch("100000000000").map(|at| at.timestamp()), Some(100_000_000));
        for garbage in
            ["", " ", "null", "-1", "0", "1795435200000.5", "2026-11-23", "9223372036854775808", "100000000000000"]
        {
            assert_eq!(epoch(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn groups_can_be_changed_where_the_directory_may_or_where_they_are_local() {
        let (none, some): (&[String], &[String]) = (&[], &["confluence-users".to_owned()]);
        assert!(groups(true, false, some, some), "a writable directory");
        assert!(!groups(false, false, some, some), "a read-only directory");
        assert!(groups(false, false, some, none), "a local group in a read-only directory");
        assert!(!groups(false, false, none, none), "a read-only directory and only inherited memberships");
        assert!(!groups(true, true, some, some), "a synchronised group beside local ones");
        assert!(groups(true, true, some, none), "a local group beside synchronised ones");
        assert!(groups(true, true, none, none), "nobody yet in a directory with local groups");
        let internal =
            Memberships { internal: true, local_groups: false, update_group: false, direct: some, synchronised: some };
        assert!(internal.writable(), "groups of the internal directory");
    }

    #[test]
    fn a_row_that_is_not_as_ordered_is_an_error_that_names_the_column() {
        let error = account(&[Value::Text("key".into()), Value::Flag(true)], &BTreeMap::new()).unwrap_err();
        assert_eq!(error.class, ErrorClass::Malformed);
        assert!(error.detail.contains("`user_name` holds a truth value"), "{error}");
    }
}
