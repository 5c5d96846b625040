//! A directory of one's own against the plain people service.

use crate::bench::{ORIGIN, directory};
use futures::executor::block_on;
use seatkeeper_directories::{HttpPeople, HttpPeopleSettings};
use seatkeeper_engine::{directories::Directories, ports::ErrorClass};
use seatkeeper_policy::{
    account::Source,
    directory::{HttpRules, Presence, Provider},
};
use seatkeeper_stand_ins::{Config, Fault, Kind, Rule, StandIn, State, in_process::Network};

fn provider() -> Provider {
    let values = [("employed", Presence::Active), ("suspended", Presence::Locked), ("left", Presence::Disabled)];
    Provider::Http(HttpRules {
        path: "/people/{identity}".to_owned(),
        status: "/employment/state".to_owned(),
        values: values.into_iter().map(|(word, presence)| (word.to_owned(), presence)).collect(),
        not_found_is_absent: true,
        identity: Some("/id".to_owned()),
        sign_in: Some("/lastSeen".to_owned()),
    })
}

#[test]
fn everybody_is_what_the_people_service_says() {
    let stand_in = StandIn::new(Config::new(Kind::Http, 300));
    let network = Network::of(ORIGIN, &stand_in);
    let settings = HttpPeopleSettings::parse(ORIGIN, "stand-in-token").unwrap();
    let client = HttpPeople::new(&network, &network, settings);
    let mut directory = directory(provider());
    directory.sign_ins = true;
    for person in stand_in.people() {
        let found = block_on(client.person(&directory, &person.username)).unwrap();
        let presence = match person.state {
            State::Active => Presence::Active,
            State::Locked => Presence::Locked,
            State::Disabled => Presence::Disabled,
            State::Left => Presence::Absent,
        };
        assert_eq!(found.presence, presence, "{}", person.username);
        let known = person.last_sign_in.filter(|_| person.state != State::Left);
        let seconds = known.map(|at| at.timestamp());
        assert_eq!(found.seen.map(|seen| seen.at.timestamp()), seconds, "{}", person.username);
        assert!(found.seen.is_none_or(|seen| seen.source == Source::HttpSignIn));
    }
    assert_eq!(stand_in.counts().requests, 300);
}

#[test]
fn a_people_service_that_fails_says_nothing_about_anybody() {
    for (fault, class) in [
        (Fault::Status(401), ErrorClass::Unauthorized),
        (Fault::Status(403), ErrorClass::Refused),
        (Fault::Status(500), ErrorClass::Retryable),
        (Fault::Throttled(600), ErrorClass::Throttled),
        (Fault::Timeout, ErrorClass::Retryable),
        (Fault::CutOff, ErrorClass::Malformed),
        (Fault::Html, ErrorClass::Malformed),
        (Fault::Redirect("http://127.0.0.1/".to_owned()), ErrorClass::Malformed),
    ] {
        let stand_in = StandIn::new(Config::new(Kind::Http, 5));
        stand_in.fail(Rule::next(fault.clone()).forever());
        let network = Network::of(ORIGIN, &stand_in);
        let settings = HttpPeopleSettings::parse(ORIGIN, "stand-in-token").unwrap();
        let client = HttpPeople::new(&network, &network, settings);
        let error = block_on(client.person(&directory(provider()), "user000001")).unwrap_err();
        assert_eq!(error.class, class, "{fault:?}: {error}");
        assert!(network.denied().is_empty());
    }
}
