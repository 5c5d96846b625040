//! The audit log: the current interface with cursors, and the deprecated one.

use chrono::{DateTime, Utc};
use http::Method;
use serde_json::{Map, Value, json};

use super::super::audit as record;
use super::super::audit_text::{Title, Words, title, words};
use super::super::call::Call;
use super::super::person::segment;
use super::super::reply::{Outcome, Reply};
use super::{nothing_here, only};
use crate::knobs::LoginAuthor;
use crate::world::{Action, AuditEvent, Author, UserId, World, iso};

/// Entries on a page when the caller does not say.
const DEFAULT_LIMIT: usize = 200;

pub(super) fn auditing(world: &mut World, call: &Call, parts: &[&str]) -> Outcome {
    match parts {
        ["events"] => only(call, &Method::GET).and_then(|()| events(world, call)),
        ["configuration", "coverage"] => {
            call.require_admin(world)?;
            let security = if world.knobs.audit_logins { "FULL" } else { "BASE" };
            Ok(Reply::json(json!({"levelByArea": {
                "GLOBAL_CONFIG_AND_ADMINISTRATION": "BASE", "USER_MANAGEMENT": "BASE", "PERMISSIONS": "BASE",
                "LOCAL_CONFIG_AND_ADMINISTRATION": "BASE", "SECURITY": security, "END_USER_ACTIVITY": "BASE",
            }})))
        }
        _ => Err(nothing_here()),
    }
}

fn instant(call: &Call, name: &str) -> Result<Option<i64>, Reply> {
    let wrong = |_| Reply::error(400, format!("parameter {name} must be an ISO-8601 instant"));
    let read = |text: &str| text.parse::<DateTime<Utc>>().map(|at| at.timestamp_millis()).map_err(wrong);
    call.param(name).map(read).transpose()
}

fn cursor(call: &Call) -> Result<Option<(i64, u64)>, Reply> {
    let read = |text: &str| {
        let (at, id) = text.split_once(',')?;
        Some((at.parse().ok()?, id.parse().ok()?))
    };
    let wrong = || Reply::error(400, "parameter pageCursor must be the nextPageCursor of the page before");
    call.param("pageCursor").map(|text| read(text).ok_or_else(wrong)).transpose()
}

fn events(world: &mut World, call: &Call) -> Outcome {
    let actor = call.require_admin(world)?;
    let (from, to, before) = (instant(call, "from")?, instant(call, "to")?, cursor(call)?);
    let limit =
        call.number("limit")?.filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT).min(world.knobs.audit_cap.max(1));
    let offset = call.number("offset")?.unwrap_or(0);
    let wanted = |event: &&AuditEvent| matches(world, call, event);
    let mut found = world
        .audit
        .newest_first(to, before)
        .take_while(|event| from.is_none_or(|from| event.at_ms >= from))
        .filter(wanted)
        .skip(offset);
    let page: Vec<&AuditEvent> = found.by_ref().take(limit).collect();
    let last_page = found.next().is_none();
    drop(found);
    let entities: Vec<Value> = page.iter().map(|event| render(world, call, event)).collect();
    let mut paging = json!({"lastPage": last_page, "size": page.len()});
    if let (false, Some(oldest), Some(map)) = (last_page, page.last(), paging.as_object_mut()) {
        let cursor = format!("{},{}", oldest.at_ms, oldest.id);
        let link = call.link(&format!("/rest/auditing/1.0/events?offset=0&limit={limit}&pageCursor={cursor}"));
        map.insert("nextPageOffset".to_owned(), 0.into());
        map.insert("nextPageCursor".to_owned(), cursor.into());
        map.insert("nextPageLink".to_owned(), link.into());
    }
    if world.knobs.audit_self_events {
        record(world, Some(actor), Action::Searched);
    }
    Ok(Reply::json(json!({"entities": entities, "pagingInfo": paging})))
}

fn matches(world: &World, call: &Call, event: &AuditEvent) -> bool {
    if !["userIds", "actions", "categories", "search"].iter().any(|name| call.param(name).is_some()) {
        return true;
    }
    let any = |name: &str, is: &dyn Fn(&str) -> bool| call.param(name).is_none_or(|list| list.split(',').any(is));
    let title = title(&event.action);
    let author = || match event.author {
        Author::User(id) => world.user(id).key_text(),
        Author::Anonymous => "-2".to_owned(),
        Author::System => "-1".to_owned(),
    };
    any("userIds", &|id| id == author())
        && any("actions", &|action| action == title.action || action == title.action_key)
        && any("categories", &|category| category == title.category || category == title.category_key)
        && call.param("search").is_none_or(|text| {
            let text = text.to_lowercase();
            let named = |(name, _): &(String, _)| name.to_lowercase().contains(&text);
            title.action.to_lowercase().contains(&text) || words(world, &event.action).objects.iter().any(named)
        })
}

fn author(world: &World, call: &Call, event: &AuditEvent) -> Value {
    let login = match event.action {
        Action::Login(id) | Action::LoginFailed(id) => Some(id),
        _ => None,
    };
    let author = match (login, world.knobs.audit_login_author) {
        (Some(id), LoginAuthor::User) => Author::User(id),
        (Some(_), LoginAuthor::System) => Author::System,
        _ => event.author,
    };
    match author {
        Author::User(id) => {
            let user = world.user(id);
            json!({"name": &*user.display_name, "type": "user", "id": user.key_text(), "uri": view(world, call, id), "avatarUri": ""})
        }
        Author::Anonymous => json!({"name": "Anonymous", "type": "system", "id": "-2", "uri": "", "avatarUri": ""}),
        Author::System => json!({"name": "System", "type": "system", "id": "-1", "uri": "", "avatarUri": ""}),
    }
}

fn view(world: &World, call: &Call, id: UserId) -> String {
    call.link(&format!("/admin/users/viewuser.action?username={}", segment(&world.user(id).username)))
}

fn render(world: &World, call: &Call, event: &AuditEvent) -> Value {
    let Words { title: Title { action, action_key, category, category_key }, objects, changes } =
        words(world, &event.action);
    let action = match event.action {
        Action::Login(_) => world.knobs.audit_login_text.as_str(),
        _ => action,
    };
    let text = world.knobs.audit_text_keys;
    let object = |(name, user): &(String, Option<UserId>)| match user {
        Some(id) => {
            let full = world.knobs.audit_full_names.then(|| &*world.user(*id).display_name);
            let name = full.unwrap_or(name);
            json!({"name": name, "type": "User", "uri": view(world, call, *id), "id": world.user(*id).key_text()})
        }
        None => json!({"name": name, "type": "Group"}),
    };
    let change = |(key, i18n, from, to): &(&str, &str, String, String)| json!({"key": key, "i18nKey": if text { key } else { i18n }, "from": from, "to": to});
    let mut map = Map::new();
    map.insert("timestamp".to_owned(), iso(event.at_ms).into());
    map.insert("author".to_owned(), author(world, call, event));
    map.insert(
        "type".to_owned(),
        json!({
            "categoryI18nKey": if text { category } else { category_key }, "category": category,
            "actionI18nKey": if text { action } else { action_key }, "action": action,
        }),
    );
    // Optional lists are left out when they are empty.
    if !objects.is_empty() {
        map.insert("affectedObjects".to_owned(), objects.iter().map(object).collect());
    }
    if !changes.is_empty() {
        map.insert("changedValues".to_owned(), changes.iter().map(change).collect());
    }
    map.insert("source".to_owned(), "192.0.2.10".into());
    map.insert("system".to_owned(), call.base.as_str().into());
    map.insert("node".to_owned(), "node1".into());
    map.insert("method".to_owned(), if event.author == Author::System { "System" } else { "Browser" }.into());
    Value::Object(map)
}

/// The deprecated interface: pages by `start`, times in milliseconds.
pub(super) fn old_audit(world: &World, call: &Call, parts: &[&str]) -> Outcome {
    only(call, &Method::GET)?;
    call.require_admin(world)?;
    if !matches!(parts, [] | ["since"]) {
        return Err(nothing_here());
    }
    let number = |name: &str| call.param(name).and_then(|text| text.parse::<i64>().ok());
    let (from, to) = if parts.is_empty() {
        (number("startDate").unwrap_or(0), number("endDate"))
    } else {
        let days = match call.param("units").unwrap_or("MONTHS") {
            "DAYS" => 1,
            "WEEKS" => 7,
            "YEARS" => 365,
            _ => 30,
        };
        let back = number("number").unwrap_or(3).saturating_mul(days).saturating_mul(crate::world::DAY_MS);
        (world.now_ms().saturating_sub(back), None)
    };
    let start = call.number("start")?.unwrap_or(0);
    let limit = call.number("limit")?.unwrap_or(1000).clamp(1, 1000);
    let search = call.param("searchString").unwrap_or_default().to_lowercase();
    let found = world
        .audit
        .newest_first(to, None)
        .take_while(|event| event.at_ms >= from)
        .filter(|event| search.is_empty() || title(&event.action).action.to_lowercase().contains(&search));
    let results: Vec<Value> = found.skip(start).take(limit).map(|event| old_record(world, event)).collect();
    let size = results.len();
    Ok(Reply::json(
        json!({"results": results, "start": start, "limit": limit, "size": size, "_links": {"base": call.base}}),
    ))
}

fn old_record(world: &World, event: &AuditEvent) -> Value {
    let words = words(world, &event.action);
    let author = match event.author {
        Author::User(id) => {
            let user = world.user(id);
            json!({"type": "user", "displayName": &*user.display_name, "username": &*user.username, "userKey": user.key_text()})
        }
        Author::Anonymous | Author::System => {
            json!({"type": "user", "displayName": "System", "username": "", "userKey": ""})
        }
    };
    let first = words
        .objects
        .first()
        .map(|(name, user)| json!({"name": name, "objectType": if user.is_some() { "User" } else { "Group" }}));
    let changes: Vec<Value> = words
        .changes
        .iter()
        .map(|(name, _, old, new)| json!({"name": name, "oldValue": old, "newValue": new}))
        .collect();
    json!({
        "author": author, "remoteAddress": "192.0.2.10", "creationDate": event.at_ms, "summary": words.title.action, "description": "",
        "category": words.title.category, "sysAdmin": false, "affectedObject": first.unwrap_or_else(|| json!({"name": "", "objectType": ""})),
        "changedValues": changes, "associatedObjects": [],
    })
}
