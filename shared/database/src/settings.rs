//! Where the database is and who we are there. Everything is checked once, and all problems are told together.

use http::Uri;
use std::fmt::{self, Write};

/// The origin that stands for no database. A grant of the manifest may not come out empty, and names under `.invalid`
/// can never exist.
pub const OFF: &str = "postgres://off.invalid:5432";

/// A statement that runs longer is ended by the server. Half a tick of the default length.
const STATEMENT_TIMEOUT_MS: u32 = 10_000;
/// Waiting for a lock that long means that somebody changes the tables right now, such as an upgrade.
const LOCK_TIMEOUT_MS: u32 = 2_000;
const CONNECT_TIMEOUT_S: u32 = 5;
const USUAL_PORT: u16 = 5432;

/// All that is needed to read the database.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    host: String,
    port: u16,
    user: String,
    password: String,
    name: String,
    tls: bool,
    authority: Option<String>,
    zone: String,
}

/// The settings as they come from the component's variables.
#[derive(Clone, Copy, Default)]
pub struct Raw<'a> {
    /// `postgres://host[:port]`
    pub origin: &'a str,
    /// The read-only role.
    pub user: &'a str,
    /// Its password; empty where the server asks for none.
    pub password: &'a str,
    /// Name of the database.
    pub name: &'a str,
    /// `require`, or `off` for a network that is trusted.
    pub tls: &'a str,
    /// PEM text of the certificate authority, if it is not one that everybody trusts.
    pub authority: &'a str,
    /// Time zone that Confluence runs in, such as `Europe/Berlin`.
    pub zone: &'a str,
}

/// All problems of the settings. No text contains the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// One sentence for each problem, with the name of the variable and what to do.
    pub problems: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("; "))
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Checks the values; nothing when the origin is [`OFF`] or empty.
    pub fn parse(raw: Raw<'_>) -> Result<Option<Self>, SettingsError> {
        let origin = raw.origin.trim().trim_end_matches('/');
        if origin.is_empty() || origin == OFF {
            return Ok(None);
        }
        let mut problems = Vec::new();
        let place = place(origin).map_err(|problem| problems.push(problem)).ok();
        let tls = tls(raw.tls).map_err(|problem| problems.push(problem)).ok();
        let user = word("database_user", raw.user).map_err(|problem| problems.push(problem)).ok();
        let name = word("database_name", raw.name).map_err(|problem| problems.push(problem)).ok();
        let zone = zone(raw.zone).map_err(|problem| problems.push(problem)).ok();
        if raw.password.contains('\0') {
            problems.push("`database_password` contains a zero byte, which PostgreSQL does not take".to_owned());
        }
        let authority = Some(raw.authority.trim()).filter(|text| !text.is_empty());
        if authority.is_some_and(|text| !text.starts_with("-----BEGIN CERTIFICATE-----")) {
            problems.push(
                "`database_ca` is not a certificate in PEM form; it starts with -----BEGIN CERTIFICATE-----".to_owned(),
            );
        }
        let settings = || {
            let (host, port) = place?;
            Some(Self {
                host,
                port,
                user: user?,
                password: raw.password.to_owned(),
                name: name?,
                tls: tls?,
                authority: authority.map(str::to_owned),
                zone: zone?,
            })
        };
        match settings() {
            Some(settings) if problems.is_empty() => Ok(Some(settings)),
            Some(_) | None => Err(SettingsError { problems }),
        }
    }

    /// The address in the form `name='value' …`, which needs no escapes but for `'` and `\`. It holds the password.
    ///
    /// The limits are part of the address, so that they hold from the first statement on, also on a connection that a
    /// host kept from an earlier call.
    pub fn address(&self) -> String {
        let options = format!(
            "-c default_transaction_read_only=on -c statement_timeout={STATEMENT_TIMEOUT_MS} \
             -c lock_timeout={LOCK_TIMEOUT_MS}"
        );
        let mut address = String::new();
        for (name, value) in [
            ("host", self.host.as_str()),
            ("port", &self.port.to_string()),
            ("user", &self.user),
            ("password", &self.password),
            ("dbname", &self.name),
            ("sslmode", if self.tls { "require" } else { "disable" }),
            ("connect_timeout", &CONNECT_TIMEOUT_S.to_string()),
            ("application_name", "seatkeeper"),
            ("options", &options),
        ] {
            if !value.is_empty() {
                // Writing to a string cannot fail.
                let _ = write!(address, "{name}='{}' ", value.replace('\\', "\\\\").replace('\'', "\\'"));
            }
        }
        address.truncate(address.trim_end().len());
        address
    }

    /// PEM text of the certificate authority that signed the server's certificate.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Time zone in which Confluence wrote its timestamps.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// A text of a driver or a host as one short line without the password: some hosts repeat the whole address in
    /// their errors.
    pub fn printable(&self, text: &str) -> String {
        let text =
            if self.password.is_empty() { text.to_owned() } else { text.replace(&self.password, "[the password]") };
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        line.chars().take(300).collect()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, user, password: _, name, tls, authority: _, zone } = self;
        write!(f, "Settings({user} at {host}:{port}/{name}, tls {tls}, zone {zone})")
    }
}

fn place(origin: &str) -> Result<(String, u16), String> {
    let refuse = |why: &str| {
        format!("`database_origin` is `{origin}`, but {why}; write it like `postgres://db.example.com:5432`")
    };
    if origin.contains('@') {
        return Err("`database_origin` holds a user name or password; these belong into `database_user` and \
                    `database_password`"
            .to_owned());
    }
    let uri: Uri = origin.parse().map_err(|error| refuse(&format!("that is no address ({error})")))?;
    if uri.scheme_str() != Some("postgres") {
        return Err(refuse("it has to start with `postgres://`"));
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(refuse("it may have neither a path nor parameters, because a grant has none"));
    }
    let host = uri.host().unwrap_or_default();
    if host.starts_with('[') {
        // In an address of PostgreSQL it stands without brackets, and hosts would look for the port inside it.
        return Err(refuse("an IPv6 address cannot be granted; give it a name"));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if host.is_empty() || !host.chars().all(legal) {
        return Err(refuse("it names no host"));
    }
    // An IPv6 address is gone by now, so a colon can only be the one before the port.
    let port = match uri.authority().and_then(|authority| authority.as_str().split_once(':')) {
        Some((_, port)) => port.parse().map_err(|_| refuse("its port is not a number up to 65535"))?,
        None => USUAL_PORT,
    };
    Ok((host.to_owned(), port))
}

fn tls(text: &str) -> Result<bool, String> {
    match text.trim() {
        "" | "require" => Ok(true),
        "off" => Ok(false),
        other => Err(format!("`database_tls` is `{other}`, but must be `require` or `off`")),
    }
}

fn word(name: &str, text: &str) -> Result<String, String> {
    let text = text.trim();
    match text {
        "" => Err(format!("`{name}` is empty; it is needed because `database_origin` is set")),
        _ if text.chars().any(char::is_control) => Err(format!("`{name}` contains a control character")),
        _ => Ok(text.to_owned()),
    }
}

/// A name of the time zone database. Offsets are refused: PostgreSQL reads their sign the other way round, so `+02:00`
/// and `GMT+2` lie west of Greenwich.
fn zone(text: &str) -> Result<String, String> {
    let text = text.trim();
    let part = |part: &str| part.chars().next().is_some_and(|first| first.is_ascii_alphabetic());
    let legal =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/') || (text.contains('/') && "+-".contains(c));
    match text {
        "" => Ok("UTC".to_owned()),
        _ if text.split('/').all(part) && text.chars().all(legal) => Ok(text.to_owned()),
        _ => Err(format!(
            "`database_zone` is `{text}`, but must be a name such as `Europe/Berlin`, or `Etc/GMT-2` for two hours east \
             of Greenwich"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: Raw<'static> = Raw {
        origin: "postgres://db.example.com",
        user: "seatkeeper",
        password: r"it's a \ secret",
        name: "confluence",
        tls: "require",
        authority: "",
        zone: "Europe/Berlin",
    };

    fn problems(raw: Raw<'_>) -> String {
        Settings::parse(raw).unwrap_err().to_string()
    }

    #[test]
    fn without_an_origin_there_is_no_database() {
        for origin in ["", " ", OFF, "postgres://off.invalid:5432/"] {
            assert_eq!(Settings::parse(Raw { origin, ..Raw::default() }), Ok(None));
        }
    }

    #[test]
    fn the_address_quotes_its_values_and_starts_the_session_read_only() {
        let settings = Settings::parse(RAW).unwrap().unwrap();
        let address = settings.address();
        for part in [
            "host='db.example.com' port='5432' user='seatkeeper' ",
            r"password='it\'s a \\ secret'",
            "dbname='confluence' sslmode='require' ",
            "default_transaction_read_only=on",
            "statement_timeout=10000",
        ] {
            assert!(address.contains(part), "{part} is not in {address}");
        }
    }

    #[test]
    fn the_password_is_shown_neither_by_debug_nor_in_errors_of_a_host() {
        let settings = Settings::parse(RAW).unwrap().unwrap();
        let told = settings.printable(&format!("address {} is not permitted\nreally", RAW.password));
        assert_eq!(told, "address [the password] is not permitted really");
        assert!(!format!("{settings:?}").contains("secret"));
    }

    #[test]
    fn all_problems_are_told_together_by_the_names_of_the_variables() {
        let told = problems(Raw {
            origin: "mysql://db",
            user: "",
            name: "",
            tls: "prefer",
            authority: "MIIB",
            zone: "+02:00",
            ..RAW
        });
        for name in ["origin", "user", "name", "tls", "ca", "zone"] {
            assert!(told.contains(&format!("`database_{name}`")), "{name} is not in {told}");
        }
    }

    #[test]
    fn an_origin_is_a_host_and_a_port_and_nothing_else() {
        for origin in [
            "db.example.com",
            "postgres://db/confluence",
            "postgres://db?sslmode=off",
            "postgres://[::1]",
            "postgres://db:70000",
        ] {
            assert!(problems(Raw { origin, ..RAW }).contains("database_origin"), "{origin}");
        }
        let told = problems(Raw { origin: "postgres://me:hunter2@db", ..RAW });
        assert!(told.contains("database_password") && !told.contains("hunter2"), "{told}");
        let settings = Settings::parse(Raw { origin: "postgres://10.0.0.7:5433/", ..RAW }).unwrap().unwrap();
        assert!(settings.address().starts_with("host='10.0.0.7' port='5433'"), "{}", settings.address());
    }

    #[test]
    fn offsets_are_refused_because_their_sign_would_be_read_the_other_way_round() {
        for zone in ["+02:00", "-5", "GMT+2", "UTC-1", "2", "Europe/", "'; --", "<+02>-2"] {
            assert!(problems(Raw { zone, ..RAW }).contains("Europe/Berlin"), "{zone}");
        }
        for zone in
            ["", "UTC", "CET", "EST5EDT", "America/Argentina/Buenos_Aires", "Etc/GMT-2", "America/Port-au-Prince"]
        {
            assert!(Settings::parse(Raw { zone, ..RAW }).is_ok(), "{zone}");
        }
    }
}
