//! Where the tokens come from: files and the environment, never the command line, where every user of the machine
//! could read them.

use std::collections::BTreeMap;
use std::path::Path;

use seatkeeper_web::Secret;

use super::exit::Failure;

/// What a token lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Wake the sweep.
    Trigger,
    /// Read reports.
    Report,
    /// Administer.
    Admin,
    /// Sign events; no token, yet found in the same places.
    Hook,
}

impl Role {
    /// The variable of the application.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Trigger => "trigger_token",
            Self::Report => "report_token",
            Self::Admin => "admin_token",
            Self::Hook => "hook_secret",
        }
    }

    fn own_name(self) -> String {
        format!("SEATKEEPER_{}", self.variable().to_uppercase())
    }

    fn spin_name(self) -> String {
        format!("SPIN_VARIABLE_{}", self.variable().to_uppercase())
    }
}

/// A secret, and where it was found, for messages.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) secret: Secret,
    pub(crate) role: Role,
    pub(crate) source: String,
}

/// Everything that secrets can be taken from.
#[derive(Default)]
pub(crate) struct Secrets {
    /// Content of `--token-file`, with its path.
    token_file: Option<(String, String)>,
    environment: BTreeMap<String, String>,
    /// Content of `--env-file` or `.env`, with its path.
    env_file: Option<(String, BTreeMap<String, String>)>,
}

impl Secrets {
    /// Reads the files. `.env` in the working directory counts when no other file is named, as it does for `up`.
    pub(crate) fn read(token_file: Option<&Path>, env_file: Option<&Path>) -> Result<Self, Failure> {
        let token_file = token_file
            .map(|path| match std::fs::read_to_string(path) {
                // Editors end a file with a line break; nobody means it as part of the token.
                Ok(text) => Ok((path.display().to_string(), text.trim().to_owned())),
                Err(error) => Err(unreadable("--token-file", path, &error)),
            })
            .transpose()?;
        let default = Path::new(".env");
        let env_file = match env_file {
            Some(path) => Some(dotenv(path)?),
            None if default.exists() => Some(dotenv(default)?),
            None => None,
        };
        // Names or values that are not text cannot be meant for us.
        let environment =
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        Ok(Self { token_file, environment, env_file })
    }

    /// The secret for a role. Reports may be read with the administrator's token as well.
    pub(crate) fn find(&self, role: Role) -> Result<Found, Failure> {
        let found = self.look(role).or_else(|| match role {
            Role::Report => self.look(Role::Admin),
            Role::Trigger | Role::Admin | Role::Hook => None,
        });
        let (source, value) = found.ok_or_else(|| missing(role))?;
        let secret = Secret::new(role.variable(), value)
            .map_err(|error| Failure::new(format!("{source} cannot be used")).detail(error))?;
        Ok(Found { secret, role, source })
    }

    /// Whether there is anything for a role.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.find(role).is_ok()
    }

    fn look(&self, role: Role) -> Option<(String, &str)> {
        let own = role.own_name();
        let spin = role.spin_name();
        let token = role != Role::Hook;
        let environment = |name: &str| {
            let value = self.environment.get(name).filter(|value| !value.is_empty())?;
            Some((format!("the environment variable {name}"), value.as_str()))
        };
        let file = |name: &str| {
            let (path, values) = self.env_file.as_ref()?;
            let value = values.get(name).filter(|value| !value.is_empty())?;
            Some((format!("{name} in {path}"), value.as_str()))
        };
        let token_file = || self.token_file.as_ref().map(|(path, text)| (format!("the file {path}"), text.as_str()));
        token
            .then(token_file)
            .flatten()
            .or_else(|| environment(&own))
            .or_else(|| environment(&spin))
            .or_else(|| file(&own))
            .or_else(|| file(&spin))
            .or_else(|| token.then(|| environment("SEATKEEPER_TOKEN")).flatten())
    }
}

fn missing(role: Role) -> Failure {
    let (own, spin) = (role.own_name(), role.spin_name());
    let more = match role {
        Role::Trigger | Role::Admin => ", or name a file with --token-file",
        Role::Report => ", or name a file with --token-file; the administrator's token will do too",
        Role::Hook => "",
    };
    let what = role.variable().replace('_', " ");
    Failure::new(format!("no {what} is known")).next_step(format!(
        "Set {own} in the environment, or {spin} in the file that --env-file names (default: .env){more}."
    ))
}

fn unreadable(option: &str, path: &Path, error: &impl std::fmt::Display) -> Failure {
    Failure::new(format!("the file {} cannot be read", path.display()))
        .detail(error)
        .next_step(format!("Check {option}."))
}

fn dotenv(path: &Path) -> Result<(String, BTreeMap<String, String>), Failure> {
    // A syntax error would quote the line, and the line may be a secret.
    let refuse = |error: dotenvy::Error| {
        let what: &dyn std::fmt::Display = match &error {
            dotenvy::Error::Io(error) => error,
            _ => &"a line is not NAME=value; the line is not shown because it may be a secret",
        };
        unreadable("--env-file", path, &what)
    };
    let values = dotenvy::from_path_iter(path).map_err(refuse)?.collect::<Result<_, _>>().map_err(refuse)?;
    Ok((path.display().to_string(), values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), format!("{value}-0123456789abcdef"))).collect()
    }

    fn secrets(environment: &[(&str, &str)], file: &[(&str, &str)]) -> Secrets {
        Secrets { token_file: None, environment: map(environment), env_file: Some((".env".to_owned(), map(file))) }
    }

    fn value(secrets: &Secrets, role: Role) -> String {
        secrets.find(role).unwrap().secret.expose().trim_end_matches("-0123456789abcdef").to_owned()
    }

    #[test]
    fn the_file_that_configures_the_host_is_enough() {
        let file = [
            ("SPIN_VARIABLE_TRIGGER_TOKEN", "t"),
            ("SPIN_VARIABLE_REPORT_TOKEN", "r"),
            ("SPIN_VARIABLE_HOOK_SECRET", "h"),
        ];
        let secrets = secrets(&[], &file);
        assert_eq!(value(&secrets, Role::Trigger), "t");
        assert_eq!(value(&secrets, Role::Report), "r");
        assert_eq!(value(&secrets, Role::Hook), "h");
        let error = secrets.find(Role::Admin).unwrap_err().to_string();
        assert!(error.contains("SEATKEEPER_ADMIN_TOKEN") && error.contains("--env-file"), "{error}");
    }

    #[test]
    fn the_nearer_source_wins() {
        let file = [("SPIN_VARIABLE_ADMIN_TOKEN", "file")];
        let mut secrets = secrets(&[("SEATKEEPER_ADMIN_TOKEN", "own"), ("SEATKEEPER_TOKEN", "any")], &file);
        assert_eq!(value(&secrets, Role::Admin), "own");
        secrets.environment.remove("SEATKEEPER_ADMIN_TOKEN");
        assert_eq!(value(&secrets, Role::Admin), "file");
        secrets.env_file = None;
        assert_eq!(value(&secrets, Role::Admin), "any");
        secrets.token_file = Some(("/run/token".to_owned(), "given-0123456789abcdef".to_owned()));
        assert_eq!(value(&secrets, Role::Admin), "given");
    }

    #[test]
    fn reports_may_be_read_with_the_administrators_token() {
        let secrets = secrets(&[("SEATKEEPER_ADMIN_TOKEN", "admin")], &[]);
        assert_eq!(value(&secrets, Role::Report), "admin");
        assert!(!secrets.has(Role::Trigger));
    }

    #[test]
    fn a_token_is_never_used_as_the_hook_secret() {
        let mut secrets = secrets(&[("SEATKEEPER_TOKEN", "any")], &[]);
        secrets.token_file = Some(("/run/token".to_owned(), "given-0123456789abcdef".to_owned()));
        assert!(!secrets.has(Role::Hook));
    }

    #[test]
    fn a_broken_line_is_not_repeated() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("env");
        std::fs::write(&path, "SPIN_VARIABLE_ADMIN_TOKEN=\"do-not-show-this\n").unwrap();
        let error = dotenv(&path).unwrap_err().to_string();
        assert!(!error.contains("do-not-show"), "{error}");
        assert!(error.contains("--env-file"), "{error}");
    }
}
