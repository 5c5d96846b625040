//! The component's variables, read together and judged together: an administrator sees all problems at once.

mod channels;

pub use channels::CHANNELS;

use ::http::{Response, StatusCode};
use futures::future::join_all;
use seatkeeper_confluence as confluence;
use seatkeeper_console::Credentials;
use seatkeeper_database as database;
use seatkeeper_directories::{
    CrowdSettings, GraphSettings, HttpPeopleSettings, OAuthTexts, OktaSettings, OutsideSettings, ScimSettings,
    ldap::LdapSettings,
};
use seatkeeper_web::{Problem, Secret, secret};
use spin_sdk::variables;
use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

/// The origin that stands for none. Spin refuses a grant that comes out empty, so an optional destination needs a name,
/// and names under `.invalid` can never exist.
pub const OFF: &str = "https://off.invalid";

/// The address that stands for no LDAP server.
pub const OFF_LDAP: &str = "off.invalid:636";

/// The variables that [`Variables::directories`] needs.
pub const DIRECTORIES: [&str; 23] = [
    "scim_origin",
    "scim_context_path",
    "scim_token",
    "scim_login_origin",
    "scim_login_path",
    "scim_client_id",
    "scim_client_secret",
    "scim_scope",
    "graph_origin",
    "graph_login_origin",
    "graph_tenant",
    "graph_client_id",
    "graph_client_secret",
    "okta_origin",
    "okta_token",
    "http_origin",
    "http_token",
    "ldap_address",
    "ldap_tls",
    "ldap_server_name",
    "ldap_ca",
    "ldap_bind_dn",
    "ldap_password",
];

/// Variables of one component. Each accessor notes what is wrong and goes on; [`Variables::finish`] tells it all.
#[derive(Default)]
pub struct Variables {
    values: BTreeMap<&'static str, String>,
    problems: Vec<String>,
}

/// All that is wrong with the variables. No text contains a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the component's variables are not usable: {}", problems.join("; "))]
pub struct VariablesError {
    /// One sentence for each problem, with the name of the variable and what to do.
    pub problems: Vec<String>,
}

impl VariablesError {
    /// The answer to send. It does not repeat the problems, because it goes to callers that did not show a token yet:
    /// without usable variables there is nothing to compare a token with. The log has them.
    pub fn into_response(self) -> Response<Vec<u8>> {
        let count = self.problems.len();
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "variables-invalid", "The component is not configured")
            .detail(format!("{count} problems were found in the component's variables; its log names them"))
            .next_step("Look into the log of this component, correct the variables and start again.")
            .into_response()
    }
}

impl Variables {
    /// Reads the named variables, all of which the manifest has to give to this component.
    pub async fn read(names: impl IntoIterator<Item = &'static str>) -> Self {
        let reads = names.into_iter().map(|name| async move { (name, variables::get(name).await) });
        let mut read = Self::default();
        for (name, value) in join_all(reads).await {
            match value {
                Ok(value) => {
                    read.values.insert(name, value);
                }
                Err(error) => read.problems.push(unreadable(name, &error)),
            }
        }
        read
    }

    /// The value, or an empty text when there is none.
    pub fn text(&self, name: &'static str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// The origin of an optional destination, or an empty text when it is switched off.
    pub fn origin(&self, name: &'static str) -> &str {
        let origin = self.text(name).trim();
        if origin.trim_end_matches('/') == OFF { "" } else { origin }
    }

    /// A token or signing secret that has to be there.
    pub fn secret(&mut self, name: &'static str) -> Option<Secret> {
        // An unreadable variable has been noted once already.
        let value = self.values.get(name)?;
        let secret = Secret::new(name, value.as_str());
        self.note(secret)
    }

    /// A secret that may be absent; the inner option says whether it is.
    pub fn optional_secret(&mut self, name: &'static str) -> Option<Option<Secret>> {
        let value = self.values.get(name)?;
        let secret = Secret::optional(name, value.as_str());
        self.note(secret)
    }

    /// Everybody who may be let in, from the variables of [`crate::access::CREDENTIALS`].
    pub fn credentials(&mut self) -> Option<Credentials> {
        let (report, admin) = (self.secret("report_token"), self.secret("admin_token"));
        self.different(&[&report, &admin]);
        let people = match seatkeeper_console::people::parse(self.text("people")) {
            Ok(people) => {
                for token in [&report, &admin].into_iter().flatten() {
                    if let Some(named) = people.iter().find(|named| named.matches(token.expose())) {
                        let (name, variable) = (named.person().name, token.variable());
                        self.problems.push(format!(
                            "variable `people`: `{name}` has the token of `{variable}`; give each its own"
                        ));
                    }
                }
                Some(people)
            }
            Err(problems) => {
                self.problems.extend(problems);
                None
            }
        };
        let single_sign_on = !self.origin("oidc_origin").is_empty();
        Some(Credentials { report: report?, admin: admin?, people: people?, single_sign_on })
    }

    /// Notes secrets that have the same value although they give different powers.
    pub fn different(&mut self, secrets: &[&Option<Secret>]) {
        let known: Vec<&Secret> = secrets.iter().filter_map(|secret| secret.as_ref()).collect();
        let different = secret::ensure_different(&known);
        self.note(different);
    }

    /// A whole number of seconds.
    pub fn seconds(&mut self, name: &'static str, range: RangeInclusive<u64>) -> Option<Duration> {
        let value = self.values.get(name)?;
        let seconds = value.trim().parse().ok().filter(|seconds| range.contains(seconds));
        let seconds = seconds.ok_or_else(|| {
            let (start, end) = range.into_inner();
            format!("variable `{name}` is `{value}`, but must be a whole number of seconds from {start} to {end}")
        });
        self.note(seconds).map(Duration::from_secs)
    }

    /// Where Confluence is and who we are there, from the variables `confluence_*`.
    pub fn confluence(&mut self) -> Option<confluence::Settings> {
        let read = |name| self.values.get(name);
        let (origin, context_path) = (read("confluence_origin")?, read("confluence_context_path")?);
        let settings =
            confluence::Settings::parse(origin, context_path, read("confluence_token")?, read("confluence_user")?);
        self.note_all("confluence_*", settings)
    }

    /// Where Crowd is, from the variables `crowd_*`; the origin [`OFF`], or none, means that there is no Crowd.
    pub fn crowd(&mut self) -> Option<Option<CrowdSettings>> {
        let read = |name| self.values.get(name);
        if self.origin("crowd_origin").is_empty() {
            return read("crowd_origin").map(|_off| None);
        }
        let origin = read("crowd_origin")?;
        let (application, password) = (read("crowd_application")?, read("crowd_password")?);
        let settings = CrowdSettings::parse(origin, read("crowd_context_path")?, application, password);
        self.note_all("crowd_*", settings).map(Some)
    }

    /// Where outside directories are, from the variables of [`DIRECTORIES`]. Each is off where its origin is [`OFF`].
    pub fn directories(&mut self, crowd: Option<CrowdSettings>) -> Option<OutsideSettings> {
        let scim = self.provider("scim_origin", |read| {
            let base = read.below("scim_origin", "scim_context_path");
            let token_url = read.below("scim_login_origin", "scim_login_path");
            let oauth = OAuthTexts {
                token_url: &token_url,
                client_id: read.text("scim_client_id"),
                client_secret: read.text("scim_client_secret"),
                scope: read.text("scim_scope"),
            };
            ScimSettings::parse(&base, read.text("scim_token"), oauth)
        });
        let graph = self.provider("graph_origin", |read| {
            GraphSettings::parse(
                read.origin("graph_origin"),
                read.origin("graph_login_origin"),
                read.text("graph_tenant"),
                read.text("graph_client_id"),
                read.text("graph_client_secret"),
            )
        });
        let okta = self
            .provider("okta_origin", |read| OktaSettings::parse(read.origin("okta_origin"), read.text("okta_token")));
        let http = self.provider("http_origin", |read| {
            HttpPeopleSettings::parse(read.origin("http_origin"), read.text("http_token"))
        });
        let ldap = if self.text("ldap_address").trim() == OFF_LDAP || self.text("ldap_address").trim().is_empty() {
            Some(None)
        } else {
            let settings = LdapSettings::parse(
                self.text("ldap_address"),
                self.text("ldap_tls"),
                self.text("ldap_server_name"),
                self.text("ldap_ca"),
                self.text("ldap_bind_dn"),
                self.text("ldap_password"),
            );
            self.note_all("ldap_*", settings).map(Some)
        };
        Some(OutsideSettings { scim: scim?, graph: graph?, okta: okta?, crowd, http: http?, ldap: ldap? })
    }

    /// The settings of one provider, unless it is off.
    #[expect(
        clippy::option_option,
        reason = "the outer one is about whether they can be read, the inner one about off"
    )]
    fn provider<T>(
        &mut self,
        origin: &'static str,
        parse: impl FnOnce(&Self) -> Result<T, confluence::SettingsError>,
    ) -> Option<Option<T>> {
        if self.origin(origin).is_empty() {
            return Some(None);
        }
        let settings = parse(self);
        self.note_all(&origin.replace("origin", "*"), settings).map(Some)
    }

    /// An address from an origin and the path below it; empty when the origin is switched off.
    fn below(&self, origin: &'static str, path: &'static str) -> String {
        match self.origin(origin) {
            "" => String::new(),
            origin => format!("{}/{}", origin.trim_end_matches('/'), self.text(path).trim().trim_start_matches('/')),
        }
    }

    /// Where Confluence's database is, from the variables `database_*`; the origin [`database::OFF`], or none, means
    /// that there is no database.
    pub fn database(&mut self) -> Option<Option<database::Settings>> {
        let read = |name| self.values.get(name).map(String::as_str);
        let settings = database::Settings::parse(database::settings::Raw {
            origin: read("database_origin")?,
            user: read("database_user")?,
            password: read("database_password")?,
            name: read("database_name")?,
            tls: read("database_tls")?,
            authority: read("database_ca")?,
            zone: read("database_zone")?,
        });
        settings.map_err(|error| self.problems.extend(error.problems)).ok()
    }

    /// The settings, if nothing was wrong. They are absent only after a problem was noted.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, VariablesError> {
        match settings {
            Some(settings) if self.problems.is_empty() => Ok(settings),
            Some(_) | None => Err(VariablesError { problems: self.problems }),
        }
    }

    /// The settings that a component reads by itself, unless something is wrong with them.
    pub fn accept<T>(&mut self, settings: Result<T, Vec<String>>) -> Option<T> {
        settings.map_err(|problems| self.problems.extend(problems)).ok()
    }

    fn note<T>(&mut self, value: Result<T, impl ToString>) -> Option<T> {
        value.map_err(|error| self.problems.push(error.to_string())).ok()
    }

    fn note_all<T>(&mut self, names: &str, value: Result<T, confluence::SettingsError>) -> Option<T> {
        value
            .map_err(|error| {
                let named = error.problems.into_iter().map(|problem| format!("variables `{names}`: {problem}"));
                self.problems.extend(named);
            })
            .ok()
    }
}

fn unreadable(name: &str, error: &variables::Error) -> String {
    match error {
        variables::Error::Undefined(_) | variables::Error::InvalidName(_) => {
            format!("variable `{name}` is not given to this component; add it to its `variables` in spin.toml")
        }
        variables::Error::Provider(detail) | variables::Error::Other(detail) => {
            format!("variable `{name}` cannot be read: {detail}")
        }
    }
}

#[cfg(test)]
mod tests;
