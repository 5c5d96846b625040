//! Crowd's interface for user management, over the same accounts.

mod query;
mod search;
mod view;

use serde_json::{Value, json};

use super::super::auth::basic_pair;
use super::super::call::Call;
use super::super::reply::{Outcome, Reply};
use crate::world::{Change, DirectoryKind, UserId, World};
use view::View;

/// Entries in a list when the caller does not say.
const DEFAULT_RESULTS: usize = 1000;

pub(in super::super) fn crowd(world: &mut World, call: &Call) -> Outcome {
    application(world, call)?;
    let parts: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let ["crowd", "rest", "usermanagement", "1" | "latest", rest @ ..] = parts.as_slice() else {
        return Err(Reply::page(404, "The requested resource is not available"));
    };
    match (call.method.as_str(), rest) {
        ("GET", ["user"]) => find(world, call).map(|id| Reply::json(render(world, call, id))),
        ("PUT", ["user"]) => update(world, call),
        ("POST", ["user", "rename"]) => rename(world, call),
        ("GET", ["user", "group", kind @ ("direct" | "nested")]) => groups(world, call, *kind == "nested"),
        ("GET", ["user", "attribute"]) => find(world, call).map(|id| Reply::json(attributes(world, call, id))),
        ("POST", ["user", "group", "direct"]) => join(world, call),
        ("DELETE", ["user", "group", "direct"]) => leave(world, call),
        ("GET", ["group", "user", kind @ ("direct" | "nested")]) => members(world, call, *kind == "nested"),
        ("GET", ["search"]) => search::search(world, call),
        (_, ["user" | "group" | "search", ..]) => Err(Reply::error(405, "method not allowed")),
        _ => Err(Reply::page(404, "The requested resource is not available")),
    }
}

fn application(world: &World, call: &Call) -> Result<(), Reply> {
    let given = call.header("authorization").and_then(|header| header.strip_prefix("Basic ")).and_then(basic_pair);
    if given.is_some() && given == world.secrets.crowd_application {
        return Ok(());
    }
    Err(Reply::text(401, "Application failed to authenticate")
        .header("www-authenticate", "Basic realm=\"Crowd REST Service\""))
}

fn find(world: &World, call: &Call) -> Result<UserId, Reply> {
    let found = match (call.param("username"), call.param("key")) {
        (Some(name), _) => view::named(world, name),
        (None, Some(key)) => world.find_key(key.rsplit(':').next().unwrap_or(key)),
        (None, None) => return Err(Reply::crowd(400, "ILLEGAL_ARGUMENT", "username or key is required")),
    };
    let missing = || {
        let name = call.param("username").or(call.param("key")).unwrap_or_default();
        Reply::crowd(404, "USER_NOT_FOUND", &format!("User <{name}> does not exist"))
    };
    found.filter(|id| !world.user(*id).removed).ok_or_else(missing)
}

fn render(world: &World, call: &Call, id: UserId) -> Value {
    let user = world.user(id);
    let View { name, active, full_name, email } = View::of(world, id);
    let (first, last) = full_name.rsplit_once(' ').unwrap_or(("", &full_name));
    let link = format!("/crowd/rest/usermanagement/1/user?username={name}");
    let mut value = json!({
        "expand": "attributes", "link": {"href": link, "rel": "self"}, "name": name, "first-name": first, "last-name": last,
        "display-name": full_name, "email": email, "active": active, "key": format!("32769:{}", user.key_text()),
        "created-date": user.created_ms, "updated-date": user.created_ms,
        "password": {"link": {"href": format!("/crowd/rest/usermanagement/1/user/password?username={name}"), "rel": "edit"}},
        "attributes": {"link": {"href": format!("/crowd/rest/usermanagement/1/user/attribute?username={name}"), "rel": "self"}, "attributes": []},
    });
    if call.expands("attributes")
        && let Some(slot) = value.get_mut("attributes")
    {
        *slot = attributes(world, call, id);
    }
    value
}

fn attributes(world: &World, call: &Call, id: UserId) -> Value {
    let user = world.user(id);
    let attribute = |name: &str, value: String| json!({"name": name, "values": [value]});
    let mut all = vec![
        attribute("invalidPasswordAttempts", "0".to_owned()),
        attribute("requiresPasswordChange", "false".to_owned()),
    ];
    // The first moves with a password, the second with every use; each is missing for those who never did.
    if let Some(at) = world.last_authenticated_ms(id) {
        all.push(attribute("lastAuthenticated", at.to_string()));
    }
    if let Some(at) = user.last_login_ms {
        all.push(attribute("lastActive", at.to_string()));
    }
    json!({"link": {"href": call.link(&call.raw_path), "rel": "self"}, "attributes": all})
}

fn writable(world: &World, id: UserId) -> Result<(), Reply> {
    let directory = world.directory_of(id);
    let good = directory.update_users && matches!(directory.kind, DirectoryKind::Crowd | DirectoryKind::Internal);
    let message = format!("Application does not have permission to update users in directory '{}'", directory.name);
    if good { Ok(()) } else { Err(Reply::crowd(403, "APPLICATION_PERMISSION_DENIED", &message)) }
}

/// The whole account is replaced: what is left out becomes blank.
fn update(world: &mut World, call: &Call) -> Outcome {
    let id = find(world, call)?;
    let body = call.json()?;
    let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default();
    if !text("name").eq_ignore_ascii_case(call.param("username").unwrap_or_default()) {
        return Err(Reply::crowd(400, "INVALID_USER", "the name in the body must be the one in the address"));
    }
    writable(world, id)?;
    let active = match body.get("active") {
        Some(Value::Bool(active)) => *active,
        // Old clients send the word.
        Some(Value::String(word)) => word.eq_ignore_ascii_case("true"),
        _ => false,
    };
    let change = Change::Details { full_name: text("display-name").to_owned(), email: text("email").to_owned() };
    world.request(None, id, change);
    if View::of(world, id).active != active {
        world.request(None, id, Change::Active(active));
    }
    Ok(Reply::none())
}

fn rename(world: &mut World, call: &Call) -> Outcome {
    let id = find(world, call)?;
    let body = call.json()?;
    let new = body.get("new-name").and_then(Value::as_str).filter(|name| !name.trim().is_empty());
    let new = new.ok_or_else(|| Reply::crowd(400, "ILLEGAL_ARGUMENT", "the body must be {\"new-name\": \"…\"}"))?;
    if view::named(world, new).is_some_and(|other| other != id) {
        return Err(Reply::crowd(400, "INVALID_USER", &format!("User <{new}> already exists")));
    }
    writable(world, id)?;
    world.request(None, id, Change::Rename(new.to_owned()));
    Ok(Reply::json(render(world, call, id)))
}

fn window(call: &Call) -> Result<(usize, usize), Reply> {
    let wrong = |_| Reply::crowd(400, "ILLEGAL_ARGUMENT", "start-index and max-results must be numbers");
    let start = call.number("start-index").map_err(wrong)?.unwrap_or(0);
    Ok((start, call.number("max-results").map_err(wrong)?.unwrap_or(DEFAULT_RESULTS)))
}

fn groups(world: &World, call: &Call, nested: bool) -> Outcome {
    let id = find(world, call)?;
    let (start, most) = window(call)?;
    let all = world.groups_of(id, nested).into_iter().skip(start).take(most);
    let groups: Vec<Value> = all.map(|group| json!({"name": &*world.group(group).name})).collect();
    Ok(Reply::json(json!({"expand": "group", "groups": groups})))
}

fn join(world: &mut World, call: &Call) -> Outcome {
    let id = find(world, call)?;
    let body = call.json()?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    let group = find_group(world, name)?;
    if world.is_member(id, group, false) {
        return Err(Reply::crowd(409, "MEMBERSHIP_ALREADY_EXISTS", "the user is a member of the group"));
    }
    world.request(None, id, Change::Join(group));
    Ok(Reply::empty(201))
}

fn leave(world: &mut World, call: &Call) -> Outcome {
    let id = find(world, call)?;
    let group = find_group(world, call.param("groupname").unwrap_or_default())?;
    if !world.is_member(id, group, false) {
        return Err(Reply::crowd(404, "MEMBERSHIP_NOT_FOUND", "the user is not a member of the group"));
    }
    world.request(None, id, Change::Leave(group));
    Ok(Reply::none())
}

fn find_group(world: &World, name: &str) -> Result<crate::world::GroupId, Reply> {
    world
        .find_group(name)
        .ok_or_else(|| Reply::crowd(404, "GROUP_NOT_FOUND", &format!("Group <{name}> does not exist")))
}

fn members(world: &World, call: &Call, nested: bool) -> Outcome {
    let group = find_group(world, call.param("groupname").unwrap_or_default())?;
    let (start, most) = window(call)?;
    let all = world.group(group).members(nested).iter().skip(start).take(most);
    let member = |id: &UserId| {
        if call.expands("user") { render(world, call, *id) } else { json!({"name": &*world.user(*id).username}) }
    };
    Ok(Reply::json(json!({"expand": "user", "users": all.map(member).collect::<Vec<_>>()})))
}
