//! `/rest/api/search`: as much CQL as questions for contributions and for somebody's spaces need.

use http::Method;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::page::{cut, lay_out, window};
use super::super::person::moment;
use super::super::reply::{Outcome, Reply};
use super::only;
use super::space::space_json;
use crate::world::{DAY_MS, Space, UserId, World};

pub(super) fn search(world: &World, call: &Call) -> Outcome {
    only(call, &Method::GET)?;
    call.require_use(world)?;
    let cql = call.param("cql").ok_or_else(|| Reply::error(400, "parameter cql is missing"))?;
    let asked = parse(cql).ok_or_else(|| Reply::error(400, format!("Could not parse cql : {cql}")))?;
    let user = world
        .find_user(&asked.name)
        .filter(|id| !world.user(*id).removed)
        .ok_or_else(|| Reply::error(400, format!("No user found with username: {}", asked.name)))?;
    let archived = call.param("includeArchivedSpaces") == Some("true");
    let mut hits = if asked.spaces { spaces(world, user) } else { contributions(world, user) };
    hits.retain(|(_, space)| archived || space.is_none_or(|space| !space.archived));
    hits.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let total = hits.len();
    let window = window(world, call, total, 25, world.knobs.page_cap)?;
    let results: Vec<Value> = cut(&hits, window)
        .iter()
        .map(
            |(at, space)| {
                if asked.spaces { space_hit(world, call, *at, *space) } else { page_hit(world, call, *at, *space) }
            },
        )
        .collect();
    let mut found = serde_json::to_value(lay_out(world, call, window, &results)).unwrap_or_default();
    if let Some(map) = found.as_object_mut() {
        map.insert("totalSize".to_owned(), total.into());
        map.insert("cqlQuery".to_owned(), cql.into());
        map.insert("searchDuration".to_owned(), 3.into());
    }
    Ok(Reply::json(found))
}

type Hit<'a> = (i64, Option<&'a Space>);

/// People write a little now and then: the last contribution is a few days before the last login. Whoever made a space has
/// also written its first page.
fn contributions(world: &World, id: UserId) -> Vec<Hit<'_>> {
    let last = world.user(id).last_login_ms.map(|at| at.saturating_sub(i64::from(id.0 % 9) * DAY_MS));
    let notes = last.map(|at| (at, world.find_space("NOTES")));
    notes.into_iter().chain(spaces(world, id)).collect()
}

fn spaces(world: &World, id: UserId) -> Vec<Hit<'_>> {
    world.spaces_made_by(id).map(|space| (space.created_ms, Some(space))).collect()
}

fn page_hit(world: &World, call: &Call, at: i64, space: Option<&Space>) -> Value {
    let (key, name) = space.map_or(("NOTES", "Notes"), |space| (&*space.key, &*space.name));
    let mut content = json!({"id": at.unsigned_abs().to_string(), "type": "page", "status": "current", "title": name});
    if let (Some(space), Some(map)) = (space.filter(|_| call.expands("content.space")), content.as_object_mut()) {
        map.insert("space".to_owned(), space_json(call, space));
    }
    json!({
        "content": content, "title": name, "excerpt": "", "url": format!("/display/{key}/{name}"), "entityType": "content",
        "resultGlobalContainer": {"title": name, "displayUrl": format!("/display/{key}")}, "iconCssClass": "",
        "lastModified": moment(world.knobs.search_time_format, at), "friendlyLastModified": "some time ago",
    })
}

fn space_hit(world: &World, call: &Call, at: i64, space: Option<&Space>) -> Value {
    json!({
        "space": space.map(|space| space_json(call, space)), "title": space.map(|space| &*space.name), "excerpt": "",
        "url": "", "entityType": "space", "iconCssClass": "",
        "lastModified": moment(world.knobs.search_time_format, at), "friendlyLastModified": "some time ago",
    })
}

/// A question this search understands.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    /// Spaces instead of pages.
    spaces: bool,
    name: String,
}

/// Reads `contributor = "name"`, or `type = space and creator = "name"`, in front of an optional `order by`.
fn parse(cql: &str) -> Option<Asked> {
    let mut rest = cql.trim();
    let mut asked = Asked { spaces: false, name: String::new() };
    let mut field_of_name = "";
    loop {
        let end = rest.find(|c: char| !c.is_ascii_alphabetic() && c != '.')?;
        let (field, behind) = rest.split_at_checked(end)?;
        let (value, behind) = value(behind.trim_start().strip_prefix('=')?.trim_start())?;
        match field {
            "type" if value == "space" => asked.spaces = true,
            "contributor" | "creator" if field_of_name.is_empty() => {
                field_of_name = field;
                asked.name = value;
            }
            _ => return None,
        }
        rest = behind.trim_start();
        if let Some(next) = rest.strip_prefix("and ") {
            rest = next.trim_start();
            continue;
        }
        let ends = rest.is_empty() || rest.to_lowercase().starts_with("order by ");
        let fits = field_of_name == if asked.spaces { "creator" } else { "contributor" };
        return (ends && fits).then_some(asked);
    }
}

/// A word, or a quoted text with escapes, and what comes behind it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (word, rest) = text.split_at_checked(text.find(char::is_whitespace).unwrap_or(text.len()))?;
        return (!word.is_empty() && !word.contains('"')).then(|| (word.to_owned(), rest));
    };
    let mut name = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '\\' => name.push(chars.next()?),
            '"' => return Some((name, chars.as_str())),
            other => name.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_questions_are_understood_and_everything_else_is_refused() {
        let asked = |spaces, name: &str| Some(Asked { spaces, name: name.to_owned() });
        for (cql, expected) in [
            ("contributor = jdoe", asked(false, "jdoe")),
            (r#"contributor="a \"b\" \\c" order by lastmodified desc"#, asked(false, r#"a "b" \c"#)),
            (r#"type = space and creator = "jdoe""#, asked(true, "jdoe")),
            (r#"creator = "jdoe" and type = space order by created"#, asked(true, "jdoe")),
            (r#"type = space and contributor = "jdoe""#, None),
            (r#"creator = "jdoe""#, None),
            (r#"contributor = "jdoe" or type = space"#, None),
            (r#"contributor = "jdoe"#, None),
            ("contributor", None),
            ("", None),
        ] {
            assert_eq!(parse(cql), expected, "{cql}");
        }
    }
}
