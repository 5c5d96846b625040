//! Routes: which trigger answers a path. An exact route beats a wildcard, a longer wildcard beats a shorter one.

use std::borrow::Cow;

/// Paths that the host answers itself.
pub(crate) const WELL_KNOWN_PREFIX: &str = "/.well-known/spin/";

/// One route of the manifest and what it leads to.
#[derive(Debug, Clone)]
struct Route<T> {
    /// As written.
    raw: String,
    target: T,
}

/// All routes of an application.
#[derive(Debug)]
pub(crate) struct Router<T>(routefinder::Router<Route<T>>);

/// A path that was found.
pub(crate) struct Match<'a, T> {
    pub(crate) target: &'a T,
    raw: &'a str,
    named: Vec<(String, String)>,
    rest: String,
}

impl<T: Clone> Router<T> {
    /// Builds the router. A route that is there twice belongs to the later trigger, as in Spin.
    pub(crate) fn build(routes: impl IntoIterator<Item = (String, T)>) -> Result<Self, Vec<String>> {
        let mut unique: Vec<(String, T)> = Vec::new();
        for (raw, target) in routes {
            unique.retain(|(earlier, _)| *earlier != raw);
            unique.push((raw, target));
        }
        let mut router = routefinder::Router::new();
        let mut problems = Vec::new();
        for (raw, target) in unique {
            if let Err(error) = router.add(pattern(&raw).as_str(), Route { raw: raw.clone(), target }) {
                problems.push(format!("route {raw:?} is not valid: {error}"));
            }
        }
        if problems.is_empty() { Ok(Self(router)) } else { Err(problems) }
    }

    /// Finds the route of a path.
    pub(crate) fn find<'a>(&'a self, path: &str) -> Option<Match<'a, T>> {
        let best = self.0.match_iter(path).find(|found| fits(&pattern(&found.handler().raw), path))?;
        let captures = best.captures();
        let route = best.handler();
        Some(Match {
            target: &route.target,
            raw: &route.raw,
            named: captures.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            rest: captures.wildcard().map(|rest| slashed(rest, path)).unwrap_or_default(),
        })
    }

    /// Every route as it is shown at the start.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (String, &T)> {
        self.0.iter().map(|(_, route)| (shown(&route.raw), &route.target))
    }
}

/// Spin writes a trailing wildcard as `/...`; the library as `/*`.
fn pattern(raw: &str) -> String {
    let absolute = if raw.starts_with('/') { raw.to_owned() } else { format!("/{raw}") };
    let trimmed = absolute.strip_suffix('/').unwrap_or(&absolute);
    trimmed.strip_suffix("/...").map_or_else(|| trimmed.to_owned(), |prefix| format!("{prefix}/*"))
}

/// Whether pattern and path agree segment by segment. The library also lets `/report/*` match `/reports`.
fn fits(pattern: &str, path: &str) -> bool {
    let segments = |text: &'_ str| text.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    let (pattern, path): (Vec<String>, Vec<String>) = (segments(pattern), segments(path));
    let wildcard = pattern.last().is_some_and(|last| last == "*");
    let fixed = pattern.len() - usize::from(wildcard);
    let enough = if wildcard { path.len() >= fixed } else { path.len() == fixed };
    let same = |(pattern, path): (&String, &String)| pattern.contains(':') || pattern == path;
    enough && pattern.iter().take(fixed).zip(&path).all(same)
}

fn shown(raw: &str) -> String {
    let pattern = pattern(raw);
    match pattern.strip_suffix("/*") {
        Some("") => "/ (wildcard)".into(),
        Some(prefix) => format!("{prefix} (wildcard)"),
        None if pattern.is_empty() => "/".into(),
        None => pattern,
    }
}

/// The rest of the path under a wildcard. Spin keeps a trailing slash, which the library drops.
fn slashed(rest: &str, path: &str) -> String {
    match (rest.is_empty(), path.ends_with('/')) {
        (true, false) => String::new(),
        (true, true) => "/".into(),
        (false, false) => format!("/{rest}"),
        (false, true) => format!("/{rest}/"),
    }
}

impl<T> Match<'_, T> {
    /// The route as written in the manifest.
    pub(crate) fn raw_route(&self) -> &str {
        self.raw
    }

    /// The route from its first slash on, without a trailing one.
    pub(crate) fn matched_route(&self) -> String {
        let absolute = if self.raw.starts_with('/') { Cow::from(self.raw) } else { format!("/{}", self.raw).into() };
        absolute.strip_suffix('/').map_or_else(|| absolute.to_string(), str::to_owned)
    }

    /// The route as written, without its wildcard.
    pub(crate) fn route_prefix(&self) -> &str {
        self.raw.strip_suffix("/...").unwrap_or(self.raw)
    }

    /// What the wildcard matched, with its slash.
    pub(crate) fn path_info(&self) -> &str {
        &self.rest
    }

    /// Named segments and what they matched.
    pub(crate) fn named(&self) -> &[(String, String)] {
        &self.named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[&str]) -> Router<String> {
        Router::build(routes.iter().map(|route| ((*route).to_owned(), (*route).to_owned()))).unwrap()
    }

    fn found(routes: &[&str], path: &str) -> Option<String> {
        router(routes).find(path).map(|found| found.target.clone())
    }

    #[test]
    fn the_most_exact_route_wins_whatever_the_order() {
        let cases: [(&[&str], &str, Option<&str>); 18] = [
            (&["/report/...", "/sweep"], "/sweep", Some("/sweep")),
            (&["/report/...", "/sweep"], "/sweep/", Some("/sweep")),
            (&["/report/...", "/sweep"], "/sweeper", None),
            (&["/report/...", "/sweep"], "/report", Some("/report/...")),
            (&["/report/...", "/sweep"], "/report/", Some("/report/...")),
            (&["/report/...", "/sweep"], "/report/a/b", Some("/report/...")),
            (&["/report/...", "/sweep"], "/reports", None),
            (&["/report/...", "/sweep"], "/", None),
            (&["/a/b"], "/ab", None),
            (&["/a/b"], "//a//b", Some("/a/b")),
            (&["/...", "/a/...", "/a/b/..."], "/a/b/c", Some("/a/b/...")),
            (&["/a/b/...", "/a/...", "/..."], "/a/c", Some("/a/...")),
            (&["/...", "/a"], "/a", Some("/a")),
            (&["/...", "/a"], "/b", Some("/...")),
            (&["/"], "/", Some("/")),
            (&["/"], "/a", None),
            (&["/u/:id", "/u/me"], "/u/me", Some("/u/me")),
            (&["/u/:id", "/u/me"], "/u/you", Some("/u/:id")),
        ];
        for (routes, path, expected) in cases {
            assert_eq!(found(routes, path).as_deref(), expected, "{path} in {routes:?}");
        }
    }

    #[test]
    fn the_rest_of_the_path_keeps_its_slashes() {
        let router = router(&["/foo/..."]);
        for (path, rest) in [("/foo", ""), ("/foo/", "/"), ("/foo/bar", "/bar"), ("/foo/bar/", "/bar/")] {
            assert_eq!(router.find(path).unwrap().path_info(), rest, "{path}");
        }
    }

    #[test]
    fn a_match_knows_its_route_in_every_form() {
        let router = router(&["/users/:id/..."]);
        let found = router.find("/users/42/groups/a").unwrap();
        assert_eq!(found.raw_route(), "/users/:id/...");
        assert_eq!(found.matched_route(), "/users/:id/...");
        assert_eq!(found.route_prefix(), "/users/:id");
        assert_eq!(found.path_info(), "/groups/a");
        assert_eq!(found.named(), [("id".to_owned(), "42".to_owned())]);
    }

    #[test]
    fn the_later_of_two_equal_routes_answers() {
        let router = Router::build([("/a".to_owned(), 1), ("/a".to_owned(), 2)]).unwrap();
        assert_eq!(router.find("/a").map(|found| *found.target), Some(2));
    }

    #[test]
    fn routes_are_shown_with_their_wildcards() {
        let router = router(&["/report/...", "/sweep", "/..."]);
        let mut shown: Vec<String> = router.iter().map(|(route, _)| route).collect();
        shown.sort();
        assert_eq!(shown, ["/ (wildcard)", "/report (wildcard)", "/sweep"]);
    }
}
