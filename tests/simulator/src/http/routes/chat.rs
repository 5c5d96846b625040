//! `/_sim/chat`: sinks that stand in for chat webhooks and keep what they received.

use http::Method;

use super::super::call::Call;
use super::super::reply::{Outcome, Reply};
use super::wrong_method;
use crate::world::{ChatPost, World};

pub(super) fn chat(world: &mut World, call: &Call, parts: &[&str]) -> Outcome {
    match call.method {
        Method::GET => Ok(Reply::json(serde_json::to_value(&world.chat).unwrap_or_default())),
        Method::DELETE => {
            world.chat.clear();
            Ok(Reply::none())
        }
        Method::POST => Ok(receive(world, call, parts)),
        _ => Err(wrong_method()),
    }
}

fn receive(world: &mut World, call: &Call, parts: &[&str]) -> Reply {
    let body = String::from_utf8_lossy(&call.body).into_owned();
    let slack = parts.first() == Some(&"slack");
    let reply = if world.knobs.chat_failures > 0 {
        world.knobs.chat_failures = world.knobs.chat_failures.saturating_sub(1);
        Reply::text(world.knobs.chat_failure_status, "rollup_error")
    } else if slack
        && serde_json::from_str::<serde_json::Value>(&body).ok().and_then(|json| json.get("text").cloned()).is_none()
    {
        Reply::text(400, "invalid_payload")
    } else if slack {
        Reply::text(200, "ok")
    } else {
        Reply::none()
    };
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let post = ChatPost {
        at_ms: world.now_ms(),
        sink: parts.join("/"),
        headers: call.headers.iter().map(header).collect(),
        body,
        status: reply.status,
    };
    world.chat.push(post);
    reply
}
