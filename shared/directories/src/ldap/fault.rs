//! What can go wrong with an LDAP server, and what a caller may do about it.

use rasn_ldap::ResultCode;
use seatkeeper_confluence::answer::printable;
use seatkeeper_engine::{
    directories::TcpError,
    ports::{ErrorClass, PortError},
};

/// Characters of a server's own words that are repeated.
const WORDS: usize = 200;

/// A failure, before it is known what was being done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) class: ErrorClass,
    pub(super) detail: String,
}

impl Fault {
    pub(super) fn new(class: ErrorClass, detail: impl Into<String>) -> Self {
        Self { class, detail: detail.into() }
    }

    pub(super) fn refused(detail: impl Into<String>) -> Self {
        Self::new(ErrorClass::Refused, detail)
    }

    pub(super) fn retryable(detail: impl Into<String>) -> Self {
        Self::new(ErrorClass::Retryable, detail)
    }

    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ErrorClass::Malformed, detail)
    }

    /// Whether the same may go well a moment later.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self.class, ErrorClass::Retryable | ErrorClass::Throttled)
    }

    pub(super) fn into_error(self, operation: String) -> PortError {
        PortError { class: self.class, operation, detail: self.detail }
    }
}

impl From<TcpError> for Fault {
    fn from(error: TcpError) -> Self {
        match error {
            TcpError::Denied => Self::refused(
                "the host does not allow this connection; add `*://` and the LDAP address with its port to \
                 allowed_outbound_hosts of the component",
            ),
            TcpError::Timeout => Self::retryable("the LDAP server did not answer in time"),
            TcpError::Connection(why) => {
                Self::retryable(format!("the connection to the LDAP server failed: {}", printable(&why, WORDS)))
            }
        }
    }
}

/// What a result code other than success means. `part` is what was asked for: the bind, the base of a search.
pub(super) fn of_result(code: ResultCode, matched: &str, message: &str, part: &str) -> Fault {
    use ErrorClass::{Malformed, Refused, Retryable, Throttled, Unauthorized};
    let (class, meaning) = match code {
        ResultCode::InvalidCredentials => (Unauthorized, bind_meaning(message)),
        ResultCode::InappropriateAuthentication => (
            Unauthorized,
            "the server does not let this account sign in with a password; check the bind name and the password",
        ),
        ResultCode::SizeLimitExceeded | ResultCode::AdminLimitExceeded => (
            Refused,
            "the server gives this account only a part of the list, and a part is worthless; raise its size limit \
             (OpenLDAP `limits … size.prtotal`, 389 `nsslapd-sizelimit`)",
        ),
        ResultCode::TimeLimitExceeded => (Retryable, "the server gave up because the search took too long"),
        ResultCode::Busy => (Throttled, "the server is busy"),
        ResultCode::Unavailable => (Retryable, "the server is not available"),
        ResultCode::NoSuchObject => (
            Refused,
            "the server has no such base, or hides it from this account; check the base in the policy and the rights \
             of the account. Nobody is absent because of it",
        ),
        ResultCode::InsufficientAccessRights => {
            (Refused, "this account may not search there; give it the right to search and read below the base")
        }
        ResultCode::Referral => {
            (Refused, "the server refers us to another one, which is never followed; configure the address of that one")
        }
        ResultCode::StrongerAuthRequired | ResultCode::ConfidentialityRequired => {
            (Refused, "the server wants an encrypted connection; set ldap_tls to `ldaps` or `starttls`")
        }
        ResultCode::UnavailableCriticalExtension => {
            (Refused, "the server cannot give its list in pages (control 1.2.840.113556.1.4.319), which we need")
        }
        ResultCode::InvalidDnSyntax => {
            (Refused, "a name is not a distinguished name; check the base in the policy and the bind name")
        }
        ResultCode::AuthMethodNotSupported | ResultCode::UnwillingToPerform => {
            (Refused, "the server does not do this for us; its own words say why")
        }
        ResultCode::Other => (Retryable, "the server failed"),
        ResultCode::ProtocolError => (Malformed, "the server did not understand us"),
        _ => (Refused, "the server refused"),
    };
    let known =
        if matched.is_empty() { String::new() } else { format!(", known up to `{}`", printable(matched, WORDS)) };
    let words = if message.is_empty() { String::new() } else { format!(", {:?}", printable(message, WORDS)) };
    Fault::new(class, format!("{part}: {meaning} (LDAP result {}{known}{words})", code as u32))
}

/// Active Directory tells in a number behind `data` why a bind failed.
fn bind_meaning(message: &str) -> &'static str {
    let data = message.split("data ").nth(1).map(|rest| rest.split([',', ' ']).next().unwrap_or_default());
    match data {
        Some("525") => "there is no such account; check the bind name",
        Some("530" | "531") => "the account may not sign in at this time or from this place",
        Some("532") => "the password of the account has expired; set a new one",
        Some("533") => "the account is disabled",
        Some("701") => "the account has expired",
        Some("773") => "the account has to change its password first; set one that needs no change",
        Some("775") => "the account is locked after too many wrong passwords",
        _ => "the bind name or the password is wrong",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_that_a_directory_gives_has_its_class_and_never_means_absent() {
        for (code, class) in [
            (ResultCode::SizeLimitExceeded, ErrorClass::Refused),
            (ResultCode::AdminLimitExceeded, ErrorClass::Refused),
            (ResultCode::TimeLimitExceeded, ErrorClass::Retryable),
            (ResultCode::NoSuchObject, ErrorClass::Refused),
            (ResultCode::InvalidCredentials, ErrorClass::Unauthorized),
            (ResultCode::InsufficientAccessRights, ErrorClass::Refused),
            (ResultCode::Busy, ErrorClass::Throttled),
            (ResultCode::Unavailable, ErrorClass::Retryable),
            (ResultCode::Referral, ErrorClass::Refused),
            (ResultCode::ConfidentialityRequired, ErrorClass::Refused),
            (ResultCode::OperationsError, ErrorClass::Refused),
        ] {
            let fault = of_result(code, "", "", "the search below `dc=x`");
            assert_eq!(fault.class, class, "{code:?}: {}", fault.detail);
            assert_ne!(fault.class, ErrorClass::Gone);
        }
    }

    #[test]
    fn active_directory_tells_why_a_bind_failed() {
        let message = |data: &str| {
            format!("80090308: LdapErr: DSID-0C090569, comment: AcceptSecurityContext error, data {data}, v4563\0")
        };
        for (data, meaning) in [
            ("52e", "password is wrong"),
            ("525", "no such account"),
            ("532", "password of the account has expired"),
            ("533", "disabled"),
            ("701", "account has expired"),
            ("773", "change its password"),
            ("775", "locked"),
        ] {
            let fault = of_result(ResultCode::InvalidCredentials, "", &message(data), "the bind");
            assert!(fault.detail.contains(meaning), "{data}: {}", fault.detail);
            assert_eq!(fault.class, ErrorClass::Unauthorized);
        }
    }
}
