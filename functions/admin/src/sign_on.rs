//! Signing in with a company account, in two steps: to the provider and back. Both are for everybody, so neither writes
//! anything before the provider has told who it is.

use crate::{refuse, sign};
use http::{HeaderMap, Response, header};
use seatkeeper_console::{Credentials, form, frame};
use seatkeeper_engine::{ports::Clock, ports::Store, session::Person};
use seatkeeper_oidc::{self as oidc, Finished, Raw, SignOnError, ticket};
use seatkeeper_spin::{SpinClock, SpinHttp, Variables, log};
use seatkeeper_web::{Problem, Query, respond};
use std::time::Duration;

/// The variables besides `oidc_origin`, which [`Credentials`] need too, and `console_url`.
pub const VARIABLES: [&str; 8] = [
    "oidc_path",
    "oidc_token_origin",
    "oidc_keys_origin",
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_scopes",
    "oidc_roles",
    "oidc_name_claim",
];

/// A provider that is slower keeps people from the page on which they could use a token.
const TIME_OUT: Duration = Duration::from_secs(5);

/// The largest answer of a provider. Configurations and keys have some kilobytes; a token with hundreds of groups has
/// less than this.
const MAX_ANSWER: usize = 256 * 1024;

/// Reads the settings; none when it is off.
#[expect(clippy::option_option, reason = "the outer one is about whether they can be read, the inner one about off")]
pub fn settings(read: &mut Variables) -> Option<Option<oidc::Settings>> {
    if read.origin("oidc_origin").is_empty() {
        return Some(None);
    }
    let settings = oidc::Settings::parse(Raw {
        origin: read.origin("oidc_origin"),
        path: read.text("oidc_path"),
        token_origin: read.origin("oidc_token_origin"),
        keys_origin: read.origin("oidc_keys_origin"),
        client_id: read.text("oidc_client_id"),
        client_secret: read.text("oidc_client_secret"),
        scopes: read.text("oidc_scopes"),
        roles: read.text("oidc_roles"),
        name_claim: read.text("oidc_name_claim"),
        console_url: read.text("console_url"),
    });
    read.accept(settings).map(Some)
}

fn line() -> SpinHttp {
    SpinHttp::default().with_time_out(TIME_OUT).with_max_answer(MAX_ANSWER)
}

/// `GET /admin/sign-in/oidc`: to the provider.
pub async fn begin(settings: &oidc::Settings, query: &str) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let query = Query::parse(query, &["next"]).map_err(|error| refuse::query(&error))?;
    let next = form::back_to(query.get("next"));
    match oidc::begin(&line(), settings, sign::random(), next, SpinClock.now()).await {
        Ok(begun) => {
            let mut answer = respond::see_other(&begun.location);
            answer.headers_mut().insert(header::SET_COOKIE, begun.cookie);
            Ok(answer)
        }
        Err(error) => Ok(refused(&error, next)),
    }
}

/// `GET /admin/sign-in/oidc/return`: back from the provider.
pub async fn finish(
    store: &impl Store,
    known: &Credentials,
    settings: &oidc::Settings,
    headers: &HeaderMap,
    query: &str,
) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let finished = oidc::finish(&line(), settings, headers, query, SpinClock.now()).await;
    let mut answer = match finished.and_then(|finished| nobody_elses_name(known, finished)) {
        Ok(Finished { person, next }) => sign::let_in(store, person, form::back_to(Some(&next))).await?,
        Err(error) => refused(&error, form::back_to(None)),
    };
    // Whatever came of it: the next sign-in begins anew.
    answer.headers_mut().append(header::SET_COOKIE, ticket::clear());
    Ok(answer)
}

/// The audit tells people by their names, and some providers let people choose theirs.
fn nobody_elses_name(known: &Credentials, finished: Finished) -> Result<Finished, SignOnError> {
    let Person { name, .. } = &finished.person;
    let same = |other: &str| other.trim().to_lowercase() == name.to_lowercase();
    let taken = known.people.iter().any(|named| same(&named.person().name));
    if taken || ["admin_token", "report_token"].into_iter().any(same) {
        return Err(SignOnError::NameTaken { name: name.clone() });
    }
    Ok(finished)
}

fn refused(error: &SignOnError, next: &str) -> Response<Vec<u8>> {
    log("somebody could not sign in", &[("session.problem", error.logged().into())]);
    frame::sign_in(error.status(), Some(&error.to_string()), next, true, SpinClock.now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_engine::session::Role;
    use seatkeeper_web::Secret;

    #[test]
    fn a_name_of_somebody_with_a_token_is_refused() {
        let secret = |name| Secret::new(name, format!("{name}-long-enough")).unwrap();
        let people = format!("Ada Lovelace:admin:{}", "a1".repeat(32));
        let people = seatkeeper_console::people::parse(&people).unwrap();
        let known =
            Credentials { report: secret("report_token"), admin: secret("admin_token"), people, single_sign_on: true };
        let checked = |name: &str| {
            let person = Person { name: name.into(), credential: "oidc:1".into(), role: Role::Viewer };
            nobody_elses_name(&known, Finished { person, next: String::new() })
        };
        assert!(checked("ada@example.com").is_ok());
        for taken in ["Ada Lovelace", "ada lovelace", "Admin_Token", "report_token"] {
            assert_eq!(checked(taken), Err(SignOnError::NameTaken { name: taken.into() }), "{taken}");
        }
    }
}
