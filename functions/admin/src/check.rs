//! Is everything as it should be? The facts behind `seatkeeper doctor`.

use crate::{Context, refuse};
use http::{Response, StatusCode};
use seatkeeper_engine::{
    policy_file,
    ports::{Capabilities, Clock, ConfluenceRead, ErrorClass, PortError, Rename},
    trouble::Trouble,
};
use seatkeeper_policy::{GroupName, Instant, Policy, SeatCount};
use seatkeeper_spin::{Client, SpinClock};
use seatkeeper_web::{Problem, respond};
use serde::Serialize;
use std::collections::BTreeSet;

/// All facts.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Checked {
    confluence: Reached,
    /// Whether accounts can be renamed here.
    rename: bool,
    groups: Vec<Group>,
    policy_version: Option<u32>,
    /// Why there is no usable policy.
    policy_error: Option<Trouble>,
    clock: Instant,
}

/// What Confluence says; each part may fail for itself.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Reached {
    identity: Option<Identity>,
    capabilities: Option<Capabilities>,
    seats: Option<SeatCount>,
    errors: Vec<Trouble>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Identity {
    user_key: String,
    username: String,
}

/// A group that the policy names.
#[derive(Serialize)]
struct Group {
    name: String,
    /// Nothing when Confluence did not tell.
    exists: Option<bool>,
    error: Option<Trouble>,
}

/// `GET /admin/check`.
pub async fn check(context: &Context) -> Result<Response<Vec<u8>>, Box<Problem>> {
    let Context { store, confluence, rename, messenger: _ } = context;
    let confluence_says = reach(confluence).await;
    let (policy_version, policy_error, named) = match policy_file::in_force(store).await {
        Ok((record, policy)) => (Some(record.version), None, named(&policy)),
        Err(trouble) if trouble.code == "no-policy" || trouble.code == "policy-invalid" => {
            (None, Some(trouble), BTreeSet::new())
        }
        Err(trouble) => return Err(refuse::refusal(trouble.into()).into()),
    };
    let mut groups = Vec::new();
    // Without a working token every group would look like a failure of its own.
    if confluence_says.identity.is_some() {
        for name in named {
            groups.push(group(confluence, name).await);
        }
    }
    let checked = Checked {
        confluence: confluence_says,
        rename: rename.available(),
        groups,
        policy_version,
        policy_error,
        clock: SpinClock.now(),
    };
    Ok(respond::json(StatusCode::OK, &checked))
}

async fn reach(confluence: &Client) -> Reached {
    let mut errors = Vec::new();
    let identity = kept(confluence.whoami().await, &mut errors)
        .map(|own| Identity { user_key: own.key.to_string(), username: own.username.to_string() });
    if identity.is_none() {
        return Reached { identity, capabilities: None, seats: None, errors };
    }
    let capabilities = kept(confluence.capabilities().await, &mut errors);
    let seats = kept(confluence.seats().await, &mut errors);
    Reached { identity, capabilities, seats, errors }
}

fn kept<T>(result: Result<T, PortError>, errors: &mut Vec<Trouble>) -> Option<T> {
    result.map_err(|error| errors.push(error.into())).ok()
}

async fn group(confluence: &Client, name: GroupName) -> Group {
    let (exists, error) = match confluence.members(&name, 0).await {
        Ok(_) => (Some(true), None),
        Err(error) if error.class == ErrorClass::Gone => (Some(false), None),
        Err(error) => (None, Some(error.into())),
    };
    Group { name: name.to_string(), exists, error }
}

fn named(policy: &Policy) -> BTreeSet<GroupName> {
    let marked = policy.marked_groups().into_iter();
    policy.licence_groups.iter().chain(&policy.administrator_groups).chain(marked).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_that_the_policy_names_is_looked_for_once() {
        let text = "version = 1\nlicence-groups = [\"users\", \"editors\"]\ninactive.after-days = 90\n\
                    [[exempt]]\ngroup = \"bots\"\nwhy = \"they work at night\"\nowner = \"it\"\n";
        let names: Vec<String> = named(&policy_file::parse(text).unwrap()).iter().map(ToString::to_string).collect();
        for expected in ["users", "editors", "bots"] {
            assert_eq!(names.iter().filter(|name| *name == expected).count(), 1, "{names:?}");
        }
    }
}
