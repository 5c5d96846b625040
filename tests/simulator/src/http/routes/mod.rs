//! The paths of the product and who answers them.

mod active;
mod admin;
mod audit;
mod chat;
mod control;
mod crowd;
mod facts;
mod group;
mod license;
mod membership;
mod misc;
mod permission;
mod remote;
mod search;
mod space;
mod token;
mod user;
mod webhook;

use http::Method;

use super::call::Call;
use super::reply::{Outcome, Reply};
use crate::version::Feature;
use crate::world::World;

pub(super) use control::control;
pub(super) use crowd::crowd;

/// Refuses every method but this one.
fn only(call: &Call, method: &Method) -> Result<(), Reply> {
    if call.method == *method { Ok(()) } else { Err(wrong_method()) }
}

fn wrong_method() -> Reply {
    Reply::error(405, "method not allowed")
}

fn nothing_here() -> Reply {
    Reply::error(404, "null for uri: there is no such resource in this version")
}

/// A resource that this release may not have.
fn since(world: &World, feature: Feature) -> Result<(), Reply> {
    if world.knobs.version.has(feature) { Ok(()) } else { Err(nothing_here()) }
}

/// Answers everything below the context path.
pub(super) fn product(world: &mut World, call: &Call) -> Outcome {
    let parts: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["rest", "api", rest @ ..] => api(world, call, rest),
        ["rest", "license", "1.0", "license", rest @ ..] => license::license(world, call, rest),
        ["rest", "auditing", ..] if !world.knobs.audit_rest => Err(nothing_here()),
        ["rest", "auditing", "1.0", rest @ ..] => audit::auditing(world, call, rest),
        ["rest", "pat", "latest" | "1.0", "tokens", rest @ ..] => token::tokens(world, call, rest),
        ["rest", "applinks", "1.0", "manifest"] => misc::manifest(world, call),
        ["rpc", rest @ ..] => remote::remote(world, call, rest),
        ["status"] => Ok(misc::status()),
        [] | ["login.action" | "dashboard.action" | "index.action"] => Ok(misc::login_page(world)),
        _ => Err(Reply::page(404, "The requested resource is not available")),
    }
}

fn api(world: &mut World, call: &Call, parts: &[&str]) -> Outcome {
    match parts {
        ["user", "list", "active"] => active::list_active(world, call, true),
        ["user", rest @ ..] => user::user(world, call, rest),
        ["group", rest @ ..] => group::group(world, call, rest),
        ["admin", "users", "list", "active"] => active::list_active(world, call, false),
        ["admin", rest @ ..] => admin::admin(world, call, rest),
        ["permissions", rest @ ..] => permission::permissions(world, call, rest),
        ["webhooks", rest @ ..] => webhook::webhooks(world, call, rest),
        ["search"] => search::search(world, call),
        ["space", rest @ ..] => space::space(world, call, rest),
        ["audit", rest @ ..] => audit::old_audit(world, call, rest),
        ["accessmode"] => misc::access_mode(world, call),
        ["server-information"] => misc::server_information(world, call),
        ["instance-metrics"] => misc::instance_metrics(world, call),
        ["longtask", id] => misc::long_task(world, call, id),
        _ => Err(nothing_here()),
    }
}
