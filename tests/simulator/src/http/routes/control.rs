//! `/_sim/`: inspection and control, for tests and for the demonstration. No credentials are asked for.

use http::Method;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::fault::Fault;
use super::super::reply::{Outcome, Reply};
use super::super::{Simulator, lock};
use super::{chat, facts, only, wrong_method};
use crate::world::{Change, HookUrl, Login, Operation, Status, Subject, UserId, World, iso};

/// How many requests are told when the caller does not say.
const DEFAULT_TAIL: usize = 100;

pub(in super::super) fn control(simulator: &Simulator, call: &Call) -> Outcome {
    let parts: Vec<&str> = call.segments.iter().map(String::as_str).skip(1).collect();
    match parts.as_slice() {
        [] | ["state"] => only(call, &Method::GET).map(|()| Reply::json(state(simulator))),
        ["requests"] => only(call, &Method::GET).and_then(|()| requests(simulator, call)),
        ["faults"] => faults(simulator, call),
        ["users", name] => user(&mut simulator.world(), call, name),
        ["login"] => only(call, &Method::POST).and_then(|()| login(&mut simulator.world(), call)),
        ["knobs"] => knobs(&mut simulator.world(), call),
        ["clock"] => clock(&mut simulator.world(), call),
        ["license"] => only(call, &Method::POST).and_then(|()| license(&mut simulator.world(), call)),
        ["hook"] => only(call, &Method::POST).and_then(|()| hook(&mut simulator.world(), call)),
        ["deliveries"] => only(call, &Method::GET)
            .map(|()| Reply::json(serde_json::to_value(&simulator.world().delivered).unwrap_or_default())),
        ["routes"] => facts::routes(simulator, call),
        ["database"] => facts::database(&simulator.world(), call),
        ["shadows"] => facts::shadows(&simulator.world(), call),
        ["spaces"] => facts::spaces(&simulator.world(), call),
        ["chat", rest @ ..] => chat::chat(&mut simulator.world(), call, rest),
        _ => Err(Reply::error(404, "no such control; see the README of the simulator for the list")),
    }
}

fn state(simulator: &Simulator) -> Value {
    let (requests, writes) = (simulator.requests(), simulator.writes());
    let world = simulator.world();
    let mut counts = [0_u32; 4];
    let mut never = 0_u32;
    for (id, user) in world.users() {
        if let Some(count) = counts.get_mut(world.status(id) as usize) {
            *count = count.saturating_add(1);
        }
        never = never.saturating_add(u32::from(user.last_login_ms.is_none()));
    }
    let [current, deactivated, unlicensed, deleted] = counts;
    json!({
        "version": world.knobs.version, "now": iso(world.now_ms()), "now_ms": world.now_ms(),
        "seats": {"used": world.seats_used(), "max": world.max_users},
        "users": {
            "total": world.users().len(), "current": current, "deactivated": deactivated, "unlicensed": unlicensed,
            "externally_deleted": deleted, "never_logged_in": never,
        },
        "groups": world.groups_by_name().len(), "requests": requests, "writes": writes, "changes": world.changes,
        "pending": world.pending.len(), "chat": world.chat.len(), "deliveries": world.delivered.len(),
        "audit_events": world.audit.events().len(), "spaces": world.spaces().len(),
        "shadowed": world.shadowed().count(), "seats_of_shadows": world.seats_of_shadows(),
    })
}

fn requests(simulator: &Simulator, call: &Call) -> Outcome {
    let tail = call.number("tail")?.unwrap_or(DEFAULT_TAIL);
    let log = lock(&simulator.0.log);
    let mut last: Vec<&super::super::LogEntry> = log.entries().rev().take(tail).collect();
    last.reverse();
    Ok(Reply::json(serde_json::to_value(last).unwrap_or_default()))
}

fn faults(simulator: &Simulator, call: &Call) -> Outcome {
    match call.method {
        Method::GET => Ok(Reply::json(serde_json::to_value(lock(&simulator.0.faults).waiting()).unwrap_or_default())),
        Method::DELETE => {
            simulator.clear_faults();
            Ok(Reply::none())
        }
        Method::POST => {
            let body = call.json()?;
            let fault: Fault =
                serde_json::from_value(body).map_err(|error| Reply::error(400, format!("not a fault: {error}")))?;
            simulator.inject(fault);
            Ok(Reply::none())
        }
        _ => Err(wrong_method()),
    }
}

fn find(world: &World, name: &str) -> Result<UserId, Reply> {
    let found = world.find_user(name).or_else(|| world.find_key(name));
    found.ok_or_else(|| Reply::error(404, format!("No user found with username or key: {name}")))
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Current => "current",
        Status::Deactivated => "deactivated",
        Status::Unlicensed => "unlicensed",
        Status::ExternallyDeleted => "externally-deleted",
    }
}

fn user(world: &mut World, call: &Call, name: &str) -> Outcome {
    let id = find(world, name)?;
    if call.method == Method::POST {
        change(world, id, &call.json()?)?;
    } else {
        only(call, &Method::GET)?;
    }
    Ok(Reply::json(describe(world, id)))
}

fn describe(world: &World, id: UserId) -> Value {
    let user = world.user(id);
    let names = |nested| {
        world.groups_of(id, nested).into_iter().map(|group| world.group(group).name.to_string()).collect::<Vec<_>>()
    };
    let directory = world.directory_of(id);
    json!({
        "username": &*user.username, "userKey": user.key_text(), "displayName": &*user.display_name, "email": user.email_text(),
        "status": status_word(world.status(id)), "active": user.active, "seat": user.has_seat(), "admin": world.is_admin(id),
        "groups": names(false), "nestedGroups": names(true), "lastLogin": user.last_login_ms.map(iso),
        "lastLogin_ms": user.last_login_ms, "created": iso(user.created_ms), "created_ms": user.created_ms,
        "directory": {"name": directory.name, "type": directory.kind.as_str(), "readOnly": !directory.update_users},
        "shadows": user.shadows, "shadowedIn": facts::shadows_of(world, id),
        "lastAuthenticated_ms": world.last_authenticated_ms(id),
    })
}

/// An administrator at work behind the product's back.
fn change(world: &mut World, id: UserId, body: &Value) -> Result<(), Reply> {
    if let Some(active) = body.get("active").and_then(Value::as_bool) {
        world.apply(None, id, Change::Active(active));
    }
    if let Some(gives) = body.get("grant").and_then(Value::as_bool) {
        let operation = Operation::new("application", "use");
        if gives {
            world.grant(Subject::User(id), operation);
        } else {
            world.revoke(Subject::User(id), &operation);
        }
    }
    if let Some(at) = body.get("last_login_ms") {
        let at = at.as_i64();
        world.set_last_login(id, at);
    }
    for (field, joins) in [("join", true), ("leave", false)] {
        if let Some(name) = body.get(field).and_then(Value::as_str) {
            let group =
                world.find_group(name).ok_or_else(|| Reply::error(404, format!("No group found with name: {name}")))?;
            world.apply(None, id, if joins { Change::Join(group) } else { Change::Leave(group) });
        }
    }
    Ok(())
}

fn login(world: &mut World, call: &Call) -> Outcome {
    let body = call.json()?;
    let name = body.get("username").and_then(Value::as_str).unwrap_or_default();
    let id = find(world, name)?;
    let result = world.login(id);
    let (access, word, page) = match result {
        Login::Access => (true, "access", "Dashboard"),
        Login::NoAccess => (false, "no-access", "You are logged in, but you do not have permission to use Confluence."),
        Login::Refused => (false, "refused", "Sorry, your username and password are incorrect."),
    };
    let mut value = describe(world, id);
    if let Some(map) = value.as_object_mut() {
        map.insert("access".to_owned(), access.into());
        map.insert("result".to_owned(), word.into());
        map.insert("page".to_owned(), page.into());
    }
    let mut reply = Reply::json(value);
    if body.get("wait").and_then(Value::as_bool).unwrap_or(true) {
        let mine = world.outbox.iter().position(|delivery| delivery.webhook.is_none());
        reply.wait_for = mine.map(|at| Box::new(world.outbox.remove(at)));
    }
    Ok(reply)
}

fn knobs(world: &mut World, call: &Call) -> Outcome {
    if call.method != Method::GET {
        only(call, &Method::POST)?;
        let body = call.json()?;
        let pairs = body.as_object().ok_or_else(|| Reply::error(400, "an object of knobs is expected"))?;
        let mut changed = world.knobs.clone();
        for (name, value) in pairs {
            changed.set_value(name, value).map_err(|error| Reply::error(400, error.to_string()))?;
        }
        world.knobs = changed;
    }
    Ok(Reply::json(serde_json::to_value(&world.knobs).unwrap_or_default()))
}

fn clock(world: &mut World, call: &Call) -> Outcome {
    if call.method != Method::GET {
        only(call, &Method::POST)?;
        let seconds = call.json()?.get("advance_seconds").and_then(Value::as_i64);
        world.clock.advance(seconds.ok_or_else(|| Reply::error(400, "advance_seconds must be a whole number"))?);
        world.apply_due();
    }
    Ok(Reply::json(json!({"now": iso(world.now_ms()), "now_ms": world.now_ms()})))
}

fn license(world: &mut World, call: &Call) -> Outcome {
    let body = call.json()?;
    let wrong = || Reply::error(400, "max_users must be a whole number, or null for an unlimited licence");
    world.max_users = match body.get("max_users") {
        Some(Value::Null) => None,
        Some(value) => Some(value.as_u64().and_then(|max| u32::try_from(max).ok()).ok_or_else(wrong)?),
        None => return Err(wrong()),
    };
    Ok(Reply::json(json!({"used": world.seats_used(), "max": world.max_users})))
}

fn hook(world: &mut World, call: &Call) -> Outcome {
    let body = call.json()?;
    let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let url = text("url");
    world.login_hook = if url.is_empty() { None } else { Some(HookUrl { url, secret: text("secret") }) };
    Ok(Reply::none())
}
