//! The stand-ins as somebody outside the process meets them.
#![expect(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use http::Request;
use seatkeeper_directories::{Graph, GraphSettings};
use seatkeeper_engine::{
    directories::Directories,
    ports::{Http, HttpError},
};
use seatkeeper_policy::directory::{Directory, DirectoryGuard, Match, Presence, Provider};
use seatkeeper_stand_ins::{
    Config, Fault, Kind, Person, Rule, StandIn, State,
    native::{NativeHttp, RealClock},
};
use serde_json::{Value, json};
use std::time::Duration;

/// A directory that speaks about everybody.
pub fn directory(provider: Provider, matching: Match) -> Directory {
    Directory {
        name: "hr".to_owned(),
        provider,
        matching,
        responsible: None,
        leavers: true,
        absent_after: None,
        sign_ins: false,
        one_by_one: false,
        guard: DirectoryGuard { leavers_percent: 5, leavers_accounts: 5, drop_percent: 5, unknown_percent: 5 },
    }
}

/// Everybody that a client finds.
pub async fn everybody(client: &impl Directories, directory: &Directory) -> Vec<(String, Presence)> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = client.people(directory, cursor.as_deref()).await.unwrap();
        all.extend(page.people.into_iter().map(|person| (person.identity, person.presence)));
        cursor = page.next;
        if cursor.is_none() {
            all.sort();
            return all;
        }
    }
}

async fn serve(stand_in: &StandIn) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(stand_in.clone().serve(listener));
    origin
}

async fn ask(http: &NativeHttp, method: &str, url: String, body: Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(url).header("authorization", "Bearer stand-in-token");
    let answer = http.send(request.body(body.to_string().into_bytes()).unwrap()).await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap())
}

#[tokio::test]
async fn a_listing_over_sockets_follows_links_to_where_it_reached_the_server() {
    let stand_in = StandIn::new(Config::new(Kind::Graph, 2_500));
    let origin = serve(&stand_in).await;
    let http = NativeHttp::new(Duration::from_secs(15));
    let settings = GraphSettings::parse(&origin, &origin, "contoso.com", "stand-in-client", "stand-in-secret").unwrap();
    let client = Graph::new(http.clone(), RealClock, settings);
    let people = everybody(&client, &directory(Provider::Graph, Match::Username)).await;
    assert_eq!(people.len(), 2_375);
    assert_eq!((http.sent(), stand_in.counts().requests), (4, 4));
}

#[tokio::test]
async fn faults_are_set_and_counts_are_read_from_outside() {
    let origin = serve(&StandIn::new(Config::new(Kind::Okta, 5))).await;
    let http = NativeHttp::new(Duration::from_secs(15));
    let rules = json!([{"fault": {"status": 503}, "call": 2}, {"fault": "html", "call": 3, "hits": "forever"}]);
    let faults = format!("{origin}/_stand-in/faults");
    assert_eq!(ask(&http, "POST", faults.clone(), rules).await, (200, json!({"waiting": 2})));
    assert_eq!(ask(&http, "POST", faults.clone(), json!([{"fault": "nonsense"}])).await.0, 400);
    let users = format!("{origin}/api/v1/users?limit=2");
    // A `Bearer` of ours holds at Okta as well.
    assert_eq!(ask(&http, "GET", users.clone(), Value::Null).await.0, 200);
    assert_eq!(ask(&http, "GET", users, Value::Null).await.0, 503);
    assert_eq!(ask(&http, "DELETE", faults, Value::Null).await.1, json!({"waiting": 0}));
    let counts = ask(&http, "GET", format!("{origin}/_stand-in/counts"), Value::Null).await.1;
    assert_eq!(counts, json!({"requests": 2, "tokens": 0, "throttled": 0}));
}

#[tokio::test]
async fn an_answer_that_never_comes_ends_in_the_time_out_of_the_caller() {
    let stand_in = StandIn::new(Config::new(Kind::Http, 5));
    stand_in.fail(Rule::next(Fault::Timeout));
    let origin = serve(&stand_in).await;
    let http = NativeHttp::new(Duration::from_millis(50));
    let request = Request::get(format!("{origin}/people/user000001")).body(Vec::new()).unwrap();
    assert_eq!(http.send(request).await.unwrap_err(), HttpError::Timeout);
}

#[tokio::test]
async fn the_people_service_tells_one_person_and_knows_nobody_else() {
    let extra = vec![Person::named(1, "o'brien", State::Disabled), Person::named(2, "gone", State::Left)];
    let origin = serve(&StandIn::new(Config { extra, ..Config::new(Kind::Http, 0) })).await;
    let http = NativeHttp::new(Duration::from_secs(15));
    let (status, body) = ask(&http, "GET", format!("{origin}/people/o%27brien"), Value::Null).await;
    assert_eq!((status, &body["employment"]), (200, &json!({"state": "left"})));
    for nobody in ["gone", "x", "..%2fpeople"] {
        assert_eq!(ask(&http, "GET", format!("{origin}/people/{nobody}"), Value::Null).await.0, 404, "{nobody}");
    }
}

#[tokio::test]
async fn more_requests_a_minute_than_allowed_are_told_to_slow_down() {
    let config = Config { limit_per_minute: Some(2), ..Config::new(Kind::Okta, 5) };
    let stand_in = StandIn::new(config);
    let origin = serve(&stand_in).await;
    let http = NativeHttp::new(Duration::from_secs(15));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(ask(&http, "GET", format!("{origin}/api/v1/users?limit=2"), Value::Null).await.0);
    }
    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(stand_in.counts().throttled, 1);
}
