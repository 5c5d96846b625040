//! Renames accounts.
//!
//! INVARIANT (no taken name): the new name is looked up before every rename, and an account that already has it is never
//! touched. The rename is a POST, so it is sent once; a repeated call finds out by looking up whether it took effect.

use super::{Crowd, READ_BACK_AFTER, same};
use crate::reply::Failure;
use http::Method;
use seatkeeper_confluence::path::encoded;
use seatkeeper_engine::ports::{Clock, ErrorClass, Http, PortError, Rename};
use seatkeeper_policy::Username;
use serde_json::json;

impl<H: Http, C: Clock> Crowd<H, C> {
    async fn rename_checked(&self, from: &Username, to: &Username) -> Result<(), Failure> {
        if same(from.as_str(), to.as_str()) {
            return Err(Failure::new(ErrorClass::Refused, "both names are the same to Crowd; choose another new name"));
        }
        match (self.find(from).await?, self.find(to).await?) {
            (Some(_), None) => {}
            (Some(_), Some(taken)) => {
                let detail =
                    format!("the new name is taken by `{taken}`; choose another suffix or remove that account");
                return Err(Failure::new(ErrorClass::Refused, detail));
            }
            // An earlier call got here before its answer was lost.
            (None, Some(_)) => return Ok(()),
            (None, None) => {
                let detail = format!("`{from}` does not exist in Crowd; it may belong to another directory");
                return Err(Failure::new(ErrorClass::Gone, detail));
            }
        }
        let path = format!("/user/rename?username={}", encoded(from.as_str()));
        self.write(Method::POST, &path, &json!({"new-name": to.as_str()})).await?;
        for pause in READ_BACK_AFTER {
            if !pause.is_zero() {
                self.clock.sleep(pause).await;
            }
            if self.find(to).await?.is_some_and(|name| same(&name, to.as_str())) && self.find(from).await?.is_none() {
                return Ok(());
            }
        }
        let detail = "Crowd acknowledged the rename, but the account still has its old name; look into Crowd's log";
        Err(Failure::new(ErrorClass::Retryable, detail))
    }
}

impl<H: Http, C: Clock> Rename for Crowd<H, C> {
    fn available(&self) -> bool {
        true
    }

    async fn rename(&self, from: &Username, to: &Username) -> Result<(), PortError> {
        self.rename_checked(from, to)
            .await
            .map_err(|failure| failure.during(format!("rename account `{from}` to `{to}`")))
    }

    async fn holder(&self, name: &Username) -> Result<Option<String>, PortError> {
        self.find(name).await.map_err(|failure| failure.during(format!("look up `{name}` in Crowd")))
    }
}

#[cfg(test)]
#[path = "rename_tests.rs"]
mod tests;
