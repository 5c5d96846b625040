//! How a command ends: exit codes for scripts, and errors that tell people what to do next.

use std::fmt;
use std::process::ExitCode;

use seatkeeper_policy::raw::Problem;
use serde::{Deserialize, Serialize};

/// The table that every `--help` ends with.
pub(crate) const EXIT_CODES: &str = "Exit codes:
  0  done, or there is nothing to do
  1  error: wrong usage, no connection, no access, not found
  2  nothing carried out yet: the plan waits for an answer or a second person, or is a dry run
  3  the plan is larger than the cap and is in quarantine, or would be
  4  the sweep failed, its snapshot was incomplete, or some accounts or rows of a file failed
  5  the instance refused: wrong hash, closed plan, dry run, invalid or changed policy or file
  6  the audit trail is broken: an entry was changed, taken out or put in";

/// How a command ended. The numbers are documented and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Wrong usage, no connection, no access, not found.
    Error = 1,
    /// A plan waits for an answer.
    Planned = 2,
    /// The plan is larger than the cap.
    OverCap = 3,
    /// The sweep failed or could not see everything, or a part of what was sent failed.
    Failed = 4,
    /// The instance understood and said no.
    Refused = 5,
    /// The audit trail does not hold.
    Broken = 6,
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        // The discriminants are the documented numbers.
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

/// Why a command could not do what it should, in the words of problem+json.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
// Boxed, so that a result without a failure stays small.
pub(crate) struct Failure(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Parts {
    #[serde(skip)]
    exit: Exit,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_step: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

/// What we read of an answer in problem+json.
#[derive(Deserialize)]
struct Wire {
    title: String,
    code: Option<String>,
    detail: Option<String>,
    #[serde(alias = "next-step")]
    next_step: Option<String>,
    #[serde(default)]
    problems: Vec<Problem>,
}

impl Failure {
    /// A failure that ends with [`Exit::Error`].
    pub(crate) fn new(title: impl Into<String>) -> Self {
        let title = title.into();
        let problems = Vec::new();
        Self(Box::new(Parts { exit: Exit::Error, title, code: None, detail: None, next_step: None, problems }))
    }

    /// What the instance said, if it said it in problem+json.
    pub(crate) fn from_problem(status: u16, body: &str) -> Option<Self> {
        let Wire { title, code, detail, next_step, problems } = serde_json::from_str(body).ok()?;
        // These three are a considered *no*; everything else is an obstacle.
        let exit = if matches!(status, 409 | 412 | 422) { Exit::Refused } else { Exit::Error };
        Some(Self(Box::new(Parts { exit, title, code, detail, next_step, problems })))
    }

    /// Ends with another code.
    #[must_use]
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.0.exit = exit;
        self
    }

    /// A stable word for programs.
    #[must_use]
    pub(crate) fn code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// What happened this time; added to what is there.
    #[must_use]
    pub(crate) fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.0.detail = Some(match self.0.detail.take() {
            Some(present) => format!("{present}; {detail}"),
            None => detail.to_string(),
        });
        self
    }

    /// What to do, unless something is said already.
    #[must_use]
    pub(crate) fn next_step(mut self, next_step: impl Into<String>) -> Self {
        self.0.next_step.get_or_insert_with(|| next_step.into());
        self
    }

    /// What to do, whatever was said before: the instance speaks of requests, a person types commands.
    #[must_use]
    pub(crate) fn instead(mut self, next_step: impl Into<String>) -> Self {
        self.0.next_step = Some(next_step.into());
        self
    }

    /// Wrong fields.
    #[must_use]
    pub(crate) fn problems(mut self, problems: impl IntoIterator<Item = Problem>) -> Self {
        self.0.problems.extend(problems);
        self
    }

    /// The code to end with.
    pub(crate) fn ends_with(&self) -> Exit {
        self.0.exit
    }

    /// The stable word, if there is one.
    pub(crate) fn is(&self, code: &str) -> bool {
        self.0.code.as_deref() == Some(code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { exit: _, title, code, detail, next_step, problems } = self.0.as_ref();
        write!(f, "Error: {title}")?;
        if let Some(code) = code {
            write!(f, " [{code}]")?;
        }
        if let Some(detail) = detail {
            write!(f, "\n  {detail}")?;
        }
        for problem in problems {
            write!(f, "\n  {problem}")?;
        }
        if let Some(next_step) = next_step {
            write!(f, "\nNext step: {next_step}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_numbers_are_the_real_ones() {
        let all = [Exit::Done, Exit::Error, Exit::Planned, Exit::OverCap, Exit::Failed, Exit::Refused, Exit::Broken];
        let lines: Vec<&str> = EXIT_CODES.lines().skip(1).collect();
        assert_eq!(lines.len(), all.len());
        for (exit, line) in all.iter().zip(lines) {
            assert_eq!(line.trim_start().split(' ').next(), Some(exit.code().to_string().as_str()), "{line}");
        }
    }

    #[test]
    fn the_manual_has_the_same_exit_codes() {
        let manual = include_str!("../../../../docs/command-line.md");
        for line in EXIT_CODES.lines().skip(1) {
            assert!(manual.contains(line), "{line}");
        }
    }

    #[test]
    fn a_problem_is_shown_with_its_fields_and_the_next_step() {
        let body = r#"{"type":"urn:x","title":"The policy is not valid","status":422,"code":"policy-invalid",
            "detail":"1 problem was found","next_step":"Correct it.",
            "problems":[{"field":"cap.percent","value":"101","problem":"must be 1 to 100"}]}"#;
        let failure = Failure::from_problem(422, body).unwrap();
        assert_eq!(failure.ends_with(), Exit::Refused);
        assert_eq!(
            failure.to_string(),
            "Error: The policy is not valid [policy-invalid]\n  1 problem was found\n  \
             cap.percent = 101: must be 1 to 100\nNext step: Correct it."
        );
    }

    #[test]
    fn only_a_considered_no_is_a_refusal() {
        for (status, exit) in [
            (401, Exit::Error),
            (404, Exit::Error),
            (409, Exit::Refused),
            (412, Exit::Refused),
            (413, Exit::Error),
            (422, Exit::Refused),
            (503, Exit::Error),
        ] {
            assert_eq!(Failure::from_problem(status, r#"{"title":"t"}"#).unwrap().ends_with(), exit, "{status}");
        }
        assert_eq!(Failure::from_problem(409, "<html>"), None);
    }
}
