//! What a failed call to the database means, and what to do.

use crate::Settings;
use seatkeeper_engine::ports::{ErrorClass, PortError};

/// A failure as a driver tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault<'a> {
    /// No connection came about, or none is allowed.
    Connection(&'a str),
    /// The server refused the statement.
    Server {
        /// SQLSTATE, five characters.
        code: &'a str,
        /// The server's message.
        message: &'a str,
    },
    /// No answer in time.
    Timeout,
    /// Anything else.
    Other(&'a str),
}

/// The error for the engine. No text contains the password.
pub fn explain(settings: &Settings, fault: Fault<'_>) -> PortError {
    let (class, detail) = match fault {
        Fault::Connection(text) => connection(text),
        Fault::Server { code, message } => server(code, message),
        Fault::Timeout => (ErrorClass::Retryable, "no answer in time".to_owned()),
        Fault::Other(text) => (ErrorClass::Malformed, text.to_owned()),
    };
    PortError { class, operation: "read Confluence's database".to_owned(), detail: settings.printable(&detail) }
}

/// A failed connection is told in words only, so the words are searched.
fn connection(text: &str) -> (ErrorClass, String) {
    let lower = text.to_lowercase();
    let has = |part: &str| lower.contains(part);
    if has("not permitted") || has("not allowed") || has("prohibited") {
        let advice = "the host does not allow this destination; check `database_origin` and allowed_outbound_hosts";
        (ErrorClass::Refused, format!("{advice}: {text}"))
    } else if has("28p01") || has("28000") || has("authentication failed") || has("no pg_hba.conf entry") {
        (ErrorClass::Refused, format!("check `database_user`, `database_password` and pg_hba.conf: {text}"))
    } else if has("3d000") {
        (ErrorClass::Refused, format!("check `database_name`: {text}"))
    } else if has("certificate") || has("unknownissuer") {
        (ErrorClass::Refused, format!("give the certificate authority of the server as `database_ca`: {text}"))
    } else if has("tls") {
        (ErrorClass::Refused, format!("the server has to offer TLS, or `database_tls` has to be `off`: {text}"))
    } else {
        (ErrorClass::Retryable, text.to_owned())
    }
}

fn server(code: &str, message: &str) -> (ErrorClass, String) {
    let told = |advice: &str| format!("{advice}: {message} ({code})");
    match code {
        "42501" => (ErrorClass::Refused, told("the role may not read this; grant what docs/database.md lists")),
        "42P01" | "42703" => (ErrorClass::Refused, told("check `database_name` and the search_path of the role")),
        "22023" => (ErrorClass::Refused, told("check `database_zone`")),
        "57014" => (ErrorClass::Retryable, told("the statement took too long and was stopped")),
        // Connections, resources, shutdown, conflicts with the replay on a standby, locks.
        _ if ["08", "53", "57P", "40", "55P"].iter().any(|class| code.starts_with(class)) => {
            (ErrorClass::Retryable, format!("{message} ({code})"))
        }
        _ if code.starts_with("28") || code.starts_with("3D") => (ErrorClass::Refused, format!("{message} ({code})")),
        _ => (ErrorClass::Malformed, format!("{message} ({code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Raw;

    fn told(fault: Fault<'_>) -> PortError {
        let raw = Raw { origin: "postgres://db", user: "me", password: "hunter2", name: "c", ..Raw::default() };
        explain(&Settings::parse(raw).unwrap().unwrap(), fault)
    }

    #[test]
    fn a_mistake_of_the_set_up_is_refused_and_names_the_setting() {
        for (fault, setting) in [
            (Fault::Connection("address postgres://db:5432 is not permitted"), "allowed_outbound_hosts"),
            (Fault::Connection("db error: FATAL: password authentication failed for user"), "`database_password`"),
            (Fault::Connection("error performing TLS handshake: server does not support TLS"), "`database_tls`"),
            (Fault::Connection("invalid peer certificate: UnknownIssuer"), "`database_ca`"),
            (Fault::Server { code: "42501", message: "permission denied for table logininfo" }, "docs/database.md"),
            (Fault::Server { code: "22023", message: "time zone \"Mars\" not recognized" }, "`database_zone`"),
            (Fault::Server { code: "42P01", message: "relation does not exist" }, "`database_name`"),
        ] {
            let error = told(fault);
            assert_eq!(error.class, ErrorClass::Refused, "{error}");
            assert!(error.detail.contains(setting), "{error}");
        }
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        for fault in [
            Fault::Connection("connection refused"),
            Fault::Server { code: "57014", message: "canceling statement due to statement timeout" },
            Fault::Server { code: "57P03", message: "the database system is starting up" },
            Fault::Timeout,
        ] {
            assert_eq!(told(fault).class, ErrorClass::Retryable, "{fault:?}");
        }
    }

    #[test]
    fn the_password_is_not_told() {
        let error = told(Fault::Connection("address host=db password=hunter2 is not permitted"));
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
