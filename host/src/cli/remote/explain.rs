//! `seatkeeper explain`: why an account keeps or loses its seat, in at most five lines.

use clap::Args;
use serde_json::Value;

use super::connection::Connection;
use super::exit::{Exit, Failure};
use super::secrets::Role;

/// Arguments of `seatkeeper explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// User name, in any case, or user key.
    user: String,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

impl Explain {
    /// Prints the lines.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let client = self.connection.client()?;
        // A user name may look like a file name, so the ending is always there.
        let path = format!("/report/accounts/{}.json", super::path_segment(&self.user));
        let account: Value = client.get(Role::Report, &path).map_err(|failure: Failure| {
            if failure.is("not-found") {
                failure.instead(
                    "Check the spelling. Only members of the policy's licence groups are known, as the newest sweep saw \
                     them; `seatkeeper plan` makes a new one.",
                )
            } else {
                failure
            }
        })?;
        let lines: Vec<&str> =
            account.get("lines").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        if lines.is_empty() {
            return Err(Failure::new("the answer explains nothing")
                .next_step("Check that the instance and this command have the same version."));
        }
        self.connection.output().show(&lines.join("\n"), &account);
        Ok(Exit::Done)
    }
}
