//! Where messages go: the chat channels, the gateway to people, and the pages that messages link to.

use super::Variables;
use seatkeeper_chat::{Channel, Console, Kind, MailGateway};

/// The variables that [`Variables::channels`] needs.
pub const CHANNELS: [&str; 13] = [
    "slack_origin",
    "slack_path",
    "teams_origin",
    "teams_path",
    "mattermost_origin",
    "mattermost_path",
    "google_chat_origin",
    "google_chat_path",
    "discord_origin",
    "discord_path",
    "webhook_origin",
    "webhook_path",
    "webhook_secret",
];

impl Variables {
    /// The chat channels that are switched on, from the variables of [`CHANNELS`]. Each is off where its origin is
    /// [`super::OFF`], or none.
    pub fn channels(&mut self) -> Option<Vec<Channel>> {
        let mut channels = Some(Vec::new());
        for kind in Kind::ALL {
            // All of them are looked at even after a problem, so that all problems are told together.
            match (self.channel(kind), &mut channels) {
                (Some(channel), Some(channels)) => channels.extend(channel),
                (Some(_), None) => {}
                (None, _) => channels = None,
            }
        }
        channels
    }

    #[expect(
        clippy::option_option,
        reason = "the outer one is about whether the variables can be used, the inner one about off"
    )]
    fn channel(&mut self, kind: Kind) -> Option<Option<Channel>> {
        let (origin, path) = kind.variables();
        if self.origin(origin).is_empty() {
            return Some(None);
        }
        let channel = if kind == Kind::Webhook {
            let secret = self.secret("webhook_secret")?;
            Channel::webhook(self.origin(origin), self.text(path).trim(), secret)
        } else {
            Channel::chat(kind, self.origin(origin), self.text(path).trim())
        };
        self.note(channel)
    }

    /// The gateway that writes to people, from the variables `mail_*`; the origin [`super::OFF`], or none, switches it
    /// off.
    pub fn mail(&mut self) -> Option<Option<MailGateway>> {
        if self.origin("mail_origin").is_empty() {
            return Some(None);
        }
        let secret = self.secret("mail_secret")?;
        let mail = MailGateway::new(self.text("mail_origin").trim(), self.text("mail_path"), secret);
        self.note(mail)
    }

    /// Where people find the pages, from the variable `console_url`; empty means that messages have no links.
    pub fn console(&mut self) -> Option<Option<Console>> {
        let console = Console::parse(self.text("console_url"));
        self.note(console)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::OFF, *};

    fn variables(values: &[(&'static str, &str)]) -> Variables {
        Variables {
            values: values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            problems: vec![],
        }
    }

    /// Every channel switched on.
    fn on() -> Vec<(&'static str, &'static str)> {
        let value = |name: &'static str| match name {
            "webhook_secret" => "a-secret-of-the-webhook",
            name if name.ends_with("_path") => "/in/very-secret",
            _ => "https://chat.example.com",
        };
        CHANNELS.iter().map(|name| (*name, value(name))).collect()
    }

    #[test]
    fn a_channel_is_off_without_an_origin() {
        for off in ["", OFF, "https://off.invalid/"] {
            let values: Vec<_> = CHANNELS.iter().map(|name| (*name, off)).collect();
            let mut read = variables(&values);
            assert!(read.channels().unwrap().is_empty());
            assert!(read.finish(Some(())).is_ok());
        }
    }

    #[test]
    fn every_kind_of_channel_has_its_variables() {
        let channels = variables(&on()).channels().unwrap();
        let kinds: Vec<_> = channels.iter().map(Channel::kind).collect();
        assert_eq!(kinds, Kind::ALL);
        for kind in Kind::ALL {
            let (origin, path) = kind.variables();
            assert!(CHANNELS.contains(&origin) && CHANNELS.contains(&path), "{origin} {path}");
        }
    }

    #[test]
    fn all_problems_of_all_channels_are_told_together_and_without_secrets() {
        let mut values = on();
        for (name, value) in &mut values {
            match *name {
                "teams_path" => *value = "no-slash-very-secret",
                "discord_origin" => *value = "https://discord.com/api/webhooks/1/very-secret",
                "webhook_secret" => *value = "",
                _ => {}
            }
        }
        let mut read = variables(&values);
        assert!(read.channels().is_none());
        let error = read.finish(Some(())).unwrap_err();
        assert_eq!(error.problems.len(), 3, "{error}");
        for name in ["`teams_path`", "`discord_origin`", "`webhook_secret`"] {
            assert!(error.to_string().contains(name), "{name}: {error}");
        }
        assert!(!error.to_string().contains("very-secret"), "{error}");
    }

    #[test]
    fn warnings_are_off_without_an_origin_and_need_a_secret_with_one() {
        for off in ["", OFF] {
            assert!(variables(&[("mail_origin", off)]).mail().unwrap().is_none());
        }
        let on = [("mail_origin", "https://mail.example.com"), ("mail_path", "/warn/very-secret"), ("mail_secret", "")];
        let mut read = variables(&on);
        assert!(read.mail().is_none());
        assert!(read.finish(Some(())).unwrap_err().to_string().contains("`mail_secret`"));
        let mut read = variables(&on);
        read.values.insert("mail_secret", "a-secret-of-the-gateway".into());
        let gateway = read.mail().unwrap().unwrap();
        assert!(!format!("{gateway:?}").contains("very-secret"));
    }

    #[test]
    fn the_pages_are_an_origin_or_nothing() {
        assert_eq!(variables(&[("console_url", "")]).console(), Some(None));
        assert!(variables(&[("console_url", "https://seats.example.com")]).console().unwrap().is_some());
        let mut read = variables(&[("console_url", "seats")]);
        assert_eq!(read.console(), None);
        assert!(read.finish(Some(())).unwrap_err().to_string().contains("`console_url`"));
    }
}
