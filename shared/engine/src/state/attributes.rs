//! Changes of names, mail addresses, full names and groups that administrators ordered: a job, its rows, and how each
//! of them stands.

use crate::ports::Attributes;
use seatkeeper_policy::{GroupName, Instant, SweepId, UserKey, Username};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A job without its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AttributeJob {
    /// Its id.
    pub id: SweepId,
    /// When it was ordered.
    pub at: Instant,
    /// By whom.
    pub by: String,
    /// Nothing is to be written, only checked.
    pub dry_run: bool,
    /// Rows that the check refuses are left out; otherwise one of them stops the whole job.
    pub skip_refused: bool,
    /// Rows, with those that a cycle of names needs in between.
    pub rows: u32,
    /// Pages of rows.
    pub pages: u32,
    /// How far it is.
    pub stage: JobStage,
    /// What whoever ordered it should know about the whole of it.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Groups that were looked for, and whether they exist.
    #[serde(default)]
    pub groups: BTreeMap<GroupName, bool>,
    /// Rows by state, as of the end of the newest request.
    #[serde(default)]
    pub tally: BTreeMap<String, u32>,
    /// Who asked for the undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<String>,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobStage {
    /// Every row is being looked at; nothing was written.
    Checking,
    /// The check refused it; nothing was written.
    Refused,
    /// The check of a dry run is over; nothing was written.
    Checked,
    /// Rows are being carried out.
    Working,
    /// Every row has its outcome.
    Done,
    /// Rows are being undone.
    Undoing,
    /// Everything that was done has been undone, as far as the present values are still ours.
    Undone,
}

/// What is wished for one account. Texts as they came; empty means that it stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Wish {
    /// The new name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub new_username: String,
    /// The new mail address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// The new full name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub full_name: String,
    /// Groups to join.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_groups: Vec<String>,
    /// Groups to leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove_groups: Vec<String>,
}

/// One row of a job, in the order in which rows are carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AttributeRow {
    /// Line in the file, from 1; 1 for a single account.
    pub line: u32,
    /// The account, as it was named; in Confluence's spelling once it was found.
    pub username: String,
    /// Its identity, once it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<UserKey>,
    /// What is wished.
    pub wish: Wish,
    /// The temporary name that it has when this row's turn comes, because names go round in a circle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Username>,
    /// This row only gives the temporary name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
    /// Line of the row that has to set the new name free first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// What is changed, with old and new values; known after the check.
    #[serde(default)]
    pub changes: Vec<AttributeChange>,
    /// Whether it takes a seat that is free now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seat: bool,
    /// What whoever ordered it should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The check has looked at it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub looked: bool,
    /// How it stands.
    pub state: RowState,
    /// Times that it failed for reasons that may pass.
    #[serde(default)]
    pub tries: u32,
}

/// How a row stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum RowState {
    /// Not looked at yet.
    Unchecked,
    /// Looked at; its turn will come.
    Planned,
    /// The check says no.
    Refused {
        /// Everything that is wrong with it.
        objections: Vec<Objection>,
    },
    /// Written before the first call. After a crash nobody knows which calls took effect, so the account is read again.
    Intended,
    /// Read again, and everything is as wished.
    Done,
    /// Done, and waiting for Confluence's synchronisation with the directory: until then Confluence shows the old name.
    Waiting,
    /// Left alone because the account changed since the check.
    Skipped {
        /// What changed.
        why: String,
    },
    /// Accepted, and without effect.
    NotEffective {
        /// What was seen.
        why: String,
    },
    /// Refused or failed.
    Failed {
        /// What was seen.
        why: String,
    },
    /// Written before the first call of an undo.
    UndoIntended,
    /// Everything that was done is as before.
    Undone,
    /// Something is not as before.
    NotUndone {
        /// What, and why.
        why: String,
    },
}

impl RowState {
    /// A stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Planned => "planned",
            Self::Refused { .. } => "refused",
            Self::Intended => "intended",
            Self::Done => "done",
            Self::Waiting => "waiting",
            Self::Skipped { .. } => "skipped",
            Self::NotEffective { .. } => "not-effective",
            Self::Failed { .. } => "failed",
            Self::UndoIntended => "undo-intended",
            Self::Undone => "undone",
            Self::NotUndone { .. } => "not-undone",
        }
    }
}

/// Something that stands against a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// The column or field.
    pub field: String,
    /// What was found there.
    pub value: String,
    /// What is wrong and what to do.
    pub problem: String,
}

/// One change of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AttributeChange {
    /// What.
    pub change: Change,
    /// How it stands.
    pub state: ChangeState,
}

/// A change with the value before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Into a group.
    Join(GroupName),
    /// Out of a group.
    Leave(GroupName),
    /// Mail address and full name, which are always set together.
    Details {
        /// Before.
        from: Attributes,
        /// After.
        to: Attributes,
    },
    /// The user name. Always the last change of a row, so that all others can use the name that everybody knows.
    Rename {
        /// Before.
        from: Username,
        /// After.
        to: Username,
    },
}

/// How a change stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum ChangeState {
    /// Its turn will come.
    Planned,
    /// It was so before we came.
    NotNeeded,
    /// Called, and found effective.
    Done,
    /// The directory has it, and Confluence does not show it yet.
    Waiting,
    /// Accepted, and without effect.
    NotEffective,
    /// Refused or failed.
    Failed {
        /// What was seen.
        why: String,
    },
    /// Undone.
    Undone,
    /// Not undone.
    NotUndone {
        /// Why.
        why: String,
    },
}
