//! Who may be let in, from the component's variables.

use crate::{Variables, VariablesError};
use ::http::{HeaderMap, header};
use seatkeeper_console::Credentials;

/// The variables behind [`credentials`].
pub const CREDENTIALS: [&str; 4] = ["report_token", "admin_token", "people", "oidc_origin"];

/// Reads them.
pub async fn credentials() -> Result<Credentials, VariablesError> {
    let mut read = Variables::read(CREDENTIALS).await;
    let credentials = read.credentials();
    read.finish(credentials)
}

/// Whether a request comes from a browser that shows pages to a person, rather than from a program. A browser is never
/// asked for a password by itself: it would remember it, send it with every request, and no form would work any more.
pub fn is_browser(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let tells = headers.contains_key("sec-fetch-mode") || accept.contains("text/html");
    tells && !headers.contains_key(header::AUTHORIZATION)
}
