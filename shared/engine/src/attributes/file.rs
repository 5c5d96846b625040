//! A file of changes: CSV with a header in any order, with or without a byte order mark, separated by commas or
//! semicolons.

use crate::{import::RowProblem, state::Wish};

/// Rows of one file.
pub const MOST_ROWS: usize = 20_000;
/// Groups in one cell.
const MOST_GROUPS: usize = 100;
/// The columns.
pub const COLUMNS: [&str; 6] = ["username", "new-username", "email", "full-name", "add-groups", "remove-groups"];

/// What one line wishes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Line in the file, from 1.
    pub line: u32,
    /// The account.
    pub username: String,
    /// What is wished for it.
    pub wish: Wish,
}

/// Reads a file. `original` takes off what an export puts in front of a cell against formulas, exactly once.
pub fn parse(text: &str, original: impl Fn(&str) -> &str) -> Result<Vec<Line>, RowProblem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let header = text.lines().next().unwrap_or_default();
    let separator = if header.contains(';') && !header.contains(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| unreadable(1, &error))?.clone();
    let columns = columns(&headers)?;
    let mut lines = Vec::new();
    let mut count = Lines { text: text.as_bytes(), at: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(error.position().map_or(0, csv::Position::line), &error))?;
        let line = count.of(record.position().map_or(0, csv::Position::byte));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() != headers.len() {
            let problem = format!(
                "has {} cells and the header {}; put texts with separators in double quotes",
                record.len(),
                headers.len()
            );
            return Err(RowProblem { line, field: "file".into(), value: String::new(), problem });
        }
        if lines.len() >= MOST_ROWS {
            let problem = format!("only {MOST_ROWS} rows are taken at a time; send the rest as another file");
            return Err(RowProblem { line, field: "file".into(), value: String::new(), problem });
        }
        let mut row = Line { line: u32::try_from(line).unwrap_or(u32::MAX), ..Line::default() };
        for (column, cell) in columns.iter().zip(&record) {
            let cell = original(cell).trim();
            let Wish { new_username, email, full_name, add_groups, remove_groups } = &mut row.wish;
            match *column {
                "username" => cell.clone_into(&mut row.username),
                "new-username" => cell.clone_into(new_username),
                "email" => cell.clone_into(email),
                "full-name" => cell.clone_into(full_name),
                "add-groups" => *add_groups = groups(cell, "add-groups", line)?,
                _ => *remove_groups = groups(cell, "remove-groups", line)?,
            }
        }
        lines.push(row);
    }
    if lines.is_empty() {
        let problem = "has no row below its header".to_owned();
        return Err(RowProblem { line: 1, field: "file".into(), value: String::new(), problem });
    }
    Ok(lines)
}

/// Counts lines as an editor does. The reader's own count is one behind where lines end with CR LF or are blank.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which the record begins that was read from this byte on. Records come in their order.
    fn of(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(letter) = self.text.get(self.at) {
            if self.at >= byte && !matches!(letter, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*letter == b'\n');
            self.at += 1;
        }
        self.line
    }
}

/// Groups of one cell, each once.
fn groups(cell: &str, field: &str, line: u64) -> Result<Vec<String>, RowProblem> {
    let mut names: Vec<String> = Vec::new();
    for name in cell.split(';').map(str::trim).filter(|name| !name.is_empty()) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    if names.len() > MOST_GROUPS {
        let problem = format!("names more than {MOST_GROUPS} groups");
        return Err(RowProblem { line, field: field.into(), value: String::new(), problem });
    }
    Ok(names)
}

fn unreadable(line: u64, error: &csv::Error) -> RowProblem {
    RowProblem { line, field: "file".into(), value: String::new(), problem: format!("cannot be read as CSV: {error}") }
}

fn columns(headers: &csv::StringRecord) -> Result<Vec<&'static str>, RowProblem> {
    let refused = |value: &str, problem: String| {
        Err(RowProblem { line: 1, field: "header".into(), value: value.chars().take(80).collect(), problem })
    };
    let mut found: Vec<&'static str> = Vec::new();
    for header in headers {
        let plain = header.trim().to_lowercase().replace(['_', ' '], "-");
        let Some(column) = COLUMNS.into_iter().find(|column| *column == plain) else {
            return refused(header, format!("is not a column of this file; known are: {}", COLUMNS.join(", ")));
        };
        if found.contains(&column) {
            return refused(header, "is there twice".to_owned());
        }
        found.push(column);
    }
    if found.contains(&"username") && found.len() > 1 {
        return Ok(found);
    }
    let all = headers.iter().collect::<Vec<_>>().join(",");
    refused(&all, "must name the column `username` and at least one that changes something".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Line>, RowProblem> {
        parse(text, |cell| cell)
    }

    #[test]
    fn columns_come_in_any_order_and_a_byte_order_mark_is_no_part_of_a_name() {
        let text = "\u{feff}Full Name,\"USERNAME\",add_groups\r\n\"Doe, Jane\",jdoe,a; b ;a\r\n\r\n";
        let wish = Wish { full_name: "Doe, Jane".into(), add_groups: vec!["a".into(), "b".into()], ..Wish::default() };
        assert_eq!(read(text).unwrap(), [Line { line: 2, username: "jdoe".into(), wish }]);
    }

    #[test]
    fn lines_are_counted_as_in_an_editor() {
        for end in ["\n", "\r\n"] {
            let text = ["username,full-name", "a,x", "", "b,\"two", "lines\"", "c,z", ""].join(end);
            let lines: Vec<_> = read(&text).unwrap().iter().map(|line| line.line).collect();
            assert_eq!(lines, [2, 4, 6], "{end:?}");
        }
    }

    #[test]
    fn semicolons_separate_where_the_header_has_them_and_quoted_groups_stay_together() {
        let lines = read("username;remove-groups\njdoe;\"a;b\"\n").unwrap();
        assert_eq!(lines[0].wish.remove_groups, ["a", "b"]);
    }

    #[test]
    fn the_quote_of_an_export_is_taken_off_once() {
        let lines = parse("username,full-name\n'=jdoe,''=x\n", |cell| cell.strip_prefix('\'').unwrap_or(cell)).unwrap();
        assert_eq!((lines[0].username.as_str(), lines[0].wish.full_name.as_str()), ("=jdoe", "'=x"));
    }

    #[test]
    fn a_file_that_could_mean_something_else_is_refused_as_a_whole() {
        for (text, line, field) in [
            ("", 1, "header"),
            ("username\njdoe\n", 1, "header"),
            ("email,full-name\na@b,x\n", 1, "header"),
            ("username,new-usernme\na,b\n", 1, "header"),
            ("username,email,EMail\na,b,c\n", 1, "header"),
            ("username,email\n", 1, "file"),
            ("username,email\na,b\nc,d,e\n", 3, "file"),
            ("username,full-name\njdoe,Doe, Jane\n", 2, "file"),
        ] {
            let problem = read(text).unwrap_err();
            assert_eq!((problem.line, problem.field.as_str()), (line, field), "{text:?}: {problem:?}");
        }
        let many = format!("username,email\n{}", "a,b@c\n".repeat(MOST_ROWS + 1));
        assert!(read(&many).unwrap_err().problem.contains("20000"));
    }
}
