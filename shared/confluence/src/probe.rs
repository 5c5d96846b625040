//! Finds out what this Confluence can do. Only answers count: version strings lie behind proxies and after backports.

use crate::{
    Confluence, PAGE_SIZE,
    answer::Failure,
    page::{Asked, Listing},
    path::segment,
    wire::{GroupWire, PersonWire},
};
use http::Method;
use seatkeeper_engine::ports::{Capabilities, Clock, Http, PortError};

/// Entries of a probe that only asks whether there is a login among them.
const SAMPLE: u64 = 25;

/// How often the distance between two samples is doubled, which reaches beyond 3 million accounts.
const STRIDES: u32 = 14;

/// How often the gap between the last filled and the first empty sample is halved: down to a 64th of the list.
const HALVINGS: u32 = 6;

/// Whether a resource is there at all.
fn found<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(failure) if failure.not_there() => Ok(None),
        Err(failure) => Err(failure),
    }
}

impl<H: Http, C: Clock> Confluence<H, C> {
    pub(crate) async fn probe(&self) -> Result<Capabilities, PortError> {
        let during = |what: &'static str| move |failure: Failure| failure.during(what);
        let seat_holders = during("probe the list of seat holders");
        let first = found(self.active_listing(Asked { start: 0, limit: PAGE_SIZE }).await).map_err(seat_holders)?;
        let last_login = match &first {
            Some(listing) => self.any_login(listing).await.map_err(seat_holders)?,
            None => false,
        };
        self.last_login.set(Some(last_login));
        let permissions = found(self.call(&Method::GET, "/rest/api/permissions").await)
            .map_err(during("probe the global permissions"))?
            .is_some();
        let child_groups = self.has_child_groups().await.map_err(during("probe the listing of child groups"))?;
        Ok(Capabilities { active_list: first.is_some(), last_login, permissions, child_groups })
    }

    /// Whether the list of seat holders delivers `lastLogin`; found out once.
    pub(crate) async fn delivers_last_login(&self) -> Result<bool, Failure> {
        if let Some(known) = self.last_login.get() {
            return Ok(known);
        }
        let first = self.active_listing(Asked { start: 0, limit: PAGE_SIZE }).await?;
        let delivers = self.any_login(&first).await?;
        self.last_login.set(Some(delivers));
        Ok(delivers)
    }

    /// Whether any sample of the list has a login on it. The list is ordered by last login, oldest first, so those who
    /// never logged in can fill page after page before the first login shows up, but hardly the end of the list.
    async fn any_login(&self, first: &Listing<PersonWire>) -> Result<bool, Failure> {
        let tells = |listing: &Listing<PersonWire>| listing.results.iter().any(PersonWire::tells_login);
        let first_asked = Asked { start: 0, limit: PAGE_SIZE };
        if tells(first) {
            return Ok(true);
        }
        let Some(mut filled) = first.next(first_asked)? else { return Ok(false) };
        let mut empty = None;
        for stride in 0..STRIDES {
            let start = filled.max(PAGE_SIZE << stride);
            let sample = self.active_listing(Asked { start, limit: SAMPLE }).await?;
            if tells(&sample) {
                return Ok(true);
            }
            if sample.results.is_empty() {
                empty = Some(start);
                break;
            }
            filled = start;
        }
        let Some(mut empty) = empty else { return Ok(false) };
        for _ in 0..HALVINGS {
            let middle = filled + (empty - filled) / 2;
            if middle <= filled {
                break;
            }
            let sample = self.active_listing(Asked { start: middle, limit: SAMPLE }).await?;
            if tells(&sample) {
                return Ok(true);
            }
            if sample.results.is_empty() {
                empty = middle;
            } else {
                filled = middle;
            }
        }
        Ok(false)
    }

    /// The resource needs an existing group to be asked about; any will do whose name fits into a path.
    async fn has_child_groups(&self) -> Result<bool, Failure> {
        let listing: Listing<GroupWire> = self.call(&Method::GET, "/rest/api/group?start=0&limit=25").await?.json()?;
        let Some(group) = listing.results.iter().find_map(|group| segment(&group.name).ok()) else { return Ok(false) };
        let path = format!("/rest/api/group/{group}/groupmember?start=0&limit=1");
        Ok(found(self.call(&Method::GET, &path).await)?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, error, ok, page};
    use futures::executor::block_on;
    use seatkeeper_engine::ports::{ConfluenceRead, ErrorClass};
    use serde_json::{Value, json};

    fn entry(login: Option<&str>) -> Value {
        let mut entry = json!({"type": "known", "username": "u", "userKey": "k"});
        if let Some(login) = login {
            entry["lastLogin"] = json!(login);
        }
        entry
    }

    const LOGIN: Option<&str> = Some("2025-11-02T08:14:55.000Z");

    #[test]
    fn an_old_confluence_can_nothing_of_it() {
        for missing in [error(404, "null for uri"), page(404, "Not Found"), error(405, "Method Not Allowed")] {
            let groups = ok(json!({"results": [{"type": "group", "name": "a/b"}, {"type": "group", "name": "users"}]}));
            let world = World::new([missing.clone(), missing.clone(), missing.clone(), groups, missing]);
            assert_eq!(block_on(world.client().capabilities()).unwrap(), Capabilities::default());
            assert_eq!(world.calls()[4], "GET /rest/api/group/users/groupmember?start=0&limit=1");
        }
    }

    #[test]
    fn a_new_confluence_can_everything() {
        let groups = ok(json!({"results": [{"name": "users"}]}));
        let first = ok(json!({"results": [entry(None), entry(LOGIN)]}));
        let world = World::new([first, ok(json!([])), groups, ok(json!({"results": []}))]);
        let expected = Capabilities { active_list: true, last_login: true, permissions: true, child_groups: true };
        assert_eq!(block_on(world.client().capabilities()).unwrap(), expected);
    }

    #[test]
    fn a_probe_that_is_not_answered_is_an_error_and_not_a_missing_capability() {
        for (answer, class) in [
            (error(403, "no"), ErrorClass::Refused),
            (error(401, "no"), ErrorClass::Unauthorized),
            (page(200, "Welcome"), ErrorClass::Malformed),
        ] {
            let world = World::new([answer]);
            let failure = block_on(world.client().capabilities()).unwrap_err();
            assert_eq!(failure.class, class);
            assert!(failure.to_string().starts_with("failed to probe the list of seat holders: "), "{failure}");
        }
    }

    /// Answers of a list in which only the last `logged_in` of `total` accounts have a login.
    fn samples(total: u64, logged_in: u64) -> (World, Result<bool, Failure>) {
        let mut asked = vec![Asked { start: 0, limit: PAGE_SIZE }];
        // The client's questions depend on the answers, so the script is extended until it suffices.
        loop {
            let answers = asked.iter().map(|asked| {
                let entries = (asked.start..total.min(asked.start + asked.limit))
                    .map(|index| entry(LOGIN.filter(|_| index >= total - logged_in)));
                ok(json!({"results": entries.collect::<Vec<_>>(), "start": asked.start, "limit": asked.limit}))
            });
            let world = World::new(answers.collect::<Vec<_>>());
            let result = block_on(world.client().delivers_last_login());
            let calls = world.calls();
            let Some(call) = calls.get(asked.len()) else { return (world, result) };
            let number = |name: &str| call.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.parse().ok());
            asked.push(Asked { start: number("start=").unwrap(), limit: number("limit=").unwrap() });
        }
    }

    #[test]
    fn a_login_is_found_behind_pages_of_people_who_never_logged_in() {
        for (total, logged_in) in [(150, 1), (201, 1), (1_000, 400), (5_000, 100), (100_000, 3_000)] {
            let (world, found) = samples(total, logged_in);
            assert!(found.unwrap(), "{logged_in} of {total}");
            assert!(world.calls().len() <= 20, "{} calls for {total}", world.calls().len());
        }
    }

    #[test]
    fn no_login_anywhere_means_that_logins_are_not_delivered() {
        for total in [0, 1, 200, 201, 5_000, 100_000] {
            let (world, found) = samples(total, 0);
            assert!(!found.unwrap(), "{total}");
            assert!(world.calls().len() <= 20, "{} calls for {total}", world.calls().len());
        }
    }
}
