//! Messages to chats and to people, over the host's HTTP.

use crate::{SpinClock, SpinHttp, log};
use seatkeeper_chat::{Channel, Console, Kind, MailGateway, deliver, mail, message};
use seatkeeper_engine::{
    alert::{Accepted, Notice, Notify, Retry, Undelivered, WarnError},
    ports::Clock,
    state::Warning,
};
use std::time::Duration;

/// Time for one message. A chat that is slower than this is down, and several of them may be in one tick.
const TIME_OUT: Duration = Duration::from_secs(5);

/// The configured channels, and the gateway to people.
pub struct Messenger {
    /// The chat channels that are switched on.
    pub channels: Vec<Channel>,
    /// The gateway to people, where there is one.
    pub mail: Option<MailGateway>,
    /// The pages that messages link to.
    pub console: Option<Console>,
}

impl Notify for Messenger {
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
