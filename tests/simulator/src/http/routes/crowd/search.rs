//! `GET /search`: pages of accounts or groups, without a total and without a link to the next page.

use serde_json::{Value, json};

use super::super::super::call::Call;
use super::super::super::reply::{Outcome, Reply};
use super::query::Query;
use super::view::View;
use super::{render, window};
use crate::world::{UserId, World};

pub(super) fn search(world: &World, call: &Call) -> Outcome {
    let illegal = |message: &str| Reply::crowd(400, "ILLEGAL_ARGUMENT", message);
    let query = call.param("restriction").map(|text| Query::parse(text, world.knobs.crowd_keeps_backslashes));
    let query = query.transpose().map_err(|message| illegal(&message))?;
    let (start, asked) = window(call)?;
    let most = if world.knobs.crowd_page_cap == 0 { asked } else { asked.min(world.knobs.crowd_page_cap) };
    match call.param("entity-type") {
        Some("user") => {
            Ok(Reply::json(json!({"expand": "user", "users": users(world, call, query.as_ref(), start, most)})))
        }
        Some("group") => {
            let name = |query: &Query, group: &str| query.matches(&|field| (field == "name").then(|| group.to_owned()));
            let names = world.groups_by_name().iter().map(|group| world.group(*group).name.to_string());
            let found = names.filter(|group| query.as_ref().is_none_or(|query| name(query, group)));
            let page: Vec<Value> = found.skip(start).take(most).map(|name| json!({"name": name})).collect();
            Ok(Reply::json(json!({"expand": "group", "groups": page})))
        }
        _ => Err(illegal("entity-type must be user or group")),
    }
}

fn users(world: &World, call: &Call, query: Option<&Query>, start: usize, most: usize) -> Vec<Value> {
    let matches = |id: &UserId| query.is_none_or(|query| query.matches(&|name| field(world, *id, name)));
    let entry = |id: &UserId| {
        if call.expands("user") {
            return render(world, call, *id);
        }
        let name = View::of(world, *id).name;
        json!({"name": name, "link": {"href": format!("/crowd/rest/usermanagement/1/user?username={name}"), "rel": "self"}})
    };
    world.users_by_name().iter().filter(|id| matches(id)).skip(start).take(most).map(entry).collect()
}

fn field(world: &World, id: UserId, name: &str) -> Option<String> {
    let view = View::of(world, id);
    let (first, last) = view.full_name.rsplit_once(' ').unwrap_or(("", &view.full_name));
    Some(match name {
        "name" => view.name,
        "email" => view.email,
        "firstName" => first.to_owned(),
        "lastName" => last.to_owned(),
        "displayName" => view.full_name,
        "active" => view.active.to_string(),
        _ => return None,
    })
}
