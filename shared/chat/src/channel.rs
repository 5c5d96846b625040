//! Where messages go.

use http::Uri;
use seatkeeper_web::Secret;
use std::fmt;

/// One place that messages are sent to. The path of a Slack address is a credential, and that of a webhook may be one,
/// so neither is ever shown.
#[derive(Clone)]
pub enum Channel {
    /// A Slack incoming webhook.
    Slack {
        /// Scheme, host and port, such as `https://hooks.slack.com`.
        origin: String,
        /// The path, beginning with a slash.
        path: String,
    },
    /// Any receiver of signed JSON.
    Webhook {
        /// Scheme, host and port.
        origin: String,
        /// The path with its query, beginning with a slash.
        path: String,
        /// Signs every message.
        secret: Secret,
    },
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
    /// The Slack channel of the variables `slack_origin` and `slack_path`; an empty origin switches it off.
    pub fn slack(origin: &str, path: &str) -> Result<Option<Self>, ChannelError> {
        if origin.is_empty() {
            return Ok(None);
        }
        let (origin, path) = address(origin, path, "slack_origin", "slack_path")?;
        Ok(Some(Self::Slack { origin, path }))
    }

    /// The webhook of the variables `webhook_origin` and `webhook_path`; an empty origin switches it off.
    pub fn webhook(origin: &str, path: &str, secret: Secret) -> Result<Option<Self>, ChannelError> {
        if origin.is_empty() {
            return Ok(None);
        }
        let (origin, path) = address(origin, path, "webhook_origin", "webhook_path")?;
        Ok(Some(Self::Webhook { origin, path, secret }))
    }

    /// A stable name for state and logs: `slack` or `webhook`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Slack { .. } => "slack",
            Self::Webhook { .. } => "webhook",
        }
    }

    /// Scheme and host, which may be shown.
    pub fn origin(&self) -> &str {
        match self {
            Self::Slack { origin, path: _ } | Self::Webhook { origin, path: _, secret: _ } => origin,
        }
    }

    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Slack { origin: _, path } | Self::Webhook { origin: _, path, secret: _ } => path,
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({} at {}, path redacted)", self.name(), self.origin())
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

    #[test]
    fn an_empty_origin_switches_a_channel_off() {
        assert!(Channel::slack("", PATH).unwrap().is_none());
        let secret = Secret::new("webhook_secret", "long-enough-for-a-secret").unwrap();
        assert!(Channel::webhook("", "", secret).unwrap().is_none());
    }

    #[test]
    fn debug_output_shows_where_but_not_the_credential() {
        let channel = Channel::slack("https://hooks.slack.com/", PATH).unwrap().unwrap();
        assert_eq!(format!("{channel:?}"), "Channel(slack at https://hooks.slack.com, path redacted)");
    }

    #[test]
    fn a_whole_address_in_the_origin_is_refused_without_repeating_its_path() {
        let error = Channel::slack(&format!("https://hooks.slack.com{PATH}"), "").unwrap_err().to_string();
        assert!(error.contains("`slack_origin`") && error.contains("https://hooks.slack.com/"), "{error}");
        assert!(!error.contains("secret") && !error.contains("T000"), "{error}");
        for bad in ["hooks.slack.com", "ftp://x", "https://user:pw@x", "https://x?y", "https://"] {
            let error = Channel::slack(bad, PATH).unwrap_err();
            assert!(matches!(error, ChannelError::Origin { variable: "slack_origin", .. }), "{bad}: {error}");
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }

    #[test]
    fn a_path_that_is_none_is_refused_without_repeating_it() {
        for bad in ["", "services/very-secret", "/very secret", "/very\nsecret"] {
            let error = Channel::slack("https://hooks.slack.com", bad).unwrap_err();
            assert_eq!(error, ChannelError::Path { variable: "slack_path" });
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
