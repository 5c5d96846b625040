//! The admin component: the policy and what another one would do, plans with their answers, undo, imported evidence, the
//! stop switch, emergencies, changes of accounts, the audit trail, and the checks of an installation. Every request needs the administrator's token; whoever changes something says who they are, because that goes into the audit.

mod audit;
mod check;
mod control;
mod evidence;
mod plans;
mod policy;
mod refuse;
mod route;
mod simulate;
mod users;

use http::{Method, Response};
use route::Route;
use seatkeeper_confluence as confluence;
use seatkeeper_directories::CrowdSettings;
use seatkeeper_engine::state::StateError;
use seatkeeper_spin::{
    Answer, Client, Renamer, SpinStore, Variables, VariablesError, connect, edge, read_body, respond::whole,
};
use seatkeeper_web::{Problem, Secret};
use spin_sdk::http::Request;

/// What the component is configured with.
struct Settings {
    confluence: confluence::Settings,
    crowd: Option<CrowdSettings>,
    admin: Secret,
}

/// What every route works with.
struct Context {
    store: SpinStore,
    confluence: Client,
    rename: Renamer,
}

/// A request that was let in.
struct Call {
    method: Method,
    headers: http::HeaderMap,
    query: String,
    body: Vec<u8>,
}

async fn settings() -> Result<Settings, VariablesError> {
    let mut read = Variables::read([
        "confluence_origin",
        "confluence_context_path",
        "confluence_token",
        "confluence_user",
        "crowd_origin",
        "crowd_context_path",
        "crowd_application",
        "crowd_password",
        "admin_token",
    ])
    .await;
    let (confluence, crowd, admin) = (read.confluence(), read.crowd(), read.secret("admin_token"));
    let settings = || Some(Settings { confluence: confluence?, crowd: crowd?, admin: admin? });
    read.finish(settings())
}

#[spin_sdk::http_service]
async fn handle(request: Request) -> Answer {
    whole(match respond_to(request).await {
        Ok(answer) => answer,
        Err(problem) => problem.into_response(),
    })
}

async fn respond_to(request: Request) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let path = request.uri().path();
    let route = Route::find(path).ok_or_else(|| Problem::not_found(path))?;
    let settings = match settings().await {
        Ok(settings) => settings,
        Err(error) => return Ok(edge::unconfigured(error)),
    };
    if let Some(refusal) = edge::refusal(request.method(), request.headers(), route.methods(), [&settings.admin]) {
        return Ok(refusal);
    }
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = match read_body(request, route.max_body()).await {
        Ok(body) => body,
        Err(error) => return Ok(error.into_response()),
    };
    let call = Call { method, headers, query, body };
    let store =
        SpinStore::open().await.map_err(|source| refuse::state(StateError::Store { key: "default".into(), source }))?;
    let context =
        Context { store, confluence: connect::confluence(settings.confluence), rename: Renamer::new(settings.crowd) };
    match route {
        Route::Policy if call.method == Method::PUT => policy::replace(&context.store, &call).await,
        Route::Policy => policy::show(&context.store, &call).await,
        Route::Plans => plans::list(&context.store).await,
        Route::Plan(id) => plans::show(&context.store, &id, &call).await,
        Route::Approve(id) => plans::approve(&context.store, &id, &call).await,
        Route::Reject(id) => plans::reject(&context.store, &id, &call).await,
        Route::Undo(id) => plans::undo(&context, &id, &call).await,
        Route::Check => check::check(&context).await,
        Route::Import => evidence::import(&context.store, &call).await,
        Route::Imports => evidence::list(&context.store).await,
        Route::Stop if call.method == Method::POST => control::stop(&context.store, &call).await,
        Route::Stop if call.method == Method::DELETE => control::release(&context.store, &call).await,
        Route::Stop => control::show(&context.store).await,
        Route::Emergency => control::emergency(&context.store, &call).await,
        Route::User(name) => users::patch(&context, name, &call).await,
        Route::Rename(name) => users::rename(&context, name, &call).await,
        Route::Bulk => users::bulk(&context, &call).await,
        Route::Jobs => users::list(&context.store).await,
        Route::Job(id) => users::show(&context.store, &id, &call).await,
        Route::ResumeJob(id) => users::resume(&context, &id, &call).await,
        Route::UndoJob(id) => users::undo(&context, &id, &call).await,
        Route::Simulate => simulate::simulate(&context.store, &call).await,
        Route::Audit => audit::show(&context.store, &call).await,
    }
}
