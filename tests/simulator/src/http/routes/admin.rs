//! `/rest/api/admin`: accounts and groups as an administrator manages them.

use http::Method;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::new_account;
use super::super::person::group as group_json;
use super::super::reply::{Outcome, Reply};
use super::membership::directory_refuses;
use super::{nothing_here, only, since, wrong_method};
use crate::version::Feature;
use crate::world::{Change, Refusal, Task, UserId, World};

pub(super) fn admin(world: &mut World, call: &Call, parts: &[&str]) -> Outcome {
    match parts {
        ["user"] => only(call, &Method::POST).and_then(|()| create(world, call)),
        ["user", name, "disable"] => only(call, &Method::PUT).and_then(|()| set_active(world, call, name, false)),
        ["user", name, "enable"] => only(call, &Method::PUT).and_then(|()| set_active(world, call, name, true)),
        ["user", name, "password"] => only(call, &Method::POST).and_then(|()| password(world, call, name)),
        ["user", name] if call.method == Method::DELETE => delete(world, call, name),
        ["user", name] => {
            since(world, Feature::UpdateUser).map_err(|_| wrong_method())?;
            only(call, &Method::PUT)?;
            update(world, call, name)
        }
        ["group"] => only(call, &Method::POST).and_then(|()| create_group(world, call)),
        ["group", name] => only(call, &Method::DELETE).and_then(|()| delete_group(world, call, name)),
        _ => Err(nothing_here()),
    }
}

fn find(world: &World, name: &str) -> Result<UserId, Reply> {
    let id = world.find_user(name).filter(|id| !world.user(*id).removed);
    id.ok_or_else(|| Reply::error(404, format!("No user found with username: {name}")))
}

/// The refusal of a directory that does not let its accounts be changed.
fn read_only(world: &World, id: UserId) -> Option<Outcome> {
    let directory = world.directory_of(id);
    if directory.update_users {
        return None;
    }
    let name = &world.user(id).username;
    let message = format!("Cannot update user '{name}' because directory '{}' does not allow updates.", directory.name);
    Some(directory_refuses(world.knobs.directory_reaction, &message))
}

fn set_active(world: &mut World, call: &Call, name: &str, active: bool) -> Outcome {
    let actor = call.require_admin_401(world)?;
    let id = find(world, name)?;
    if world.user(id).active == active {
        return Ok(Reply::none());
    }
    if let Some(refusal) = read_only(world, id) {
        return refusal;
    }
    world.request(Some(actor), id, Change::Active(active));
    Ok(Reply::none())
}

fn field<'a>(body: &'a Value, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn valid(condition: bool, message: &str) -> Result<(), Reply> {
    if condition { Ok(()) } else { Err(Reply::error(400, message)) }
}

fn check_person(full_name: &str, email: &str) -> Result<(), Reply> {
    let full_name_good = !full_name.trim().is_empty() && !full_name.contains(['<', '>']) && full_name != "anonymous";
    valid(full_name_good, "fullName must not be blank, hold < or >, or be `anonymous`")?;
    valid(email.contains('@') && !email.contains(char::is_whitespace), "email is not a valid address")
}

fn create(world: &mut World, call: &Call) -> Outcome {
    let actor = call.require_admin_401(world)?;
    let body = call.json()?;
    let (name, full_name, email) = (field(&body, "userName"), field(&body, "fullName"), field(&body, "email"));
    let bad = |c: char| matches!(c, '\\' | ',' | '+' | '<' | '>' | '\'' | '"') || c.is_whitespace() || c.is_uppercase();
    valid(
        !name.is_empty() && !name.contains(bad) && name != "anonymous",
        "userName holds characters that are not allowed",
    )?;
    check_person(full_name, email)?;
    let notify = body.get("notifyViaEmail").and_then(Value::as_bool).unwrap_or(false);
    let password = field(&body, "password");
    valid(notify == password.is_empty(), "a password is needed unless notifyViaEmail is true, and forbidden then")?;
    if world.find_user(name).is_some() {
        return Err(Reply::error(409, format!("a user with the name {name} exists")));
    }
    if world.max_users.is_some_and(|max| world.seats_used() >= max) {
        return Err(Reply::error(402, "the licence has no seats left"));
    }
    let id = new_account(world, Some(actor), name, full_name, Some(email)).map_err(refused)?;
    if !password.is_empty() {
        world.secrets.set_password(id, password);
    }
    // New accounts get the default group of the site, and with it a seat.
    if let Some(group) = world.find_group("confluence-users") {
        world.apply(Some(actor), id, Change::Join(group));
    }
    Ok(Reply::created(json!({"userKey": world.user(id).key_text()})))
}

fn refused(refusal: Refusal) -> Reply {
    match refusal {
        Refusal::Exists(name) => Reply::error(409, format!("{name} exists")),
        Refusal::Full => Reply::error(500, "there is no room for more"),
    }
}

fn update(world: &mut World, call: &Call, name: &str) -> Outcome {
    let actor = call.require_admin_401(world)?;
    // The reference documents no 404 here.
    let nobody = |_| Reply::error(world.knobs.update_nobody_status, format!("No user found with username: {name}"));
    let id = find(world, name).map_err(nobody)?;
    let body = call.json()?;
    let (full_name, email) = (field(&body, "fullName"), field(&body, "email"));
    check_person(full_name, email)?;
    if let Some(refusal) = read_only(world, id) {
        return refusal;
    }
    world.request(Some(actor), id, Change::Details { full_name: full_name.to_owned(), email: email.to_owned() });
    Ok(Reply::none())
}

fn password(world: &mut World, call: &Call, name: &str) -> Outcome {
    call.require_admin(world)?;
    let id = find(world, name)?;
    let body = call.json()?;
    valid(!field(&body, "password").is_empty(), "password must not be blank")?;
    if let Some(refusal) = read_only(world, id) {
        return refusal;
    }
    world.secrets.set_password(id, field(&body, "password"));
    Ok(Reply::none())
}

fn delete(world: &mut World, call: &Call, name: &str) -> Outcome {
    const TAKES_MS: i64 = 2000;
    let actor = call.require_admin_401(world)?;
    let id = find(world, name)?;
    if let Some(refusal) = read_only(world, id) {
        return refusal;
    }
    world.delete_user(Some(actor), id);
    let now = world.now_ms();
    let task = format!("{}", world.tasks.len().saturating_add(1));
    let path = format!("/rest/api/longtask/{task}");
    world.tasks.push(Task {
        id: task.clone(),
        name: format!("Delete user {name}"),
        started_ms: now,
        done_ms: now.saturating_add(TAKES_MS),
    });
    let link = call.link(&path);
    Ok(Reply::accepted(json!({"id": task, "links": {"status": link}, "statusPath": path, "resultPath": path})))
}

fn create_group(world: &mut World, call: &Call) -> Outcome {
    let actor = call.require_admin(world)?;
    let body = call.json()?;
    let name = field(&body, "name");
    valid(!name.trim().is_empty(), "name must not be blank")?;
    let id = world.add_group(Some(actor), name).map_err(refused)?;
    Ok(Reply::json(group_json(world, call, id)))
}

fn delete_group(world: &mut World, call: &Call, name: &str) -> Outcome {
    let actor = call.require_admin(world)?;
    let id = world.find_group(name).ok_or_else(|| Reply::error(404, format!("No group found with name: {name}")))?;
    let admin_groups = world.groups_by_name().iter().filter(|group| world.is_admin_group(**group)).count();
    valid(!(world.is_admin_group(id) && admin_groups <= 1), "the last administrators group cannot be deleted")?;
    world.delete_group(Some(actor), id);
    Ok(Reply::none())
}
