//! Our own export as a file of changes: its columns say what is, not what is wished, so they are left out before the
//! file is sent. Every other column that is not known stays, and the instance refuses it by name.

use seatkeeper_engine::attributes::COLUMNS;
use seatkeeper_web::csv::unprotect;

use super::super::exit::{Exit, Failure};

/// Columns of `export accounts`; those that name a source begin with `seen-`.
const EXPORTED: [&str; 15] = [
    "user-key",
    "display-name",
    "status",
    "groups",
    "decision",
    "reason",
    "last-seen",
    "source",
    "never",
    "known-since",
    "idle-days",
    "directory",
    "mail",
    "created",
    "obstacles",
];

/// The file without the columns of an export, and the names of those. Any other file comes back as it was.
pub(super) fn taken(text: &str) -> Result<(String, Vec<String>), Failure> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let Ok(names) = reader.headers().cloned() else { return Ok((text.to_owned(), Vec::new())) };
    let exported = |name: &str| {
        let name = unprotect(name);
        EXPORTED.contains(&name) || name.starts_with("seen-")
    };
    // Only our own export has all of these; in any other file an unknown column may be a mistake.
    if !["user-key", "username", "decision"].iter().all(|own| names.iter().any(|name| name == *own)) {
        return Ok((text.to_owned(), Vec::new()));
    }
    let kept: Vec<usize> =
        names.iter().enumerate().filter(|(_, name)| !exported(name)).map(|(place, _)| place).collect();
    let left_out: Vec<String> = names.iter().filter(|name| exported(name)).map(str::to_owned).collect();
    if kept.len() < 2 {
        return Err(Failure::new("the file is an export of accounts and wishes no change")
            .exit(Exit::Refused)
            .code("import-unreadable")
            .detail(format!("besides `username` it needs at least one of {}", COLUMNS[1..].join(", ")))
            .next_step("Add the column with the new values, such as `email`, and send the file again."));
    }
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let unreadable = |error: csv::Error| {
        Failure::new("the file cannot be read as CSV").exit(Exit::Refused).detail(error).next_step("Correct the file.")
    };
    let mut write = |record: &csv::StringRecord| {
        writer.write_record(kept.iter().filter_map(|place| record.get(*place))).map_err(unreadable)
    };
    write(&names)?;
    for record in reader.records() {
        write(&record.map_err(unreadable)?)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::new("the file cannot be made anew").detail(error))?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), left_out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_web::csv::{header, row};

    fn file(names: &[&str], cells: &[&str]) -> String {
        String::from_utf8([header(names), row(cells)].concat()).unwrap()
    }

    #[test]
    fn an_export_with_a_column_of_changes_is_a_file_of_changes() {
        let text = file(
            &["user-key", "username", "display-name", "decision", "seen-last-login", "email"],
            &["k1", "=jdoe", "Doe, Jane", "keep/young", "", "jane@example.com"],
        );
        let (taken, left_out) = taken(&text).unwrap();
        assert_eq!(taken, "username,email\n'=jdoe,jane@example.com\n");
        assert_eq!(left_out, ["user-key", "display-name", "decision", "seen-last-login"]);
    }

    #[test]
    fn an_export_without_a_change_says_which_columns_it_needs() {
        let text = file(&["user-key", "username", "decision"], &["k1", "jdoe", "keep/young"]);
        let error = taken(&text).unwrap_err();
        assert_eq!(error.ends_with(), Exit::Refused);
        assert!(error.to_string().contains("new-username, email, full-name"), "{error}");
    }

    #[test]
    fn any_other_file_is_sent_as_it_is() {
        for text in ["username,emial\na,b\n", "username;status\na;b\n", "", "user-key,username,email\nk,a,b@c\n"] {
            assert_eq!(taken(text).unwrap(), (text.to_owned(), vec![]));
        }
    }
}
