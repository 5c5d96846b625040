//! Why a flow could not go on, as a stable code and a text that says what to do. The codes are listed, one paragraph
//! each, in `docs/errors.md`; a test holds the two together.

use crate::{
    ports::{ErrorClass, PortError},
    state::StateError,
};
use seatkeeper_policy::{Instant, raw::Problem};
use serde::{Deserialize, Serialize};

/// A flow could not go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} [{code}]")]
pub struct Trouble {
    /// Stable code.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
}

/// The trouble that the newest tick met, for the pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TroubleAt {
    /// What.
    pub trouble: Trouble,
    /// When.
    pub at: Instant,
}

/// All codes, for documentation and tests.
pub const CODES: &[&str] = &[
    "no-policy",
    "policy-invalid",
    "unauthorized",
    "refused",
    "not-found",
    "throttled",
    "unreachable",
    "malformed-answer",
    "endless-listing",
    "read-only-site",
    "store-failed",
    "state-newer",
    "state-damaged",
];

impl Trouble {
    /// Any trouble with a code from [`CODES`].
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }

    /// Nobody has set a policy yet.
    pub fn no_policy() -> Self {
        Self::new("no-policy", "no policy is set, so nothing is done; send one with PUT /admin/policy")
    }

    /// Confluence is in read-only mode.
    pub fn read_only_site() -> Self {
        Self::new(
            "read-only-site",
            "Confluence is in read-only mode and takes no changes; the plan goes on by itself when that ends",
        )
    }

    /// A stored policy does not pass the checks of this version.
    pub fn policy_invalid(problems: &[Problem]) -> Self {
        let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Self::new("policy-invalid", format!("the policy in force is not valid: {}", list.join("; ")))
    }

    /// Whether trying again later can help without anybody doing anything.
    pub fn may_pass(&self) -> bool {
        matches!(
            self.code.as_str(),
            "throttled" | "unreachable" | "malformed-answer" | "store-failed" | "read-only-site"
        )
    }
}

impl From<PortError> for Trouble {
    fn from(error: PortError) -> Self {
        let code = match error.class {
            ErrorClass::Unauthorized => "unauthorized",
            ErrorClass::Refused => "refused",
            ErrorClass::Gone => "not-found",
            ErrorClass::Throttled => "throttled",
            ErrorClass::Retryable => "unreachable",
            ErrorClass::Malformed => "malformed-answer",
            ErrorClass::Endless => "endless-listing",
        };
        Self::new(code, error.to_string())
    }
}

impl From<StateError> for Trouble {
    fn from(error: StateError) -> Self {
        let code = match error {
            StateError::Store { .. } => "store-failed",
            StateError::Newer { .. } => "state-newer",
            StateError::Damaged { .. } => "state-damaged",
        };
        Self::new(code, error.to_string())
    }
}
