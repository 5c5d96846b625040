//! The alert component: each timer call and each `POST /alert` looks at the seats and the runs once and delivers what is
//! due: messages to the chat, warnings to people. `POST /alert/test` sends a test message at once.

use seatkeeper_chat::{Channel, Console, MailGateway};
use seatkeeper_confluence as confluence;
use seatkeeper_engine::{
    alert::{AlertReport, Trial, test, tick},
    state::StateError,
    trouble::Trouble,
};
use seatkeeper_policy::Instant;
use seatkeeper_spin::{
    Answer, CHANNELS, Messenger, SpinClock, SpinStore, Variables, VariablesError, connect, edge, log, respond::whole,
};
use seatkeeper_web::{Problem, Query, Secret, respond};
use serde::Serialize;
use spin_sdk::http::Request;

/// What the component is configured with.
struct Settings {
    confluence: confluence::Settings,
    channels: Vec<Channel>,
    mail: Option<MailGateway>,
    console: Option<Console>,
    trigger: Secret,
}

async fn settings() -> Result<Settings, VariablesError> {
    let own = [
        "confluence_origin",
        "confluence_context_path",
        "confluence_token",
        "confluence_user",
        "mail_origin",
        "mail_path",
        "mail_secret",
        "console_url",
        "trigger_token",
    ];
    let mut read = Variables::read(own.into_iter().chain(CHANNELS)).await;
    let (confluence, channels, mail) = (read.confluence(), read.channels(), read.mail());
    let (console, trigger) = (read.console(), read.secret("trigger_token"));
    let settings = || {
        Some(Settings {
            confluence: confluence?,
            channels: channels?,
            mail: mail?,
            console: console?,
            trigger: trigger?,
        })
    };
    read.finish(settings())
}

/// What became of a test.
#[derive(Serialize)]
struct Trials {
    channels: Vec<Trial>,
}

/// Sends a test message to one channel or to all of them.
async fn try_out(settings: Settings, query: &str) -> http::Response<Vec<u8>> {
    let query = match Query::parse(query, &["channel"]) {
        Ok(query) => query,
        Err(error) => return error.into_response(),
    };
    let Settings { confluence: _, channels, mail, console, trigger: _ } = settings;
    let notify = Messenger { channels, mail, console };
    let store = match SpinStore::open().await {
        Ok(store) => store,
        Err(source) => {
            let error = StateError::Store { key: "default".into(), source };
            return edge::trouble(&error.into()).into_response();
        }
    };
    match test(&store, &SpinClock, &notify, query.get("channel"), "the holder of the trigger token").await {
        Ok(channels) => respond::json(http::StatusCode::OK, &Trials { channels }),
        Err(error) => edge::trouble(&error.into()).into_response(),
    }
}

/// One tick, with a line in the log about how it ended.
async fn run(settings: Settings) -> Result<AlertReport, Trouble> {
    let Settings { confluence, channels, mail, console, trigger: _ } = settings;
    let store = SpinStore::open().await.map_err(|source| StateError::Store { key: "default".into(), source })?;
    let notify = Messenger { channels, mail, console };
    let report = tick(&store, &connect::confluence(confluence), &SpinClock, &notify, &edge::runner()).await;
    let mut fields = vec![
        ("alert.delivered", report.delivered.into()),
        ("alert.waiting", report.waiting.into()),
        ("alert.given_up", report.given_up.into()),
        ("alert.warned", report.warned.into()),
    ];
    fields.extend(report.seats.map(|seats| ("seats.used", seats.used.into())));
    fields.extend(report.error.as_ref().map(|error| ("error.code", error.code.as_str().into())));
    fields.extend(report.error.as_ref().map(|error| ("error.message", error.message.as_str().into())));
    log("alert tick ended", &fields);
    Ok(report)
}

async fn on_timer(_now: Instant) -> Result<(), String> {
    let report = run(settings().await.map_err(|error| error.to_string())?).await.map_err(|error| error.to_string())?;
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
    let test = match request.uri().path().trim_end_matches('/') {
        "/alert" => false,
        "/alert/test" => true,
        _ => return Problem::not_found(request.uri().path()).into_response(),
    };
    let settings = match settings().await {
        Ok(settings) => settings,
        Err(error) => return edge::unconfigured(error),
    };
    if let Some(refusal) = edge::refusal(request.method(), request.headers(), "POST", [&settings.trigger]) {
        return refusal;
    }
    if test {
        return try_out(settings, request.uri().query().unwrap_or_default()).await;
    }
    match run(settings).await {
        Ok(report) if report.error.is_some() => respond::json(http::StatusCode::SERVICE_UNAVAILABLE, &report),
        Ok(report) => respond::json(http::StatusCode::OK, &report),
        Err(trouble) => edge::trouble(&trouble).into_response(),
    }
}

seatkeeper_spin::cron!(on_timer);
