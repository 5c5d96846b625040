//! Microsoft Graph: the people of Entra ID.
//!
//! Whether an account is switched on, and when somebody signed in, comes only when it is asked for by name. Deleted people
//! are not listed, except by a listing with sign-ins, which may still show them for some days; they carry the date of
//! their deletion and count as disabled, whatever else they say.

use crate::{
    listing::{self, Trail},
    oauth::{ClientCredentials, Tokens, address},
    reply::Failure,
    scim::no_listing,
    transport::{Call, Line, Names},
};
use http::{HeaderName, HeaderValue};
use seatkeeper_confluence::{BaseUrl, SettingsError, answer::printable, path::encoded};
use seatkeeper_engine::{
    directories::{Directories, DirectoryPerson, PeoplePage},
    ports::{Clock, ErrorClass, Http, PortError},
};
use seatkeeper_policy::{
    account::{Sighting, Source},
    directory::{Directory, Match, Presence, Provider},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// People asked for with one request, which is the most that Graph gives.
pub const PAGE_SIZE: u32 = 999;

/// The same with sign-ins.
pub const PAGE_SIZE_WITH_SIGN_INS: u32 = 120;

const NAMES: Names = Names {
    server: "Microsoft Graph",
    address: "the address of Microsoft Graph",
    credentials: "the token, or the application behind it,",
    rights: "the application the permission User.Read.All, and AuditLog.Read.All for sign-ins, with an administrator's \
             consent",
};

const TOKEN_NAMES: Names = Names {
    server: "the sign-in service of Entra ID",
    address: "the address of the sign-in service and the tenant",
    credentials: "the client id or the client secret",
    rights: "the application access to the tenant",
};

/// Where Graph is, and our application in the tenant.
#[derive(Debug, Clone)]
pub struct GraphSettings {
    /// The address in front of `/v1.0`, such as `https://graph.microsoft.com`.
    pub base: BaseUrl,
    /// How we get tokens.
    pub credentials: ClientCredentials,
}

impl GraphSettings {
    /// Checks the raw texts and tells all problems at once. `login` is the address of the sign-in service, such as
    /// `https://login.microsoftonline.com`; `tenant` is a domain or an id.
    pub fn parse(
        base: &str,
        login: &str,
        tenant: &str,
        client_id: &str,
        client_secret: &str,
    ) -> Result<Self, SettingsError> {
        let mut problems = Vec::new();
        let base = address(base).map_err(|error| problems.extend(error.problems)).ok();
        let login = address(login).map_err(|error| problems.extend(error.problems)).ok();
        let tenant = tenant.trim();
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        if tenant.is_empty() || !tenant.chars().all(legal) || tenant.contains("..") {
            let shown = printable(tenant, 80);
            problems.push(format!("the tenant `{shown}` is neither a domain nor an id, such as `contoso.com`"));
        }
        let login = login.as_ref().map_or("https://login.invalid", BaseUrl::as_str);
        let legal_tenant = if problems.is_empty() { tenant } else { "tenant" };
        let scope = base.as_ref().map_or(String::new(), |base| format!("{base}/.default"));
        let token_url = format!("{login}/{legal_tenant}/oauth2/v2.0/token");
        let credentials = ClientCredentials::parse(&token_url, client_id, client_secret, &scope);
        match (base, credentials, problems.is_empty()) {
            (Some(base), Ok(credentials), true) => Ok(Self { base, credentials }),
            (_, credentials, _) => {
                problems.extend(credentials.err().map(|error| error.problems).unwrap_or_default());
                Err(SettingsError { problems })
            }
        }
    }
}

/// A client of Microsoft Graph.
pub struct Graph<H, C> {
    http: H,
    clock: C,
    base: BaseUrl,
    tokens: Tokens,
    line: Line,
}

#[derive(Deserialize)]
struct List {
    value: Vec<Map<String, Value>>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<String>,
}

impl<H: Http, C: Clock> Graph<H, C> {
    /// A client that has not said anything yet.
    pub fn new(http: H, clock: C, settings: GraphSettings) -> Self {
        let GraphSettings { base, credentials } = settings;
        Self { http, clock, base, tokens: Tokens::new(credentials, TOKEN_NAMES), line: Line::new(NAMES) }
    }

    async fn page(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, Failure> {
        let users = format!("{}/v1.0/users", self.base);
        let (trail, link) = match cursor {
            None => {
                let size = if directory.sign_ins { PAGE_SIZE_WITH_SIGN_INS } else { PAGE_SIZE };
                let select = select(directory, directory.sign_ins);
                (Trail::new(), format!("{users}?$select={select}&$top={size}"))
            }
            Some(cursor) => {
                let (trail, link) = Trail::parse(cursor)?;
                // Checked again: what is remembered is checked like what is heard.
                listing::at_home(self.base.as_str(), link)?;
                (trail, link.to_owned())
            }
        };
        let list: List = self.call(&Call::get(link.as_str())).await?;
        let next = list.next.filter(|next| !next.is_empty());
        if let Some(next) = &next {
            listing::at_home(self.base.as_str(), next)?;
            if *next == link {
                return Err(Failure::new(ErrorClass::Endless, "the link to the next page leads to the same page"));
            }
        }
        let trail = trail.step(list.value.iter().map(id))?;
        let mut people = Vec::new();
        for person in &list.value {
            people.extend(read_person(person, directory)?);
        }
        Ok(PeoplePage { people, next: next.map(|next| format!("{trail} {next}")) })
    }

    async fn one(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, Failure> {
        let attribute = attribute(directory.matching);
        let terms: Vec<String> = listing::spellings(directory.matching, identity)
            .iter()
            .map(|text| format!("{attribute} eq '{}'", text.replace('\'', "''")))
            .collect();
        let (filter, select) = (encoded(&terms.join(" or ")), select(directory, false));
        let mut call = format!("{}/v1.0/users?$select={select}&$filter={filter}", self.base);
        // Everything but the principal name is filtered by a part of Graph that wants to be asked like this.
        let advanced = directory.matching != Match::Upn;
        if advanced {
            call.push_str("&$count=true");
        }
        let mut call = Call::get(call);
        if advanced {
            call = call.with(HeaderName::from_static("consistencylevel"), HeaderValue::from_static("eventual"));
        }
        let list: List = self.call(&call).await?;
        let mut found = Vec::new();
        for record in &list.value {
            let Some(mut person) = read_person(record, directory)? else {
                found.push(DirectoryPerson { identity: String::new(), presence: Presence::Unknown, seen: None });
                continue;
            };
            if directory.sign_ins && person.identity.to_lowercase() == identity.to_lowercase() {
                person.seen = self.sign_in_of(id(record)).await?;
            }
            found.push(person);
        }
        let whole = list.next.is_none();
        Ok(listing::exactly(identity, found, whole))
    }

    /// Graph tells the sign-ins of one person by the object's id only.
    async fn sign_in_of(&self, id: &str) -> Result<Option<Sighting>, Failure> {
        if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(Failure::new(ErrorClass::Malformed, "the person has no `id` that could be asked for"));
        }
        let call = Call::get(format!("{}/v1.0/users/{id}?$select=id,signInActivity", self.base));
        let told: Result<Map<String, Value>, _> = self.call(&call).await;
        newest_sign_in(&told.map_err(|failure| match failure.status {
            // The search lags behind, so it may have found somebody who was deleted since.
            Some(404) => Failure { class: ErrorClass::Malformed, ..failure },
            _ => failure,
        })?)
    }

    async fn call<T: serde::de::DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        let reply = self.tokens.call(&self.http, &self.clock, &self.line, call).await;
        reply.map_err(|failure| no_listing(explain(failure)))?.json()
    }
}

impl<H: Http, C: Clock> Directories for Graph<H, C> {
    async fn people(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, PortError> {
        if directory.provider != Provider::Graph {
            return Err(listing::not_ours(directory, "graph"));
        }
        self.page(directory, cursor).await.map_err(|failure| failure.during(listing::reading(directory)))
    }

    async fn person(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
        if directory.provider != Provider::Graph {
            return Err(listing::not_ours(directory, "graph"));
        }
        let found = self.one(directory, identity).await;
        found.map_err(|failure| failure.about_one().during(listing::looking_up(directory, identity)))
    }
}

fn attribute(matching: Match) -> &'static str {
    match matching {
        Match::Username => "onPremisesSamAccountName",
        Match::Mail => "mail",
        Match::Upn => "userPrincipalName",
        Match::EmployeeId => "employeeId",
    }
}

fn select(directory: &Directory, sign_ins: bool) -> String {
    let sign_ins = if sign_ins { ",signInActivity" } else { "" };
    format!("id,accountEnabled,deletedDateTime,{}{sign_ins}", attribute(directory.matching))
}

fn id(person: &Map<String, Value>) -> &str {
    person.get("id").and_then(Value::as_str).unwrap_or_default()
}

fn read_person(person: &Map<String, Value>, directory: &Directory) -> Result<Option<DirectoryPerson>, Failure> {
    let attribute = attribute(directory.matching);
    let Some(identity) = listing::identity(person.get(attribute), attribute)? else { return Ok(None) };
    let deleted = person.get("deletedDateTime").is_some_and(|date| !date.is_null());
    let presence = match person.get("accountEnabled").and_then(listing::flag) {
        _ if deleted => Presence::Disabled,
        Some(true) => Presence::Active,
        Some(false) => Presence::Disabled,
        None => Presence::Unknown,
    };
    let seen = if directory.sign_ins { newest_sign_in(person)? } else { None };
    Ok(Some(DirectoryPerson { identity, presence, seen }))
}

/// The newest of all kinds of sign-in. Attempts that failed count too: somebody is there.
fn newest_sign_in(person: &Map<String, Value>) -> Result<Option<Sighting>, Failure> {
    let activity = match person.get("signInActivity") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(activity)) => activity,
        Some(_) => return Err(Failure::new(ErrorClass::Malformed, "`signInActivity` of somebody is no object")),
    };
    let mut newest: Option<Sighting> = None;
    for kind in ["lastSuccessfulSignInDateTime", "lastSignInDateTime", "lastNonInteractiveSignInDateTime"] {
        let seen = listing::sign_in(activity.get(kind), Source::GraphSignIn)?;
        newest = newest.into_iter().chain(seen).max_by_key(|sighting| sighting.at);
    }
    Ok(newest)
}

/// What a refusal of Graph means to an administrator.
fn explain(failure: Failure) -> Failure {
    let code = failure.code.as_deref().unwrap_or_default();
    let what = match (failure.status, code) {
        (Some(403), code) if code.starts_with("Authentication_RequestFromNonPremiumTenant") => {
            "sign-ins are told only to tenants with a licence Entra ID P1 or P2; switch `sign-ins` of this directory off"
        }
        (Some(403), "Authentication_MSGraphPermissionMissing") => {
            "sign-ins need the application permission AuditLog.Read.All, with an administrator's consent"
        }
        (Some(403), "Authorization_IdentityNotFound") => {
            "the application is not known in this tenant; check the tenant, and give an administrator's consent"
        }
        (Some(400), "Request_UnsupportedQuery") => {
            "this tenant cannot be searched by this attribute; read the whole directory instead of asking one by one"
        }
        _ => return failure,
    };
    let detail = format!("{}: {what}", failure.detail);
    Failure { detail, ..failure }
}
