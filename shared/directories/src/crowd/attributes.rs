//! Sets mail address and full name of an account.
//!
//! INVARIANT (blank nothing): Crowd replaces the whole account by what it is sent, so the account is read first, and sent
//! back with these two fields changed and everything else as it was.

use super::{Crowd, READ_BACK_AFTER, wire::Representation};
use crate::reply::Failure;
use http::Method;
use seatkeeper_confluence::path::encoded;
use seatkeeper_engine::ports::{Attributes, Clock, ErrorClass, Http, PortError, UpdateAttributes};
use seatkeeper_policy::Username;

/// Fields of an answer that are only links to other resources.
const LINKS: [&str; 4] = ["link", "expand", "password", "attributes"];

impl<H: Http, C: Clock> Crowd<H, C> {
    async fn update_checked(&self, name: &Username, to: &Attributes) -> Result<(), Failure> {
        check(to)?;
        let gone = || {
            let detail = format!("`{name}` does not exist in Crowd; it may belong to another directory");
            Failure::new(ErrorClass::Gone, detail)
        };
        let mut account: Representation = self.account(name.as_str(), "").await?.ok_or_else(gone)?;
        // Without it the account would be switched off.
        let Some(active) = account.active() else {
            let detail = "Crowd did not say whether the account is active, so it cannot be written back as it is";
            return Err(Failure::new(ErrorClass::Malformed, detail));
        };
        if told(&account) == *to {
            return Ok(());
        }
        for link in LINKS {
            account.0.remove(link);
        }
        account.0.insert("active".to_owned(), active.into());
        account.0.insert("display-name".to_owned(), to.full_name.as_str().into());
        account.0.insert("email".to_owned(), to.email.as_str().into());
        let path = format!("/user?username={}", encoded(name.as_str()));
        self.write(Method::PUT, &path, &account.0).await?;
        for pause in READ_BACK_AFTER {
            if !pause.is_zero() {
                self.clock.sleep(pause).await;
            }
            let now: Option<Representation> = self.account(name.as_str(), "").await?;
            if now.is_some_and(|now| told(&now) == *to && now.active() == Some(active)) {
                return Ok(());
            }
        }
        let detail = "Crowd acknowledged the change, but the account does not show it; look into Crowd's log";
        Err(Failure::new(ErrorClass::Retryable, detail))
    }
}

/// Crowd would take a blank field, and whoever reads the account later would stumble over a control character.
fn check(to: &Attributes) -> Result<(), Failure> {
    for (field, text) in [("full name", &to.full_name), ("mail address", &to.email)] {
        if text.trim().is_empty() {
            return Err(Failure::new(ErrorClass::Refused, format!("the new {field} is blank; give one")));
        }
        if text.contains(char::is_control) {
            let detail = format!("the new {field} holds a control character; type it again");
            return Err(Failure::new(ErrorClass::Refused, detail));
        }
    }
    Ok(())
}

fn told(account: &Representation) -> Attributes {
    let text = |field| account.text(field).unwrap_or_default().to_owned();
    Attributes { full_name: text("display-name"), email: text("email") }
}

impl<H: Http, C: Clock> UpdateAttributes for Crowd<H, C> {
    /// Crowd has the call in every version; whether a directory takes the change shows only when it is made.
    async fn updater(&self) -> Result<Option<&'static str>, PortError> {
        Ok(Some("Crowd"))
    }

    async fn attributes(&self, username: &Username) -> Result<Option<Attributes>, PortError> {
        let found: Result<Option<Representation>, _> = self.account(username.as_str(), "").await;
        let found =
            found.map_err(|failure| failure.during(format!("read mail and full name of `{username}` in Crowd")));
        Ok(found?.as_ref().map(told))
    }

    async fn update(&self, username: &Username, to: &Attributes) -> Result<(), PortError> {
        let done = self.update_checked(username, to).await;
        done.map_err(|failure| failure.during(format!("set mail and full name of `{username}` in Crowd")))
    }
}

#[cfg(test)]
#[path = "attributes_tests.rs"]
mod tests;
