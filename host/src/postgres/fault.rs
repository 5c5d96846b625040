//! Errors of the driver in the words of the interface.

use std::error::Error as StdError;

use tokio_postgres::Error as PgError;
use tokio_postgres::error::DbError;

use crate::bindings::postgres::{DbError as WitDbError, Error, QueryError};

/// The error with its causes and, where the server sent one, the code.
pub(super) fn told(error: &PgError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    if let Some(code) = error.code() {
        text.push_str(" (SQLSTATE ");
        text.push_str(code.code());
        text.push(')');
    }
    text
}

/// A failed statement.
pub(super) fn query_failed(error: &PgError) -> Error {
    let as_text = told(error);
    Error::QueryFailed(match error.as_db_error() {
        None => QueryError::Text(as_text),
        Some(server) => QueryError::DbError(WitDbError {
            as_text,
            severity: server.severity().into(),
            code: server.code().code().into(),
            message: server.message().into(),
            detail: server.detail().map(Into::into),
            extras: extras(server),
        }),
    })
}

fn extras(error: &DbError) -> Vec<(String, String)> {
    let line = error.line().map(|line| line.to_string());
    [
        ("column", error.column()),
        ("constraint", error.constraint()),
        ("routine", error.routine()),
        ("hint", error.hint()),
        ("table", error.table()),
        ("datatype", error.datatype()),
        ("schema", error.schema()),
        ("file", error.file()),
        ("line", line.as_deref()),
        ("where_", error.where_()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
    .collect()
}
