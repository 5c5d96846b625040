//! Where the provider is and who we are there. All problems are told together.

use crate::{Roles, ticket::Key};
use openidconnect::{ClientId, ClientSecret, IssuerUrl, RedirectUrl, Scope};
use seatkeeper_web::Secret;
use std::fmt;
use url::{Host, Url};

/// Where the provider sends people back to, below `console_url`.
pub const RETURN: &str = "/admin/sign-in/oidc/return";

/// The variables as they are; an origin that is switched off is empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Raw<'a> {
    /// `oidc_origin`.
    pub origin: &'a str,
    /// `oidc_path`.
    pub path: &'a str,
    /// `oidc_token_origin`.
    pub token_origin: &'a str,
    /// `oidc_keys_origin`.
    pub keys_origin: &'a str,
    /// `oidc_client_id`.
    pub client_id: &'a str,
    /// `oidc_client_secret`.
    pub client_secret: &'a str,
    /// `oidc_scopes`.
    pub scopes: &'a str,
    /// `oidc_roles`.
    pub roles: &'a str,
    /// `oidc_name_claim`.
    pub name_claim: &'a str,
    /// `console_url`.
    pub console_url: &'a str,
}

/// All that signing in needs to know.
#[derive(Clone)]
pub struct Settings {
    pub(crate) issuer: IssuerUrl,
    pub(crate) token_origin: String,
    pub(crate) keys_origin: String,
    pub(crate) client_id: ClientId,
    pub(crate) client_secret: Secret,
    pub(crate) key: Key,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) redirect: RedirectUrl,
    /// Which claim gives which role.
    pub roles: Roles,
    pub(crate) name_claim: Option<String>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({} as {})", self.issuer.as_str(), self.client_id.as_str())
    }
}

impl Settings {
    /// Checks the variables.
    pub fn parse(raw: Raw<'_>) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let own = note(&mut problems, origin("oidc_origin", raw.origin));
        let mut other = |name, text: &str| match text.trim() {
            "" => own.clone(),
            text => note(&mut problems, origin(name, text)),
        };
        let token_origin = other("oidc_token_origin", raw.token_origin);
        let keys_origin = other("oidc_keys_origin", raw.keys_origin);
        let issuer = own.as_deref().and_then(|own| note(&mut problems, issuer(own, raw.path.trim())));
        let client_id = raw.client_id.trim();
        if client_id.is_empty() || client_id.chars().any(char::is_control) {
            problems.push("variable `oidc_client_id` is empty; set it to the client that the provider knows".into());
        }
        let secret = Secret::new("oidc_client_secret", raw.client_secret.trim());
        let client_secret = note(&mut problems, secret.map_err(|error| error.to_string()));
        let redirect = note(&mut problems, redirect(raw.console_url.trim()));
        let roles = Roles::parse(raw.roles).map_err(|more| problems.extend(more)).ok();
        let name_claim = Some(raw.name_claim.trim().to_owned()).filter(|claim| !claim.is_empty());
        // The library always asks for this one.
        let scopes = raw.scopes.split_whitespace().filter(|scope| *scope != "openid");
        let scopes = scopes.map(|scope| Scope::new(scope.to_owned())).collect();
        let key = client_secret.as_ref().and_then(|secret| Key::new(secret.expose()));
        let whole = || {
            Some(Self {
                issuer: issuer?,
                token_origin: token_origin?,
                keys_origin: keys_origin?,
                client_id: ClientId::new(client_id.to_owned()),
                client_secret: client_secret?,
                key: key?,
                scopes,
                redirect: redirect?,
                roles: roles?,
                name_claim,
            })
        };
        match whole() {
            Some(settings) if problems.is_empty() => Ok(settings),
            Some(_) | None => Err(problems),
        }
    }

    pub(crate) fn secret_for_library(&self) -> ClientSecret {
        ClientSecret::new(self.client_secret.expose().to_owned())
    }
}

fn note<T>(problems: &mut Vec<String>, value: Result<T, String>) -> Option<T> {
    value.map_err(|problem| problems.push(problem)).ok()
}

/// Checks `https://host[:port]`. Without TLS anybody on the way could sign in as anybody, so it is for this machine only.
fn origin(name: &str, text: &str) -> Result<String, String> {
    const WHAT: &str = "give scheme, host and port only, such as `https://login.example.com`";
    if text.contains('@') {
        return Err(format!("variable `{name}` contains `@`; user names and passwords do not belong into it, {WHAT}"));
    }
    let url =
        Url::parse(text.trim()).map_err(|_| format!("variable `{name}` is `{text}`, which is no address; {WHAT}"))?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(format!("variable `{name}` is `{text}`, which is more than an origin; {WHAT}"));
    }
    if !trusted(&url) {
        return Err(format!("variable `{name}` is `{text}`, but it has to be `https`; {WHAT}"));
    }
    Ok(url.origin().ascii_serialization())
}

/// Whether nobody can listen or answer on the way to an address.
pub(crate) fn trusted(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && here)
}

/// The issuer is compared letter by letter, so the path is taken as it is: with or without a slash at its end.
fn issuer(origin: &str, path: &str) -> Result<IssuerUrl, String> {
    let legal = path.is_empty() || path.starts_with('/');
    if !legal || path.contains(['?', '#', '\\']) || path.contains("..") || path.chars().any(char::is_whitespace) {
        return Err(format!(
            "variable `oidc_path` is `{path}`; give what follows the host in the issuer, such as `/realms/staff`"
        ));
    }
    IssuerUrl::new(format!("{origin}{path}")).map_err(|_| "variable `oidc_path` makes no address".to_owned())
}

fn redirect(console: &str) -> Result<RedirectUrl, String> {
    if console.is_empty() {
        return Err("variable `console_url` is empty, but the provider has to send people back to it".to_owned());
    }
    let origin = origin("console_url", console)?;
    RedirectUrl::new(format!("{origin}{RETURN}")).map_err(|_| "variable `console_url` is no address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Raw<'_> = Raw {
        origin: "https://login.example.com/",
        path: "/realms/staff",
        token_origin: "",
        keys_origin: "",
        client_id: "seatkeeper",
        client_secret: "hunter2hunter2hunter2",
        scopes: "openid profile email",
        roles: "groups:a=admin",
        name_claim: "",
        console_url: "https://seats.example.com",
    };

    #[test]
    fn usable_variables_become_settings_and_cannot_be_printed_with_the_secret() {
        let settings = Settings::parse(GOOD).unwrap();
        assert_eq!(settings.issuer.as_str(), "https://login.example.com/realms/staff");
        assert_eq!(settings.redirect.as_str(), "https://seats.example.com/admin/sign-in/oidc/return");
        assert_eq!((settings.token_origin.as_str(), settings.scopes.len()), ("https://login.example.com", 2));
        assert!(!format!("{settings:?}").contains("hunter2"));
        let slash = Settings::parse(Raw { path: "/", ..GOOD }).unwrap();
        assert_eq!(slash.issuer.as_str(), "https://login.example.com/");
        let google = Settings::parse(Raw { keys_origin: "https://www.googleapis.com", ..GOOD }).unwrap();
        assert_eq!(google.keys_origin, "https://www.googleapis.com");
    }

    #[test]
    fn all_problems_are_told_together_and_without_secrets() {
        let problems = Settings::parse(Raw {
            origin: "https://ada:hunter2@login.example.com",
            token_origin: "https://login.example.com/token",
            client_id: " ",
            client_secret: "hunter2",
            roles: "",
            console_url: "",
            ..GOOD
        })
        .unwrap_err();
        let all = problems.join("\n");
        for name in
            ["oidc_origin", "oidc_token_origin", "oidc_client_id", "oidc_client_secret", "oidc_roles", "console_url"]
        {
            assert!(all.contains(&format!("`{name}`")), "{name} is not in {all}");
        }
        assert_eq!(problems.len(), 6, "{all}");
        assert!(!all.contains("hunter2"), "{all}");
    }

    #[test]
    fn without_tls_it_is_for_this_machine_only() {
        for here in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"] {
            assert!(Settings::parse(Raw { origin: here, console_url: here, ..GOOD }).is_ok(), "{here}");
        }
        for elsewhere in ["http://login.example.com", "http://127.0.0.1.example.com", "ftp://login.example.com"] {
            let problems = Settings::parse(Raw { origin: elsewhere, ..GOOD }).unwrap_err();
            assert!(problems.join("").contains("has to be `https`"), "{problems:?}");
        }
        assert!(Settings::parse(Raw { path: "realms", ..GOOD }).unwrap_err().join("").contains("`oidc_path`"));
    }
}
