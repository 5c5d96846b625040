//! Every switch that turns a well-behaved Confluence into one of the difficult ones seen in the field.
//!
//! The defaults are a well-behaved 10.2. A knob is set by name, so the command line, the control API and tests all
//! share one list, and an unknown name is refused with the names that exist.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::version::Version;

/// What a personal access token that nobody knows turns a request into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadToken {
    /// The request goes on as anonymous, as the real product does (CONFSERVER-98199).
    Anonymous,
    /// The request is refused with 401, as one would hope.
    Unauthorized,
}

/// How `next` links look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NextLink {
    /// Relative to `base`, without the context path.
    Relative,
    /// A full address.
    Absolute,
    /// Left out although there is more: the client has to count.
    Missing,
}

/// What a read-only directory does with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DirectoryReaction {
    /// 204, and nothing happens.
    #[serde(rename = "silent-204", alias = "204")]
    Silent,
    /// 403.
    #[serde(rename = "403")]
    Forbidden,
    /// 400.
    #[serde(rename = "400")]
    BadRequest,
    /// 500.
    #[serde(rename = "500")]
    ServerError,
}

/// How a moment is written in `lastLogin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeFormat {
    /// `2025-11-02T08:14:55.000Z`.
    Iso,
    /// `2025-11-02T10:14:55.000+02:00`.
    IsoOffset,
    /// Milliseconds since 1970 as a number.
    EpochMs,
}

/// How an account that never logged in looks in `lastLogin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NeverFormat {
    /// The field is left out.
    Missing,
    /// The field is `null`.
    Null,
}

/// Whether the person object carries an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// As the version does: from 10.0 on.
    Auto,
    /// On every version.
    Always,
    /// On none.
    Never,
}

/// Whether writes are allowed on the whole site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccessMode {
    /// The normal state.
    ReadWrite,
    /// Maintenance: every change is refused.
    ReadOnly,
}

/// Who is named as the author of a login event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoginAuthor {
    /// Nobody yet: the person is only in the affected objects.
    Anonymous,
    /// The system.
    System,
    /// The person.
    User,
}

/// What taking somebody out of a group does when the membership is inherited from a group inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InheritedRemoval {
    /// 204, and nothing happens.
    #[serde(rename = "silent-204", alias = "204")]
    Silent,
    /// 404.
    #[serde(rename = "404")]
    NotFound,
    /// 400.
    #[serde(rename = "400")]
    BadRequest,
}

/// All switches. See the module for the rules and `README.md` for a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knobs {
    /// The release to be.
    pub version: Version,
    /// The context path, empty or with a leading slash.
    pub context_path: String,
    /// The advertised base address; empty means `http://{Host}{context_path}`.
    pub base_url: String,
    /// Whether anonymous visitors may read.
    pub anonymous_access: bool,
    /// What an unknown token does.
    pub bad_token: BadToken,
    /// After so many wrong passwords of one account only a CAPTCHA helps; 0 never.
    pub captcha_after: u32,
    /// Writes without `X-Atlassian-Token` are refused.
    pub xsrf_check: bool,
    /// The most entries on a page of groups and members.
    pub page_cap: usize,
    /// The most entries on a page of `user/list` and `admin/users/list/active`.
    pub user_list_cap: usize,
    /// How `next` looks.
    pub next_link: NextLink,
    /// The last page names a `next` that gives the last page again (CONFSERVER-95396).
    pub endless_next: bool,
    /// Pages carry `totalCount`.
    pub total_count: bool,
    /// What a read-only directory does with a write.
    pub directory_reaction: DirectoryReaction,
    /// Changes in directories that are not internal become visible after so many seconds.
    pub directory_sync_seconds: i64,
    /// The most entries on a page of Crowd's search, whatever is asked for; 0 is no limit.
    pub crowd_page_cap: usize,
    /// Crowd's search takes the backslash of an escaped character for a part of the value (CWD-3874).
    pub crowd_keeps_backslashes: bool,
    /// What changing an account does that nobody has: 404, or 400 as for any other error.
    pub update_nobody_status: u16,
    /// What removing an inherited membership does.
    pub inherited_removal: InheritedRemoval,
    /// The text of such a refusal.
    pub inherited_message: String,
    /// A duplicate in a lower directory keeps the seat that the account itself gave back.
    pub shadows_keep_seat: bool,
    /// `group/{name}/member` holds nested members.
    pub nested_members: bool,
    /// `user/memberof` holds inherited groups.
    pub nested_memberof: bool,
    /// `list/active` knows `expand=lastLogin` although the release may not document it yet.
    pub last_login_early: bool,
    /// How `lastLogin` is written.
    pub last_login_format: TimeFormat,
    /// How a missing login is written.
    pub never_format: NeverFormat,
    /// `admin/users/list/active` is found at `/rest/api/user/list/active` instead.
    pub list_active_moved: bool,
    /// The spelling of the status of an account that its directory no longer holds.
    pub deleted_status: String,
    /// Whether persons carry an e-mail address.
    pub email: Presence,
    /// Licence counts are as old as so many seconds.
    pub seat_cache_seconds: i64,
    /// What `maxUsers` answers for an unlimited licence: -1, 0 or 2147483647.
    pub unlimited_value: i64,
    /// More seats used than paid for turns the site read-only.
    pub over_limit_read_only: bool,
    /// Requests allowed in an interval; 0 switches rate limiting off, a negative number blocks everybody.
    pub rate_limit_requests: i64,
    /// The interval of the rate limit.
    pub rate_limit_interval_seconds: i64,
    /// The size of the bucket.
    pub rate_limit_bucket: i64,
    /// Errors that the REST layer would answer come as HTML.
    pub html_errors: bool,
    /// Whether the site accepts writes.
    pub access_mode: AccessMode,
    /// The status of a refused write in read-only mode: 403 or 405.
    pub read_only_status: u16,
    /// Every call takes so many milliseconds longer.
    pub latency_ms: u64,
    /// Webhooks are skipped for a while after this many failures in a row; 0 never.
    pub webhook_breaker_after: u32,
    /// The `user_*` webhook body names the account by `key` instead of `userKey` and `username`.
    pub webhook_user_key_only: bool,
    /// Successful logins are written to the audit log.
    pub audit_logins: bool,
    /// Who is the author of login events.
    pub audit_login_author: LoginAuthor,
    /// The i18n fields hold English text instead of keys.
    pub audit_text_keys: bool,
    /// What a successful login is called in the log: the text of the server's language.
    pub audit_login_text: String,
    /// The log names people by their full names; the user name is only in the address.
    pub audit_full_names: bool,
    /// Searches of the audit log are themselves recorded.
    pub audit_self_events: bool,
    /// The most entries on a page of the audit log.
    pub audit_cap: usize,
    /// Whether the audit log can be read over REST at all; without it, its paths answer 404.
    pub audit_rest: bool,
    /// How `lastModified` of a search is written.
    pub search_time_format: TimeFormat,
    /// The old remote API is switched on.
    pub jsonrpc: bool,
    /// The next so many posts to the chat sinks fail.
    pub chat_failures: u32,
    /// The status of such a failure.
    pub chat_failure_status: u16,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            version: Version::V10_2,
            context_path: String::new(),
            base_url: String::new(),
            anonymous_access: false,
            bad_token: BadToken::Anonymous,
            captcha_after: 0,
            xsrf_check: false,
            page_cap: 200,
            user_list_cap: 1000,
            next_link: NextLink::Relative,
            endless_next: false,
            total_count: false,
            directory_reaction: DirectoryReaction::Forbidden,
            directory_sync_seconds: 0,
            crowd_page_cap: 0,
            crowd_keeps_backslashes: false,
            update_nobody_status: 404,
            inherited_removal: InheritedRemoval::Silent,
            inherited_message: "the user is not a direct member of the group".to_owned(),
            shadows_keep_seat: false,
            nested_members: true,
            nested_memberof: true,
            last_login_early: false,
            last_login_format: TimeFormat::Iso,
            never_format: NeverFormat::Missing,
            list_active_moved: false,
            deleted_status: "externally-deleted".to_owned(),
            email: Presence::Auto,
            seat_cache_seconds: 0,
            unlimited_value: -1,
            over_limit_read_only: false,
            rate_limit_requests: 0,
            rate_limit_interval_seconds: 1,
            rate_limit_bucket: 10,
            html_errors: false,
            access_mode: AccessMode::ReadWrite,
            read_only_status: 403,
            latency_ms: 0,
            webhook_breaker_after: 5,
            webhook_user_key_only: false,
            audit_logins: true,
            audit_login_author: LoginAuthor::Anonymous,
            audit_text_keys: false,
            audit_login_text: "User logged in".to_owned(),
            audit_full_names: false,
            audit_self_events: true,
            audit_cap: 1000,
            audit_rest: true,
            search_time_format: TimeFormat::IsoOffset,
            jsonrpc: false,
            chat_failures: 0,
            chat_failure_status: 500,
        }
    }
}

/// Why a knob was not set.
#[derive(Debug, Error)]
pub enum KnobError {
    /// The text is not `name=value`.
    #[error("`{0}` is not of the form name=value")]
    Form(String),
    /// No knob has this name.
    #[error("there is no knob `{name}`; the knobs are: {known}")]
    Name {
        /// The name that was given.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The knob cannot take this value.
    #[error("knob `{name}` cannot be `{value}`: {reason}")]
    Value {
        /// The knob.
        name: String,
        /// The value that was given.
        value: String,
        /// What the parser said.
        reason: String,
    },
}

impl Knobs {
    /// Sets the knob `name`; the value is read as JSON where it is JSON, and as text otherwise.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), KnobError> {
        let parsed = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        // A version such as `10.0` and a status such as `403` are texts although they read as numbers.
        self.set_value(name, &parsed).or_else(|_| self.set_value(name, &Value::String(value.to_owned())))
    }

    /// Sets the knob `name` from a JSON value.
    pub fn set_value(&mut self, name: &str, value: &Value) -> Result<(), KnobError> {
        let name = name.replace('-', "_");
        let wrong =
            |reason: String, value: &Value| KnobError::Value { name: name.clone(), value: value.to_string(), reason };
        let mut all = serde_json::to_value(&*self).map_err(|error| wrong(error.to_string(), value))?;
        let Some(slot) = all.get_mut(&name) else {
            let known = all.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>().join(", "));
            return Err(KnobError::Name { name, known: known.unwrap_or_default() });
        };
        slot.clone_from(value);
        *self = serde_json::from_value(all).map_err(|error| wrong(error.to_string(), value))?;
        Ok(())
    }

    /// Sets a knob from `name=value`.
    pub fn set_pair(&mut self, pair: &str) -> Result<(), KnobError> {
        let (name, value) = pair.split_once('=').ok_or_else(|| KnobError::Form(pair.to_owned()))?;
        self.set(name.trim(), value.trim())
    }

    /// Whether persons carry an e-mail address.
    pub fn shows_email(&self) -> bool {
        match self.email {
            Presence::Auto => self.version.has(crate::version::Feature::Email),
            Presence::Always => true,
            Presence::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knob_is_set_by_name_and_text() {
        let mut knobs = Knobs::default();
        for pair in ["version=9.0", "page-cap=50", "directory_reaction=silent-204", "access_mode=READ_ONLY"] {
            knobs.set_pair(pair).unwrap();
        }
        assert_eq!(knobs.version, Version::V9_0);
        assert_eq!(knobs.page_cap, 50);
        assert_eq!(knobs.directory_reaction, DirectoryReaction::Silent);
        assert_eq!(knobs.access_mode, AccessMode::ReadOnly);
        knobs.set("directory_reaction", "403").unwrap();
        assert_eq!(knobs.directory_reaction, DirectoryReaction::Forbidden);
    }

    #[test]
    fn an_unknown_knob_and_a_wrong_value_are_refused_and_change_nothing() {
        let mut knobs = Knobs::default();
        let error = knobs.set("pagecap", "5").unwrap_err().to_string();
        assert!(error.contains("page_cap"), "{error}");
        let error = knobs.set("version", "7.0").unwrap_err().to_string();
        assert!(error.contains("version") && error.contains("7.0"), "{error}");
        assert_eq!(knobs, Knobs::default());
    }
}
