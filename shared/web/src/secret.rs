//! Secrets from the configuration. They are checked once, when they are read, and cannot be printed by accident.

use hmac::{Hmac, KeyInit};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// The shortest secret that is accepted. Sixteen random characters are beyond guessing over a network; anything
/// shorter is usually a placeholder that somebody forgot to replace.
pub const MIN_LENGTH: usize = 16;

/// A token or signing secret. An empty one cannot exist, so it can never match anything.
#[derive(Clone)]
pub struct Secret {
    variable: &'static str,
    value: String,
    digest: [u8; 32],
    // Boxed, as the prepared key is much larger than everything around it.
    mac: Box<Hmac<Sha256>>,
}

/// Why a configured secret is refused. The messages never contain the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Nothing was configured.
    #[error("variable `{variable}` is empty; set it to at least {MIN_LENGTH} random characters")]
    Empty {
        /// The variable to set.
        variable: &'static str,
    },
    /// Short secrets can be guessed.
    #[error(
        "variable `{variable}` has {length} bytes; set it to at least {MIN_LENGTH} random characters, \
         for example from `openssl rand -hex 32`"
    )]
    TooShort {
        /// The variable to change.
        variable: &'static str,
        /// Its present length in bytes.
        length: usize,
    },
    /// A line break at the end is the usual leftover of a secret that was read from a file.
    #[error("variable `{variable}` begins or ends with a blank or line break; remove it")]
    Padded {
        /// The variable to change.
        variable: &'static str,
    },
    /// Two secrets with different powers are the same.
    #[error("variables `{first}` and `{second}` have the same value; give each its own")]
    Shared {
        /// One of the two variables.
        first: &'static str,
        /// The other one.
        second: &'static str,
    },
    /// The key was refused by the cryptography library.
    #[error("variable `{variable}` cannot be used as a key")]
    Unusable {
        /// The variable to change.
        variable: &'static str,
    },
}

impl Secret {
    /// Checks a configured secret. `variable` is the name that the messages tell the administrator.
    pub fn new(variable: &'static str, value: impl Into<String>) -> Result<Self, SecretError> {
        let value = value.into();
        if value.trim().is_empty() {
            return Err(SecretError::Empty { variable });
        }
        if value.trim().len() != value.len() {
            return Err(SecretError::Padded { variable });
        }
        if value.len() < MIN_LENGTH {
            return Err(SecretError::TooShort { variable, length: value.len() });
        }
        let mac = Hmac::new_from_slice(value.as_bytes()).map_err(|_| SecretError::Unusable { variable })?;
        Ok(Self { variable, digest: digest(value.as_bytes()), mac: Box::new(mac), value })
    }

    /// As [`Secret::new`], but an empty value means that there is none.
    pub fn optional(variable: &'static str, value: impl Into<String>) -> Result<Option<Self>, SecretError> {
        let value = value.into();
        if value.is_empty() { Ok(None) } else { Self::new(variable, value).map(Some) }
    }

    /// The secret itself, for the one place that has to send it. Never log or format what this returns.
    pub fn expose(&self) -> &str {
        &self.value
    }

    /// The variable this secret came from.
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// Whether the presented text is this secret, in a time that tells neither the place of the first difference
    /// nor the length.
    pub fn matches(&self, presented: &str) -> bool {
        bool::from(self.digest.ct_eq(&digest(presented.as_bytes())))
    }

    /// A fresh HMAC-SHA256 with this secret as its key.
    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        self.mac.as_ref().clone()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}, redacted)", self.variable)
    }
}

/// Refuses secrets that share a value, because then the weaker route opens the stronger one.
pub fn ensure_different(secrets: &[&Secret]) -> Result<(), SecretError> {
    for (index, second) in secrets.iter().enumerate() {
        if let Some(first) = secrets.iter().take(index).find(|first| first.matches(&second.value)) {
            return Err(SecretError::Shared { first: first.variable, second: second.variable });
        }
    }
    Ok(())
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_empty_secrets_are_refused_with_the_name_of_the_variable() {
        let short = Secret::new("admin_token", "fifteen-chars-x").unwrap_err().to_string();
        assert!(short.contains("`admin_token`") && short.contains("15 bytes"), "{short}");
        assert!(!short.contains("fifteen-chars-x"), "the secret leaked into {short}");
        for empty in ["", "   ", "\n"] {
            assert_eq!(Secret::new("hook_secret", empty).unwrap_err(), SecretError::Empty { variable: "hook_secret" });
        }
        assert!(Secret::new("admin_token", "sixteen-chars-xy").is_ok());
    }

    #[test]
    fn an_optional_secret_may_be_absent_but_not_weak() {
        assert!(Secret::optional("hook_secret_previous", "").unwrap().is_none());
        assert!(Secret::optional("hook_secret_previous", "short").is_err());
        assert!(Secret::optional("hook_secret_previous", "long-enough-for-a-secret").unwrap().is_some());
    }

    #[test]
    fn a_line_break_left_from_a_file_is_refused() {
        let error = Secret::new("admin_token", "long-enough-for-a-secret\n").unwrap_err();
        assert_eq!(error, SecretError::Padded { variable: "admin_token" });
    }

    #[test]
    fn debug_output_shows_the_variable_and_not_the_value() {
        let secret = Secret::new("admin_token", "long-enough-for-a-secret").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(admin_token, redacted)");
    }

    #[test]
    fn only_the_exact_text_matches() {
        let secret = Secret::new("admin_token", "long-enough-for-a-secret").unwrap();
        assert!(secret.matches("long-enough-for-a-secret"));
        for wrong in ["", "long-enough-for-a-secre", "long-enough-for-a-secret ", "LONG-ENOUGH-FOR-A-SECRET"] {
            assert!(!secret.matches(wrong), "{wrong:?} matched");
        }
    }

    #[test]
    fn tokens_that_share_a_value_are_refused_by_both_names() {
        let admin = Secret::new("admin_token", "the-same-long-value").unwrap();
        let report = Secret::new("report_token", "another-long-value").unwrap();
        let trigger = Secret::new("trigger_token", "the-same-long-value").unwrap();
        assert_eq!(ensure_different(&[&admin, &report]), Ok(()));
        assert_eq!(
            ensure_different(&[&admin, &report, &trigger]),
            Err(SecretError::Shared { first: "admin_token", second: "trigger_token" })
        );
    }
}
