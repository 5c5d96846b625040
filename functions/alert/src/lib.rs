//! The alert component: each timer call and each `POST /alert` looks at the seats and the runs once and delivers what is
//! due: messages to the chat, warnings to people. `POST /alert/test` sends a test message at once.

use seatkeeper_chat::{Channel, Console, Kind, MailGateway, deliver, mail, message};
use seatkeeper_confluence as confluence;
use seatkeeper_engine::{
    alert::{Accepted, AlertReport, Notice, Notify, Retry, Trial, Undelivered, WarnError, test, tick},
    ports::Clock,
    state::{StateError, Warning},
    trouble::Trouble,
};
use seatkeeper_policy::Instant;
use seatkeeper_spin::{
    Answer, CHANNELS, SpinClock, SpinHttp, SpinStore, Variables, VariablesError, connect, edge, log, respond::whole,
};
use seatkeeper_web::{Problem, Query, Secret, respond};
use serde::Serialize;
use spin_sdk::http::Request;
use std::time::Duration;

/// Time for one message. A chat that is slower than this is down, and several of them may be in one tick.
const TIME_OUT: Duration = Duration::from_secs(5);

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

/// The configured channels, and the gateway to people.
struct Configured {
    channels: Vec<Channel>,
    mail: Option<MailGateway>,
    console: Option<Console>,
}

impl Notify for Configured {
    fn channels(&self) -> Vec<String> {
        self.channels.iter().map(|channel| channel.name().to_owned()).collect()
    }

    fn known(&self) -> Vec<String> {
        Kind::ALL.iter().map(|kind| kind.name().to_owned()).collect()
    }

    fn spacing(&self, channel: &str) -> Duration {
        Kind::named(channel).map_or(Duration::ZERO, Kind::spacing)
    }

    async fn deliver(&self, channel: &str, notice: &Notice) -> Result<Accepted, Undelivered> {
        let Some(channel) = self.channels.iter().find(|known| known.name() == channel) else {
            let told = format!("channel {channel} is not configured");
            return Err(Undelivered { retry: Retry::Later(None), status: None, told });
        };
        let message = message(notice, self.console.as_ref());
        let http = SpinHttp::default().with_time_out(TIME_OUT);
        let sent = deliver(&http, channel, &message, SpinClock.now()).await;
        if let Err(error) = &sent {
            let fields = [
                ("alert.channel", channel.name().into()),
                ("alert.subject", notice.subject().into()),
                ("error.message", error.to_string().into()),
            ];
            log("message not delivered", &fields);
        }
        Ok(sent?)
    }

    fn can_warn(&self) -> bool {
        self.mail.is_some()
    }

    async fn warn(&self, warning: &Warning) -> Result<(), WarnError> {
        let Some(gateway) = &self.mail else {
            return Err(WarnError::Later("no mail gateway is configured".to_owned()));
        };
        let sent = mail::warn(&SpinHttp::default(), gateway, warning, SpinClock.now()).await;
        if let Err(error) = &sent {
            let will = if matches!(error, WarnError::Later(_)) { "tried again" } else { "undeliverable" };
            let fields = [
                ("user.key", warning.key.as_str().into()),
                ("warning.outcome", will.into()),
                ("error.message", error.to_string().into()),
            ];
            log("warning not delivered", &fields);
        }
        sent
    }
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
    let notify = Configured { channels, mail, console };
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
    let notify = Configured { channels, mail, console };
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
