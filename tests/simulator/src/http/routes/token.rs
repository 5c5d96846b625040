//! `/rest/pat/latest/tokens`: personal access tokens of the caller.

use http::Method;
use serde_json::{Value, json};

use super::super::audit;
use super::super::call::Call;
use super::super::reply::{Outcome, Reply};
use super::{nothing_here, wrong_method};
use crate::world::{Action, DAY_MS, Token, World, iso};

pub(super) fn tokens(world: &mut World, call: &Call, parts: &[&str]) -> Outcome {
    let owner = call.require_use(world)?;
    match parts {
        [] if call.method == Method::GET => Ok(Reply::json(world.secrets.tokens_of(owner).map(render).collect())),
        [] if call.method == Method::POST => {
            let body = call.json()?;
            let name = body.get("name").and_then(Value::as_str).filter(|name| !name.trim().is_empty());
            let name = name.ok_or_else(|| Reply::error(400, "name must not be blank"))?;
            let now = world.now_ms();
            let days = body.get("expirationDuration").and_then(Value::as_i64);
            let expires = days.map(|days| now.saturating_add(days.saturating_mul(DAY_MS)));
            // Tokens of a simulator protect nothing; they only have to differ.
            let number = world.secrets.tokens_of(owner).map(|token| token.id).max().unwrap_or(0);
            let raw = format!("NjQ{:032x}{number:04}", world.user(owner).key ^ u128::from(now.unsigned_abs()));
            let token = world.secrets.add_token(owner, name, &raw, now, expires);
            audit(world, Some(owner), Action::TokenCreated(name.into()));
            let mut value = render(&token);
            if let Some(map) = value.as_object_mut() {
                map.insert("rawToken".to_owned(), raw.into());
            }
            Ok(Reply::created(value))
        }
        [id] if call.method == Method::DELETE => {
            let id = id.parse().map_err(|_| Reply::error(404, format!("no token {id}")))?;
            if !world.secrets.remove_token(owner, id) {
                return Err(Reply::error(404, format!("no token {id}")));
            }
            audit(world, Some(owner), Action::TokenDeleted(id.to_string().into()));
            Ok(Reply::none())
        }
        [] | [_] => Err(wrong_method()),
        _ => Err(nothing_here()),
    }
}

fn render(token: &Token) -> Value {
    json!({
        "id": token.id, "name": token.name, "createdAt": iso(token.created_ms), "expiringAt": token.expires_ms.map(iso),
    })
}
