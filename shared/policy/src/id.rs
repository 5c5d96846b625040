//! Names of things. An identifier is checked once, where it enters, and is never a bare string after that.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a text is not a valid identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{value}` {problem}")]
pub struct IdError {
    what: &'static str,
    value: String,
    problem: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks the text and wraps it.
            pub fn parse(text: impl Into<String>) -> Result<Self, IdError> {
                let value: String = text.into();
                let valid: fn(&str) -> Result<(), &'static str> = $valid;
                match valid(&value) {
                    Ok(()) => Ok(Self(value.into_boxed_str())),
                    Err(problem) => Err(IdError { what: $what, value: value.chars().take(80).collect(), problem }),
                }
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(value: String) -> Result<Self, IdError> {
                Self::parse(value)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn printable(text: &str) -> Result<(), &'static str> {
    if text.trim().is_empty() {
        return Err("is empty");
    }
    if text.len() > 255 {
        return Err("is longer than 255 bytes");
    }
    if text.chars().any(char::is_control) {
        return Err("contains a control character");
    }
    Ok(())
}

fn plain(text: &str) -> Result<(), &'static str> {
    if text.is_empty() || text.len() > 64 {
        return Err("must have 1 to 64 characters");
    }
    if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err("may only contain a-z, 0-9 and `-`");
    }
    Ok(())
}

text_id!(
    /// Confluence's own key of an account. It survives renames, so it is the only identity that is stored.
    UserKey,
    "user key",
    printable
);
text_id!(
    /// The name somebody signs in with. It may change; never used as identity.
    Username,
    "user name",
    printable
);
text_id!(
    /// A group's name, as Confluence spells it.
    GroupName,
    "group name",
    printable
);
text_id!(
    /// One complete pass over the accounts, and everything it published: snapshot, plan and run share this id.
    SweepId,
    "sweep id",
    plain
);

impl SweepId {
    /// The id of the sweep that was opened at this instant (second precision, sorts by time).
    pub fn opened_at(now: crate::Instant) -> Self {
        Self(now.format("%Y%m%d-%H%M%S").to_string().into_boxed_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_spaces_and_umlauts_are_names() {
        for name in ["jdoe", "Jörg Müller", "a+b@example.com", "x/y"] {
            assert!(Username::parse(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn empty_long_and_control_texts_are_refused_with_the_reason() {
        assert_eq!(UserKey::parse(" ").unwrap_err().to_string(), "user key ` ` is empty");
        assert!(UserKey::parse("x".repeat(256)).is_err());
        assert!(GroupName::parse("a\r\nb").is_err());
        assert!(SweepId::parse("../x").is_err());
    }
}
