//! `/rest/api/user`: reading accounts, and what people may change of their own.

use http::Method;
use serde_json::Value;

use super::super::call::{Call, Caller};
use super::super::page::{cut, page, window};
use super::super::person::{anonymous, group, person, single};
use super::super::reply::{Outcome, Reply};
use super::{membership, nothing_here, only, wrong_method};
use crate::world::{Change, Status, UserId, World};

pub(super) fn user(world: &mut World, call: &Call, parts: &[&str]) -> Outcome {
    match parts {
        [] => only(call, &Method::GET).and_then(|()| read(world, call)),
        ["current"] if call.method == Method::GET => current(world, call),
        ["current"] if call.method == Method::PUT => change_own(world, call),
        ["current", "password"] => only(call, &Method::POST).and_then(|()| own_password(world, call)),
        ["current"] => Err(wrong_method()),
        ["anonymous"] => only(call, &Method::GET).and_then(|()| nobody(world, call)),
        ["list"] => only(call, &Method::GET).and_then(|()| list(world, call)),
        ["memberof"] => only(call, &Method::GET).and_then(|()| member_of(world, call)),
        [name, "group", group_name] => membership::membership(world, call, name, group_name),
        _ => Err(nothing_here()),
    }
}

/// Anonymous visitors may look where the site allows it.
fn may_view(world: &World, call: &Call) -> Result<(), Reply> {
    match call.caller {
        Caller::Anonymous if world.knobs.anonymous_access => Ok(()),
        _ => call.require_use(world).map(|_| ()),
    }
}

/// The account that `username` or `key` names.
fn named(world: &World, call: &Call) -> Result<UserId, Reply> {
    match (call.param("username"), call.param("key")) {
        (Some(name), _) => {
            world.find_user(name).ok_or_else(|| Reply::error(404, format!("No user found with username: {name}")))
        }
        (None, Some(key)) => {
            world.find_key(key).ok_or_else(|| Reply::error(404, format!("No user found with key: {key}")))
        }
        (None, None) => Err(Reply::error(400, "One of the username or key parameters must be given")),
    }
}

fn read(world: &World, call: &Call) -> Outcome {
    may_view(world, call)?;
    let id = named(world, call)?;
    Ok(Reply::json(single(world, call, id)))
}

fn current(world: &World, call: &Call) -> Outcome {
    match call.caller {
        Caller::Anonymous if world.knobs.anonymous_access => Ok(Reply::json(anonymous())),
        _ => call.require_use(world).map(|id| Reply::json(single(world, call, id))),
    }
}

fn nobody(world: &World, call: &Call) -> Outcome {
    may_view(world, call)?;
    Ok(Reply::json(anonymous()))
}

fn list(world: &World, call: &Call) -> Outcome {
    call.require_use(world)
        .map_err(|error| if error.status == 401 { error } else { Reply::error(403, "not permitted to list users") })?;
    let all = world.users_by_name();
    let window = window(world, call, all.len(), 100, world.knobs.user_list_cap)?;
    let results: Vec<_> = cut(all, window).iter().map(|id| person(world, call, *id)).collect();
    Ok(page(world, call, window, &results))
}

fn member_of(world: &World, call: &Call) -> Outcome {
    may_view(world, call)?;
    let id = named(world, call)?;
    let all = world.groups_of(id, world.knobs.nested_memberof);
    let window = window(world, call, all.len(), 200, world.knobs.page_cap)?;
    let results: Vec<_> = cut(&all, window).iter().map(|id| group(world, call, *id)).collect();
    Ok(page(world, call, window, &results))
}

fn text<'a>(body: &'a Value, field: &str) -> Result<&'a str, Reply> {
    let found = body.get(field).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    found.ok_or_else(|| Reply::error(400, format!("{field} must not be blank")))
}

fn change_own(world: &mut World, call: &Call) -> Outcome {
    let id = call.require_use(world)?;
    let body = call.json()?;
    let (full_name, email) = (text(&body, "fullName")?, text(&body, "email")?);
    if email != world.user(id).email_text() {
        let given = body.get("currentPassword").and_then(Value::as_str);
        if given.is_none() || given != world.secrets.passwords.get(&id).map(String::as_str) {
            return Err(Reply::error(403, "the current password is needed to change the e-mail address"));
        }
    }
    world.request(Some(id), id, Change::Details { full_name: full_name.to_owned(), email: email.to_owned() });
    Ok(Reply::none())
}

fn own_password(world: &mut World, call: &Call) -> Outcome {
    let id = call.require_use(world)?;
    let body = call.json()?;
    let (old, new) = (text(&body, "oldPassword")?, text(&body, "newPassword")?.to_owned());
    if world.secrets.passwords.get(&id).map(String::as_str) != Some(old) || world.status(id) != Status::Current {
        return Err(Reply::error(403, "the old password is wrong"));
    }
    world.secrets.set_password(id, &new);
    Ok(Reply::none())
}
