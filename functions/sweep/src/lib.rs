//! The sweep component: each timer call and each `POST /sweep` is one tick of the sweep. A tick goes as far as its
//! time allows; the next one goes on.

use seatkeeper_confluence as confluence;
use seatkeeper_database as database;
use seatkeeper_directories::{CrowdSettings, Outside, OutsideSettings, scim::ScimAccess};
use seatkeeper_engine::{
    ports::Clock,
    sources::Elsewhere,
    state::StateError,
    sweep::{Order, Ports, Status, TickReport, tick_counting},
    tallies::{Counted, Requests, System},
    trouble::Trouble,
};
use seatkeeper_policy::Instant;
use seatkeeper_spin::{
    Answer, DIRECTORIES, Postgres, Renamer, SpinClock, SpinHttp, SpinStore, SpinTcp, Variables, VariablesError,
    connect, edge, log, respond::whole,
};
use seatkeeper_web::{Query, Secret, respond};
use spin_sdk::http::Request;

/// What the component is configured with.
struct Settings {
    confluence: confluence::Settings,
    crowd: Option<CrowdSettings>,
    database: Option<database::Settings>,
    directories: OutsideSettings,
    trigger: Secret,
    budget: chrono::TimeDelta,
}

async fn settings() -> Result<Settings, VariablesError> {
    let names = [
        "confluence_origin",
        "confluence_context_path",
        "confluence_token",
        "confluence_user",
        "crowd_origin",
        "crowd_context_path",
        "crowd_application",
        "crowd_password",
        "database_origin",
        "database_user",
        "database_password",
        "database_name",
        "database_tls",
        "database_ca",
        "database_zone",
        "trigger_token",
        "tick_budget_seconds",
    ];
    let mut read = Variables::read(names.into_iter().chain(DIRECTORIES)).await;
    let (confluence, crowd, database) = (read.confluence(), read.crowd(), read.database());
    let directories = read.directories(crowd.clone().flatten());
    let trigger = read.secret("trigger_token");
    let budget = read.seconds("tick_budget_seconds", 1..=600);
    let settings = || {
        let budget = chrono::TimeDelta::from_std(budget?).ok()?;
        Some(Settings {
            confluence: confluence?,
            crowd: crowd?,
            database: database?,
            directories: directories?,
            trigger: trigger?,
            budget,
        })
    };
    read.finish(settings())
}

/// One tick, with a line in the log about how it ended.
async fn run(settings: Settings, open_now: bool) -> Result<TickReport, Trouble> {
    let Settings { confluence, crowd, database, directories, trigger: _, budget } = settings;
    let started = SpinClock.now();
    let store = SpinStore::open().await.map_err(|source| StateError::Store { key: "default".into(), source })?;
    let requests = Requests::default();
    let http = |system| Counted::new(SpinHttp::default(), &requests, system);
    let confluence = connect::confluence_by(http(System::Confluence), confluence);
    let rename = Renamer::by(http(System::Crowd), crowd);
    let database = Postgres::new(database);
    let addresses = addresses(&directories);
    let counted = || Counted::by_address(SpinHttp::default(), &requests, &addresses);
    let directories = Outside::new(directories, counted, SpinTcp, &SpinClock);
    let outside = Elsewhere { database: &database, directories: &directories };
    let ports = Ports { store: &store, confluence: &confluence, rename: &rename, clock: &SpinClock };
    let runner = edge::runner();
    let report = tick_counting(ports, &outside, Order { runner: &runner, budget, open_now }, &requests).await;
    let took = (SpinClock.now() - started).num_milliseconds();
    tell(&report, took);
    Ok(report)
}

/// Whose requests go where, for the totals.
fn addresses(directories: &OutsideSettings) -> Vec<(String, System)> {
    let OutsideSettings { scim, graph, okta, crowd, http, ldap: _ } = directories;
    let mut addresses: Vec<_> = scim.iter().map(|scim| (scim.base.as_str().to_owned(), System::Scim)).collect();
    let login = scim.iter().filter_map(|scim| match &scim.access {
        ScimAccess::Token(_) => None,
        ScimAccess::OAuth(credentials) => Some(credentials),
    });
    addresses.extend(graph.iter().map(|graph| (graph.base.as_str().to_owned(), System::Graph)));
    addresses.extend(okta.iter().map(|okta| (okta.base.as_str().to_owned(), System::Okta)));
    addresses.extend(crowd.iter().map(|crowd| (crowd.base.as_str().to_owned(), System::Crowd)));
    addresses.extend(http.iter().map(|people| (people.origin.as_str().to_owned(), System::HttpDirectory)));
    // Last: a login on the host of its directory counts as the directory.
    let login = login.chain(graph.iter().map(|graph| &graph.credentials));
    addresses.extend(login.map(|credentials| (credentials.token_url.as_str().to_owned(), System::Login)));
    addresses
}

fn tell(report: &TickReport, took: i64) {
    let mut fields = vec![
        ("tick.status", serde_json::to_value(report.status).unwrap_or_default()),
        ("tick.phase", report.phase.as_str().into()),
        ("tick.done", report.done.into()),
        ("duration_ms", took.into()),
    ];
    fields.extend(report.sweep.as_ref().map(|sweep| ("sweep.id", sweep.as_str().into())));
    fields.extend(report.error.as_ref().map(|error| ("error.code", error.code.as_str().into())));
    fields.extend(report.error.as_ref().map(|error| ("error.message", error.message.as_str().into())));
    log("sweep tick ended", &fields);
}

async fn on_timer(_now: Instant) -> Result<(), String> {
    let report = run(settings().await.map_err(|error| error.to_string())?, false).await.map_err(|e| e.to_string())?;
    match report.error {
        Some(trouble) => Err(trouble.to_string()),
        None => Ok(()),
    }
}

#[spin_sdk::http_service]
async fn handle(request: Request) -> Answer {
    whole(respond_to(request).await)
}

async fn respond_to(request: Request) -> http::Response<Vec<u8>> {
    let settings = match settings().await {
        Ok(settings) => settings,
        Err(error) => return edge::unconfigured(error),
    };
    if let Some(refusal) = edge::refusal(request.method(), request.headers(), "POST", [&settings.trigger]) {
        return refusal;
    }
    let open_now = match open_now(request.uri().query().unwrap_or_default()) {
        Ok(open_now) => open_now,
        Err(error) => return error.into_response(),
    };
    match run(settings, open_now).await {
        Ok(report) => respond::json(status(&report), &report),
        Err(trouble) => edge::trouble(&trouble).into_response(),
    }
}

fn open_now(query: &str) -> Result<bool, seatkeeper_web::QueryError> {
    let query = Query::parse(query, &["open"])?;
    match query.get("open") {
        None => Ok(false),
        Some("now") => Ok(true),
        Some(value) => Err(seatkeeper_web::QueryError::Invalid {
            name: "open".to_owned(),
            value: value.to_owned(),
            expected: "`now`, or left out".to_owned(),
        }),
    }
}

fn status(report: &TickReport) -> http::StatusCode {
    match report.status {
        Status::Failed => http::StatusCode::SERVICE_UNAVAILABLE,
        Status::Busy | Status::Idle | Status::Working | Status::Waiting | Status::Finished => http::StatusCode::OK,
    }
}

seatkeeper_spin::cron!(on_timer);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_is_opened_at_once_only_when_that_is_asked_for() {
        assert_eq!(open_now(""), Ok(false));
        assert_eq!(open_now("open=now"), Ok(true));
        for wrong in ["open=yes", "opn=now", "open=now&open=now"] {
            assert!(open_now(wrong).is_err(), "{wrong}");
        }
    }
}
