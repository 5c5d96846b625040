//! Several calls of one client at the same time. Time is virtual: a wait costs none, and order is kept.

use crate::site::{Site, group};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use http::{Request, Response};
use seatkeeper_confluence::Confluence;
use seatkeeper_engine::ports::{Clock, ConfluenceRead, ErrorClass, Http, HttpError, PortError};
use seatkeeper_policy::UserKey;
use seatkeeper_simulator::{Fault, FaultBody, FaultKind};
use std::{cell::RefCell, collections::BTreeSet, time::Duration};
use tokio::time::Instant;

/// A site that is watched: what was sent when, and how it was answered.
struct Watched {
    site: Site,
    began: Instant,
    seen: RefCell<Vec<Seen>>,
}

struct Seen {
    sent: Duration,
    answered: Duration,
    status: u16,
}

impl Watched {
    fn new(knobs: &[(&str, &str)]) -> Self {
        Self { site: Site::with(knobs), began: Instant::now(), seen: RefCell::default() }
    }

    fn client(&self) -> Confluence<&Self, &Self> {
        Confluence::new(self, self, self.site.settings("demo-token", "sk-bot"))
    }
}

impl Http for &Watched {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        let sent = self.began.elapsed();
        let answer = (&self.site).send(request).await;
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        self.seen.borrow_mut().push(Seen { sent, answered: self.began.elapsed(), status });
        answer
    }
}

impl Clock for &Watched {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::from_std(self.began.elapsed()).unwrap()
    }

    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }
}

const PAGE: u64 = 5;
const KNOBS: [(&str, &str); 2] = [("page_cap", "5"), ("latency_ms", "20")];

/// The keys of the members from `start` on.
async fn keys(client: &Confluence<&Watched, &Watched>, start: u64) -> Result<Vec<UserKey>, PortError> {
    let page = client.members(&group("confluence-users"), start).await?;
    Ok(page.items.into_iter().map(|person| person.key).collect())
}

#[tokio::test(start_paused = true)]
async fn eight_pages_at_once_take_as_long_as_one_and_hold_the_same_people() {
    let watched = Watched::new(&KNOBS);
    let client = watched.client();
    let mut expected = Vec::new();
    for number in 0..8 {
        expected.push(keys(&client, number * PAGE).await.unwrap());
    }
    assert_eq!(watched.began.elapsed(), Duration::from_millis(160));
    let before = Instant::now();
    let found = join_all((0..8).map(|number| keys(&client, number * PAGE))).await;
    assert_eq!(before.elapsed(), Duration::from_millis(20));
    let found: Vec<_> = found.into_iter().map(Result::unwrap).collect();
    assert_eq!(found, expected);
    assert_eq!(found.into_iter().flatten().collect::<BTreeSet<_>>().len(), 40);
}

#[tokio::test(start_paused = true)]
async fn what_the_rate_limit_says_to_one_call_holds_for_all_of_them() {
    let watched = Watched::new(&KNOBS);
    let client = watched.client();
    let too_many = FaultKind::Status { status: 429, body: FaultBody::Json, retry_after: Some(3) };
    watched.site.simulator.inject(Fault::next("GET", "/rest/api/group", too_many).nth(3));
    let two_pages = async |number: u64| {
        let mut found = keys(&client, number * PAGE).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
        found.extend(keys(&client, (number + 8) * PAGE).await.unwrap());
        found
    };
    let found = join_all((0..8).map(two_pages)).await;

    let people: BTreeSet<_> = found.into_iter().flatten().collect();
    assert_eq!(people.len(), 80, "nobody is lost and nobody comes twice");
    let seen = watched.seen.borrow();
    assert_eq!(seen.len(), 17);
    let told = seen.iter().find(|seen| seen.status == 429).unwrap().answered;
    let allowed = told + Duration::from_secs(3);
    assert!(seen.iter().all(|seen| seen.sent <= told || seen.sent >= allowed), "nobody asks before the time");
    assert_eq!(seen.iter().filter(|seen| seen.sent >= allowed).count(), 9);
    let times: BTreeSet<_> = seen.iter().map(|seen| seen.sent).filter(|sent| *sent >= allowed).collect();
    assert!(times.len() > 4, "and not all at the same moment: {times:?}");
    assert!(watched.began.elapsed() < Duration::from_secs(4), "waits do not add up");
}

#[tokio::test(start_paused = true)]
async fn a_long_refusal_stops_all_calls_without_another_question_and_for_a_minute_at_most() {
    let watched = Watched::new(&KNOBS);
    let client = watched.client();
    let maintenance = FaultKind::Status { status: 503, body: FaultBody::Html, retry_after: Some(3600) };
    watched.site.simulator.inject(Fault::next("GET", "/rest/api/group", maintenance));
    for number in 0..8 {
        let failure = keys(&client, number * PAGE).await.unwrap_err();
        assert_eq!(failure.class, ErrorClass::Throttled, "{failure}");
    }
    assert_eq!(watched.seen.borrow().len(), 1);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(keys(&client, 0).await.unwrap().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn faults_of_single_calls_do_not_disturb_the_others() {
    let watched = Watched::new(&KNOBS);
    let client = watched.client();
    let oops = FaultKind::Status { status: 500, body: FaultBody::Json, retry_after: None };
    watched.site.simulator.inject(Fault::next("GET", "/rest/api/group", FaultKind::Truncate).nth(2));
    watched.site.simulator.inject(Fault::next("GET", "/rest/api/group", oops).nth(3));
    watched.site.simulator.inject(Fault::next("GET", "/rest/api/group", FaultKind::DropBeforeEffect).nth(4));
    let found = join_all((0..8).map(|number| keys(&client, number * PAGE))).await;
    let failed: Vec<_> = found.iter().filter_map(|found| found.as_ref().err().map(|failure| failure.class)).collect();
    assert_eq!(failed, [ErrorClass::Malformed], "what is safe to repeat was repeated");
}

#[tokio::test(start_paused = true)]
async fn eight_probes_at_once_agree() {
    let watched = Watched::new(&[("latency_ms", "20"), ("user_list_cap", "9")]);
    let client = watched.client();
    let found = join_all((0..8).map(|number| client.active(number * 9))).await;
    let pages: Vec<_> = found.into_iter().map(Result::unwrap).collect();
    let people: BTreeSet<_> = pages.iter().flat_map(|page| &page.items).map(|(person, _)| person.key.clone()).collect();
    assert_eq!(people.len(), 72);
    assert!(client.capabilities().await.unwrap().last_login);
}
