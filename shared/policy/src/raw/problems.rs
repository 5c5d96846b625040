//! What is wrong with a policy file, all of it at once.

use crate::{Days, GroupName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One thing that is wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field} = {value}: {problem}")]
pub struct Problem {
    /// Where, such as `cap.percent` or `exempt[2].expires`.
    pub field: String,
    /// What was found there.
    pub value: String,
    /// What is wrong and what to do.
    pub problem: String,
}

/// Collects problems instead of stopping at the first.
#[derive(Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, field: impl Into<String>, value: impl std::fmt::Display, problem: impl Into<String>) {
        self.0.push(Problem { field: field.into(), value: value.to_string(), problem: problem.into() });
    }

    pub(super) fn within(&mut self, field: &str, value: u32, low: u32, high: u32) -> u32 {
        if !(low..=high).contains(&value) {
            self.add(field, value, format!("must be between {low} and {high}"));
        }
        value
    }

    pub(super) fn days(&mut self, field: &str, value: u32) -> Days {
        Days(self.within(field, value, 1, 3650))
    }

    pub(super) fn groups(&mut self, field: &str, names: &[String]) -> BTreeSet<GroupName> {
        let mut groups = BTreeSet::new();
        for (index, name) in names.iter().enumerate() {
            match GroupName::parse(name.clone()) {
                Ok(group) => {
                    if !groups.insert(group) {
                        self.add(format!("{field}[{index}]"), name, "is named twice; remove one");
                    }
                }
                Err(error) => self.add(format!("{field}[{index}]"), name, error.to_string()),
            }
        }
        groups
    }
}
