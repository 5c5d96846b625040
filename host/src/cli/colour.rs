//! Colours: only where somebody looks at a terminal, or where they were asked for.

use std::ffi::OsString;
use std::sync::OnceLock;

use clap::{ColorChoice, ValueEnum};

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// Never.
    Never,
}

/// What was asked for. One process runs one command, and everything that it prints follows this.
static CHOSEN: OnceLock<Colour> = OnceLock::new();

impl Colour {
    /// What the arguments ask for, before they are understood: help and wrong usage have colours as well.
    pub(crate) fn of(arguments: impl Iterator<Item = OsString>) -> Self {
        let words: Vec<_> = arguments.filter_map(|word| word.into_string().ok()).collect();
        let apart = words.iter().zip(words.iter().skip(1)).find(|(name, _)| *name == "--color").map(|(_, value)| value);
        let joined = words.iter().find_map(|word| word.strip_prefix("--color="));
        let value = joined.or(apart.map(String::as_str)).unwrap_or_default();
        Self::from_str(value, true).unwrap_or_default()
    }

    /// Remembers it for everything that is printed.
    pub(crate) fn choose(self) {
        // The first choice stays; there is only one.
        let _ = CHOSEN.set(self);
    }

    /// The same for help and wrong usage.
    pub(crate) fn of_help(self) -> ColorChoice {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
    }
}

/// Whether to use colours on an output that is a terminal, or is none.
pub(crate) fn on(terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    wanted(
        CHOSEN.get().copied().unwrap_or_default(),
        terminal,
        set("NO_COLOR").is_some(),
        set("TERM").is_some_and(|kind| kind == "dumb"),
    )
}

fn wanted(colour: Colour, terminal: bool, refused: bool, dumb: bool) -> bool {
    match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => terminal && !refused && !dumb,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_and_whoever_asks() {
        for (colour, terminal, refused, dumb, expected) in [
            (Colour::Auto, true, false, false, true),
            (Colour::Auto, false, false, false, false),
            (Colour::Auto, true, true, false, false),
            (Colour::Auto, true, false, true, false),
            (Colour::Always, false, true, true, true),
            (Colour::Never, true, false, false, false),
        ] {
            assert_eq!(wanted(colour, terminal, refused, dumb), expected, "{colour:?} {terminal} {refused} {dumb}");
        }
    }

    #[test]
    fn the_choice_is_found_before_the_arguments_are_understood() {
        let of = |words: &[&str]| Colour::of(words.iter().map(OsString::from));
        assert_eq!(of(&["seatkeeper", "plan", "--color", "never"]), Colour::Never);
        assert_eq!(of(&["seatkeeper", "--color=always", "plan"]), Colour::Always);
        for other in [&["seatkeeper"][..], &["seatkeeper", "--color"], &["seatkeeper", "--color=red"]] {
            assert_eq!(of(other), Colour::Auto, "{other:?}");
        }
    }
}
