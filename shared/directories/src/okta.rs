//! Okta: the people of an organisation.
//!
//! The plain listing leaves deactivated people out, so there are two: first the deactivated ones, then all others. In this
//! order somebody who is reactivated in between is met twice, and nobody who is active is missed; somebody who is
//! deactivated in between is missed once.

use crate::{
    listing::{self, Trail},
    oauth::address,
    reply::{Failure, Reply},
    scim::no_listing,
    transport::{Call, Line, Names},
};
use http::{HeaderMap, header};
use seatkeeper_confluence::{BaseUrl, Secret, SettingsError, path::encoded};
use seatkeeper_engine::{
    directories::{Directories, DirectoryPerson, PeoplePage},
    ports::{Clock, ErrorClass, Http, PortError},
};
use seatkeeper_policy::{
    account::Source,
    directory::{Directory, Match, Presence, Provider},
};
use serde_json::{Map, Value};

/// People asked for with one request, which is the most that Okta gives.
pub const PAGE_SIZE: u32 = 200;

const NAMES: Names = Names {
    server: "Okta",
    address: "the address of the Okta organisation",
    credentials: "the Okta token",
    rights: "the token's owner the right to view users (scope okta.users.read)",
};

/// Where the organisation is, and how we prove who we are.
#[derive(Debug, Clone)]
pub struct OktaSettings {
    /// The address in front of `/api/v1`, such as `https://example.okta.com`.
    pub base: BaseUrl,
    /// The scheme in front of the token.
    pub scheme: OktaScheme,
    /// The token.
    pub token: Secret,
}

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OktaScheme {
    /// An API token.
    Ssws,
    /// An OAuth access token.
    Bearer,
}

impl OktaSettings {
    /// Checks the raw texts and tells all problems at once. A token is an API token unless it begins with `Bearer`.
    pub fn parse(base: &str, token: &str) -> Result<Self, SettingsError> {
        let token = token.trim();
        let (scheme, token) = match token.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => (OktaScheme::Bearer, token),
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("SSWS") => (OktaScheme::Ssws, token),
            _ => (OktaScheme::Ssws, token),
        };
        match (address(base), Secret::parse("the Okta token", token)) {
            (Ok(base), Ok(token)) => Ok(Self { base, scheme, token }),
            (base, token) => {
                let of = |error: Option<SettingsError>| error.map(|error| error.problems).unwrap_or_default();
                Err(SettingsError { problems: of(base.err()).into_iter().chain(of(token.err())).collect() })
            }
        }
    }
}

/// A client of Okta.
pub struct Okta<H, C> {
    http: H,
    clock: C,
    settings: OktaSettings,
    line: Line,
}

/// Which of the two listings.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Deactivated,
    Others,
}

impl<H: Http, C: Clock> Okta<H, C> {
    /// A client that has not said anything yet.
    pub fn new(http: H, clock: C, settings: OktaSettings) -> Self {
        Self { http, clock, settings, line: Line::new(NAMES) }
    }

    async fn list(&self, url: &str) -> Result<(Vec<Map<String, Value>>, Option<String>), Failure> {
        let scheme = match self.settings.scheme {
            OktaScheme::Ssws => "SSWS",
            OktaScheme::Bearer => "Bearer",
        };
        let call = Call::get(url).authorized(scheme, &self.settings.token);
        let reply: Reply = self.line.call(&self.http, &self.clock, &call).await.map_err(no_listing)?;
        let next = next_link(&reply.headers)?;
        Ok((reply.json()?, next))
    }

    async fn page(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, Failure> {
        let base = self.settings.base.as_str();
        let first = |part| match part {
            Part::Deactivated => {
                let filter = encoded("status eq \"DEPROVISIONED\"");
                format!("{base}/api/v1/users?limit={PAGE_SIZE}&filter={filter}")
            }
            Part::Others => format!("{base}/api/v1/users?limit={PAGE_SIZE}"),
        };
        let (part, trail, link) = match cursor {
            None => (Part::Deactivated, Trail::new(), first(Part::Deactivated)),
            Some(cursor) => {
                let (part, rest) = match cursor.split_at_checked(2) {
                    Some(("d ", rest)) => (Part::Deactivated, rest),
                    Some(("o ", rest)) => (Part::Others, rest),
                    _ => return Err(Failure::new(ErrorClass::Malformed, "the remembered place is damaged")),
                };
                let (trail, link) = Trail::parse(rest)?;
                // Checked again: what is remembered is checked like what is heard.
                listing::at_home(base, link)?;
                (part, trail, link.to_owned())
            }
        };
        let (records, next) = self.list(&link).await?;
        let trail = trail.step(records.iter().map(id))?;
        let next = match (next, part) {
            (Some(next), _) if next == link => {
                return Err(Failure::new(ErrorClass::Endless, "the link to the next page leads to the same page"));
            }
            (Some(next), part) => {
                listing::at_home(base, &next)?;
                let word = if part == Part::Deactivated { 'd' } else { 'o' };
                Some(format!("{word} {trail} {next}"))
            }
            (None, Part::Deactivated) => Some(format!("o {} {}", Trail::new(), first(Part::Others))),
            (None, Part::Others) => None,
        };
        let mut people = Vec::new();
        for record in &records {
            people.extend(read_person(record, directory)?);
        }
        Ok(PeoplePage { people, next })
    }

    async fn one(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, Failure> {
        let attribute = attribute(directory.matching);
        let terms: Vec<String> = listing::spellings(directory.matching, identity)
            .iter()
            .map(|text| format!("profile.{attribute} eq {}", Value::from(text.as_str())))
            .collect();
        let search = encoded(&terms.join(" or "));
        // A search finds deactivated people too.
        let (records, next) =
            self.list(&format!("{}/api/v1/users?search={search}&limit=10", self.settings.base)).await?;
        let mut found = Vec::new();
        for record in &records {
            let nobody = || DirectoryPerson { identity: String::new(), presence: Presence::Unknown, seen: None };
            found.push(read_person(record, directory)?.unwrap_or_else(nobody));
        }
        Ok(listing::careful(directory.matching, listing::exactly(identity, found, next.is_none())))
    }
}

impl<H: Http, C: Clock> Directories for Okta<H, C> {
    async fn people(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, PortError> {
        if directory.provider != Provider::Okta {
            return Err(listing::not_ours(directory, "okta"));
        }
        self.page(directory, cursor).await.map_err(|failure| failure.during(listing::reading(directory)))
    }

    async fn person(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
        if directory.provider != Provider::Okta {
            return Err(listing::not_ours(directory, "okta"));
        }
        let found = self.one(directory, identity).await;
        found.map_err(|failure| failure.about_one().during(listing::looking_up(directory, identity)))
    }
}

fn attribute(matching: Match) -> &'static str {
    match matching {
        Match::Username | Match::Upn => "login",
        Match::Mail => "email",
        Match::EmployeeId => "employeeNumber",
    }
}

fn id(person: &Map<String, Value>) -> &str {
    person.get("id").and_then(Value::as_str).unwrap_or_default()
}

/// What Okta's words mean. Somebody who is staged has not begun yet, which is neither here nor gone.
fn presence(status: &str) -> Presence {
    match status {
        "ACTIVE" | "RECOVERY" | "PASSWORD_EXPIRED" | "PROVISIONED" => Presence::Active,
        "LOCKED_OUT" => Presence::Locked,
        "SUSPENDED" | "DEPROVISIONED" => Presence::Disabled,
        _ => Presence::Unknown,
    }
}

fn read_person(person: &Map<String, Value>, directory: &Directory) -> Result<Option<DirectoryPerson>, Failure> {
    let attribute = attribute(directory.matching);
    let Some(Value::Object(profile)) = person.get("profile") else {
        return Err(Failure::new(ErrorClass::Malformed, "somebody has no `profile`; this is not Okta's listing"));
    };
    let Some(identity) = listing::identity(profile.get(attribute), attribute)? else { return Ok(None) };
    let presence = person.get("status").and_then(Value::as_str).map_or(Presence::Unknown, presence);
    let seen = if directory.sign_ins { listing::sign_in(person.get("lastLogin"), Source::OktaLogin)? } else { None };
    Ok(Some(DirectoryPerson { identity, presence, seen }))
}

/// The link with the relation `next` (RFC 8288); several links may share a header, and several headers may come.
fn next_link(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let malformed = || Failure::new(ErrorClass::Malformed, "the header `Link` cannot be understood");
    for value in headers.get_all(header::LINK) {
        let mut rest = value.to_str().map_err(|_| malformed())?.trim();
        while !rest.is_empty() {
            let (target, after) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or_else(malformed)?;
            // Parameters end at the comma in front of the next link; Okta's have none inside.
            let (parameters, following) = after.split_once(',').unwrap_or((after, ""));
            let next = parameters.split(';').any(|parameter| {
                let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
                name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
            });
            if next {
                return Ok(Some(target.to_owned()));
            }
            rest = following.trim();
        }
    }
    Ok(None)
}
