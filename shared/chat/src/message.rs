//! What is said, independent of where.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One message. It can be stored until it is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Message {
    /// One line that can be understood alone.
    pub title: String,
    /// How urgent it is.
    pub level: Level,
    /// Further lines of plain text.
    pub text: Vec<String>,
    /// Names and values, shown as a table where the channel can.
    pub facts: Vec<(String, String)>,
    /// Where to read more; `http` or `https`.
    pub link: Option<String>,
    /// The same for all attempts to deliver this message, so that a receiver can drop repeats.
    pub dedup_key: String,
}

/// How urgent a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Somebody should look at it within days.
    Warning,
    /// Somebody should look at it now.
    Critical,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "Info",
            Self::Warning => "Warning",
            Self::Critical => "Critical",
        })
    }
}
