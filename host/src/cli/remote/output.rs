//! Where results go. Names of people and groups come from outside, so control characters never reach a terminal.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use serde::Serialize;

use super::exit::{Exit, Failure};

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
            write(&format!("{}\n", clean(text).trim_end()));
        }
    }

    /// Tells a person something that is not part of the result.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            eprintln!("{}", clean(text));
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
                    eprintln!("{}", clean(&failure.to_string()));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_write_to_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\rc\u{202e}d\ne ü"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\ne ü");
    }
}
