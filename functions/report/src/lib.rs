//! The report component: what the sweep published, as pages, JSON and CSV. It reads the store and nothing else: it has
//! no way to Confluence and writes nothing.
//!
//! Reading order: `route`, `answer`, `read`, `explain`, `plan`, `handover`, `exemptions`, `populations`, `view`, `banner`,
//! `page`, `json`, `export`, `filter`, `words`.

mod answer;
mod banner;
mod exemptions;
mod explain;
mod export;
mod filter;
mod handover;
mod json;
mod moment;
mod page;
mod plan;
mod populations;
mod read;
mod route;
#[cfg(test)]
mod testing;
mod view;
mod words;

use http::Method;
use route::Route;
use seatkeeper_engine::{ports::Clock, state::StateError};
use seatkeeper_spin::{Answer, SpinClock, SpinStore, Variables, VariablesError, log, respond::whole};
use seatkeeper_web::{Problem, Secret, authorize, respond};
use spin_sdk::http::Request;

/// Who may read: holders of either token.
async fn readers() -> Result<[Secret; 2], VariablesError> {
    let mut read = Variables::read(["report_token", "admin_token"]).await;
    let (report, admin) = (read.secret("report_token"), read.secret("admin_token"));
    read.different(&[&report, &admin]);
    read.finish(report.zip(admin).map(<[Secret; 2]>::from))
}

/// One request.
#[spin_sdk::http_service]
async fn handle(request: Request) -> Answer {
    let head = request.method() == Method::HEAD;
    let answer = respond_to(&request).await;
    if head {
        let (parts, _) = answer.into_parts();
        return whole(http::Response::from_parts(parts, Vec::new()));
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
    if route == Route::Style {
        // Without a token: it contains nothing, and the page about a missing token may use it.
        return whole(respond::css(answer::STYLE));
    }
    let readers = match readers().await {
        Ok(readers) => readers,
        Err(error) => {
            log("the component is not configured", &[("error.problems", error.problems.clone().into())]);
            return whole(error.into_response());
        }
    };
    if let Err(error) = authorize(request.headers(), &readers) {
        return whole(error.into_response());
    }
    let now = SpinClock.now();
    let query = request.uri().query().unwrap_or_default();
    match SpinStore::open().await {
        Ok(store) => answer::answer(store, route, format, query, now).await,
        Err(source) => answer::failed_to_open(StateError::Store { key: "default".to_owned(), source }, format, now),
    }
}
