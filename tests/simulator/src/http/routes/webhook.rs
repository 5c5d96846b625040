//! `/rest/api/webhooks`.

use http::Method;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::page::{cut, page, window};
use super::super::reply::{Outcome, Reply};
use super::{nothing_here, only, wrong_method};
use crate::world::{HookUrl, Webhook, World, iso};

/// Secrets may not be longer.
const LONGEST_SECRET: usize = 255;

pub(super) fn webhooks(world: &mut World, call: &Call, parts: &[&str]) -> Outcome {
    call.require_admin(world).map_err(|_| Reply::error(401, "administrator permission is required"))?;
    match parts {
        [] if call.method == Method::POST => create(world, call),
        [] => only(call, &Method::GET).and_then(|()| list(world, call)),
        ["test"] => only(call, &Method::POST).and_then(|()| test(world, call)),
        [id] => {
            let id = find(world, id)?;
            match call.method {
                Method::GET => Ok(Reply::json(render(by_id(world, id)?))),
                Method::PUT => update(world, call, id),
                Method::DELETE => {
                    world.webhooks.retain(|hook| hook.id != id);
                    Ok(Reply::none())
                }
                _ => Err(wrong_method()),
            }
        }
        [id, "latest"] => {
            let id = find(world, id)?;
            latest(world, call, id)
        }
        [id, "statistics"] | [id, "statistics", "summary"] => {
            let id = find(world, id)?;
            let outcomes = world.delivered.iter().filter(|sent| sent.webhook == Some(id));
            let (good, bad): (Vec<_>, Vec<_>) =
                outcomes.partition(|sent| sent.status.is_some_and(|status| (200..300).contains(&status)));
            let errors = bad.iter().filter(|sent| sent.status.is_none()).count();
            Ok(Reply::json(json!({"counts": {
                "successes": good.len(), "failures": bad.len().saturating_sub(errors), "errors": errors, "window": {"duration": 86_400_000},
            }})))
        }
        _ => Err(nothing_here()),
    }
}

fn find(world: &World, id: &str) -> Result<u64, Reply> {
    let found = world.webhooks.iter().find(|hook| hook.id.to_string() == id).map(|hook| hook.id);
    found.ok_or_else(|| Reply::error(404, format!("no webhook {id}")))
}

fn by_id(world: &World, id: u64) -> Result<&Webhook, Reply> {
    world.webhooks.iter().find(|hook| hook.id == id).ok_or_else(|| Reply::error(404, format!("no webhook {id}")))
}

fn list(world: &World, call: &Call) -> Outcome {
    let wanted = call.param("event");
    let all: Vec<&Webhook> = world
        .webhooks
        .iter()
        .filter(|hook| wanted.is_none_or(|event| hook.events.iter().any(|own| own == event)))
        .collect();
    let window = window(world, call, all.len(), 100, world.knobs.page_cap)?;
    let results: Vec<_> = cut(&all, window).iter().map(|hook| render(hook)).collect();
    Ok(page(world, call, window, &results))
}

/// The secret is never told.
fn render(hook: &Webhook) -> Value {
    json!({
        "id": hook.id, "name": hook.name, "events": hook.events, "configuration": {}, "url": hook.target.url,
        "active": hook.active, "sslVerificationRequired": hook.ssl_verification, "scopeType": "global",
        "createdDate": iso(hook.created_ms), "updatedDate": iso(hook.updated_ms),
    })
}

/// Events come as texts or as objects with an id.
fn events(body: &Value) -> Option<Vec<String>> {
    let name = |value: &Value| value.as_str().or_else(|| value.get("id").and_then(Value::as_str)).map(str::to_owned);
    body.get("events")?.as_array()?.iter().map(name).collect()
}

fn read(body: &Value, old: Option<&Webhook>, now: i64, id: u64) -> Result<Webhook, Reply> {
    let wrong = |what: &str| Reply::error(400, format!("webhook: {what}"));
    let text = |field: &str| body.get(field).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let name = text("name").map(str::to_owned).or_else(|| old.map(|hook| hook.name.clone()));
    let url = text("url").map(str::to_owned).or_else(|| old.map(|hook| hook.target.url.clone()));
    let events = events(body).or_else(|| old.map(|hook| hook.events.clone())).filter(|events| !events.is_empty());
    let secret = body.pointer("/configuration/secret").and_then(Value::as_str).map(str::to_owned);
    let secret = secret.or_else(|| old.map(|hook| hook.target.secret.clone())).unwrap_or_default();
    let url = url.filter(|url| url.starts_with("http://") || url.starts_with("https://"));
    if secret.len() > LONGEST_SECRET {
        return Err(wrong("the secret is longer than 255 characters"));
    }
    let flag = |field: &str, otherwise| body.get(field).and_then(Value::as_bool).unwrap_or(otherwise);
    Ok(Webhook {
        id,
        name: name.ok_or_else(|| wrong("name must not be blank"))?,
        events: events.ok_or_else(|| wrong("events must name at least one event"))?,
        target: HookUrl { url: url.ok_or_else(|| wrong("url must begin with http:// or https://"))?, secret },
        active: flag("active", old.is_none_or(|hook| hook.active)),
        ssl_verification: flag("sslVerificationRequired", true),
        created_ms: old.map_or(now, |hook| hook.created_ms),
        updated_ms: now,
        failures: 0,
        skip_until_ms: 0,
    })
}

fn create(world: &mut World, call: &Call) -> Outcome {
    let hook = read(&call.json()?, None, world.now_ms(), world.next_webhook)?;
    world.next_webhook = world.next_webhook.saturating_add(1);
    let reply = Reply::created(render(&hook));
    world.webhooks.push(hook);
    Ok(reply)
}

fn update(world: &mut World, call: &Call, id: u64) -> Outcome {
    let changed = read(&call.json()?, Some(by_id(world, id)?), world.now_ms(), id)?;
    let reply = Reply::json(render(&changed));
    if let Some(hook) = world.webhooks.iter_mut().find(|hook| hook.id == id) {
        *hook = changed;
    }
    Ok(reply)
}

/// Sends a ping and tells what came of it.
fn test(world: &mut World, call: &Call) -> Outcome {
    let url = call.param("url").ok_or_else(|| Reply::error(400, "parameter url is missing"))?.to_owned();
    // A ping to a registered address is signed like everything else that goes there.
    let secret = world.webhooks.iter().find(|hook| hook.target.url == url).map(|hook| hook.target.secret.clone());
    let target = HookUrl { url: url.clone(), secret: secret.unwrap_or_default() };
    let delivery = world.delivery(None, &target, "diagnostics:ping", json!({"test": true}).to_string());
    let mut reply = Reply::json(json!({"url": url, "event": "diagnostics:ping"}));
    reply.wait_for = Some(Box::new(delivery));
    Ok(reply)
}

fn latest(world: &World, call: &Call, id: u64) -> Outcome {
    only(call, &Method::GET)?;
    let outcome = |status: Option<u16>| match status {
        Some(200..300) => "SUCCESS",
        Some(_) => "FAILURE",
        None => "ERROR",
    };
    let found = world.delivered.iter().rev().find(|sent| {
        sent.webhook == Some(id)
            && call.param("event").is_none_or(|event| event == sent.event)
            && call.param("outcome").is_none_or(|wanted| wanted == outcome(sent.status))
    });
    let Some(sent) = found else { return Ok(Reply::none()) };
    Ok(Reply::json(json!({
        "id": sent.request_id, "event": {"id": sent.event, "i18nKey": sent.event}, "eventScope": {"id": "", "type": "global"},
        "request": {"method": "POST", "url": sent.url, "headers": {}, "body": sent.request_body},
        "result": {"outcome": outcome(sent.status), "description": sent.status.map(|status| status.to_string())},
        "start": sent.at_ms, "finish": sent.at_ms, "duration": 0,
    })))
}
