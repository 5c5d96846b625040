//! The policy as text: parsed, judged, and found in the store.

use crate::{
    ports::Store,
    state::{self, PolicyRecord},
    trouble::Trouble,
};
use seatkeeper_policy::{
    Policy,
    raw::{Problem, read},
};

/// Bytes of a policy file at most: some thousand exemptions. A value of every store holds that.
pub const LARGEST: usize = 256 * 1024;

/// Reads a policy file. All problems come out at once: unknown keys, wrong kinds and wrong values alike. Only a file
/// that is no TOML at all is one problem, with its line.
pub fn parse(text: &str) -> Result<Policy, Vec<Problem>> {
    if text.len() > LARGEST {
        let (value, problem) = (format!("{} bytes", text.len()), format!("must be at most {LARGEST} bytes"));
        let problem = format!("{problem}; exempt groups or patterns instead of many single names");
        return Err(vec![Problem { field: "file".into(), value, problem }]);
    }
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
        let value = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim().to_owned();
        vec![Problem { field: format!("line {line}"), value, problem: error.message().to_owned() }]
    })?;
    let value = serde_json::to_value(table)
        .map_err(|error| vec![Problem { field: "file".into(), value: String::new(), problem: error.to_string() }])?;
    read(value)
}

/// The policy in force.
pub async fn in_force(store: &impl Store) -> Result<(PolicyRecord, Policy), Trouble> {
    let record = state::load(store, &state::policy()).await?.ok_or_else(Trouble::no_policy)?;
    let policy = parse(&record.text).map_err(|problems| Trouble::policy_invalid(&problems))?;
    Ok((record, policy))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "version = 1\nlicence-groups = [\"users\"]\ninactive.after-days = 90\n";

    #[test]
    fn a_file_may_be_as_large_as_the_limit_and_no_larger() {
        let fitting = format!("{GOOD}#{}", "x".repeat(LARGEST - GOOD.len() - 1));
        assert_eq!(fitting.len(), LARGEST);
        assert!(parse(&fitting).is_ok());
        let problems = parse(&format!("{fitting}x")).unwrap_err();
        assert_eq!((problems[0].field.as_str(), problems[0].value.as_str()), ("file", "262145 bytes"));
    }

    #[test]
    fn a_short_policy_gets_safe_defaults() {
        let policy = parse(GOOD).unwrap();
        assert_eq!(policy.mode, seatkeeper_policy::Mode::DryRun);
        assert_eq!((policy.cap.accounts, policy.cap.percent, policy.restore.seat_buffer), (50, 5, 1));
        assert!(!policy.rules.measures.disable && !policy.rules.measures.rename);
    }

    #[test]
    fn a_file_that_is_no_toml_is_named_with_its_line() {
        let problems = parse(&format!("{GOOD}inactive = =\n")).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].field.starts_with("line "), "{problems:?}");
    }

    #[test]
    fn an_unknown_key_is_named() {
        let problems = parse(&format!("{GOOD}inactiv = 3\n")).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].field, "inactiv", "{problems:?}");
    }

    #[test]
    fn all_problems_come_out_at_once() {
        let text = r#"
            version = 2
            licence-groups = []
            zone = "Mars"
            [inactive]
            after-days = 0
            [cap]
            percent = 101
            [[exempt]]
            pattern = "*"
            why = ""
            owner = "it"
            expires = "tomorrow"
            [[alert]]
            percent = 5
            seats-left = 5
        "#;
        let fields: Vec<_> = parse(text).unwrap_err().into_iter().map(|p| p.field).collect();
        for field in [
            "version",
            "licence-groups",
            "zone",
            "inactive.after-days",
            "cap.percent",
            "exempt[0].pattern",
            "exempt[0].why",
            "exempt[0].expires",
            "alert[0]",
        ] {
            assert!(fields.iter().any(|f| f == field), "{field} is missing in {fields:?}");
        }
    }
}
