//! Outside directories: one client for each provider, and [`Outside`] that holds them. They tell who has left.
//!
//! [`scim`], [`graph`], [`okta`], [`crowd`], [`ldap`], and [`http_people`] for a directory of one's own. All that speak
//! HTTP make their calls through [`transport`], and their answers are judged by [`reply`] before anybody reads them.
//! Nothing of that can write.
//!
//! Crowd also executes renames and sets mail and full name: Confluence has no REST call for renames, Crowd has one, and
//! Jira serves the same call when it is used as the user directory. Without either, [`NoRename`] says so.
#![forbid(unsafe_code)]

pub mod crowd;
pub mod graph;
pub mod http_people;
pub mod ldap;
mod listing;
pub mod oauth;
pub mod okta;
pub mod outside;
pub mod reply;
pub mod scim;
#[cfg(test)]
mod testing;
pub mod transport;

use seatkeeper_engine::ports::{ErrorClass, PortError, Rename};
use seatkeeper_policy::Username;

pub use crowd::{Crowd, CrowdSettings};
pub use graph::{Graph, GraphSettings};
pub use http_people::{HttpPeople, HttpPeopleSettings};
pub use ldap::{Ldap, LdapSettings};
pub use okta::{Okta, OktaSettings};
pub use outside::{Outside, OutsideSettings};
pub use scim::{OAuthTexts, Scim, ScimSettings};

/// The executor of renames where none is configured.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRename;

impl Rename for NoRename {
    fn available(&self) -> bool {
        false
    }

    async fn rename(&self, from: &Username, to: &Username) -> Result<(), PortError> {
        Err(PortError {
            class: ErrorClass::Refused,
            operation: format!("rename account `{from}` to `{to}`"),
            detail: "no directory that can rename is configured; set up Crowd, or take the rename out of the policy"
                .to_owned(),
        })
    }

    async fn holder(&self, _: &Username) -> Result<Option<String>, PortError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    #[test]
    fn without_a_directory_no_rename_is_available_and_none_is_claimed() {
        let (from, to) = (Username::parse("jdoe").unwrap(), Username::parse("jdoe_inactive_20261122").unwrap());
        assert!(!NoRename.available());
        let error = block_on(NoRename.rename(&from, &to)).unwrap_err();
        assert_eq!(error.class, ErrorClass::Refused);
        assert!(
            error.to_string().starts_with("failed to rename account `jdoe` to `jdoe_inactive_20261122`: no directory")
        );
    }
}
