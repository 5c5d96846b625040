//! One line of JSON for each event worth telling, on standard output, where every host collects it.
//!
//! Names of fields are dotted and carry their unit, such as `sweep.id` and `duration_ms`. Never give a secret, a whole
//! body or a mail address to a log line; accounts appear by their user key.

use serde_json::{Map, Value};
use std::io::Write;

/// Writes one line: the event as a sentence that can be read alone, and its fields.
pub fn log(event: &str, fields: &[(&str, Value)]) {
    let line = line(event, fields);
    // A log that cannot be written must not stop the work.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn line(event: &str, fields: &[(&str, Value)]) -> Value {
    let mut object = Map::new();
    object.insert("event".to_owned(), Value::from(event));
    for (name, value) in fields {
        object.insert((*name).to_owned(), value.clone());
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_json_even_when_a_field_brings_line_breaks() {
        let text = line("tick finished", &[("tick.outcome", "a\nb".into()), ("duration_ms", 12.into())]).to_string();
        assert_eq!(text, r#"{"duration_ms":12,"event":"tick finished","tick.outcome":"a\nb"}"#);
    }
}
