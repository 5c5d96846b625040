//! The admin component: the policy, plans with their answers, undo, imported evidence, the stop switch, emergencies,
//! changes of accounts, the checks of an installation, and signing in to the console. Whoever changes something says who
//! they are, because that goes into the audit; a token or a session decides what they may do.

mod alerts;
mod audit;
mod call;
mod check;
mod control;
mod evidence;
mod exempt;
mod plans;
mod policy;
mod refuse;
mod route;
mod sign;
mod sign_on;
mod simulate;
mod users;

use call::Call;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use route::Route;
use seatkeeper_confluence as confluence;
use seatkeeper_console::{Banner, Caller, Credentials, Nav, form, frame};
use seatkeeper_directories::CrowdSettings;
use seatkeeper_engine::{lease, ports::Clock, state::StateError};
use seatkeeper_oidc as oidc;
use seatkeeper_spin::{
    Answer, CHANNELS, Client, Messenger, Renamer, SpinClock, SpinStore, Variables, VariablesError, access, connect,
    edge, read_body, respond::whole,
};
use seatkeeper_web::{Problem, respond};
use spin_sdk::http::Request;

/// What the component is configured with.
struct Settings {
    confluence: confluence::Settings,
    crowd: Option<CrowdSettings>,
    messenger: Messenger,
    known: Credentials,
    sign_on: Option<oidc::Settings>,
}

/// What every route works with.
struct Context {
    store: SpinStore,
    confluence: Client,
    rename: Renamer,
    messenger: Messenger,
    known: Credentials,
}

async fn settings() -> Result<Settings, VariablesError> {
    let own = [
        "confluence_origin",
        "confluence_context_path",
        "confluence_token",
        "confluence_user",
        "crowd_origin",
        "crowd_context_path",
        "crowd_application",
        "crowd_password",
        "console_url",
    ];
    let mut read =
        Variables::read(own.into_iter().chain(CHANNELS).chain(access::CREDENTIALS).chain(sign_on::VARIABLES)).await;
    let (confluence, crowd, known) = (read.confluence(), read.crowd(), read.credentials());
    let (channels, console, sign_on) = (read.channels(), read.console(), sign_on::settings(&mut read));
    // People are written to by the alert function alone.
    let messenger = || Some(Messenger { channels: channels?, mail: None, console: console? });
    let messenger = messenger();
    let settings = || {
        Some(Settings {
            confluence: confluence?,
            crowd: crowd?,
            messenger: messenger?,
            known: known?,
            sign_on: sign_on?,
        })
    };
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
    let (method, mut headers) = (request.method().clone(), request.headers().clone());
    // Hosts of components take the header apart and leave the host in the address.
    if let Some(host) = request.uri().authority().and_then(|host| HeaderValue::try_from(host.as_str()).ok()) {
        headers.entry(header::HOST).or_insert(host);
    }
    if !route.methods().split(", ").any(|name| name == method.as_str()) {
        return Err(Problem::method_not_allowed(route.methods()).into());
    }
    let store =
        SpinStore::open().await.map_err(|source| refuse::state(StateError::Store { key: "default".into(), source }))?;
    if route == Route::SignIn {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = match read_body(request, route.max_body()).await {
            Ok(body) => body,
            Err(error) => return Ok(error.into_response()),
        };
        return sign::sign_in(&store, &settings.known, &method, &headers, &query, &body).await;
    }
    if matches!(route, Route::SignOn | Route::SignOnReturn) {
        let sign_on = settings.sign_on.as_ref().ok_or_else(|| Problem::not_found(path))?;
        let query = request.uri().query().unwrap_or_default();
        return match route {
            Route::SignOn => sign_on::begin(sign_on, query).await,
            _ => sign_on::finish(&store, &settings.known, sign_on, &headers, query).await,
        };
    }
    // Who may not do it is told so before anything of the body is read.
    let caller = match settings.known.caller(&store, &headers, SpinClock.now()).await {
        Ok(caller) => caller,
        Err(_) if access::is_browser(&headers) || form::is_form(&headers) => {
            let why = Some("You are not signed in any more, so nothing was changed.");
            let now = SpinClock.now();
            return Ok(frame::sign_in(StatusCode::UNAUTHORIZED, why, "/report", settings.known.single_sign_on, now));
        }
        Err(denied) => return Ok(denied.into_response()),
    };
    if let Err(denied) = caller.needs(route.role(&method)) {
        return Ok(refused(denied.problem(), &caller, &headers, &store).await);
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    let most = if form::is_form(&headers) { route.max_form() } else { route.max_body() };
    let body = match read_body(request, most).await {
        Ok(body) => body,
        Err(error) if form::is_form(&headers) => return Ok(refused(error.problem(), &caller, &headers, &store).await),
        Err(error) => return Ok(error.into_response()),
    };
    let call = match Call::new(method, headers.clone(), query, body, caller.clone()) {
        Ok(call) => call,
        Err(denied) => return Ok(refused(denied.problem(), &caller, &headers, &store).await),
    };
    let context = Context {
        store,
        confluence: connect::confluence(settings.confluence),
        rename: Renamer::new(settings.crowd),
        messenger: settings.messenger,
        known: settings.known,
    };
    match changed(&context, route, &call).await {
        // A form is answered by a page: the one it belongs to, or one that says what is wrong.
        Ok(answer) if call.form && !call.wants_json() && !leads_on(&answer) => Ok(respond::see_other(&call.back)),
        Err(problem) if call.form && !call.wants_json() => {
            let nav = call.nav(&context.store).await;
            Ok(seatkeeper_console::problem(&problem, nav, &call.back))
        }
        answer => answer,
    }
}

/// Whether an answer is a page, or leads to one.
fn leads_on(answer: &Response<Vec<u8>>) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    answer.headers().contains_key(header::LOCATION) || kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// A refusal in the form that the sender reads.
async fn refused(problem: Problem, caller: &Caller, headers: &HeaderMap, store: &SpinStore) -> Response<Vec<u8>> {
    if !form::is_form(headers) {
        return problem.into_response();
    }
    let nav = Nav::new("", Some(caller.clone()), Banner::load(store).await, SpinClock.now());
    seatkeeper_console::problem(&problem, nav, "/report")
}

/// A change of what people own waits until no other is under way, so that neither is lost.
async fn changed(context: &Context, route: Route, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    if call.method == Method::GET || !is_change(&route) {
        return answer(context, route, call).await;
    }
    let held = lease::change(&context.store, &SpinClock, &edge::runner()).await.map_err(refuse::state)?;
    let held = held.ok_or_else(refuse::busy)?;
    let answered = answer(context, route, call).await;
    // A lock that cannot be given back ends by itself; the change was made, or refused, in any case.
    let _ = lease::release(&context.store, held).await;
    answered
}

/// Whether a request reads a record, changes it and writes it again.
fn is_change(route: &Route) -> bool {
    matches!(
        route,
        Route::Policy
            | Route::Approve(_)
            | Route::Reject(_)
            | Route::Strike(_)
            | Route::PutBack(_)
            | Route::Stop
            | Route::Release
            | Route::Sweep
            | Route::Emergency
            | Route::Exempt
            | Route::EndExemption
    )
}

async fn answer(context: &Context, route: Route, call: &Call) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let store = &context.store;
    match route {
        Route::Policy if call.method == Method::PUT => policy::replace(store, call).await,
        Route::Policy if call.method == Method::POST => policy::replace_by_form(store, call).await,
        Route::Policy => policy::show(store, call).await,
        Route::Simulate => simulate::simulate(store, call).await,
        Route::Audit => audit::show(store, call).await,
        Route::PolicyCheck => policy::check(store, call).await,
        Route::Plans => plans::list(store).await,
        Route::Plan(id) => plans::show(store, &id, call).await,
        Route::Approve(id) => plans::approve(store, &context.known, &id, call).await,
        Route::Reject(id) => plans::reject(store, &context.known, &id, call).await,
        Route::Strike(id) => plans::strike(store, &id, call).await,
        Route::PutBack(id) => plans::put_back(store, &id, call).await,
        Route::Undo(id) => plans::undo(context, &id, call).await,
        Route::Check => check::check(context).await,
        Route::Import => evidence::import(store, call).await,
        Route::Imports => evidence::list(store).await,
        Route::Stop if call.method == Method::POST => control::stop(store, call).await,
        Route::Stop if call.method == Method::DELETE => control::release(store, call).await,
        Route::Stop => control::show(store).await,
        Route::Release => control::release(store, call).await,
        Route::Sweep => control::sweep(store, call).await,
        Route::Emergency => control::emergency(store, call).await,
        Route::User(name) => users::patch(context, name, call).await,
        Route::Rename(name) => users::rename(context, name, call).await,
        Route::Bulk => users::bulk(context, call).await,
        Route::Jobs => users::list(store).await,
        Route::Job(id) => users::show(store, &id, call).await,
        Route::ResumeJob(id) => users::resume(context, &id, call).await,
        Route::UndoJob(id) => users::undo(context, &id, call).await,
        Route::TestAlert => alerts::test(store, &SpinClock, &context.messenger, call).await,
        Route::Exempt => exempt::add(store, call).await,
        Route::EndExemption => exempt::end(store, call).await,
        Route::SignOut => sign::sign_out(store, call).await,
        // Answered before anybody was asked who they are.
        Route::SignIn | Route::SignOn | Route::SignOnReturn => Err(Problem::not_found("/admin/sign-in").into()),
    }
}
