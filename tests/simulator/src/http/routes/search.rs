//! `/rest/api/search`: as much CQL as a question for contributions needs.

use http::Method;
use serde_json::json;

use super::super::call::Call;
use super::super::page::{lay_out, window};
use super::super::reply::{Outcome, Reply};
use super::only;
use crate::world::{DAY_MS, World, iso};

pub(super) fn search(world: &World, call: &Call) -> Outcome {
    only(call, &Method::GET)?;
    call.require_use(world)?;
    let cql = call.param("cql").ok_or_else(|| Reply::error(400, "parameter cql is missing"))?;
    let name = contributor(cql).ok_or_else(|| Reply::error(400, format!("Could not parse cql : {cql}")))?;
    let user =
        world.find_user(&name).ok_or_else(|| Reply::error(400, format!("No user found with username: {name}")))?;
    // People write a little now and then: the last contribution is a few days before the last login.
    let last = world.user(user).last_login_ms.map(|at| at.saturating_sub(i64::from(user.0 % 9) * DAY_MS));
    let total = usize::from(last.is_some());
    let window = window(world, call, total, 25, world.knobs.page_cap)?;
    let hit = last.filter(|_| window.start < window.end).map(|at| {
        json!({
            "content": {"id": (100_000_u64.saturating_add(u64::from(user.0))).to_string(), "type": "page", "status": "current", "title": "Notes"},
            "title": "Notes", "excerpt": "", "url": "/display/NOTES/Notes", "entityType": "content",
            "resultGlobalContainer": {"title": "Notes", "displayUrl": "/display/NOTES"}, "iconCssClass": "",
            "lastModified": iso(at), "friendlyLastModified": "some time ago",
        })
    });
    let mut found = serde_json::to_value(lay_out(world, call, window, hit.as_slice())).unwrap_or_default();
    if let Some(map) = found.as_object_mut() {
        map.insert("totalSize".to_owned(), total.into());
        map.insert("cqlQuery".to_owned(), cql.into());
        map.insert("searchDuration".to_owned(), 3.into());
    }
    Ok(Reply::json(found))
}

/// The name in `contributor = "name"`, in front of an optional `order by`.
fn contributor(cql: &str) -> Option<String> {
    let rest = cql.trim().strip_prefix("contributor")?.trim_start().strip_prefix('=')?.trim_start();
    let Some(quoted) = rest.strip_prefix('"') else {
        return rest.split_whitespace().next().filter(|name| !name.contains('"')).map(str::to_owned);
    };
    let mut name = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '\\' => name.push(chars.next()?),
            '"' => break,
            other => name.push(other),
        }
    }
    let tail = chars.as_str().trim().to_lowercase();
    (tail.is_empty() || tail.starts_with("order by ")).then_some(name)
}
