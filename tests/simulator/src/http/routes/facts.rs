//! `/_sim/` facts for tests: what Confluence's database would hold, who is shadowed, who owns which space, and how often
//! each route was asked.

use http::Method;
use serde_json::{Value, json};

use super::super::Simulator;
use super::super::call::Call;
use super::super::reply::{Outcome, Reply};
use super::{only, wrong_method};
use crate::world::{DirectoryId, Shadow, Subject, UserId, World};

pub(super) fn routes(simulator: &Simulator, call: &Call) -> Outcome {
    match call.method {
        Method::GET => Ok(Reply::json(json!({"total": simulator.requests(), "routes": simulator.routes()}))),
        Method::DELETE => {
            simulator.forget_routes();
            Ok(Reply::none())
        }
        _ => Err(wrong_method()),
    }
}

fn groups(world: &World, ids: &[crate::world::GroupId]) -> Value {
    ids.iter().map(|id| Value::from(&*world.group(*id).name)).collect()
}

fn directory_name(world: &World, id: DirectoryId) -> &str {
    world.directories.get(usize::from(id.0)).map_or("", |directory| directory.name.as_str())
}

fn shadow(world: &World, shadow: &Shadow) -> Value {
    json!({
        "directory": directory_name(world, shadow.directory), "active": shadow.active, "created_ms": shadow.created_ms,
        "groups": groups(world, &shadow.groups),
    })
}

/// The duplicates of one account.
pub(super) fn shadows_of(world: &World, id: UserId) -> Value {
    world.shadows_of(id).iter().map(|own| shadow(world, own)).collect()
}

pub(super) fn shadows(world: &World, call: &Call) -> Outcome {
    only(call, &Method::GET)?;
    let told = |(id, _): (UserId, &[Shadow])| {
        json!({
            "username": &*world.user(id).username, "userKey": world.user(id).key_text(),
            "directory": world.directory_of(id).name, "shadowedIn": shadows_of(world, id),
        })
    };
    Ok(Reply::json(world.shadowed().map(told).collect()))
}

fn subject(world: &World, subject: Subject) -> Value {
    match subject {
        Subject::Group(id) => json!({"group": &*world.group(id).name}),
        Subject::User(id) => json!({"user": &*world.user(id).username, "userKey": world.user(id).key_text()}),
        Subject::Anonymous => json!({"anonymous": true}),
        Subject::Unlicensed => json!({"unlicensed": true}),
    }
}

pub(super) fn spaces(world: &World, call: &Call) -> Outcome {
    only(call, &Method::GET)?;
    let name = |id: UserId| world.user(id).username.to_string();
    let told = |space: &crate::world::Space| {
        let sole = match space.administrators.as_slice() {
            [Subject::User(id)] => Some(name(*id)),
            _ => None,
        };
        json!({
            "id": space.id, "key": &*space.key, "name": &*space.name, "owner": space.owner.map(name),
            "creator": space.creator.map(name), "archived": space.archived, "created_ms": space.created_ms,
            "administrators": space.administrators.iter().map(|who| subject(world, *who)).collect::<Value>(),
            "readers": space.readers.iter().map(|who| subject(world, *who)).collect::<Value>(),
            "soleAdministrator": sole,
        })
    };
    Ok(Reply::json(world.spaces().iter().map(told).collect()))
}

/// The tables of accounts as one document. `start` and `limit` cut the accounts, which are many.
pub(super) fn database(world: &World, call: &Call) -> Outcome {
    only(call, &Method::GET)?;
    let start = call.number("start")?.unwrap_or(0);
    let limit = call.number("limit")?.unwrap_or(usize::MAX);
    let directories = world.directories.iter().zip(1_u32..).map(|(directory, position)| {
        json!({
            "position": position, "name": directory.name, "type": directory.kind.as_str(), "active": directory.active,
            "updateUsers": directory.update_users, "updateGroups": directory.update_groups,
        })
    });
    let all_groups = world.groups_by_name().iter().map(|id| {
        let group = world.group(*id);
        json!({
            "name": &*group.name, "directory": group.origin.map(|origin| directory_name(world, origin)),
            "children": groups(world, &group.children),
        })
    });
    let grants = world
        .grants()
        .iter()
        .map(|grant| json!({"permission": grant.operation.database_name(), "holder": subject(world, grant.subject)}));
    let users = world.users().skip(start).take(limit).map(|(id, user)| {
        json!({
            "username": &*user.username, "userKey": user.key_text(), "displayName": &*user.display_name,
            "email": user.email_text(), "directory": directory_name(world, user.directory), "active": user.active,
            "removed": user.removed, "created_ms": user.created_ms, "lastLogin_ms": user.last_login_ms,
            "lastAuthenticated_ms": world.last_authenticated_ms(id), "groups": groups(world, &user.groups),
            "shadows": shadows_of(world, id),
        })
    });
    Ok(Reply::json(json!({
        "now_ms": world.now_ms(), "total": world.users().len(),
        "directories": directories.collect::<Value>(), "groups": all_groups.collect::<Value>(),
        "grants": grants.collect::<Value>(), "users": users.collect::<Value>(),
    })))
}
