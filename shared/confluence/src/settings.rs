//! Where Confluence is and who we are there. Everything is checked once, and all problems are told together.

use http::{HeaderValue, Uri};
use seatkeeper_policy::Username;
use std::fmt;

/// Address of Confluence without a trailing slash: origin and context path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

/// A token or password. It is sent, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// All that a client needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address of Confluence.
    pub base: BaseUrl,
    /// Personal access token.
    pub token: Secret,
    /// The account the token must belong to. Confluence serves an expired token as anonymous, so it is compared.
    pub expected_user: Username,
    /// What this server's language calls a successful login in the audit log, beside the key and the English texts.
    pub login_texts: Vec<String>,
}

/// All problems of the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", problems.join("; "))]
pub struct SettingsError {
    /// One sentence for each problem, with the name of the value and what to do.
    pub problems: Vec<String>,
}

impl BaseUrl {
    /// Checks `scheme://host[:port]` and the context path, which is empty or like `/confluence`.
    pub fn parse(origin: &str, context_path: &str) -> Result<Self, SettingsError> {
        let origin = origin.trim();
        let mut problems = origin_problems(origin);
        let context = context_path.trim().trim_matches('/');
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '/');
        if !context.chars().all(legal) {
            problems.push(format!(
                "context path `{context}` may only contain letters, digits and `-_.~/`; give the part of Confluence's \
                 address after the host, such as `/confluence`"
            ));
        } else if context.split('/').any(|part| part == "." || part == "..") || context.contains("//") {
            problems.push(format!("context path `{context}` must not contain `//`, `.` or `..` as a part"));
        }
        if !problems.is_empty() {
            return Err(SettingsError { problems });
        }
        let slash = if context.is_empty() { "" } else { "/" };
        Ok(Self(format!("{}{slash}{context}", origin.trim_end_matches('/'))))
    }

    /// The address without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn origin_problems(origin: &str) -> Vec<String> {
    const WHAT_TO_DO: &str = "give scheme, host and port only, such as `https://wiki.example.com`";
    // The text is not repeated when it carries a password.
    if origin.contains('@') {
        return vec![format!("the origin contains `@`; user names and passwords do not belong into it, {WHAT_TO_DO}")];
    }
    let Ok(uri) = origin.parse::<Uri>() else {
        return vec![format!("origin `{origin}` is not an address; {WHAT_TO_DO}")];
    };
    let mut problems = Vec::new();
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        problems.push(format!("origin `{origin}` has no scheme `https` or `http`; {WHAT_TO_DO}"));
    }
    if uri.host().unwrap_or_default().is_empty() {
        problems.push(format!("origin `{origin}` names no host; {WHAT_TO_DO}"));
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || origin.contains('#') {
        problems.push(format!(
            "origin `{origin}` contains more than scheme, host and port; put the path into the context path"
        ));
    }
    problems
}

impl Secret {
    /// Checks that the text can be sent in a header. White space around it, such as a line end, is dropped.
    pub fn parse(name: &str, text: &str) -> Result<Self, SettingsError> {
        let text = text.trim();
        let problem = if text.is_empty() {
            "is empty; set it"
        } else if text.chars().any(char::is_whitespace) || HeaderValue::from_str(text).is_err() {
            "contains white space or a control character; copy it again"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(SettingsError { problems: vec![format!("{name} {problem}")] })
    }

    /// The secret itself, for the place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Settings {
    /// Checks the raw texts and tells all problems at once.
    pub fn parse(origin: &str, context_path: &str, token: &str, expected_user: &str) -> Result<Self, SettingsError> {
        let base = BaseUrl::parse(origin, context_path);
        let token = Secret::parse("the Confluence token", token);
        let user = Username::parse(expected_user.trim());
        match (base, token, user) {
            (Ok(base), Ok(token), Ok(expected_user)) => {
                Ok(Self { base, token, expected_user, login_texts: Vec::new() })
            }
            (base, token, user) => {
                let mut problems = Vec::new();
                problems.extend(base.err().map(|error| error.problems).unwrap_or_default());
                problems.extend(token.err().map(|error| error.problems).unwrap_or_default());
                problems.extend(user.err().map(|error| format!("the expected Confluence user: {error}")));
                Err(SettingsError { problems })
            }
        }
    }

    /// Knows further texts for a successful login. Empty ones are dropped: they would match everything that has no text.
    #[must_use]
    pub fn with_login_texts(mut self, texts: impl IntoIterator<Item = String>) -> Self {
        let texts = texts.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        self.login_texts.extend(texts);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_and_context_path_become_one_address_without_a_trailing_slash() {
        for (origin, context, whole) in [
            ("https://wiki.example.com", "", "https://wiki.example.com"),
            ("https://wiki.example.com/", "/", "https://wiki.example.com"),
            ("http://127.0.0.1:8090", "/confluence", "http://127.0.0.1:8090/confluence"),
            (" https://wiki.example.com ", "confluence/", "https://wiki.example.com/confluence"),
            ("http://[::1]:8090", "/a/b", "http://[::1]:8090/a/b"),
        ] {
            assert_eq!(BaseUrl::parse(origin, context).unwrap().as_str(), whole);
        }
    }

    #[test]
    fn an_address_with_more_than_an_origin_is_refused_with_what_to_do() {
        for (origin, context, part) in [
            ("wiki.example.com", "", "no scheme"),
            ("ftp://wiki.example.com", "", "no scheme `https`"),
            ("https://wiki.example.com/confluence", "", "context path"),
            ("https://wiki.example.com?x=1", "", "more than scheme"),
            ("https://wiki.example.com#top", "", "more than scheme"),
            ("https:// ", "", "not an address"),
            ("", "", "not an address"),
            ("https://wiki.example.com", "/a b", "context path `a b`"),
            ("https://wiki.example.com", "/a/../b", "must not contain"),
            ("https://wiki.example.com", "/%61", "context path"),
        ] {
            let error = BaseUrl::parse(origin, context).unwrap_err().to_string();
            assert!(error.contains(part), "{origin} {context}: {error}");
        }
    }

    #[test]
    fn a_password_in_the_origin_is_refused_and_not_repeated() {
        let error = BaseUrl::parse("https://admin:hunter2@wiki.example.com", "").unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn all_problems_are_told_together() {
        let error = Settings::parse("wiki", "/a b", "", " ").unwrap_err();
        assert_eq!(error.problems.len(), 4, "{error}");
    }

    #[test]
    fn a_secret_is_never_shown_and_loses_its_line_end() {
        let settings = Settings::parse("https://wiki.example.com", "", "s3cr3t\n", "bot").unwrap();
        assert_eq!(settings.token.expose(), "s3cr3t");
        assert!(!format!("{settings:?}").contains("s3cr3t"));
        let error = Secret::parse("the token", "s3cr3t\u{1}").unwrap_err().to_string();
        assert!(!error.contains("s3cr3t"), "{error}");
    }
}
