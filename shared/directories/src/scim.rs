//! SCIM 2.0 (RFC 7643 and 7644): the people of anything that is provisioned.
//!
//! A listing is a window that moves by `startIndex`, counted from 1. A server may give fewer people than asked for, so the
//! next window starts after those that came. The number of all is remembered from page to page: when it changes, people
//! moved under the window and somebody may have been missed, so the listing is no listing.
//!
//! Some servers tell the number of those on the page instead of the number of all. So a first page that may be full and is
//! said to be everybody is followed by one question more: nobody behind it proves the end.

use crate::{
    listing::{self, Trail},
    oauth::{ClientCredentials, Tokens, address},
    reply::{Failure, Reply},
    transport::{Call, Line, Names},
};
use http::{HeaderValue, header};
use seatkeeper_confluence::{BaseUrl, Secret, SettingsError, path::encoded};
use seatkeeper_engine::{
    directories::{Directories, DirectoryPerson, PeoplePage},
    ports::{Clock, ErrorClass, Http, PortError},
};
use seatkeeper_policy::directory::{Directory, Match, Presence, Provider};
use serde_json::{Map, Value};

/// People asked for with one request. A server may give fewer.
pub const PAGE_SIZE: u64 = 200;

/// People looked at for one identity; an exact filter finds one, or a few who share a mail address.
const LOOKED_AT: u64 = 10;

/// A server that gives fewer people than asked for has a limit of its own; such limits are round, multiples of this.
const LIMITS: u64 = 50;

/// What is remembered in place of a total where the server counts the page only: no listing with people has this total.
const NO_TOTAL: u64 = 0;

const NAMES: Names = Names {
    server: "the SCIM server",
    address: "the address of the SCIM server",
    credentials: "the token of the SCIM server",
    rights: "our client the right to read users",
};

const TOKEN_NAMES: Names = Names {
    server: "the token endpoint of the SCIM server",
    address: "the address of the token endpoint",
    credentials: "the client id or the client secret",
    rights: "our client the right to get a token",
};

/// Where the SCIM server is, and how we prove who we are.
#[derive(Debug, Clone)]
pub struct ScimSettings {
    /// The address in front of `/Users`, such as `https://people.example.com/scim/v2`.
    pub base: BaseUrl,
    /// How we prove who we are.
    pub access: ScimAccess,
}

/// How we prove to a SCIM server who we are.
#[derive(Debug, Clone)]
pub enum ScimAccess {
    /// A token that an administrator made.
    Token(Secret),
    /// Tokens that we fetch.
    OAuth(ClientCredentials),
}

/// Client credentials as texts; all empty where there are none.
#[derive(Debug, Clone, Copy, Default)]
pub struct OAuthTexts<'a> {
    /// Address of the token endpoint, whole.
    pub token_url: &'a str,
    /// Identifier of our application.
    pub client_id: &'a str,
    /// Its secret.
    pub client_secret: &'a str,
    /// What the token is to allow; may be empty.
    pub scope: &'a str,
}

impl ScimSettings {
    /// Checks the raw texts and tells all problems at once. Either the token is empty, or the client credentials are.
    pub fn parse(base: &str, token: &str, oauth: OAuthTexts<'_>) -> Result<Self, SettingsError> {
        let base = address(base);
        let OAuthTexts { token_url, client_id, client_secret, scope } = oauth;
        let fetched = [token_url, client_id, client_secret, scope].iter().any(|text| !text.trim().is_empty());
        let access = match (token.trim().is_empty(), fetched) {
            (false, true) => Err(SettingsError {
                problems: vec!["a SCIM token and client credentials are both set; keep one of them".to_owned()],
            }),
            (true, true) => ClientCredentials::parse(token_url, client_id, client_secret, scope).map(ScimAccess::OAuth),
            (_, false) => Secret::parse("the SCIM token", token).map(ScimAccess::Token),
        };
        match (base, access) {
            (Ok(base), Ok(access)) => Ok(Self { base, access }),
            (base, access) => {
                let of = |error: Option<SettingsError>| error.map(|error| error.problems).unwrap_or_default();
                Err(SettingsError { problems: of(base.err()).into_iter().chain(of(access.err())).collect() })
            }
        }
    }
}

/// A client of a SCIM server.
pub struct Scim<H, C> {
    http: H,
    clock: C,
    base: BaseUrl,
    access: Access,
    line: Line,
}

enum Access {
    Token(Secret),
    OAuth(Box<Tokens>),
}

/// A list response. Members may be spelled in any case.
struct List {
    total: u64,
    start: Option<u64>,
    people: Vec<Map<String, Value>>,
}

impl<H: Http, C: Clock> Scim<H, C> {
    /// A client that has not said anything yet.
    pub fn new(http: H, clock: C, settings: ScimSettings) -> Self {
        let access = match settings.access {
            ScimAccess::Token(token) => Access::Token(token),
            ScimAccess::OAuth(credentials) => Access::OAuth(Box::new(Tokens::new(credentials, TOKEN_NAMES))),
        };
        Self { http, clock, base: settings.base, access, line: Line::new(NAMES) }
    }

    async fn list(&self, query: &str) -> Result<List, Failure> {
        let call = Call::get(format!("{}/Users?{query}", self.base))
            .with(header::ACCEPT, HeaderValue::from_static("application/scim+json"));
        let reply: Reply = match &self.access {
            Access::Token(token) => self.line.call(&self.http, &self.clock, &call.authorized("Bearer", token)).await,
            Access::OAuth(tokens) => tokens.call(&self.http, &self.clock, &self.line, &call).await,
        }
        .map_err(no_listing)?;
        List::read(&reply)
    }

    async fn page(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, Failure> {
        let (trail, start, known) = match cursor {
            None => (Trail::new(), 1, None),
            Some(cursor) => {
                let (trail, rest) = Trail::parse(cursor)?;
                let (start, total) = rest
                    .split_once(' ')
                    .and_then(|(start, total)| Some((start.parse::<u64>().ok()?, total.parse::<u64>().ok()?)))
                    .ok_or_else(|| Failure::new(ErrorClass::Malformed, "the remembered place is damaged"))?;
                (trail, start, Some(total))
            }
        };
        let wanted = attributes(directory.matching);
        let list = self.list(&format!("startIndex={start}&count={PAGE_SIZE}&attributes={wanted}")).await?;
        let (total, came) = (list.total, list.people.len() as u64);
        let before = start.saturating_sub(1);
        // Asked once more behind the last one: the end, or a page that counts itself, or people that moved.
        let behind = known == Some(before) && before > 0;
        if came == 0 && (known == Some(NO_TOTAL) || (behind && total == 0)) {
            return Ok(PeoplePage::default());
        }
        let counts_itself = known == Some(NO_TOTAL) || (behind && came > 0 && came == total);
        if let Some(known) = known.filter(|known| !counts_itself && *known != total) {
            let detail = format!(
                "the SCIM server said {known} people at first and {total} at number {start}, so somebody may have been \
                 missed; read it again"
            );
            return Err(Failure::new(ErrorClass::Retryable, detail));
        }
        if came > 0 && list.start.is_some_and(|told| told != start) {
            let told = list.start.unwrap_or_default();
            let detail =
                format!("asked for the people from number {start} on, the SCIM server gave those from {told} on");
            return Err(Failure::new(ErrorClass::Endless, detail));
        }
        if before + came > total && !counts_itself {
            let detail = format!("the SCIM server said {total} people and gave {}", before + came);
            return Err(Failure::new(ErrorClass::Malformed, detail));
        }
        if came == 0 && before < total {
            let detail = format!("the SCIM server said {total} people and gave none from number {start} on");
            return Err(Failure::new(ErrorClass::Endless, detail));
        }
        let ids: Vec<String> = list.people.iter().map(record_id).collect();
        let trail = trail.step(ids.iter().map(String::as_str))?;
        let mut people = Vec::new();
        for person in &list.people {
            people.extend(read_person(person, directory.matching)?);
        }
        let may_be_full = known.is_none() && came > 0 && came.is_multiple_of(LIMITS);
        let goes_on = before + came < total || counts_itself || may_be_full;
        let remembered = if counts_itself { NO_TOTAL } else { total };
        let next = goes_on.then(|| format!("{trail} {} {remembered}", start + came));
        Ok(PeoplePage { people, next })
    }

    async fn one(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, Failure> {
        let matching = directory.matching;
        let attribute = filtered(matching);
        let terms: Vec<String> = listing::spellings(matching, identity)
            .iter()
            .map(|text| format!("{attribute} eq {}", Value::from(text.as_str())))
            .collect();
        let (filter, wanted) = (encoded(&terms.join(" or ")), attributes(matching));
        let list = self.list(&format!("filter={filter}&startIndex=1&count={LOOKED_AT}&attributes={wanted}")).await?;
        let came = list.people.len() as u64;
        // Where the window is full, a total that says the same may be that of the window.
        let whole = came >= list.total && came != LOOKED_AT;
        let mut found = Vec::new();
        for person in &list.people {
            let mut entries = read_person(person, matching)?;
            if entries.is_empty() {
                // Somebody was found and does not show what was looked for; this must not look like nobody.
                entries.push(DirectoryPerson { identity: String::new(), presence: Presence::Unknown, seen: None });
            }
            found.extend(entries);
        }
        Ok(listing::careful(matching, listing::exactly(identity, found, whole)))
    }
}

impl<H: Http, C: Clock> Directories for Scim<H, C> {
    async fn people(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, PortError> {
        if directory.provider != Provider::Scim {
            return Err(listing::not_ours(directory, "scim"));
        }
        self.page(directory, cursor).await.map_err(|failure| failure.during(listing::reading(directory)))
    }

    async fn person(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
        if directory.provider != Provider::Scim {
            return Err(listing::not_ours(directory, "scim"));
        }
        let found = match self.one(directory, identity).await {
            Ok(found) => match listing::in_lower_case(identity, &found) {
                Some(lower) => self.one(directory, &lower).await.map(|second| match second.presence {
                    Presence::Absent => found,
                    _ => second,
                }),
                None => Ok(found),
            },
            failed => failed,
        };
        found.map_err(|failure| failure.about_one().during(listing::looking_up(directory, identity)))
    }
}

/// A listing that does not exist is a wrong address, never a person who is not there.
pub(crate) fn no_listing(failure: Failure) -> Failure {
    if failure.class != ErrorClass::Gone {
        return failure;
    }
    let detail = format!("there is no such listing ({}); check the address of the directory", failure.detail);
    Failure { class: ErrorClass::Refused, detail, ..failure }
}

impl List {
    fn read(reply: &Reply) -> Result<Self, Failure> {
        let malformed = |detail: &str| Failure::new(ErrorClass::Malformed, format!("no SCIM list response: {detail}"));
        let object: Map<String, Value> = reply.json()?;
        // Some servers write numbers as texts.
        let read = |value: &Value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        let number = |name: &str| listing::member(&object, name).and_then(read);
        let total = number("totalResults").ok_or_else(|| malformed("`totalResults` is missing or no number"))?;
        let people = match listing::member(&object, "Resources") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(people)) => people
                .iter()
                .map(|person| person.as_object().cloned().ok_or_else(|| malformed("an entry is no object")))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err(malformed("`Resources` is no list")),
        };
        Ok(Self { total, start: number("startIndex"), people })
    }
}

/// What identifies a record, or its whole text where it says nothing.
fn record_id(person: &Map<String, Value>) -> String {
    let id = listing::member(person, "id").and_then(Value::as_str).map(str::to_owned);
    id.unwrap_or_else(|| Value::Object(person.clone()).to_string())
}

fn filtered(matching: Match) -> &'static str {
    match matching {
        Match::Username | Match::Upn => "userName",
        Match::Mail => "emails.value",
        Match::EmployeeId => "externalId",
    }
}

fn attributes(matching: Match) -> &'static str {
    match matching {
        Match::Username | Match::Upn => "userName,active",
        Match::Mail => "userName,emails,active",
        Match::EmployeeId => "userName,externalId,active",
    }
}

/// The person once for each identity: several mail addresses make several entries.
fn read_person(person: &Map<String, Value>, matching: Match) -> Result<Vec<DirectoryPerson>, Failure> {
    let presence = match listing::member(person, "active") {
        // Optional, and the RFC gives no default; servers without it only keep people who belong to them.
        None | Some(Value::Null) => Presence::Active,
        Some(value) => match listing::flag(value) {
            Some(true) => Presence::Active,
            Some(false) => Presence::Disabled,
            None => Presence::Unknown,
        },
    };
    let identities = match matching {
        Match::Mail => mails(person)?,
        Match::Username | Match::Upn | Match::EmployeeId => {
            let attribute = filtered(matching);
            listing::identity(listing::member(person, attribute), attribute)?.into_iter().collect()
        }
    };
    Ok(identities.into_iter().map(|identity| DirectoryPerson { identity, presence, seen: None }).collect())
}

fn mails(person: &Map<String, Value>) -> Result<Vec<String>, Failure> {
    let entries = match listing::member(person, "emails") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(Failure::new(ErrorClass::Malformed, "`emails` of somebody is no list")),
    };
    let mut mails: Vec<String> = Vec::new();
    for entry in entries {
        let value = match entry {
            Value::Object(entry) => listing::member(entry, "value"),
            other => Some(other),
        };
        if let Some(mail) = listing::identity(value, "emails")?
            && !mails.iter().any(|known| known.to_lowercase() == mail.to_lowercase())
        {
            mails.push(mail);
        }
    }
    Ok(mails)
}

#[cfg(test)]
#[path = "scim_tests.rs"]
mod tests;
