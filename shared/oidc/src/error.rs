//! Why somebody was not signed in. The texts are for people and for the log: they hold no code, token or secret, and
//! what a provider says is one short line in them.

use http::StatusCode;

/// The longest text of a provider that is repeated.
const LONGEST: usize = 200;

/// Why somebody was not signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignOnError {
    /// The return does not belong to a sign-in that this browser began within ten minutes.
    #[error(
        "This sign-in was not begun in this browser, was overtaken by a newer one, or took longer than ten minutes. \
         Begin again."
    )]
    NotBegun,
    /// The return lacks something, or has it twice.
    #[error("The provider sent you back with an address that cannot be read: {0}. Begin again.")]
    Return(&'static str),
    /// The provider refused.
    #[error("Your provider refused to sign you in: {0}")]
    Refused(String),
    /// The provider cannot be asked.
    #[error("The provider cannot be asked: {0}")]
    Unreachable(String),
    /// What the provider says about itself cannot be used.
    #[error("The provider's configuration cannot be used: {0}")]
    Provider(String),
    /// The provider did not exchange the code.
    #[error("The provider did not confirm the sign-in: {0}")]
    Exchange(String),
    /// The ID token does not hold.
    #[error("The provider's ID token is not accepted: {0}")]
    Token(String),
    /// Nothing gives them a role.
    #[error("You are known to your provider as {name}, but nothing there gives you a role here. {hint}")]
    NoRole {
        /// Who.
        name: String,
        /// What to do.
        hint: &'static str,
    },
    /// The name belongs to somebody else here.
    #[error(
        "Your provider calls you {name}, which is the name of somebody with a token here. Ask whoever runs Seatkeeper to \
         take it out of `people`, or to set `oidc_name_claim` to another claim."
    )]
    NameTaken {
        /// The name.
        name: String,
    },
}

impl SignOnError {
    /// The same for the log, which names nobody who has not been let in.
    pub fn logged(&self) -> String {
        match self {
            Self::NoRole { .. } => "nothing at the provider gives the account a role here".to_owned(),
            Self::NameTaken { .. } => "the account has the name of somebody with a token".to_owned(),
            told => told.to_string(),
        }
    }

    /// The status of the page that says it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotBegun | Self::Return(_) => StatusCode::BAD_REQUEST,
            Self::Refused(_) | Self::NoRole { .. } | Self::NameTaken { .. } | Self::Token(_) => StatusCode::FORBIDDEN,
            Self::Unreachable(_) | Self::Provider(_) | Self::Exchange(_) => StatusCode::BAD_GATEWAY,
        }
    }
}

/// A text from outside as one short line.
pub(crate) fn short(text: &str) -> String {
    let line: String = text.chars().map(|c| if crate::person::unseen(c) { ' ' } else { c }).collect();
    let mut line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > LONGEST {
        line = line.chars().take(LONGEST).chain(['…']).collect();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_nobody_who_was_not_let_in() {
        let name = || "ada@example.com".to_owned();
        for error in [SignOnError::NoRole { name: name(), hint: "" }, SignOnError::NameTaken { name: name() }] {
            assert!(error.to_string().contains("ada@") && !error.logged().contains("ada"), "{error}");
        }
        assert_eq!(SignOnError::NotBegun.logged(), SignOnError::NotBegun.to_string());
    }

    #[test]
    fn what_comes_from_outside_is_one_short_line() {
        assert_eq!(short("a\r\nSet-Cookie: x\u{202e}b"), "a Set-Cookie: x b");
        assert_eq!(short(&"x".repeat(5_000)).chars().count(), LONGEST + 1);
    }
}
