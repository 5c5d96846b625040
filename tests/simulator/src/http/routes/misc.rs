//! Small resources: access mode, server information, long tasks, health.

use http::Method;
use serde_json::json;

use super::super::call::Call;
use super::super::reply::{Content, Outcome, Reply, html};
use super::{only, since};
use crate::knobs::AccessMode;
use crate::version::Feature;
use crate::world::World;

pub(super) fn access_mode(world: &World, call: &Call) -> Outcome {
    only(call, &Method::GET)?;
    Ok(Reply::json(json!(match world.access_mode() {
        AccessMode::ReadWrite => "READ_WRITE",
        AccessMode::ReadOnly => "READ_ONLY",
    })))
}

pub(super) fn server_information(world: &World, call: &Call) -> Outcome {
    since(world, Feature::ServerInformation)?;
    only(call, &Method::GET)?;
    call.require_use(world).map_err(|_| Reply::error(401, "authentication is required"))?;
    let version = world.knobs.version;
    Ok(Reply::json(json!({
        "baseUrl": call.base,
        "version": version.release(),
        "buildNumber": version.build_number(),
        "marketplaceBuildNumber": version.build_number(),
        "buildDate": "2026-01-15T00:00:00.000Z",
    })))
}

pub(super) fn instance_metrics(world: &World, call: &Call) -> Outcome {
    since(world, Feature::ServerInformation)?;
    only(call, &Method::GET)?;
    call.require_admin(world)?;
    let users = world.users_by_name().len();
    Ok(Reply::json(json!({"pages": users.saturating_mul(12), "spaces": users / 20, "users": users})))
}

pub(super) fn manifest(world: &World, call: &Call) -> Outcome {
    only(call, &Method::GET)?;
    let version = world.knobs.version;
    if call.header("accept").is_some_and(|accept| accept.contains("application/json")) {
        return Ok(Reply::json(json!({
            "id": "5ea7cee9-0000-3000-8000-000000000001",
            "name": "Confluence",
            "typeId": "confluence",
            "version": version.release(),
            "buildNumber": version.build_number(),
            "publicSignup": false,
            "url": call.base,
        })));
    }
    Ok(Reply::xml(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><manifest><id>5ea7cee9-0000-3000-8000-000000000001</id>\
         <name>Confluence</name><typeId>confluence</typeId><version>{}</version><buildNumber>{}</buildNumber>\
         <publicSignup>false</publicSignup><url>{}</url></manifest>",
        version.release(),
        version.build_number(),
        call.base,
    )))
}

pub(super) fn long_task(world: &World, call: &Call, id: &str) -> Outcome {
    only(call, &Method::GET)?;
    call.require_use(world)?;
    let task = world.tasks.iter().find(|task| task.id == id);
    let task = task.ok_or_else(|| Reply::error(404, format!("no long task {id}")))?;
    let now = world.now_ms();
    Ok(Reply::json(json!({
        "id": task.id,
        "name": {"key": task.name, "args": [], "translation": task.name},
        "elapsedTime": now.min(task.done_ms).saturating_sub(task.started_ms),
        "percentageComplete": task.percent(now),
        "successful": true,
        "messages": [],
        "_links": {"self": call.link(&format!("/rest/api/longtask/{id}"))},
    })))
}

pub(super) fn status() -> Reply {
    Reply::json(json!({"state": "RUNNING"}))
}

pub(super) fn login_page(world: &World) -> Reply {
    let mut reply = Reply::empty(200);
    let meta = format!("<meta name=\"ajs-version-number\" content=\"{}\">", world.knobs.version.release());
    reply.content = Content::Html(html(200, "Log in").replace("</head>", &format!("{meta}</head>")));
    reply
}
