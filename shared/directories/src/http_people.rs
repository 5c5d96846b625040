//! A directory of one's own that answers JSON about one person, described in the policy.
//!
//! INVARIANT (the policy and the person choose no place): the origin is a setting, the path is the policy's, and the
//! person fills exactly one segment of it or one value of its query. Somebody whose name could be taken for more than
//! that by anybody on the way is not asked about, and nothing is known.
//!
//! The answer is believed to be about the person who was asked for. So the path has to name one person exactly: a search
//! that also finds similar names belongs to another kind of directory.
//!
//! INVARIANT (only what was described counts): a value that the policy does not list, and a place that holds nothing,
//! mean that nothing is known.

mod template;
mod value;

use crate::{
    listing,
    reply::{Failure, Reply},
    transport::{Call, Line, Names},
};
use seatkeeper_confluence::{BaseUrl, Secret, SettingsError};
use seatkeeper_engine::{
    directories::{Directories, DirectoryPerson, PeoplePage, not_configured},
    ports::{Clock, ErrorClass, Http, PortError},
};
use seatkeeper_policy::{
    account::{Sighting, Source},
    directory::{Directory, HttpRules, Presence, Provider},
};
use serde_json::Value;
use template::Filled;

pub use template::template_problem;

/// What an administrator has to look at when a call fails.
const NAMES: Names = Names {
    server: "the custom directory",
    address: "the origin of the custom directory, and its `path` in the policy",
    credentials: "the token of the custom directory",
    rights: "the token reading of single people",
};

const CONTEXT: &str = "put the path into the context path";
const POLICY: &str = "put the path into the policy";

/// Where the directory is, and who we are there.
#[derive(Debug, Clone)]
pub struct HttpPeopleSettings {
    /// Origin, such as `https://people.example.com`. The path comes from the policy.
    pub origin: BaseUrl,
    /// Sent as `Authorization: Bearer`; none where the directory wants none.
    pub token: Option<Secret>,
}

impl HttpPeopleSettings {
    /// Checks the raw texts and tells all problems at once. An empty token means none.
    pub fn parse(origin: &str, token: &str) -> Result<Self, SettingsError> {
        let origin = BaseUrl::parse(origin, "").map_err(|error| SettingsError {
            // There is no context path here.
            problems: error.problems.into_iter().map(|problem| problem.replace(CONTEXT, POLICY)).collect(),
        });
        let token = (!token.trim().is_empty()).then(|| Secret::parse("the token of the custom directory", token));
        match (origin, token.transpose()) {
            (Ok(origin), Ok(token)) => Ok(Self { origin, token }),
            (origin, token) => {
                let problems = [origin.err(), token.err()].into_iter().flatten().flat_map(|error| error.problems);
                Err(SettingsError { problems: problems.collect() })
            }
        }
    }
}

/// A client of a custom directory.
pub struct HttpPeople<H, C> {
    http: H,
    clock: C,
    settings: HttpPeopleSettings,
    line: Line,
}

impl<H: Http, C: Clock> HttpPeople<H, C> {
    /// A client that has not said anything yet.
    pub fn new(http: H, clock: C, settings: HttpPeopleSettings) -> Self {
        Self { http, clock, settings, line: Line::new(NAMES) }
    }

    async fn one(&self, rules: &HttpRules, sign_ins: bool, identity: &str) -> Result<DirectoryPerson, Failure> {
        let refused = |problem| Failure::new(ErrorClass::Refused, problem);
        check(rules).map_err(refused)?;
        let says = |presence, seen| DirectoryPerson { identity: identity.to_owned(), presence, seen };
        let path = match template::fill(&rules.path, identity) {
            Filled::Path(path) => path,
            Filled::Unaskable => return Ok(says(Presence::Unknown, None)),
        };
        let mut call = Call::get(format!("{}{path}", self.settings.origin));
        if let Some(token) = &self.settings.token {
            call = call.authorized("Bearer", token);
        }
        let body: Value = match self.line.call(&self.http, &self.clock, &call).await {
            Ok(reply) => told(&reply)?,
            // A web page never comes from the directory, so it is not among these.
            Err(failure) if failure.class == ErrorClass::Gone && failure.status == Some(404) => {
                return Ok(says(if rules.not_found_is_absent { Presence::Absent } else { Presence::Unknown }, None));
            }
            // 410 is what a whole interface says that was switched off.
            Err(failure) if failure.class == ErrorClass::Gone => {
                return Err(Failure { class: ErrorClass::Malformed, ..failure });
            }
            Err(failure) => return Err(failure.about_one()),
        };
        let about = rules.identity.as_ref().map(|pointer| body.pointer(pointer).and_then(value::text));
        if about.is_some_and(|about| about.is_none_or(|text| text.to_lowercase() != identity.to_lowercase())) {
            return Ok(says(Presence::Unknown, None));
        }
        let presence = body.pointer(&rules.status).map_or(Presence::Unknown, |found| value::meaning(rules, found));
        let seen = rules.sign_in.as_ref().filter(|_| sign_ins).and_then(|pointer| {
            let at = value::instant(body.pointer(pointer)?)?;
            Some(Sighting { at, source: Source::HttpSignIn })
        });
        Ok(says(presence, seen))
    }
}

/// The JSON of an answer that is to be about a person.
fn told(reply: &Reply) -> Result<Value, Failure> {
    if reply.status == 200 {
        return reply.json();
    }
    let detail = format!("the custom directory answered {} instead of 200 with a person", reply.status);
    Err(Failure::new(ErrorClass::Malformed, detail))
}

/// What makes rules unusable, whoever is asked about.
fn check(rules: &HttpRules) -> Result<(), String> {
    if let Some(problem) = template_problem(&rules.path) {
        return Err(problem);
    }
    for (field, pointer) in [("status", Some(&rules.status)), ("sign-in", rules.sign_in.as_ref())] {
        if let Some(pointer) = pointer.filter(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
            return Err(format!(
                "`{field}` of the custom directory is `{pointer}`; a JSON pointer begins with `/`, such as `/state`"
            ));
        }
    }
    Ok(())
}

impl<H: Http, C: Clock> Directories for HttpPeople<H, C> {
    async fn people(&self, directory: &Directory, _: Option<&str>) -> Result<PeoplePage, PortError> {
        if !matches!(directory.provider, Provider::Http(_)) {
            return Err(not_configured(directory));
        }
        let detail = "a custom directory answers about one person at a time, it has no list";
        Err(Failure::new(ErrorClass::Refused, detail).during(format!("read directory `{}`", directory.name)))
    }

    async fn person(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
        let Provider::Http(rules) = &directory.provider else { return Err(not_configured(directory)) };
        let read = match self.one(rules, directory.sign_ins, identity).await {
            Ok(found) => match listing::in_lower_case(identity, &found) {
                Some(lower) => {
                    let second = self.one(rules, directory.sign_ins, &lower).await;
                    second.map(|second| DirectoryPerson { identity: found.identity, ..second })
                }
                None => Ok(found),
            },
            failed => failed,
        };
        read.map_err(|failure| failure.during(format!("look up `{identity}` in directory `{}`", directory.name)))
    }
}

#[cfg(test)]
#[path = "http_people/tests.rs"]
mod tests;
