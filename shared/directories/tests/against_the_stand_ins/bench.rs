//! A stand-in, a network that consists of it, and a client that is made anew whenever it is needed, as a tick does it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]
#![expect(clippy::large_enum_variant, reason = "one client lives at a time")]

use futures::executor::block_on;
use seatkeeper_directories::{Graph, GraphSettings, OAuthTexts, Okta, OktaSettings, Scim, ScimSettings};
use seatkeeper_engine::{
    directories::{Directories, DirectoryPerson, PeoplePage},
    ports::PortError,
};
use seatkeeper_policy::directory::{Directory, DirectoryGuard, Match, Presence, Provider};
use seatkeeper_stand_ins::{Config, Kind, Person, Rule, StandIn, State, in_process::Network};
use std::collections::BTreeMap;

/// Where the stand-in is.
pub const ORIGIN: &str = "https://directory.example.com";

/// The kinds that have listings.
pub const KINDS: [Kind; 3] = [Kind::Scim, Kind::Graph, Kind::Okta];

/// Texts that must be in no error.
pub const SECRETS: [&str; 3] = ["stand-in-token", "stand-in-secret", "issued-"];

pub struct Bench {
    pub stand_in: StandIn,
    pub network: Network,
    pub directory: Directory,
}

pub enum Client<'a> {
    Scim(Scim<&'a Network, &'a Network>),
    Graph(Graph<&'a Network, &'a Network>),
    Okta(Okta<&'a Network, &'a Network>),
}

impl Bench {
    pub fn of(config: Config) -> Self {
        let provider = match config.kind {
            Kind::Scim => Provider::Scim,
            Kind::Graph => Provider::Graph,
            Kind::Okta => Provider::Okta,
            Kind::Http => panic!("the people service has a client of its own"),
        };
        let stand_in = StandIn::new(config);
        Self { network: Network::of(ORIGIN, &stand_in), stand_in, directory: directory(provider) }
    }

    /// With pages of ten people.
    pub fn new(kind: Kind, users: usize) -> Self {
        Self::of(Config { page_cap: Some(10), ..Config::new(kind, users) })
    }

    /// With exactly these people.
    pub fn with(kind: Kind, extra: Vec<Person>) -> Self {
        Self::of(Config { extra, ..Config::new(kind, 0) })
    }

    pub fn matching(mut self, matching: Match) -> Self {
        self.directory.matching = matching;
        self
    }

    pub fn sign_ins(mut self) -> Self {
        self.directory.sign_ins = true;
        self
    }

    pub fn failing(self, rule: Rule) -> Self {
        self.stand_in.fail(rule);
        self
    }

    pub fn client(&self) -> Client<'_> {
        match self.stand_in.config().kind {
            Kind::Scim => {
                let base = format!("{ORIGIN}/scim/v2");
                let settings = ScimSettings::parse(&base, "stand-in-token", OAuthTexts::default()).unwrap();
                Client::Scim(Scim::new(&self.network, &self.network, settings))
            }
            Kind::Graph => {
                let settings =
                    GraphSettings::parse(ORIGIN, ORIGIN, "contoso.com", "stand-in-client", "stand-in-secret").unwrap();
                Client::Graph(Graph::new(&self.network, &self.network, settings))
            }
            Kind::Okta => {
                let settings = OktaSettings::parse(ORIGIN, "stand-in-token").unwrap();
                Client::Okta(Okta::new(&self.network, &self.network, settings))
            }
            Kind::Http => panic!("the people service has a client of its own"),
        }
    }

    /// One page, with a client of its own.
    pub fn page(&self, cursor: Option<&str>) -> Result<PeoplePage, PortError> {
        self.client().people(&self.directory, cursor)
    }

    /// Everybody, with one client.
    pub fn everybody(&self) -> Result<Vec<DirectoryPerson>, PortError> {
        let client = self.client();
        read(|cursor| client.people(&self.directory, cursor))
    }

    /// Everybody, with a new client for each page: nothing but the cursor is remembered.
    pub fn everybody_in_ticks(&self) -> Result<Vec<DirectoryPerson>, PortError> {
        read(|cursor| self.page(cursor))
    }

    pub fn person(&self, identity: &str) -> Result<DirectoryPerson, PortError> {
        self.client().person(&self.directory, identity)
    }

    pub fn presence(&self, identity: &str) -> Presence {
        self.person(identity).unwrap().presence
    }

    /// What the directory should say about everybody who is in it.
    pub fn truth(&self) -> BTreeMap<String, Presence> {
        let okta = self.stand_in.config().kind == Kind::Okta;
        let presence = |state| match state {
            State::Locked if okta => Presence::Locked,
            State::Active | State::Locked => Presence::Active,
            State::Disabled | State::Left => Presence::Disabled,
        };
        let present = self.stand_in.people().iter().filter(|person| person.state != State::Left);
        present.map(|person| (person.username.clone(), presence(person.state))).collect()
    }
}

impl Client<'_> {
    pub fn people(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, PortError> {
        match self {
            Self::Scim(client) => block_on(client.people(directory, cursor)),
            Self::Graph(client) => block_on(client.people(directory, cursor)),
            Self::Okta(client) => block_on(client.people(directory, cursor)),
        }
    }

    pub fn person(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
        match self {
            Self::Scim(client) => block_on(client.person(directory, identity)),
            Self::Graph(client) => block_on(client.person(directory, identity)),
            Self::Okta(client) => block_on(client.person(directory, identity)),
        }
    }
}

fn read(page: impl Fn(Option<&str>) -> Result<PeoplePage, PortError>) -> Result<Vec<DirectoryPerson>, PortError> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..1_000 {
        let PeoplePage { people, next } = page(cursor.as_deref())?;
        all.extend(people);
        cursor = next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
    panic!("a listing without an end");
}

/// Names and what was said about them.
pub fn said(people: Vec<DirectoryPerson>) -> BTreeMap<String, Presence> {
    let count = people.len();
    let said: BTreeMap<_, _> = people.into_iter().map(|person| (person.identity, person.presence)).collect();
    assert_eq!(said.len(), count, "somebody came twice");
    said
}

pub fn directory(provider: Provider) -> Directory {
    Directory {
        name: "hr".to_owned(),
        provider,
        matching: Match::Username,
        responsible: None,
        leavers: true,
        absent_after: None,
        sign_ins: false,
        one_by_one: false,
        guard: DirectoryGuard { leavers_percent: 5, leavers_accounts: 5, drop_percent: 5, unknown_percent: 5 },
    }
}
