//! CSV that is made here, of what the instance tells otherwise.

use seatkeeper_web::csv::{header, row, unprotect};
use serde_json::Value;

use super::super::client::Client;
use super::super::exit::Failure;
use super::super::secrets::Role;
use super::body::{Query, Sink, address, broke_off, no_rows};

/// Sightings in Confluence itself. A sign-in to the company, which directories tell, is no login to Confluence, and
/// would become one if it were imported.
const IN_CONFLUENCE: [&str; 7] = [
    "seen-login-event",
    "seen-last-login",
    "seen-audit-log",
    "seen-login-info",
    "seen-last-authenticated",
    "seen-import",
    "seen-contribution",
];

/// What `import` takes.
pub(super) const COLUMNS: [&str; 3] = ["username", "user-key", "last-login"];

/// Every account that was seen in Confluence, with the newest sighting there.
pub(super) fn last_logins(client: &Client, path: &str, query: &Query, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let stream = client.stream(Role::Report, &address(&format!("{path}.csv"), query), "text/csv")?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(stream);
    let names = reader.headers().map_err(|error| broke_off(&error))?.clone();
    let place = |name: &str| names.iter().position(|known| unprotect(known) == name);
    let (Some(username), Some(key)) = (place("username"), place("user-key")) else {
        return Err(no_rows("columns `username` and `user-key`"));
    };
    let seen: Vec<usize> = IN_CONFLUENCE.iter().filter_map(|name| place(name)).collect();
    if seen.is_empty() {
        return Err(no_rows("columns of sightings"));
    }
    sink.write(&header(&COLUMNS))?;
    let (mut record, mut done) = (csv::StringRecord::new(), 0_u64);
    while reader.read_record(&mut record).map_err(|error| broke_off(&error))? {
        let cell = |place: usize| record.get(place).map(unprotect).unwrap_or_default();
        // Instants in the same form and zone, so the order of texts is the order of time.
        let newest = seen.iter().map(|place| cell(*place)).max().unwrap_or_default();
        if !newest.is_empty() {
            sink.write(&row(&[cell(username), cell(key), newest]))?;
            done += 1;
            sink.told(done, None, "accounts");
        }
    }
    Ok(())
}

/// A short list as a table.
pub(super) fn table(
    client: &Client,
    path: &str,
    rows: &str,
    columns: &[(&str, &str)],
    sink: &mut Sink<'_>,
) -> Result<(), Failure> {
    let answer: Value = client.get(Role::Report, &format!("{path}.json"))?;
    let items = answer.get(rows).and_then(Value::as_array).ok_or_else(|| no_rows(rows))?;
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    sink.write(&header(&names))?;
    for item in items {
        let cells: Vec<String> = columns.iter().map(|(_, pointer)| cell(item.pointer(pointer))).collect();
        sink.write(&row(&cells))?;
    }
    sink.told(u64::try_from(items.len()).unwrap_or_default(), None, "rows");
    Ok(())
}

/// A value in one cell.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join("; "),
        Some(Value::Object(fields)) => {
            fields.iter().map(|(name, value)| format!("{name}: {}", cell(Some(value)))).collect::<Vec<_>>().join("; ")
        }
        Some(value @ (Value::Bool(_) | Value::Number(_))) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_value_has_a_cell() {
        for (value, expected) in [
            (json!(null), ""),
            (json!("=1"), "=1"),
            (json!(5), "5"),
            (json!(["a", 1]), "a; 1"),
            (json!({"keep/young": 3, "reclaim/left": 1}), "keep/young: 3; reclaim/left: 1"),
        ] {
            assert_eq!(cell(Some(&value)), expected);
        }
    }
}
