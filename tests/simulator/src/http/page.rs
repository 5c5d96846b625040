//! Pages with `start` and `limit`.

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::call::Call;
use super::reply::Reply;
use crate::knobs::NextLink;
use crate::world::World;

/// Where a page begins and how long it may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) start: usize,
    pub(crate) limit: usize,
    pub(crate) end: usize,
    total: usize,
}

/// Reads `start` and `limit`; too large a limit is lowered without a word.
pub(crate) fn window(world: &World, call: &Call, total: usize, default: usize, cap: usize) -> Result<Window, Reply> {
    let limit = call.number("limit")?.filter(|limit| *limit > 0).unwrap_or(default).min(cap.max(1));
    let mut start = call.number("start")?.unwrap_or(0);
    if world.knobs.endless_next && start >= total {
        // The page that never ends: the last entries come again and again.
        start = total.saturating_sub(limit);
    }
    Ok(Window { start, limit, end: start.saturating_add(limit).min(total).max(start), total })
}

/// The entries of `all` that are in the window.
pub(crate) fn cut<T>(all: &[T], window: Window) -> &[T] {
    all.get(window.start.min(all.len())..window.end.min(all.len())).unwrap_or_default()
}

/// A page with its links.
pub(crate) fn page(world: &World, call: &Call, window: Window, results: &[Value]) -> Reply {
    let knobs = &world.knobs;
    let size = results.len();
    let mut links = Map::new();
    links.insert("base".to_owned(), call.base.as_str().into());
    links.insert("context".to_owned(), knobs.context_path.as_str().into());
    links.insert("self".to_owned(), call.link(&call.raw_path).into());
    let link = |start: usize| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(call.query.iter().filter(|(key, _)| key != "start" && key != "limit"));
        query.append_pair("limit", &window.limit.to_string()).append_pair("start", &start.to_string());
        let relative = format!("{}?{}", call.raw_path, query.finish());
        if knobs.next_link == NextLink::Absolute { call.link(&relative) } else { relative }
    };
    let more = window.end < window.total || (knobs.endless_next && window.total > 0);
    if more && knobs.next_link != NextLink::Missing {
        links.insert("next".to_owned(), link(window.end).into());
    }
    if window.start > 0 {
        links.insert("prev".to_owned(), link(window.start.saturating_sub(window.limit)).into());
    }
    let mut body = json!({
        "results": results, "start": window.start, "limit": window.limit, "size": size, "_links": links,
    });
    if knobs.total_count
        && let Some(map) = body.as_object_mut()
    {
        map.insert("totalCount".to_owned(), window.total.into());
    }
    Reply::json(body)
}
