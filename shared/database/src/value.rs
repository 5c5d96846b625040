//! What goes to a driver and what comes back from it, without naming one.

use chrono::NaiveDateTime;

/// A statement and the values that are bound to `$1`, `$2` and so on.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Fixed text; it never contains a value.
    pub sql: &'static str,
    /// In the order of their numbers.
    pub parameters: Vec<Parameter>,
}

/// A bound value.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// `text`
    Text(String),
    /// `text[]`
    Texts(Vec<String>),
    /// `int8`
    Number(i64),
}

/// A value of a row, in the few types that the statements return.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Null of any type.
    Null,
    /// `bool`
    Flag(bool),
    /// `text`
    Text(String),
    /// `timestamp`, which the statements have made UTC.
    Time(NaiveDateTime),
    /// `text[]`; elements that are null are left out.
    Texts(Vec<String>),
}
