//! Who sends a request, and whether they may.
//!
//! Programs send a token with every request. A browser sends the cookie of a session; then a change also has to carry the
//! session's form token and to come from a page of ours, because a browser sends cookies for anybody who asks it to.

use crate::{cookie, people::Named};
use http::{HeaderMap, Method, Response, StatusCode, header};
use seatkeeper_engine::{
    ports::Store,
    session::{self, Person, Role, SessionId},
    state::StateError,
};
use seatkeeper_policy::Instant;
use seatkeeper_web::{AuthError, Problem, Secret, auth};

/// The header that says who answers for a change, where a token does not tell.
pub const BY: &str = "x-seatkeeper-by";

/// Everybody who may be let in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Opens everything for reading.
    pub report: Secret,
    /// Opens everything.
    pub admin: Secret,
    /// People with tokens of their own.
    pub people: Vec<Named>,
    /// Whether people can sign in at another service.
    pub single_sign_on: bool,
}

/// Somebody who was let in.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub person: Person,
    /// The browser's session; none for programs.
    pub session: Option<SessionId>,
    /// The token tells the name; a shared one does not.
    pub named: bool,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// Nobody knows who it is.
    #[error(transparent)]
    Unknown(#[from] AuthError),
    /// The role is too weak.
    #[error("{name} is {role}, and this takes {needed}", role = .role.word(), needed = .needed.word())]
    Weak {
        /// Who.
        name: String,
        /// What they may do.
        role: Role,
        /// What it takes.
        needed: Role,
    },
    /// A browser sent it for another site.
    #[error("{0}")]
    Forged(&'static str),
    /// Whether the session is open cannot be found out.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Credentials {
    /// The person behind a token. Every one is compared, so that the time does not tell which came close.
    pub fn person(&self, token: &str) -> Option<(Person, bool)> {
        let fixed = |credential: &str, role| Person {
            name: credential.trim_start_matches("token:").to_owned(),
            credential: credential.to_owned(),
            role,
        };
        let mut found = None;
        if self.report.matches(token) {
            found = Some((fixed(session::REPORT_TOKEN, Role::Viewer), false));
        }
        if self.admin.matches(token) {
            found = Some((fixed(session::ADMIN_TOKEN, Role::Admin), false));
        }
        for named in &self.people {
            if named.matches(token) {
                found = Some((named.person(), true));
            }
        }
        found
    }

    /// Whether whoever has this credential may do now what takes this role. Of people who signed in elsewhere only that
    /// service knows; they count as long as people can sign in there.
    pub fn may_still(&self, credential: &str, needed: Role) -> bool {
        let fixed = match credential {
            session::REPORT_TOKEN => Some(Role::Viewer),
            session::ADMIN_TOKEN => Some(Role::Admin),
            credential if credential.starts_with("oidc:") => return self.single_sign_on,
            _ => None,
        };
        let named = self.people.iter().map(Named::person).find(|known| known.credential == credential);
        fixed.or_else(|| named.map(|known| known.role)).is_some_and(|role| role >= needed)
    }

    /// Whether a session's credential is still one of ours, with the same role: whoever was taken out of the
    /// configuration is out at once.
    fn still_known(&self, person: &Person) -> bool {
        let fixed = match person.credential.as_str() {
            session::REPORT_TOKEN => Some(Role::Viewer),
            session::ADMIN_TOKEN => Some(Role::Admin),
            // Signed in elsewhere: that service decided on the role, and the session ends by itself.
            credential if credential.starts_with("oidc:") => return self.single_sign_on,
            _ => None,
        };
        let named = self.people.iter().map(Named::person).find(|known| known.credential == person.credential);
        fixed.or_else(|| named.map(|known| known.role)) == Some(person.role)
    }

    /// Finds out who sends a request.
    pub async fn caller(&self, store: &impl Store, headers: &HeaderMap, now: Instant) -> Result<Caller, Denied> {
        if headers.contains_key(header::AUTHORIZATION) {
            let (person, named) = self.person(&auth::presented(headers)?).ok_or(AuthError::Refused)?;
            return Ok(Caller { person, session: None, named });
        }
        let id = cookie::read(headers).ok_or(AuthError::Missing)?;
        let session = session::find(store, &id, now).await?.ok_or(AuthError::Missing)?;
        if !self.still_known(&session.person) {
            return Err(AuthError::Missing.into());
        }
        Ok(Caller { person: session.person, session: Some(id), named: true })
    }
}

impl Caller {
    /// Refuses a role that is too weak.
    pub fn needs(&self, needed: Role) -> Result<(), Denied> {
        if self.person.role >= needed {
            return Ok(());
        }
        Err(Denied::Weak { name: self.person.name.clone(), role: self.person.role, needed })
    }

    /// Refuses a change that a browser may have been made to send by another site. `form_token` is what the form held.
    pub fn wrote_it(&self, method: &Method, headers: &HeaderMap, form_token: Option<&str>) -> Result<(), Denied> {
        if matches!(*method, Method::GET | Method::HEAD) {
            return Ok(());
        }
        let Some(session) = &self.session else { return by_a_program(headers) };
        same_site(headers)?;
        let held = form_token.unwrap_or_default();
        let expected = session.form_token();
        if !bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), held.as_bytes())) {
            return Err(Denied::Forged("the form does not belong to this session"));
        }
        Ok(())
    }
}

/// A browser remembers a password of `Basic` and sends it with every request, also with one that another site made. It
/// never adds a header of ours, and never a `Bearer` token.
fn by_a_program(headers: &HeaderMap) -> Result<(), Denied> {
    let scheme = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bearer = scheme.trim_start().get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
    if bearer || headers.contains_key(BY) {
        return Ok(());
    }
    Err(Denied::Forged("a change needs `Authorization: Bearer` or the header X-Seatkeeper-By"))
}

/// Refuses what a browser says to come from elsewhere. A browser that says nothing is stopped by the form token.
///
/// `Sec-Fetch-Site` is what the browser itself found out, whatever a proxy made of the host; every browser of today sends
/// it. An older one sends `Origin` alone, which is compared with the host.
pub fn same_site(headers: &HeaderMap) -> Result<(), Denied> {
    const ELSEWHERE: Denied = Denied::Forged("the request comes from a page of another site");
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site") {
        return if site == "same-origin" { Ok(()) } else { Err(ELSEWHERE) };
    }
    let Some(origin) = text(header::ORIGIN) else { return Ok(()) };
    // The scheme in front of a proxy may differ from ours; the host does not.
    let host = origin.split_once("://").map(|(_, host)| host);
    if host.is_some() && host == text(header::HOST) { Ok(()) } else { Err(ELSEWHERE) }
}

impl Denied {
    /// The same for programs; pages have their own.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Unknown(_) => {
                Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "A token is required").detail(self.to_string())
            }
            Self::Weak { .. } => Problem::new(StatusCode::FORBIDDEN, "role-needed", "Your role does not allow this")
                .detail(self.to_string())
                .next_step("Ask somebody with that role, or an administrator for another entry in `people`."),
            Self::Forged(_) => Problem::new(StatusCode::FORBIDDEN, "form-refused", "The form was refused")
                .detail(self.to_string())
                .next_step("Open the page again and repeat the change there; nothing was changed."),
            Self::State(error) => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store-failed", "Seatkeeper cannot go on")
                    .detail(error.to_string())
                    .next_step("Try again in a minute; if it stays so, see docs/errors.md for this code.")
            }
        }
    }

    /// The answer for programs.
    pub fn into_response(self) -> Response<Vec<u8>> {
        match self {
            Self::Unknown(error) => error.into_response(),
            other => other.problem().into_response(),
        }
    }
}

#[cfg(test)]
mod tests;
