//! Why the host refuses to start: every problem at once, so that one round of corrections is enough.

use std::fmt;

/// A refused start. It carries every problem that was found, in the order of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartError {
    /// One sentence for each problem; each names the field or value and what to do.
    pub problems: Vec<String>,
}

impl StartError {
    /// A refusal for one reason.
    pub fn one(problem: impl Into<String>) -> Self {
        Self { problems: vec![problem.into()] }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [only] => write!(f, "{only}"),
            many => {
                write!(f, "{} problems:", many.len())?;
                many.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}

impl std::error::Error for StartError {}

/// Collects problems while checks go on.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    /// Notes one problem.
    pub(crate) fn add(&mut self, problem: impl Into<String>) {
        let problem = problem.into();
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// Notes the error of a result and passes the value on.
    pub(crate) fn take<T, E: fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(error.to_string())).ok()
    }

    /// Fails when anything was noted.
    pub(crate) fn finish(self) -> Result<(), StartError> {
        if self.0.is_empty() { Ok(()) } else { Err(StartError { problems: self.0 }) }
    }
}
