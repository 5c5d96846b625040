//! The paths by which an account holds its seat, and what stands in the way of freeing it from here.

use crate::{Account, GroupName, Instant};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why taking the policy's groups away would not free the seat, or cannot be done from here. Taking some paths away
/// and leaving others frees nothing, so a single obstacle keeps an account out of every plan and puts it on the
/// hand-over list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// *Can use* was granted to the account itself.
    Individual,
    /// Member of a group with *can use* that the policy does not name.
    OtherGroup(GroupName),
    /// Member of a licence group only through another group inside it.
    Inherited {
        /// The licence group.
        group: GroupName,
        /// The group inside it, where it is known.
        via: Option<GroupName>,
    },
    /// The account's directory does not allow changes of memberships.
    ReadOnly {
        /// Name of the directory.
        directory: String,
    },
    /// A lower directory holds an active account of the same name, which would take the seat over.
    Shadowed {
        /// Name of that directory.
        directory: String,
    },
    /// The last attempt changed nothing.
    TriedInVain {
        /// When.
        at: Instant,
        /// What was seen.
        detail: String,
    },
    /// The groups were taken before and came back without a login: a synchronisation puts them back.
    ComesBack {
        /// When they were last taken.
        taken: Instant,
    },
}

impl Obstacle {
    /// A stable word for counting, filtering and the hand-over list.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Individual => "individual-grant",
            Self::OtherGroup(_) => "other-group",
            Self::Inherited { .. } => "inherited",
            Self::ReadOnly { .. } => "read-only-directory",
            Self::Shadowed { .. } => "shadowed-duplicate",
            Self::TriedInVain { .. } => "tried-in-vain",
            Self::ComesBack { .. } => "comes-back",
        }
    }

    /// What the people in charge of the directory or of Confluence's permissions can do.
    pub fn advice(&self) -> String {
        match self {
            Self::Individual => {
                "take the permission `can use` from the account in Confluence's global permissions".to_owned()
            }
            Self::OtherGroup(group) => {
                format!("add group {group} to the policy's licence groups, or take the account out of it")
            }
            Self::Inherited { group, via: Some(via) } => {
                format!("take the account out of {via}, or take {via} out of {group}")
            }
            Self::Inherited { group, via: None } => {
                format!("take the account out of the group that is nested in {group}")
            }
            Self::ReadOnly { directory } => {
                format!("take the account out of its licence groups in directory {directory}")
            }
            Self::Shadowed { directory } => format!("remove or deactivate the account of this name in {directory}"),
            Self::TriedInVain { .. } => {
                "take the account out of its licence groups in the directory it comes from".to_owned()
            }
            Self::ComesBack { .. } => {
                "find out which synchronisation puts the account back into the group, and change it there".to_owned()
            }
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Individual => write!(f, "`can use` is granted to the account itself"),
            Self::OtherGroup(group) => write!(f, "group {group} also gives a seat and is not named in the policy"),
            Self::Inherited { group, via: Some(via) } => write!(f, "membership in {group} is inherited from {via}"),
            Self::Inherited { group, via: None } => write!(f, "membership in {group} is inherited"),
            Self::ReadOnly { directory } => write!(f, "directory {directory} is read-only from here"),
            Self::Shadowed { directory } => write!(f, "directory {directory} has an active account of the same name"),
            Self::TriedInVain { at, detail } => {
                write!(f, "an attempt on {} changed nothing: {detail}", at.format("%Y-%m-%d"))
            }
            Self::ComesBack { taken } => {
                write!(f, "taken on {} and back without a login", taken.format("%Y-%m-%d"))
            }
        }
    }
}

/// The paths from an account to its seat, one line each: user, group, nested group, permission.
pub fn paths(account: &Account) -> Vec<String> {
    let mut paths: Vec<String> = account
        .groups
        .iter()
        .map(|group| {
            let via = account.obstacles.iter().find_map(|obstacle| match obstacle {
                Obstacle::Inherited { group: inherited, via } if inherited == group => Some(via.as_ref()),
                _ => None,
            });
            match via {
                Some(Some(via)) => format!("{} > {via} > {group} > can use", account.username),
                Some(None) => format!("{} > (nested group) > {group} > can use", account.username),
                None => format!("{} > {group} > can use", account.username),
            }
        })
        .collect();
    for obstacle in &account.obstacles {
        match obstacle {
            Obstacle::Individual => paths.push(format!("{} > can use", account.username)),
            Obstacle::OtherGroup(group) => paths.push(format!("{} > {group} > can use", account.username)),
            Obstacle::Shadowed { directory } => {
                paths.push(format!("{} in directory {directory} > its groups > can use", account.username));
            }
            Obstacle::Inherited { .. }
            | Obstacle::ReadOnly { .. }
            | Obstacle::TriedInVain { .. }
            | Obstacle::ComesBack { .. } => {}
        }
    }
    if account.administrator {
        paths.push(format!("{} > administrators > administer > can use", account.username));
    }
    paths
}
