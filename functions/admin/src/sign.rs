//! Signing in to the console and out of it.

use crate::{Call, refuse};
use http::{HeaderMap, Method, Response, StatusCode, header};
use seatkeeper_console::{Credentials, access, cookie, form, frame};
use seatkeeper_engine::{
    ports::{Clock, Store},
    session::{self, Person, SessionId},
};
use seatkeeper_spin::{SpinClock, log};
use seatkeeper_web::{Problem, Query, respond};
use spin_sdk::wasip3::random::random::get_random_bytes;

/// `GET` and `POST /admin/sign-in`.
pub async fn sign_in(
    store: &impl Store,
    known: &Credentials,
    method: &Method,
    headers: &HeaderMap,
    query: &str,
    body: &[u8],
) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let now = SpinClock.now();
    if *method != Method::POST {
        let query = Query::parse(query, &["next"]).map_err(|error| refuse::query(&error))?;
        let next = form::back_to(query.get("next"));
        return Ok(frame::sign_in(StatusCode::OK, None, next, known.single_sign_on, now));
    }
    // Another site could sign people in as somebody else, and watch what they do.
    access::same_site(headers).map_err(|denied| denied.problem())?;
    let fields = form::parse(body, &["token", "next"])?;
    let next = form::back_to(fields.get("next"));
    let Some((person, _)) = known.person(fields.get("token").unwrap_or_default().trim()) else {
        log("somebody could not sign in", &[("session.problem", "the token is not known".into())]);
        let why = Some("This token is not known. Tokens are given out by whoever runs Seatkeeper.");
        return Ok(frame::sign_in(StatusCode::UNAUTHORIZED, why, next, known.single_sign_on, now));
    };
    let_in(store, person, next).await
}

/// Opens a session and sends the browser on.
pub async fn let_in(store: &impl Store, person: Person, next: &str) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let id = SessionId::new(random());
    let fields = [("session.by", person.name.as_str().into()), ("session.role", person.role.word().into())];
    log("somebody signed in", &fields);
    session::open(store, &id, person, SpinClock.now()).await.map_err(refuse::state)?;
    let mut answer = respond::see_other(next);
    answer.headers_mut().insert(header::SET_COOKIE, cookie::set(&id));
    Ok(answer)
}

/// `POST /admin/sign-out`.
pub async fn sign_out(store: &impl Store, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    if let Some(id) = &call.caller.session {
        session::close(store, id).await.map_err(refuse::state)?;
    }
    let mut answer = respond::see_other("/report");
    answer.headers_mut().insert(header::SET_COOKIE, cookie::clear());
    Ok(answer)
}

/// Random bytes of the host.
pub fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    // The host gives as many bytes as were asked for.
    for (byte, random) in bytes.iter_mut().zip(get_random_bytes(32)) {
        *byte = random;
    }
    bytes
}
