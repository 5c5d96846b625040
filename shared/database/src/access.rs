//! What the role has to be able to read, and what it must not be able to change.

use crate::{Parameter, Query, Value, row::Reader};
use seatkeeper_engine::ports::{ErrorClass, PortError};
use std::fmt::Write;

/// Every table and column that is read. The password hashes in `cwd_user.credential` are not among them.
pub const READS: [(&str, &[&str]); 11] = [
    ("user_mapping", &["user_key", "lower_username"]),
    ("logininfo", &["username", "successdate"]),
    ("cwd_user", &["id", "user_name", "lower_user_name", "active", "created_date", "email_address", "directory_id"]),
    ("cwd_user_attribute", &["user_id", "attribute_name", "attribute_value"]),
    ("cwd_group", &["id", "group_name", "lower_group_name", "local", "directory_id"]),
    ("cwd_membership", &["parent_id", "child_group_id", "child_user_id"]),
    ("cwd_directory", &["id", "directory_name", "active", "directory_type"]),
    ("cwd_directory_attribute", &["directory_id", "attribute_name", "attribute_value"]),
    ("cwd_directory_operation", &["directory_id", "operation_type"]),
    ("cwd_app_dir_mapping", &["application_id", "directory_id", "list_index"]),
    ("spacepermissions", &["spaceid", "permtype", "permgroupname", "permusername"]),
];

const SQL: &str = include_str!("access.sql");

const OPERATION: &str = "check the rights of the database role";

/// The statements that give a role exactly what is needed, one a line.
pub fn grants(role: &str) -> String {
    let mut text = String::new();
    for (table, columns) in READS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "GRANT SELECT ({}) ON {table} TO {role};", columns.join(", "));
    }
    text
}

/// Asks what the role may do; [`judge`] reads the only row of the answer.
pub fn query() -> Query {
    let pairs: Vec<(&str, &str)> =
        READS.into_iter().flat_map(|(table, columns)| columns.iter().map(move |column| (table, *column))).collect();
    let tables = pairs.iter().map(|(table, _)| (*table).to_owned()).collect();
    let columns = pairs.iter().map(|(_, column)| (*column).to_owned()).collect();
    Query { sql: SQL, parameters: vec![Parameter::Texts(tables), Parameter::Texts(columns)] }
}

/// Refuses a role that could change something, a session that is not read-only, and a database that is not
/// Confluence's, each with what to do.
pub fn judge(rows: &[Vec<Value>]) -> Result<(), PortError> {
    let [row] = rows else {
        return Err(refused(ErrorClass::Malformed, format!("{} rows came instead of one", rows.len())));
    };
    let mut read = Reader::new(OPERATION, row);
    let role = read.text("role")?;
    let superuser = read.flag("superuser")?;
    let read_only = read.flag("read_only")?;
    let missing = read.texts("missing")?;
    let unreadable = read.texts("unreadable")?;
    let writable = read.texts("writable")?;
    if superuser {
        return refuse(format!(
            "role `{role}` is a superuser; create a role of its own for Seatkeeper as docs/database.md shows"
        ));
    }
    if !writable.is_empty() {
        return refuse(format!(
            "role `{role}` could change {}; revoke everything but SELECT from it as docs/database.md shows",
            writable.join(", ")
        ));
    }
    if !read_only {
        return refuse(format!(
            "the session of role `{role}` is not read-only; a connection pooler drops the options of the address, so \
             run ALTER ROLE {role} SET default_transaction_read_only = on, or connect to PostgreSQL directly"
        ));
    }
    if !missing.is_empty() {
        return refuse(format!(
            "{} cannot be found; does `database_name` name Confluence's database, and is its schema in the search_path \
             of role `{role}`?",
            missing.join(", ")
        ));
    }
    if !unreadable.is_empty() {
        return refuse(format!(
            "role `{role}` may not read {}; grant what docs/database.md lists",
            unreadable.join(", ")
        ));
    }
    Ok(())
}

fn refuse(detail: String) -> Result<(), PortError> {
    Err(refused(ErrorClass::Refused, detail))
}

fn refused(class: ErrorClass, detail: String) -> PortError {
    PortError { class, operation: OPERATION.to_owned(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Vec<Value> {
        vec![
            Value::Text("seatkeeper".into()),
            Value::Flag(false),
            Value::Flag(true),
            Value::Texts(vec![]),
            Value::Texts(vec![]),
            Value::Texts(vec![]),
        ]
    }

    fn told(position: usize, value: Value) -> PortError {
        let mut row = answer();
        row[position] = value;
        judge(&[row]).unwrap_err()
    }

    #[test]
    fn a_role_that_only_reads_passes() {
        assert_eq!(judge(&[answer()]), Ok(()));
    }

    #[test]
    fn each_refusal_names_the_role_and_what_to_do() {
        for (position, value, fix) in [
            (1, Value::Flag(true), "is a superuser; create a role"),
            (2, Value::Flag(false), "ALTER ROLE seatkeeper SET default_transaction_read_only"),
            (3, Value::Texts(vec!["logininfo.username".into()]), "logininfo.username cannot be found"),
            (4, Value::Texts(vec!["cwd_user.active".into()]), "may not read cwd_user.active; grant"),
            (5, Value::Texts(vec!["cwd_user".into()]), "could change cwd_user; revoke"),
        ] {
            let error = told(position, value);
            assert_eq!(error.class, ErrorClass::Refused);
            assert!(error.detail.contains(fix) && error.detail.contains("seatkeeper"), "{error}");
        }
    }

    #[test]
    fn an_answer_that_says_nothing_about_rights_is_no_permission() {
        assert_eq!(judge(&[]).unwrap_err().class, ErrorClass::Malformed);
        assert_eq!(told(1, Value::Null).class, ErrorClass::Malformed);
        assert_eq!(judge(&[vec![Value::Text("seatkeeper".into())]]).unwrap_err().class, ErrorClass::Malformed);
    }

    #[test]
    fn no_grant_reaches_the_password_hashes() {
        let grants = grants("seatkeeper");
        assert_eq!(grants.lines().count(), 11);
        assert!(!grants.contains("credential"));
    }
}
