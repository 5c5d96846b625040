//! Where results go. Names of people and groups come from outside, so control characters never reach a terminal.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::exit::{Exit, Failure};
use crate::cli::colour;

/// How results are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// One JSON document instead of text.
    pub(crate) json: bool,
}

impl Output {
    /// Shows a result: `text` for people, `value` for machines.
    pub(crate) fn show(self, text: &str, value: &impl Serialize) {
        if self.json {
            // Our own shapes and what came in as JSON can always be written as JSON.
            let json = serde_json::to_string_pretty(value).unwrap_or_default();
            write(&format!("{json}\n"));
        } else {
            let text = clean(text);
            write(&format!("{}\n", painted(text.trim_end(), colour::on(std::io::stdout().is_terminal()))));
        }
    }

    /// Tells a person something that is not part of the result.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            eprintln!("{}", painted(&clean(text), colour::on(std::io::stderr().is_terminal())));
        }
    }

    /// Whether somebody watches who likes to see progress.
    pub(crate) fn watched(self) -> bool {
        !self.json && std::io::stderr().is_terminal()
    }

    /// Ends the command.
    pub(crate) fn end(self, result: Result<Exit, Failure>) -> ExitCode {
        match result {
            Ok(exit) => exit.into(),
            Err(failure) => {
                if self.json {
                    eprintln!("{}", serde_json::json!({ "error": failure }));
                } else {
                    let text = clean(&failure.to_string());
                    eprintln!("{}", painted(&text, colour::on(std::io::stderr().is_terminal())));
                }
                failure.ends_with().into()
            }
        }
    }
}

/// Writes to standard output. A reader that went away (`| head`) is no error.
pub(crate) fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Replaces everything that could move the cursor, change colours or turn the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    let harmful = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if harmful(c) { '\u{fffd}' } else { c }).collect()
}

/// What stands at the beginning of a line and should catch the eye.
const MARKS: [(&str, AnsiColor); 7] = [
    ("Error:", AnsiColor::Red),
    ("FAIL", AnsiColor::Red),
    ("BROKEN", AnsiColor::Red),
    ("OVER THE CAP", AnsiColor::Red),
    ("warn  ", AnsiColor::Yellow),
    ("ok    ", AnsiColor::Green),
    ("Next step:", AnsiColor::Cyan),
];

/// Text that was cleaned, with colours at the beginnings of its lines.
fn painted(text: &str, coloured: bool) -> String {
    if !coloured {
        return text.to_owned();
    }
    let line = |line: &str| {
        let rest = line.trim_start();
        match MARKS.iter().find(|(mark, _)| rest.starts_with(mark)) {
            None => line.to_owned(),
            Some((mark, colour)) => {
                let style = Style::new().bold().fg_color(Some((*colour).into()));
                line.replacen(mark, &format!("{style}{mark}{style:#}"), 1)
            }
        }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_write_to_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\rc\u{202e}d\ne ü"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\ne ü");
    }

    #[test]
    fn only_beginnings_of_lines_have_colours_and_only_where_they_are_wanted() {
        let text = "Error: no\n  Next step: try\nplain Error: no";
        assert_eq!(painted(text, false), text);
        let coloured = painted(text, true);
        let lines: Vec<&str> = coloured.lines().collect();
        assert_eq!(lines[0], "\u{1b}[1m\u{1b}[31mError:\u{1b}[0m no");
        assert!(lines[1].starts_with("  \u{1b}[1m\u{1b}[36mNext step:"), "{coloured:?}");
        assert_eq!(lines[2], "plain Error: no");
    }
}
