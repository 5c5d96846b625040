//! Requests to other systems, counted in memory where they are sent, and written with whatever is written next.

use super::{Count, Tallies};
use crate::ports::{Http, HttpError};
use std::{cell::RefCell, collections::BTreeMap};

/// A system that is asked, as a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    /// Confluence.
    Confluence,
    /// Crowd, or a Jira that stands in for it.
    Crowd,
    /// A directory that speaks SCIM.
    Scim,
    /// Microsoft Graph.
    Graph,
    /// Okta.
    Okta,
    /// A directory of one's own.
    HttpDirectory,
    /// A token endpoint of a directory.
    Login,
    /// A channel for alerts.
    Channel,
    /// The gateway for mail.
    Mail,
    /// None of these.
    Other,
}

impl System {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Confluence,
        Self::Crowd,
        Self::Scim,
        Self::Graph,
        Self::Okta,
        Self::HttpDirectory,
        Self::Login,
        Self::Channel,
        Self::Mail,
        Self::Other,
    ];

    /// The label.
    pub fn word(self) -> &'static str {
        match self {
            Self::Confluence => "confluence",
            Self::Crowd => "crowd",
            Self::Scim => "scim",
            Self::Graph => "graph",
            Self::Okta => "okta",
            Self::HttpDirectory => "http",
            Self::Login => "login",
            Self::Channel => "channel",
            Self::Mail => "mail",
            Self::Other => "other",
        }
    }
}

/// Status codes that have a label of their own, and what can happen instead of an answer. All others are `other`.
pub const CODES: [&str; 28] = [
    "200",
    "201",
    "202",
    "204",
    "301",
    "302",
    "303",
    "304",
    "307",
    "308",
    "400",
    "401",
    "403",
    "404",
    "405",
    "409",
    "410",
    "429",
    "500",
    "501",
    "502",
    "503",
    "504",
    "denied",
    "timeout",
    "too-large",
    "connection",
    "other",
];

/// How a request ended, as a label.
fn code(answer: &Result<http::Response<Vec<u8>>, HttpError>) -> &'static str {
    match answer {
        Ok(answer) => {
            let status = answer.status();
            CODES.iter().find(|code| **code == status.as_str()).copied().unwrap_or("other")
        }
        Err(HttpError::Denied) => "denied",
        Err(HttpError::Timeout) => "timeout",
        Err(HttpError::TooLarge { .. }) => "too-large",
        Err(HttpError::Connection(_)) => "connection",
    }
}

/// Requests that were counted and not written yet. It lives as long as one request or tick, and no longer.
#[derive(Debug, Default)]
pub struct Requests(RefCell<BTreeMap<(System, &'static str), u64>>);

impl Requests {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Moves what was counted into totals.
    pub fn pour(&self, totals: &mut Tallies) {
        for ((system, code), times) in self.0.take() {
            totals.add(Count::Requests, &[system.word(), code], times);
        }
    }

    fn count(&self, system: System, code: &'static str) {
        *self.0.borrow_mut().entry((system, code)).or_default() += 1;
    }
}

/// An HTTP that counts what it sends. It changes nothing about a request or an answer.
#[derive(Debug, Clone, Copy)]
pub struct Counted<'r, H> {
    http: H,
    requests: &'r Requests,
    system: System,
    addresses: &'r [(String, System)],
}

impl<'r, H> Counted<'r, H> {
    /// Counts for one system.
    pub fn new(http: H, requests: &'r Requests, system: System) -> Self {
        Self { http, requests, system, addresses: &[] }
    }

    /// Counts by address: each whole address, such as `https://scim.example.com/v2`, belongs to a system; what goes to
    /// another host and port is counted as [`System::Other`].
    pub fn by_address(http: H, requests: &'r Requests, addresses: &'r [(String, System)]) -> Self {
        Self { http, requests, system: System::Other, addresses }
    }

    fn system(&self, uri: &http::Uri) -> System {
        let of = |uri: &http::Uri| uri.authority().map(|authority| authority.as_str().to_ascii_lowercase());
        let wanted = of(uri);
        let same = |address: &str| address.parse().ok().as_ref().and_then(of) == wanted;
        self.addresses.iter().find(|(address, _)| same(address)).map_or(self.system, |(_, system)| *system)
    }
}

impl<H: Http> Http for Counted<'_, H> {
    async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, HttpError> {
        let system = self.system(request.uri());
        let answer = self.http.send(request).await;
        self.requests.count(system, code(&answer));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::block_on;

    struct Always(Result<u16, HttpError>);

    impl Http for Always {
        async fn send(&self, _: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, HttpError> {
            self.0.clone().map(|status| http::Response::builder().status(status).body(Vec::new()).unwrap())
        }
    }

    fn request(uri: &str) -> http::Request<Vec<u8>> {
        http::Request::get(uri).body(Vec::new()).unwrap()
    }

    #[test]
    fn every_answer_is_counted_by_system_and_code_and_only_once() {
        let requests = Requests::default();
        for (answer, times) in [
            (Ok(200), 3),
            (Ok(429), 2),
            (Ok(418), 1),
            (Err(HttpError::Timeout), 1),
            (Err(HttpError::Connection("secret text of a host".into())), 1),
        ] {
            let http = Counted::new(Always(answer), &requests, System::Confluence);
            for _ in 0..times {
                let _ = block_on(http.send(request("https://wiki.example.com/rest")));
            }
        }
        let mut totals = Tallies::default();
        requests.pour(&mut totals);
        requests.pour(&mut totals);
        let of = |code| totals.total(Count::Requests, &["confluence", code]);
        assert_eq!((of("200"), of("429"), of("other"), of("timeout"), of("connection")), (3, 2, 1, 1, 1));
        assert!(requests.is_empty());
        assert!(!serde_json::to_string(&totals).unwrap().contains("secret"));
    }

    #[test]
    fn a_system_is_known_by_its_host_and_port_whatever_the_path() {
        let requests = Requests::default();
        let addresses = [
            ("https://scim.example.com/v2".to_owned(), System::Scim),
            ("https://Login.example.com:8443/token".to_owned(), System::Login),
        ];
        let http = Counted::by_address(Always(Ok(200)), &requests, &addresses);
        for (uri, system) in [
            ("https://scim.example.com/v2/Users?startIndex=1", System::Scim),
            ("https://login.example.com:8443/x", System::Login),
            ("https://login.example.com/x", System::Other),
            ("https://elsewhere.example.com/", System::Other),
        ] {
            assert_eq!(http.system(&uri.parse().unwrap()), system, "{uri}");
        }
    }
}
