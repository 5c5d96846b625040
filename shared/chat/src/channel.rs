//! Where messages go.

use http::Uri;
use seatkeeper_web::Secret;
use std::{fmt, time::Duration};

/// A kind of channel. There is one of each at most, and its name is the beginning of its variables' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A Slack incoming webhook.
    Slack,
    /// A Microsoft Teams workflow.
    Teams,
    /// A Mattermost incoming webhook.
    Mattermost,
    /// A Google Chat incoming webhook.
    GoogleChat,
    /// A Discord webhook.
    Discord,
    /// Any receiver of signed JSON.
    Webhook,
}

impl Kind {
    /// All of them, in the order of the pages.
    pub const ALL: [Self; 6] =
        [Self::Slack, Self::Teams, Self::Mattermost, Self::GoogleChat, Self::Discord, Self::Webhook];

    /// A stable name for state, logs and addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Mattermost => "mattermost",
            Self::GoogleChat => "google_chat",
            Self::Discord => "discord",
            Self::Webhook => "webhook",
        }
    }

    /// The name of the product, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Slack => "Slack",
            Self::Teams => "Microsoft Teams",
            Self::Mattermost => "Mattermost",
            Self::GoogleChat => "Google Chat",
            Self::Discord => "Discord",
            Self::Webhook => "Signed webhook",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The variables with scheme and host, and with the path.
    pub fn variables(self) -> (&'static str, &'static str) {
        match self {
            Self::Slack => ("slack_origin", "slack_path"),
            Self::Teams => ("teams_origin", "teams_path"),
            Self::Mattermost => ("mattermost_origin", "mattermost_path"),
            Self::GoogleChat => ("google_chat_origin", "google_chat_path"),
            Self::Discord => ("discord_origin", "discord_path"),
            Self::Webhook => ("webhook_origin", "webhook_path"),
        }
    }

    /// The time between two messages with which we stay below what the provider allows; the sources stand in the module
    /// of each.
    pub fn spacing(self) -> Duration {
        match self {
            // One a second.
            Self::Slack | Self::GoogleChat => Duration::from_secs(1),
            // Four a second.
            Self::Teams => Duration::from_millis(250),
            // Ten a second by default.
            Self::Mattermost => Duration::from_millis(100),
            // Told in every answer; five in two seconds were usual.
            Self::Discord => Duration::from_millis(500),
            Self::Webhook => Duration::ZERO,
        }
    }
}

/// One place that messages are sent to. The paths of all these addresses are credentials or carry one in their query, so
/// they are never shown.
#[derive(Clone)]
pub struct Channel {
    kind: Kind,
    origin: String,
    path: String,
    /// Signs every message of the generic webhook.
    secret: Option<Secret>,
}

/// Why the address of a channel is refused. Shows the origin at most.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// Not an origin.
    #[error("variable `{variable}` is `{value}`, but must be scheme and host only, such as `https://chat.example`")]
    Origin {
        /// The variable to change.
        variable: &'static str,
        /// Its value, without path and user.
        value: String,
    },
    /// Not a path.
    #[error(
        "variable `{variable}` must begin with `/` and be a valid URL path; its value is not shown, as it is a credential"
    )]
    Path {
        /// The variable to change.
        variable: &'static str,
    },
}

impl Channel {
    /// A chat channel of the variables of its kind; an empty origin switches it off.
    pub fn chat(kind: Kind, origin: &str, path: &str) -> Result<Option<Self>, ChannelError> {
        Self::new(kind, origin, path, None)
    }

    /// The webhook of the variables `webhook_origin` and `webhook_path`; an empty origin switches it off.
    pub fn webhook(origin: &str, path: &str, secret: Secret) -> Result<Option<Self>, ChannelError> {
        Self::new(Kind::Webhook, origin, path, Some(secret))
    }

    fn new(kind: Kind, origin: &str, path: &str, secret: Option<Secret>) -> Result<Option<Self>, ChannelError> {
        if origin.is_empty() {
            return Ok(None);
        }
        let (origin_variable, path_variable) = kind.variables();
        let (origin, path) = address(origin, path, origin_variable, path_variable)?;
        Ok(Some(Self { kind, origin, path, secret }))
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// A stable name for state and logs, such as `slack`.
    pub fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// Scheme and host, which may be shown.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// A text without the credential: programs like to repeat the address they were given, whole or in part.
    pub(crate) fn hidden(&self, text: &str) -> String {
        let mut hidden = text.replace(&self.path, "/***");
        // Parts that are long enough to be a credential, and not a word such as `services`.
        let parts = self.path.split(['/', '?', '&', '=']).filter(|part| part.len() >= 8);
        for part in parts {
            hidden = hidden.replace(part, "***");
        }
        hidden
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({} at {}, path redacted)", self.name(), self.origin())
    }
}

/// Where people find the pages, for the links in messages: the variable `console_url`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console(String);

impl Console {
    /// Checks the variable; an empty one means that messages have no links.
    pub fn parse(text: &str) -> Result<Option<Self>, ChannelError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let (origin, _) = address(text, "/", "console_url", "console_url")?;
        Ok(Some(Self(origin)))
    }

    /// The address of a page.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

pub(crate) fn address(
    origin: &str,
    path: &str,
    origin_variable: &'static str,
    path_variable: &'static str,
) -> Result<(String, String), ChannelError> {
    let origin = origin.strip_suffix('/').unwrap_or(origin);
    let is_origin = origin.parse::<Uri>().is_ok_and(|uri| {
        let web = matches!(uri.scheme_str(), Some("http" | "https"));
        web && uri.path() == "/"
            && uri.query().is_none()
            && uri.authority().is_some_and(|host| !host.as_str().contains('@'))
    });
    if !is_origin {
        // Somebody may have put the whole address here; what follows the host is not repeated.
        let shown = origin.split_inclusive('/').take(3).collect::<String>();
        let shown = if shown.contains('@') { "(not shown, it has a user in it)".to_owned() } else { shown };
        return Err(ChannelError::Origin { variable: origin_variable, value: shown });
    }
    if !path.starts_with('/') || format!("{origin}{path}").parse::<Uri>().is_err() {
        return Err(ChannelError::Path { variable: path_variable });
    }
    Ok((origin.to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/services/T000/B000/very-secret";

    fn slack(origin: &str, path: &str) -> Result<Option<Channel>, ChannelError> {
        Channel::chat(Kind::Slack, origin, path)
    }

    #[test]
    fn an_empty_origin_switches_a_channel_off() {
        for kind in Kind::ALL {
            assert!(Channel::chat(kind, "", PATH).unwrap().is_none());
        }
        let secret = Secret::new("webhook_secret", "long-enough-for-a-secret").unwrap();
        assert!(Channel::webhook("", "", secret).unwrap().is_none());
    }

    #[test]
    fn a_channel_is_called_as_its_variables_begin() {
        for kind in Kind::ALL {
            let (origin, path) = kind.variables();
            assert_eq!((origin, path), (&*format!("{}_origin", kind.name()), &*format!("{}_path", kind.name())));
            assert_eq!(Kind::named(kind.name()), Some(kind));
        }
        assert_eq!(Kind::named("irc"), None);
    }

    #[test]
    fn debug_output_shows_where_but_not_the_credential() {
        let channel = slack("https://hooks.slack.com/", PATH).unwrap().unwrap();
        assert_eq!(format!("{channel:?}"), "Channel(slack at https://hooks.slack.com, path redacted)");
    }

    #[test]
    fn no_part_of_an_address_that_could_be_a_credential_is_repeated() {
        let path = "/workflows/0123456789abcdef/triggers/manual?api-version=1&sig=S3cr3t_Signature-1";
        let teams = Channel::chat(Kind::Teams, "https://prod-1.logic.azure.com:443", path).unwrap().unwrap();
        let text = format!("{path}; sig=S3cr3t_Signature-1 of flow 0123456789abcdef at prod-1.logic.azure.com");
        assert_eq!(teams.hidden(&text), "/***; sig=*** of flow *** at prod-1.logic.azure.com");
        assert_eq!(slack("https://hooks.slack.com", "/").unwrap().unwrap().path(), "/");
    }

    #[test]
    fn a_whole_address_in_the_origin_is_refused_without_repeating_its_path() {
        let error = slack(&format!("https://hooks.slack.com{PATH}"), "").unwrap_err().to_string();
        assert!(error.contains("`slack_origin`") && error.contains("https://hooks.slack.com/"), "{error}");
        assert!(!error.contains("secret") && !error.contains("T000"), "{error}");
        for bad in ["hooks.slack.com", "ftp://x", "https://user:pw@x", "https://x?y", "https://"] {
            let error = slack(bad, PATH).unwrap_err();
            assert!(matches!(error, ChannelError::Origin { variable: "slack_origin", .. }), "{bad}: {error}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }

    #[test]
    fn a_path_that_is_none_is_refused_without_repeating_it() {
        for bad in ["", "services/very-secret", "/very secret", "/very\nsecret"] {
            let error = slack("https://hooks.slack.com", bad).unwrap_err();
            assert_eq!(error, ChannelError::Path { variable: "slack_path" });
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_console_is_an_origin_or_nothing() {
        assert_eq!(Console::parse(" ").unwrap(), None);
        let console = Console::parse("https://seats.example:8443/").unwrap().unwrap();
        assert_eq!(console.page("/report/runs"), "https://seats.example:8443/report/runs");
        for bad in ["seats.example", "javascript:alert(1)", "https://seats.example/report"] {
            let error = Console::parse(bad).unwrap_err();
            assert!(matches!(error, ChannelError::Origin { variable: "console_url", .. }), "{bad}: {error}");
        }
    }
}
