//! Sets mail address and full name of an account where Confluence has the call (9.3 at the latest).
//!
//! The call wants both fields, and neither may be blank. Its answer is not proof: a read-only directory may acknowledge a
//! change that it does not make, so the account is read again.
//!
//! Whether the call exists is found out by changing somebody who cannot exist to nothing: the name holds characters that
//! Confluence takes for no user name, and the fields are blank, which it refuses for everybody. Either alone would keep
//! the question from having an effect. `DELETE` has been at the same address since before the oldest release we know, so
//! a Confluence without the call answers 405. `OPTIONS` would be simpler, but proxies answer it on their own.

use crate::{Confluence, answer::Failure, read::AccessMode, read::checked_segment};
use http::Method;
use seatkeeper_engine::ports::{Attributes, Clock, ErrorClass, Http, PortError, UpdateAttributes, Who};
use seatkeeper_policy::Username;
use serde_json::json;
use std::time::Duration;

/// Nobody's name: `,` and `<` are refused in every user name.
const NOBODY: &str = "seatkeeper,asks<nobody";

/// Pauses between the looks at a change that Confluence has acknowledged.
const READ_BACK_AFTER: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_secs(1)];

/// The manual way, for every refusal.
const BY_HAND: &str = "otherwise change mail and full name by hand in the directory that holds the account, and let \
                       Confluence synchronise it";

impl<H: Http, C: Clock> Confluence<H, C> {
    /// Whether the call exists; found out once.
    async fn can_update(&self, operation: &str) -> Result<bool, PortError> {
        if let Some(known) = self.updates.get() {
            return Ok(known);
        }
        let can = self.ask_for_update(operation).await?;
        self.updates.set(Some(can));
        Ok(can)
    }

    async fn ask_for_update(&self, operation: &str) -> Result<bool, PortError> {
        let path = format!("/rest/api/admin/user/{}", checked_segment(NOBODY, operation)?);
        let blank = json!({"fullName": "", "email": ""});
        let during = |failure: Failure| failure.during(operation);
        let Err(failure) = self.call_with(&Method::PUT, &path, Some(&blank)).await else {
            let detail = "a change of an account that does not exist was acknowledged; check proxies in front of it";
            return Err(during(Failure::new(ErrorClass::Malformed, detail)));
        };
        match failure.status {
            Some(400) => Ok(true),
            // Whether nobody or the whole resource was not found, only the message tells.
            Some(404) if failure.class == ErrorClass::Gone => Ok(failure.detail.contains(NOBODY)),
            Some(405) if self.access_mode().await? == AccessMode::ReadOnly => {
                let detail = "Confluence is in read-only mode, which hides what it can do; ask again afterwards";
                Err(during(Failure::new(ErrorClass::Refused, detail)))
            }
            Some(405) => Ok(false),
            _ => Err(during(failure)),
        }
    }

    async fn told(&self, username: &Username, operation: &str) -> Result<Option<Attributes>, PortError> {
        let Some(person) = self.lookup(Who::Name(username), operation).await? else { return Ok(None) };
        let Some(email) = person.email else {
            // Writing needs both, so the old address could not be kept, and the change could not be undone.
            let detail = format!("Confluence does not tell the mail address of this account; {BY_HAND}");
            return Err(Failure::new(ErrorClass::Refused, detail).during(operation));
        };
        Ok(Some(Attributes { full_name: person.display_name, email }))
    }
}

/// What Confluence would refuse with less of an explanation, or what would harm those who read it later.
fn check(to: &Attributes) -> Result<(), Failure> {
    let problem = |field: &str, text: &str| {
        let why = if text.trim().is_empty() {
            "is blank"
        } else if text.contains(char::is_control) {
            "holds a control character"
        } else {
            return None;
        };
        Some(Failure::new(ErrorClass::Refused, format!("the new {field} {why}; correct it")))
    };
    let problem = problem("full name", &to.full_name).or_else(|| problem("mail address", &to.email));
    problem.map_or(Ok(()), Err)
}

impl<H: Http, C: Clock> UpdateAttributes for Confluence<H, C> {
    async fn updater(&self) -> Result<Option<&'static str>, PortError> {
        Ok(self.can_update("probe the change of mail and full name").await?.then_some("Confluence"))
    }

    async fn attributes(&self, username: &Username) -> Result<Option<Attributes>, PortError> {
        self.told(username, &format!("read mail and full name of account `{username}`")).await
    }

    async fn update(&self, username: &Username, to: &Attributes) -> Result<(), PortError> {
        let operation = format!("set mail and full name of account `{username}`");
        check(to).map_err(|failure| failure.during(&operation))?;
        let path = format!("/rest/api/admin/user/{}", checked_segment(username.as_str(), &operation)?);
        let body = json!({"fullName": to.full_name, "email": to.email});
        self.call_with(&Method::PUT, &path, Some(&body)).await.map_err(|failure| {
            let by_hand = failure.class == ErrorClass::Refused;
            let detail = if by_hand { format!("{}; {BY_HAND}", failure.detail) } else { failure.detail.clone() };
            Failure { detail, ..failure }.during(&operation)
        })?;
        for pause in READ_BACK_AFTER {
            if !pause.is_zero() {
                self.clock.sleep(pause).await;
            }
            if self.told(username, &operation).await?.as_ref() == Some(to) {
                return Ok(());
            }
        }
        let detail = format!(
            "Confluence acknowledged the change, but the account does not show it; its directory may be read-only, or show \
             it after its next synchronisation; {BY_HAND}"
        );
        // Sending it again would be acknowledged again.
        Err(Failure::new(ErrorClass::Refused, detail).during(&operation))
    }
}

#[cfg(test)]
#[path = "attributes_tests.rs"]
mod tests;
