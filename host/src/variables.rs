//! Variables: names, `{{ templates }}`, and where values come from.

use std::collections::BTreeMap;
use std::fmt;

/// Why a variable could not be had; the same cases as in `spin:variables`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableError {
    /// The name breaks the rules for names.
    InvalidName(String),
    /// The component does not list this name.
    Undefined(String),
    /// No source has a value.
    Provider(String),
}

impl fmt::Display for VariableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName(why) => write!(f, "invalid variable name: {why}"),
            Self::Undefined(why) => write!(f, "undefined variable: {why}"),
            Self::Provider(why) => write!(f, "no value: {why}"),
        }
    }
}

impl std::error::Error for VariableError {}

/// Checks a name that a component asks for.
pub(crate) fn check_name(name: &str) -> Result<(), VariableError> {
    let bytes = name.as_bytes();
    let reason = if bytes.is_empty() {
        "must not be empty"
    } else if !bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_') {
        "may contain only lower-case letters, numbers and underscores"
    } else if !bytes.first().is_some_and(u8::is_ascii_lowercase) {
        "must start with a lower-case letter"
    } else if bytes.last() == Some(&b'_') {
        "must end with a letter or digit"
    } else if name.contains("__") {
        "must not contain two underscores in a row"
    } else {
        return Ok(());
    };
    Err(VariableError::InvalidName(format!("{name:?}: {reason}")))
}

/// A string with `{{ name }}` expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Name(String),
}

impl Template {
    /// Splits a string into its parts.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once("{{") {
            let Some((name, tail)) = after.split_once("}}") else {
                return Err(format!("{text:?} has '{{{{' without '}}}}'"));
            };
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.into()));
            }
            parts.push(Part::Name(name.trim().into()));
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.into()));
        }
        Ok(Self(parts))
    }

    /// Whether it has no expressions.
    pub(crate) fn is_literal(&self) -> bool {
        self.names().next().is_none()
    }

    /// The names it refers to.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// Puts the values in.
    pub(crate) fn resolve(&self, values: &Values) -> Result<String, VariableError> {
        self.0.iter().try_fold(String::new(), |mut text, part| {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Name(name) => text.push_str(values.get(name)?),
            }
            Ok(text)
        })
    }
}

/// Where values come from, the earlier source first.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--variable name=value`.
    pub command_line: BTreeMap<String, String>,
    /// The process environment; names are `SPIN_VARIABLE_<NAME>`.
    pub environment: BTreeMap<String, String>,
    /// The `.env` file; names as in the environment.
    pub dotenv: BTreeMap<String, String>,
}

impl Sources {
    fn get(&self, name: &str) -> Option<&String> {
        let variable = format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase());
        self.command_line.get(name).or_else(|| self.environment.get(&variable)).or_else(|| self.dotenv.get(&variable))
    }
}

/// The application's variables with their values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(BTreeMap<String, Option<String>>);

impl Values {
    /// Takes each declared name with its default and looks for a value.
    pub(crate) fn collect<'a>(
        declared: impl Iterator<Item = (&'a String, Option<&'a String>)>,
        sources: &Sources,
    ) -> Self {
        Self(declared.map(|(name, default)| (name.clone(), sources.get(name).or(default).cloned())).collect())
    }

    /// Names that have no value.
    pub(crate) fn missing(&self) -> Vec<&str> {
        self.0.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name.as_str()).collect()
    }

    /// Whether the manifest declares the name.
    pub(crate) fn declares(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn get(&self, name: &str) -> Result<&str, VariableError> {
        self.0
            .get(name)
            .ok_or_else(|| VariableError::InvalidName(name.into()))?
            .as_deref()
            .ok_or_else(|| VariableError::Provider(format!("no source has the required variable {name:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        Values(pairs.iter().map(|(k, v)| ((*k).into(), Some((*v).into()))).collect())
    }

    #[test]
    fn names_follow_the_rules_of_spin() {
        for good in ["a", "a1", "admin_token", "a_1", "x9_y"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", "A", "1a", "_a", "a_", "a__b", "a-b", "a b", "ä"] {
            assert!(matches!(check_name(bad), Err(VariableError::InvalidName(_))), "{bad}");
        }
    }

    #[test]
    fn a_template_puts_every_value_in() {
        for (text, expected) in
            [("", ""), ("a", "a"), ("a-{{ x }}-b", "a-1-b"), ("{{x}}{{ y }}", "12"), ("{{ x }} }}", "1 }}")]
        {
            let template = Template::parse(text).unwrap();
            assert_eq!(template.resolve(&values(&[("x", "1"), ("y", "2")])).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn an_open_template_is_refused() {
        assert!(Template::parse("{{ a }} {{ b").unwrap_err().contains("without"));
    }

    #[test]
    fn a_template_with_an_unknown_name_does_not_resolve() {
        let error = Template::parse("{{ z }}").unwrap().resolve(&values(&[])).unwrap_err();
        assert_eq!(error, VariableError::InvalidName("z".into()));
    }

    #[test]
    fn the_command_line_beats_the_environment_beats_the_file_beats_the_default() {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let names = ["a", "b", "c", "d", "e"].map(String::from);
        let default = "default".to_owned();
        let declared = || names.iter().map(|name| (name, (name != "e").then_some(&default)));
        let sources = Sources {
            command_line: map(&[("a", "line")]),
            environment: map(&[("SPIN_VARIABLE_A", "env"), ("SPIN_VARIABLE_B", "env")]),
            dotenv: map(&[("SPIN_VARIABLE_B", "file"), ("SPIN_VARIABLE_C", "file"), ("d", "no prefix")]),
        };
        let values = Values::collect(declared(), &sources);
        let got: Vec<_> = names.iter().map(|name| values.get(name).ok()).collect();
        assert_eq!(got, [Some("line"), Some("env"), Some("file"), Some("default"), None]);
        assert_eq!(values.missing(), ["e"]);
    }
}
