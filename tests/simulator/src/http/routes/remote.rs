//! The old remote API: switched off, or with the few methods that old clients call.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::new_account;
use super::super::reply::{Outcome, Reply};
use crate::world::{Change, World};

pub(super) fn remote(world: &mut World, call: &Call, parts: &[&str]) -> Outcome {
    if !world.knobs.jsonrpc {
        return Err(Reply::page(
            403,
            "Remote API is not enabled on this server. Ask a site administrator to enable it.",
        ));
    }
    let ["json-rpc", "confluenceservice-v2"] = parts else {
        return Err(Reply::page(404, "The requested resource is not available"));
    };
    let actor = call.require_admin(world)?;
    let body = call.json()?;
    let method = body.get("method").and_then(Value::as_str).unwrap_or_default();
    let text = |index: usize| body.pointer(&format!("/params/{index}")).and_then(Value::as_str).unwrap_or_default();
    let field = |name: &str| body.pointer(&format!("/params/0/{name}")).and_then(Value::as_str).unwrap_or_default();
    let user = world.find_user(text(0)).or_else(|| world.find_user(field("name")));
    let result = match (method, user) {
        ("addUser", None) => {
            new_account(world, Some(actor), field("name"), field("fullname"), Some(field("email"))).is_ok()
        }
        ("changeUserPassword", Some(id)) => {
            world.secrets.set_password(id, text(1));
            true
        }
        ("deactivateUser", Some(id)) => world.request(Some(actor), id, Change::Active(false)),
        ("reactivateUser", Some(id)) => world.request(Some(actor), id, Change::Active(true)),
        ("isActiveUser", Some(id)) => world.user(id).active,
        ("hasUser", found) => found.is_some(),
        ("addUserToGroup" | "removeUserFromGroup", Some(id)) => match world.find_group(text(1)) {
            Some(group) if method == "addUserToGroup" => world.request(Some(actor), id, Change::Join(group)),
            Some(group) => world.request(Some(actor), id, Change::Leave(group)),
            None => return Ok(failed(&body, "the group does not exist")),
        },
        _ => return Ok(failed(&body, "no such method with these parameters")),
    };
    Ok(Reply::json(json!({"jsonrpc": "2.0", "id": body.get("id"), "result": result})))
}

/// Errors of this interface come with 200.
fn failed(body: &Value, message: &str) -> Reply {
    Reply::json(json!({"jsonrpc": "2.0", "id": body.get("id"), "error": {"code": 500, "message": message}}))
}
