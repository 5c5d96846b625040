//! Pages with `start` and `limit`.

use serde::Serialize;
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

/// The links of a page.
#[derive(Debug, Serialize)]
struct Links<'a> {
    base: &'a str,
    context: &'a str,
    #[serde(rename = "self")]
    this: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev: Option<String>,
}

/// A page.
#[derive(Debug, Serialize)]
pub(crate) struct Page<'a, T> {
    results: &'a [T],
    start: usize,
    limit: usize,
    size: usize,
    #[serde(rename = "totalCount", skip_serializing_if = "Option::is_none")]
    total_count: Option<usize>,
    #[serde(rename = "_links")]
    links: Links<'a>,
}

/// A page with its links.
pub(crate) fn lay_out<'a, T: Serialize>(
    world: &'a World,
    call: &'a Call,
    window: Window,
    results: &'a [T],
) -> Page<'a, T> {
    let knobs = &world.knobs;
    let link = |start: usize| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(call.query.iter().filter(|(key, _)| key != "start" && key != "limit"));
        query.append_pair("limit", &window.limit.to_string()).append_pair("start", &start.to_string());
        let relative = format!("{}?{}", call.raw_path, query.finish());
        if knobs.next_link == NextLink::Absolute { call.link(&relative) } else { relative }
    };
    let more = window.end < window.total || (knobs.endless_next && window.total > 0);
    let next = more && knobs.next_link != NextLink::Missing;
    Page {
        results,
        start: window.start,
        limit: window.limit,
        size: results.len(),
        total_count: knobs.total_count.then_some(window.total),
        links: Links {
            base: &call.base,
            context: &knobs.context_path,
            this: call.link(&call.raw_path),
            next: next.then(|| link(window.end)),
            prev: (window.start > 0).then(|| link(window.start.saturating_sub(window.limit))),
        },
    }
}

/// The reply with a page.
pub(crate) fn page<T: Serialize>(world: &World, call: &Call, window: Window, results: &[T]) -> Reply {
    Reply::written(&lay_out(world, call, window, results))
}
