//! `/rest/api/space`: which spaces there are and, in later releases, who may do what in them.

use http::Method;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::page::{cut, page, window};
use super::super::person::segment;
use super::super::reply::{Outcome, Reply};
use super::permission::subject_json;
use super::{nothing_here, only, since};
use crate::version::Feature;
use crate::world::{Space, Subject, World};

/// What an administrator of a space may do there.
const ALL: [(&str, &str); 4] = [("space", "read"), ("space", "administer"), ("page", "create"), ("comment", "create")];

/// What everybody else may do there.
const SOME: [(&str, &str); 3] = [("space", "read"), ("page", "create"), ("comment", "create")];

pub(super) fn space(world: &mut World, call: &Call, parts: &[&str]) -> Outcome {
    match parts {
        [] => only(call, &Method::GET).and_then(|()| list(world, call)),
        [key] => {
            only(call, &Method::GET)?;
            call.require_use(world)?;
            found(world, key).map(|space| Reply::json(space_json(call, space)))
        }
        [key, "permissions", rest @ ..] => permissions(world, call, key, rest),
        _ => Err(nothing_here()),
    }
}

fn found<'a>(world: &'a World, key: &str) -> Result<&'a Space, Reply> {
    world.find_space(key).ok_or_else(|| Reply::error(404, format!("No space found with key : {key}")))
}

pub(super) fn space_json(call: &Call, space: &Space) -> Value {
    let path = format!("/rest/api/space/{}", segment(&space.key));
    json!({
        "id": space.id, "key": &*space.key, "name": &*space.name,
        "type": if space.owner.is_some() { "personal" } else { "global" },
        "status": if space.archived { "archived" } else { "current" },
        "_links": {"webui": format!("/display/{}", segment(&space.key)), "self": call.link(&path)},
        "_expandable": {"metadata": "", "icon": "", "description": "", "homepage": ""},
    })
}

fn list(world: &World, call: &Call) -> Outcome {
    call.require_use(world)?;
    let keys: Vec<String> =
        call.query.iter().filter(|(name, _)| name == "spaceKey").map(|(_, key)| key.to_lowercase()).collect();
    let kind = call.param("type");
    let wanted = |space: &&Space| {
        kind.is_none_or(|kind| (kind == "personal") == space.owner.is_some())
            && call.param("status").is_none_or(|status| (status == "archived") == space.archived)
    };
    let all: Vec<&Space> = if keys.is_empty() {
        world.spaces().iter().filter(wanted).collect()
    } else {
        keys.iter().filter_map(|key| world.find_space(key)).filter(wanted).collect()
    };
    let window = window(world, call, all.len(), 25, world.knobs.page_cap)?;
    let results: Vec<Value> = cut(&all, window).iter().map(|space| space_json(call, space)).collect();
    Ok(page(world, call, window, &results))
}

fn permissions(world: &mut World, call: &Call, key: &str, rest: &[&str]) -> Outcome {
    since(world, Feature::SpacePermissions)?;
    call.require_admin_401(world)?;
    let space = found(world, key)?;
    match rest {
        [] => only(call, &Method::GET).map(|()| Reply::json(told(world, space, None))),
        ["anonymous"] => only(call, &Method::GET).map(|()| Reply::json(told(world, space, Some(Subject::Anonymous)))),
        [kind @ ("user" | "group"), name] => {
            only(call, &Method::GET)?;
            let subject = holder(world, kind, name)?;
            Ok(Reply::json(told(world, space, Some(subject))))
        }
        [kind @ ("user" | "group"), name, verb @ ("grant" | "revoke")] => {
            only(call, &Method::PUT)?;
            let subject = holder(world, kind, name)?;
            change(world, call, key, subject, *verb == "grant")
        }
        _ => Err(nothing_here()),
    }
}

fn holder(world: &World, kind: &str, name: &str) -> Result<Subject, Reply> {
    let found = if kind == "group" {
        world.find_group(name).map(Subject::Group)
    } else {
        world.find_key(name).map(Subject::User)
    };
    found.ok_or_else(|| Reply::error(404, format!("No {kind} found: {name}")))
}

fn told(world: &World, space: &Space, only: Option<Subject>) -> Value {
    let entry = |subject: Subject, (target, key): &(&str, &str)| {
        json!({
            "operation": {"targetType": target, "operationKey": key}, "subject": subject_json(world, subject),
            "spaceKey": &*space.key, "spaceId": space.id,
        })
    };
    let administrators = space.administrators.iter().map(|subject| (*subject, ALL.as_slice()));
    let readers = space.readers.iter().map(|subject| (*subject, SOME.as_slice()));
    administrators
        .chain(readers)
        .filter(|(subject, _)| only.is_none_or(|only| only == *subject))
        .flat_map(|(subject, pairs)| pairs.iter().map(move |pair| entry(subject, pair)))
        .collect()
}

/// Makes somebody an administrator of the space or a reader, or takes it away again.
fn change(world: &mut World, call: &Call, key: &str, subject: Subject, gives: bool) -> Outcome {
    let body = call.json()?;
    let wrong = || Reply::error(400, "an array of {targetType, operationKey} with space permissions is expected");
    let mut administers = false;
    for entry in body.as_array().ok_or_else(wrong)? {
        let text = |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default();
        if !ALL.contains(&(text("targetType"), text("operationKey"))) {
            return Err(wrong());
        }
        administers |= text("operationKey") == "administer";
    }
    if let Some(space) = world.space_mut(key) {
        let list = if administers { &mut space.administrators } else { &mut space.readers };
        list.retain(|other| *other != subject);
        if gives {
            list.push(subject);
        }
    }
    Ok(Reply::none())
}
