//! Logins from the audit log, page by page.
//!
//! Confluence records every search of the log in the log, so pages are large and callers ask rarely. A page that cannot be
//! read whole is an error: a login that is overlooked could cost somebody the seat.

mod wire;

use crate::{Confluence, answer::Failure, path::encoded, wire::malformed};
use chrono::{DateTime, SecondsFormat, Utc};
use http::Method;
use seatkeeper_engine::{
    ports::{Clock, ErrorClass, Http, PortError},
    sources::{AuditLog, AuditPage},
};
use wire::EventsWire;

/// Entries asked for with one request. Confluence may lower it.
const ENTRIES: u64 = 500;

/// What the operation is called in errors.
const OPERATION: &str = "read logins from the audit log";

impl<H: Http, C: Clock> AuditLog for Confluence<H, C> {
    async fn logins(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        cursor: Option<&str>,
    ) -> Result<AuditPage, PortError> {
        let instant = |at: DateTime<Utc>| encoded(&at.to_rfc3339_opts(SecondsFormat::Millis, true));
        let mut path = format!("/rest/auditing/1.0/events?from={}&to={}&limit={ENTRIES}", instant(from), instant(to));
        if let Some(cursor) = cursor {
            path.push_str("&pageCursor=");
            path.push_str(&encoded(cursor));
        }
        let page = match self.call(&Method::GET, &path).await {
            Ok(answer) => answer.json().and_then(|events: EventsWire| events.page(cursor, &self.settings.login_texts)),
            Err(failure) => Err(missing(failure)),
        };
        page.map_err(|failure| failure.during(OPERATION))
    }
}

/// A log that is not there is an answer and no disturbance, whoever in front of it says so.
fn missing(failure: Failure) -> Failure {
    if failure.class == ErrorClass::Unauthorized || !matches!(failure.status, Some(404 | 405 | 410)) {
        return failure;
    }
    let detail = format!(
        "{}; this Confluence has no audit log over REST (it came with 7.5), or its app is switched off",
        failure.detail
    );
    Failure { class: ErrorClass::Gone, detail, ..failure }
}

/// An answer that would send us in a circle.
fn circle(detail: &str) -> Failure {
    Failure::new(ErrorClass::Endless, format!("the audit log does not advance: {detail}"))
}

/// A page that says there is more and not where.
fn nowhere() -> Failure {
    malformed("the audit log has more entries and does not say where (`pagingInfo` without `nextPageCursor`)")
}

#[cfg(test)]
mod tests;
