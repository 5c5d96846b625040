//! The directories: what each said about how many accounts, whether it was believed, and what this Confluence and this
//! installation can do.

use crate::read::InForce;
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    ports::{Capabilities, Store},
    state::{self, SnapshotHead, StateError},
};
use seatkeeper_policy::{Directory, DirectoryTally};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Where it is.
pub const PATH: &str = "/report/directories";

/// One directory.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// Its name in the policy.
    pub name: String,
    /// `believed`, `doubted`, `not-asked` or `removed`.
    pub state: &'static str,
    /// People it knew as present when it was last believed.
    pub present_before: Option<u64>,
    /// What it said; none before the first sweep that asked it.
    pub tally: Option<DirectoryTally>,
}

impl Row {
    /// The state in words.
    pub fn says(&self) -> &'static str {
        match self.state {
            "believed" => "believed",
            "doubted" => "not believed: its answer is out of proportion",
            "removed" => "no longer in the policy",
            _ => "not asked yet",
        }
    }

    /// The colour of the state.
    pub fn tag(&self) -> &'static str {
        match self.state {
            "believed" => "done",
            "doubted" => "blocked",
            _ => "lapsed",
        }
    }
}

/// Something that this Confluence can do or not.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ability {
    /// Stable word.
    pub code: &'static str,
    /// Whether it can.
    pub can: bool,
    /// What it is.
    pub what: &'static str,
    /// What is done where it cannot.
    pub otherwise: &'static str,
}

/// The page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct View {
    /// When the newest sweep judged.
    pub as_of: Option<Moment>,
    /// The directories: those of the policy in its order, then those that a sweep asked before they were taken out.
    pub directories: Vec<Row>,
    /// What this Confluence can do, as the newest sweep found it.
    pub abilities: Vec<Ability>,
    /// What the policy asks for and this installation cannot do.
    pub limits: Vec<String>,
}

/// Reads the page.
pub async fn read(store: &impl Store, head: Option<&SnapshotHead>, in_force: &InForce) -> Result<View, StateError> {
    let checkpoint = state::load(store, &state::checkpoint()).await?.unwrap_or_default();
    let configured = in_force.policy.as_ref().map(|(_, policy)| policy.directories.as_slice()).unwrap_or_default();
    let said = head.map(|head| head.report.directories.clone()).unwrap_or_default();
    let abilities = head.and_then(|head| head.capabilities);
    Ok(View {
        as_of: head.map(|head| Moment(head.at)),
        directories: rows(configured, &said, &checkpoint.present, &checkpoint.doubted),
        abilities: abilities.map(|found| abilities_of(found).into()).unwrap_or_default(),
        limits: head.map(|head| head.report.limits.clone()).unwrap_or_default(),
    })
}

fn rows(
    configured: &[Directory],
    said: &BTreeMap<String, DirectoryTally>,
    present: &BTreeMap<String, u64>,
    doubted: &BTreeSet<String>,
) -> Vec<Row> {
    let mut names: Vec<&String> = configured.iter().map(|directory| &directory.name).collect();
    let known = names.len();
    names.extend(said.keys().filter(|name| !configured.iter().any(|directory| directory.name == **name)));
    let rows = names.into_iter().enumerate().map(|(index, name)| {
        let tally = said.get(name).copied();
        let state = if index >= known {
            "removed"
        } else if doubted.contains(name) {
            "doubted"
        } else if tally.is_some() || present.contains_key(name) {
            "believed"
        } else {
            "not-asked"
        };
        Row { name: name.clone(), state, present_before: present.get(name).copied(), tally }
    });
    rows.collect()
}

fn abilities_of(found: Capabilities) -> [Ability; 4] {
    let Capabilities { active_list, last_login, permissions, child_groups } = found;
    [
        Ability {
            code: "last-login",
            can: last_login,
            what: "tells when each account last logged in",
            otherwise: "the database, the audit log or login events have to tell it",
        },
        Ability {
            code: "active-list",
            can: active_list,
            what: "lists all accounts, whether they are active or not",
            otherwise: "accounts are found through the members of groups, which takes longer",
        },
        Ability {
            code: "permissions",
            can: permissions,
            what: "tells which groups and people hold the permission to use it",
            otherwise: "only the licence groups of the policy are seen, unless the database tells more",
        },
        Ability {
            code: "child-groups",
            can: child_groups,
            what: "tells which groups are inside other groups",
            otherwise: "inherited memberships are not seen, unless the database tells them",
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        read,
        testing::{judged, published},
    };
    use seatkeeper_engine::testing::block_on;

    fn states(names: &[&str], doubted: &[&str]) -> Vec<(String, &'static str)> {
        let told = "version = 1\nlicence-groups = [\"a\"]\nmode = \"approve\"\ninactive.after-days = 90\n".to_owned()
            + "[[directory]]\nname = \"hr\"\nprovider = \"okta\"\nmatch = \"mail\"\neveryone = true\n"
            + "[[directory]]\nname = \"new\"\nprovider = \"scim\"\nmatch = \"mail\"\neveryone = true\n";
        let policy = seatkeeper_engine::policy_file::parse(&told).unwrap();
        let said = names.iter().map(|name| ((*name).to_owned(), DirectoryTally::default())).collect();
        let doubted = doubted.iter().map(|name| (*name).to_owned()).collect();
        let rows = rows(&policy.directories, &said, &BTreeMap::new(), &doubted);
        rows.into_iter().map(|row| (row.name, row.state)).collect()
    }

    #[test]
    fn a_directory_is_believed_doubted_not_asked_yet_or_no_longer_in_the_policy() {
        let named = |pairs: &[(&str, &'static str)]| -> Vec<(String, &'static str)> {
            pairs.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect()
        };
        assert_eq!(states(&["hr", "old"], &[]), named(&[("hr", "believed"), ("new", "not-asked"), ("old", "removed")]));
        assert_eq!(states(&["hr"], &["hr"]), named(&[("hr", "doubted"), ("new", "not-asked")]));
    }

    #[test]
    fn a_snapshot_by_an_older_seatkeeper_tells_no_abilities_and_a_new_one_all_four() {
        let store = published(&[judged("anna", Some(200))]);
        let mut head = block_on(read::head(&store)).unwrap().unwrap();
        let policy = block_on(read::policy(&store)).unwrap();
        assert_eq!(block_on(super::read(&store, Some(&head), &policy)).unwrap().abilities, []);
        head.capabilities = Some(Capabilities { last_login: true, ..Capabilities::default() });
        let told = block_on(super::read(&store, Some(&head), &policy)).unwrap().abilities;
        let can: Vec<_> = told.iter().map(|ability| (ability.code, ability.can)).collect();
        assert_eq!(
            can,
            [("last-login", true), ("active-list", false), ("permissions", false), ("child-groups", false)]
        );
    }
}
