//! `/rest/api/permissions`: global permissions.

use http::Method;
use serde_json::{Value, json};

use super::super::audit;
use super::super::call::Call;
use super::super::reply::{Outcome, Reply};
use super::{nothing_here, only, since, wrong_method};
use crate::version::Feature;
use crate::world::{Action, Grant, Operation, Subject, World};

/// More subjects are refused in one call.
const MOST_SUBJECTS: usize = 40;

pub(super) fn permissions(world: &mut World, call: &Call, parts: &[&str]) -> Outcome {
    since(world, Feature::Permissions)?;
    call.require_admin_401(world)?;
    match parts {
        [] if call.method == Method::PUT => replace(world, call),
        [] => only(call, &Method::GET)
            .map(|()| Reply::json(world.grants().iter().map(|grant| grant_json(world, grant)).collect())),
        ["anonymous"] => get(world, call, Subject::Anonymous),
        ["unlicensed"] => get(world, call, Subject::Unlicensed),
        [kind @ ("group" | "user"), name] => {
            let subject = subject(world, kind, name)?;
            get(world, call, subject)
        }
        [kind @ ("group" | "user"), name, verb @ ("grant" | "revoke")] => {
            only(call, &Method::PUT)?;
            let subject = subject(world, kind, name)?;
            for operation in operations(&call.json()?)? {
                change(world, call, subject, operation, *verb == "grant");
            }
            Ok(Reply::none())
        }
        [_] | [_, _] if call.method != Method::GET => Err(wrong_method()),
        _ => Err(nothing_here()),
    }
}

fn get(world: &World, call: &Call, subject: Subject) -> Outcome {
    only(call, &Method::GET)?;
    let own = world.grants().iter().filter(|grant| grant.subject == subject);
    Ok(Reply::json(own.map(|grant| grant_json(world, grant)).collect()))
}

/// The holder of a permission.
pub(super) fn subject_json(world: &World, subject: Subject) -> Value {
    match subject {
        Subject::Group(id) => {
            let name = &*world.group(id).name;
            json!({"type": "group", "name": name, "displayName": name})
        }
        Subject::User(id) => {
            let user = world.user(id);
            json!({
                "type": "known", "username": &*user.username, "userKey": user.key_text(), "displayName": &*user.display_name,
            })
        }
        Subject::Anonymous => json!({"type": "anonymous", "displayName": "Anonymous"}),
        Subject::Unlicensed => json!({"type": "unlicensed", "displayName": "Unlicensed users"}),
    }
}

fn grant_json(world: &World, grant: &Grant) -> Value {
    let subject = subject_json(world, grant.subject);
    json!({"operation": {"targetType": grant.operation.target, "operationKey": grant.operation.key}, "subject": subject})
}

fn subject(world: &World, kind: &str, name: &str) -> Result<Subject, Reply> {
    let found = if kind == "group" {
        world.find_group(name).map(Subject::Group)
    } else {
        world.find_key(name).or_else(|| world.find_user(name)).map(Subject::User)
    };
    found.ok_or_else(|| Reply::error(404, format!("No {kind} found: {name}")))
}

fn operations(body: &Value) -> Result<Vec<Operation>, Reply> {
    let wrong = || Reply::error(400, "an array of {targetType, operationKey} with known pairs is expected");
    let operation = |value: &Value| {
        let (target, key) = (value.get("targetType")?.as_str()?, value.get("operationKey")?.as_str()?);
        Some(Operation::new(target, key)).filter(Operation::is_known)
    };
    body.as_array().ok_or_else(wrong)?.iter().map(|value| operation(value).ok_or_else(wrong)).collect()
}

fn change(world: &mut World, call: &Call, subject: Subject, operation: Operation, gives: bool) {
    let (holder, kind) = match subject {
        Subject::Group(id) => (world.group(id).name.to_string(), "Group"),
        Subject::User(id) => (world.user(id).username.to_string(), "User"),
        Subject::Anonymous => ("Anonymous".to_owned(), "User"),
        Subject::Unlicensed => ("Unlicensed".to_owned(), "User"),
    };
    let record = Box::new((holder, kind, operation.database_name().to_owned()));
    let changed = if gives { world.grant(subject, operation) } else { world.revoke(subject, &operation) };
    if changed {
        world.changes = world.changes.saturating_add(1);
        let action = if gives { Action::Granted(record) } else { Action::Revoked(record) };
        audit(world, call.actor(), action);
    }
}

/// Replaces the whole set of every subject that is named.
fn replace(world: &mut World, call: &Call) -> Outcome {
    let body = call.json()?;
    let entries = body.as_array().ok_or_else(|| Reply::error(400, "an array is expected"))?;
    if entries.len() > MOST_SUBJECTS {
        return Err(Reply::error(400, format!("at most {MOST_SUBJECTS} subjects are allowed in one call")));
    }
    let mut wanted = Vec::new();
    for entry in entries {
        let name = |field: &str| entry.get(field).and_then(Value::as_str);
        let subject = match (name("groupName"), name("userKey")) {
            (Some(group), None) => subject(world, "group", group)?,
            (None, Some(key)) => subject(world, "user", key)?,
            _ => return Err(Reply::error(400, "each entry needs either groupName or userKey")),
        };
        wanted.push((subject, operations(entry.get("operations").unwrap_or(&Value::Null))?));
    }
    for (subject, operations) in wanted {
        let old: Vec<Operation> = world
            .grants()
            .iter()
            .filter(|grant| grant.subject == subject)
            .map(|grant| grant.operation.clone())
            .collect();
        for gone in old.into_iter().filter(|operation| !operations.contains(operation)) {
            change(world, call, subject, gone, false);
        }
        for operation in operations {
            change(world, call, subject, operation, true);
        }
    }
    Ok(Reply::none())
}
