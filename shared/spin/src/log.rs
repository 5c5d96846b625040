//! One line of JSON for each event worth telling, on standard output, where every host collects it.
//!
//! The events and their fields are fixed in [`EVENTS`], and `docs/observability.md` has the same list. Names of fields are
//! dotted and carry their unit, such as `sweep.id` and `duration_ms`. Never give a secret, a whole body or a mail
//! address to a log line; accounts appear by their user key.

use crate::SpinClock;
use chrono::{DateTime, SecondsFormat, Utc};
use seatkeeper_engine::ports::Clock;
use serde_json::{Map, Value};
use std::io::Write;

/// An event that has a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Its name, a sentence that can be read alone.
    pub name: &'static str,
    /// The component that writes it.
    pub component: &'static str,
    /// Fields that it can have.
    pub fields: &'static [&'static str],
}

const fn event(name: &'static str, component: &'static str, fields: &'static [&'static str]) -> Event {
    Event { name, component, fields }
}

/// All events.
pub const EVENTS: &[Event] = &[
    event(
        "sweep tick ended",
        "sweep",
        &["tick.status", "tick.phase", "tick.done", "duration_ms", "sweep.id", "error.code", "error.message"],
    ),
    event("event handled", "restore", &["user.key", "event.outcome", "event.reason"]),
    event("event not handled", "restore", &["error.code", "error.message"]),
    event("event refused", "restore", &["error.message"]),
    event(
        "alert tick ended",
        "alert",
        &[
            "alert.delivered",
            "alert.waiting",
            "alert.given_up",
            "alert.warned",
            "seats.used",
            "error.code",
            "error.message",
        ],
    ),
    event("message not delivered", "alert", &["alert.channel", "alert.subject", "error.message"]),
    event("warning not delivered", "alert", &["user.key", "warning.outcome", "error.message"]),
    event("policy in force", "admin", &["policy.version", "policy.by"]),
    event("plan answered", "admin", &["plan.id", "plan.answer", "plan.by"]),
    event(
        "run undone as far as time allowed",
        "admin",
        &["run.id", "undo.restored", "undo.waiting", "undo.failed", "undo.by"],
    ),
    event("stopped by an administrator", "admin", &["stop.by"]),
    event("released by an administrator", "admin", &["stop.by"]),
    event("sweep ordered", "admin", &["sweep.by"]),
    event("somebody signed in", "admin", &["session.by", "session.role"]),
    event("somebody could not sign in", "admin", &["session.problem"]),
    event("test message sent", "admin", &["alert.by"]),
    event("emergency plan ordered", "admin", &["emergency.seats", "emergency.idle_days", "emergency.by"]),
    event("evidence imported", "admin", &["import.id", "import.accepted", "import.refused", "import.by"]),
    event("evidence looked through", "admin", &["import.id", "import.accepted", "import.refused", "import.by"]),
    event("accounts changed as far as time allowed", "admin", &["job.id", "job.rows", "job.status", "job.by"]),
    event("the state cannot be read", "report", &["error.code", "error.message"]),
    event("the component is not configured", "any", &["error.problems"]),
];

/// Characters of a text at most; more is cut off, so that no answer of another system fills the log.
const LONGEST: usize = 500;
/// Entries of a list at most: as many as there are variables, roughly.
const MOST: usize = 100;

/// Writes one line: the event as a sentence that can be read alone, when it was, and its fields.
pub fn log(event: &str, fields: &[(&str, Value)]) {
    let line = line(event, SpinClock.now(), fields);
    // A log that cannot be written must not stop the work.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn line(event: &str, now: DateTime<Utc>, fields: &[(&str, Value)]) -> Value {
    let mut object = Map::new();
    object.insert("event".to_owned(), Value::from(event));
    object.insert("time".to_owned(), Value::from(now.to_rfc3339_opts(SecondsFormat::Millis, true)));
    for (name, value) in fields {
        object.insert((*name).to_owned(), bounded(value));
    }
    Value::Object(object)
}

/// The value without what is too long. Only texts, numbers and lists of texts are ever logged.
fn bounded(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
            None => value.clone(),
        },
        Value::Array(entries) => entries.iter().take(MOST).map(bounded).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, path::Path};

    fn now() -> DateTime<Utc> {
        "2026-11-22T08:15:00.250Z".parse().unwrap()
    }

    fn root() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn an_event_is_one_line_of_json_even_when_a_field_brings_line_breaks() {
        let fields = [("tick.outcome", "a\nb".into()), ("duration_ms", 12.into())];
        let text = line("tick finished", now(), &fields).to_string();
        assert!(!text.contains('\n'), "{text}");
        let expected = serde_json::json!({
            "duration_ms": 12,
            "event": "tick finished",
            "tick.outcome": "a\nb",
            "time": "2026-11-22T08:15:00.250Z",
        });
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    }

    #[test]
    fn a_text_without_end_is_cut_off_between_two_characters() {
        let fields = [("error.message", "ä".repeat(100_000).into()), ("error.problems", vec!["x"; 5_000].into())];
        let text = line("tick finished", now(), &fields).to_string();
        assert!(text.len() < 3_000 && text.contains("ä…"), "{} bytes", text.len());
    }

    /// The functions in the source below a folder that write to the log, each with its file; tests are left out.
    fn writers(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                writers(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("spin/src/log.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
                let functions = code.split("fn ").filter(|part| part.contains("log("));
                found.extend(functions.map(|part| (path.display().to_string(), part.to_owned())));
            }
        }
    }

    /// The texts in the first argument of each call of `log`.
    fn events_of(function: &str) -> Vec<String> {
        let mut events = Vec::new();
        for (at, _) in function.match_indices("log(") {
            let before = function[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let argument = function[at + 4..].split_once('&').map_or("", |(argument, _)| argument);
            events.extend(argument.split('"').skip(1).step_by(2).map(str::to_owned));
        }
        events
    }

    /// Texts that stand where a field's name stands.
    fn fields_of(function: &str) -> Vec<String> {
        let starts = function.split("(\"").skip(1).filter_map(|rest| rest.split_once("\","));
        let names = starts.map(|(name, _)| name.to_owned());
        let name = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '_');
        names.filter(|text| name(text) && (text.contains('.') || text == "duration_ms")).collect()
    }

    #[test]
    fn every_line_that_a_component_writes_is_a_documented_event_with_documented_fields() {
        let mut found = Vec::new();
        writers(&root().join("functions"), &mut found);
        writers(&root().join("shared/spin/src"), &mut found);
        let mut used = BTreeSet::new();
        for (file, function) in &found {
            let events = events_of(function);
            let known: Vec<_> = EVENTS.iter().filter(|event| events.iter().any(|name| name == event.name)).collect();
            for event in &events {
                assert!(known.iter().any(|known| known.name == event), "{file}: `{event}` is not in EVENTS");
                used.insert(event.clone());
            }
            for field in fields_of(function).iter().filter(|_| !events.is_empty()) {
                let told = known.iter().any(|event| event.fields.contains(&field.as_str()));
                assert!(told, "{file}: the field `{field}` of {events:?} is not in EVENTS");
            }
            let secret = ["expose()", "into_body", ".body()", "email", "display_name"];
            let logged = function.split("log(").skip(1).filter_map(|rest| rest.split(';').next());
            for call in logged {
                assert!(!secret.iter().any(|word| call.contains(word)), "{file}: log({call}");
            }
        }
        let documented: BTreeSet<_> = EVENTS.iter().map(|event| event.name.to_owned()).collect();
        assert_eq!(used, documented, "left: written, right: in EVENTS");
    }

    #[test]
    fn the_documentation_has_every_event_with_its_fields() {
        let text = std::fs::read_to_string(root().join("docs/observability.md")).unwrap();
        let rows: BTreeSet<_> = text
            .lines()
            .skip_while(|line| *line != "| event | component | fields | meaning |")
            .skip(2)
            .map_while(|line| line.strip_prefix("| "))
            .map(|row| row.split(" | ").take(3).map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let expected: BTreeSet<_> = EVENTS
            .iter()
            .map(|event| {
                let fields: Vec<_> = event.fields.iter().map(|field| format!("`{field}`")).collect();
                vec![event.name.to_owned(), event.component.to_owned(), fields.join(", ")]
            })
            .collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn names_of_fields_are_dotted_and_tell_nothing_secret() {
        for event in EVENTS {
            for field in event.fields {
                assert!(field.contains('.') || field.ends_with("_ms"), "{field}");
                for word in ["token", "secret", "password", "mail", "body", "display"] {
                    assert!(!field.contains(word), "{field}");
                }
            }
        }
    }
}
