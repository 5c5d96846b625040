//! All directories of an installation behind one port: each provider that is configured has a client, and a directory of
//! the policy is read by the client of its provider.

use crate::{
    Crowd, CrowdSettings, Graph, GraphSettings, HttpPeople, HttpPeopleSettings, Okta, OktaSettings, Scim, ScimSettings,
    ldap::{Ldap, LdapSettings},
};
use seatkeeper_engine::{
    directories::{Directories, DirectoryPerson, PeoplePage, Tcp, not_configured},
    ports::{Clock, Http, PortError},
};
use seatkeeper_policy::{Directory, Provider};

/// Where each provider is, and who we are there; none where it is not used.
#[derive(Debug, Clone, Default)]
pub struct OutsideSettings {
    /// SCIM.
    pub scim: Option<ScimSettings>,
    /// Microsoft Graph.
    pub graph: Option<GraphSettings>,
    /// Okta.
    pub okta: Option<OktaSettings>,
    /// Crowd.
    pub crowd: Option<CrowdSettings>,
    /// A directory of one's own.
    pub http: Option<HttpPeopleSettings>,
    /// LDAP or Active Directory.
    pub ldap: Option<LdapSettings>,
}

/// A client for each provider that is configured.
pub struct Outside<H, C, T: Tcp> {
    scim: Option<Scim<H, C>>,
    graph: Option<Graph<H, C>>,
    okta: Option<Okta<H, C>>,
    crowd: Option<Crowd<H, C>>,
    http: Option<HttpPeople<H, C>>,
    ldap: Option<Ldap<T, C>>,
}

impl<H: Http, C: Clock + Clone, T: Tcp> Outside<H, C, T> {
    /// Clients that have not said anything yet. Each gets an HTTP of its own.
    pub fn new(settings: OutsideSettings, http: impl Fn() -> H, tcp: T, clock: &C) -> Self {
        let OutsideSettings { scim, graph, okta, crowd, http: people, ldap } = settings;
        Self {
            scim: scim.map(|settings| Scim::new(http(), clock.clone(), settings)),
            graph: graph.map(|settings| Graph::new(http(), clock.clone(), settings)),
            okta: okta.map(|settings| Okta::new(http(), clock.clone(), settings)),
            crowd: crowd.map(|settings| Crowd::new(http(), clock.clone(), settings)),
            http: people.map(|settings| HttpPeople::new(http(), clock.clone(), settings)),
            ldap: ldap.map(|settings| Ldap::new(tcp, clock.clone(), settings)),
        }
    }
}

/// Passes a question on to the client of the directory's provider.
macro_rules! ask {
    ($all:expr, $directory:expr, $client:ident => $question:expr) => {
        match $directory.provider {
            Provider::Scim => match &$all.scim {
                Some($client) => $question.await,
                None => Err(not_configured($directory)),
            },
            Provider::Graph => match &$all.graph {
                Some($client) => $question.await,
                None => Err(not_configured($directory)),
            },
            Provider::Okta => match &$all.okta {
                Some($client) => $question.await,
                None => Err(not_configured($directory)),
            },
            Provider::Crowd => match &$all.crowd {
                Some($client) => $question.await,
                None => Err(not_configured($directory)),
            },
            Provider::Http(_) => match &$all.http {
                Some($client) => $question.await,
                None => Err(not_configured($directory)),
            },
            Provider::Ldap(_) => match &$all.ldap {
                Some($client) => $question.await,
                None => Err(not_configured($directory)),
            },
        }
    };
}

impl<H: Http, C: Clock, T: Tcp> Directories for Outside<H, C, T> {
    async fn people(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, PortError> {
        ask!(self, directory, client => client.people(directory, cursor))
    }

    async fn person(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
        ask!(self, directory, client => client.person(directory, identity))
    }
}
