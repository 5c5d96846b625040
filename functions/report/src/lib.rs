//! The report component: what the sweep published, as pages, JSON and CSV. It reads the store and nothing else: it has
//! no way to Confluence and writes nothing.
//!
//! Reading order: `route`, `answer`, `read`, `explain`, `plan`, `handover`, `exemptions`, `populations`,
//! `directories`, `alerts`, `audit`, `view`, `page`,
//! `json`, `export`, `filter`, `words`.

mod alerts;
mod answer;
mod audit;
mod charts;
mod desk;
mod directories;
mod exemptions;
mod explain;
mod export;
mod files;
mod filter;
mod glance;
mod handover;
mod json;
mod page;
mod plan;
mod policy;
mod populations;
mod read;
mod reports;
mod route;
#[cfg(test)]
mod testing;
mod view;
mod words;

use http::{Method, Response, StatusCode};
use route::Route;
use seatkeeper_console::{Credentials, Denied, form, frame};
use seatkeeper_engine::{ports::Clock, state::StateError};
use seatkeeper_policy::Instant;
use seatkeeper_spin::{Answer, SpinClock, SpinStore, access, edge, respond::whole};
use seatkeeper_web::{Problem, respond};
use spin_sdk::http::Request;

/// One request.
#[spin_sdk::http_service]
async fn handle(request: Request) -> Answer {
    let head = request.method() == Method::HEAD;
    let answer = respond_to(&request).await;
    if head {
        let (parts, _) = answer.into_parts();
        return whole(Response::from_parts(parts, Vec::new()));
    }
    answer
}

async fn respond_to(request: &Request) -> Answer {
    let path = request.uri().path();
    let Some((route, format)) = Route::find(path, request.headers()) else {
        return whole(Problem::not_found(path).into_response());
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return whole(Problem::method_not_allowed("GET, HEAD").into_response());
    }
    // Without a token: they contain nothing, and the page that asks for a token uses them.
    match route {
        Route::Style => return whole(respond::css(frame::STYLE)),
        Route::Script => return whole(respond::script(frame::SCRIPT)),
        _ => {}
    }
    let known = match access::credentials().await {
        Ok(known) => known,
        Err(error) => return whole(edge::unconfigured(error)),
    };
    let now = SpinClock.now();
    let query = request.uri().query().unwrap_or_default();
    let store = match SpinStore::open().await {
        Ok(store) => store,
        Err(source) => {
            return answer::failed_to_open(StateError::Store { key: "default".to_owned(), source }, format, now);
        }
    };
    match known.caller(&store, request.headers(), now).await {
        Ok(caller) => answer::answer(store, route, format, query, caller, now).await,
        Err(denied) => whole(denied_to(denied, request, &known, now)),
    }
}

/// A browser is asked who it is by a page, a program by a challenge.
fn denied_to(denied: Denied, request: &Request, known: &Credentials, now: Instant) -> Response<Vec<u8>> {
    if !access::is_browser(request.headers()) {
        return denied.into_response();
    }
    let wanted = request.uri().path_and_query().map(http::uri::PathAndQuery::as_str);
    let why =
        matches!(denied, Denied::Unknown(seatkeeper_web::AuthError::Refused)).then_some("This token is not known.");
    frame::sign_in(StatusCode::UNAUTHORIZED, why, form::back_to(wanted), known.single_sign_on, now)
}
