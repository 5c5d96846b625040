//! The alert component: each timer call and each `POST /alert` looks at the seats once and delivers what is due: messages
//! to the chat, warnings to people.

mod messages;

use seatkeeper_chat::{Channel, MailGateway, deliver, mail};
use seatkeeper_confluence as confluence;
use seatkeeper_engine::{
    alert::{AlertReport, Notice, Notify, WarnError, tick},
    ports::Clock,
    state::{StateError, Warning},
    trouble::Trouble,
};
use seatkeeper_policy::Instant;
use seatkeeper_spin::{
    Answer, SpinClock, SpinHttp, SpinStore, Variables, VariablesError, connect, edge, log, respond::whole,
};
use seatkeeper_web::{Secret, respond};
use spin_sdk::http::Request;

/// What the component is configured with.
struct Settings {
    confluence: confluence::Settings,
    channels: Vec<Channel>,
    mail: Option<MailGateway>,
    trigger: Secret,
}

async fn settings() -> Result<Settings, VariablesError> {
    let mut read = Variables::read([
        "confluence_origin",
        "confluence_context_path",
        "confluence_token",
        "confluence_user",
        "slack_origin",
        "slack_path",
        "webhook_origin",
        "webhook_path",
        "webhook_secret",
        "mail_origin",
        "mail_path",
        "mail_secret",
        "trigger_token",
    ])
    .await;
    let (confluence, channels, mail) = (read.confluence(), read.channels(), read.mail());
    let trigger = read.secret("trigger_token");
    let settings = || Some(Settings { confluence: confluence?, channels: channels?, mail: mail?, trigger: trigger? });
    read.finish(settings())
}

/// The configured channels, and the gateway to people.
struct Configured {
    channels: Vec<Channel>,
    mail: Option<MailGateway>,
}

impl Notify for Configured {
    fn channels(&self) -> Vec<String> {
        self.channels.iter().map(|channel| channel.name().to_owned()).collect()
    }

    async fn deliver(&self, channel: &str, notice: &Notice) -> Result<(), String> {
        let Some(channel) = self.channels.iter().find(|known| known.name() == channel) else {
            return Err(format!("channel {channel} is not configured any more; its messages wait until it is"));
        };
        let message = messages::message(notice);
        deliver(&SpinHttp::default(), channel, &message, SpinClock.now()).await.map_err(|error| error.to_string())
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

/// One tick, with a line in the log about how it ended.
async fn run(settings: Settings) -> Result<AlertReport, Trouble> {
    let Settings { confluence, channels, mail, trigger: _ } = settings;
    let store = SpinStore::open().await.map_err(|source| StateError::Store { key: "default".into(), source })?;
    let notify = Configured { channels, mail };
    let report = tick(&store, &connect::confluence(confluence), &SpinClock, &notify, &edge::runner()).await;
    let mut fields = vec![
        ("alert.delivered", report.delivered.into()),
        ("alert.waiting", report.waiting.into()),
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
    let settings = match settings().await {
        Ok(settings) => settings,
        Err(error) => return edge::unconfigured(error),
    };
    if let Some(refusal) = edge::refusal(request.method(), request.headers(), "POST", [&settings.trigger]) {
        return refusal;
    }
    match run(settings).await {
        Ok(report) if report.error.is_some() => respond::json(http::StatusCode::SERVICE_UNAVAILABLE, &report),
        Ok(report) => respond::json(http::StatusCode::OK, &report),
        Err(trouble) => edge::trouble(&trouble).into_response(),
    }
}

seatkeeper_spin::cron!(on_timer);
