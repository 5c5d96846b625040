//! One stand-in: its people, its settings, its faults, and the count of what it was asked.

use crate::{
    answer::{Answer, Question},
    fault::{Fault, Rule, Target, strike},
    kinds::{graph, okta, plain, scim, token},
    people::{Mix, Person, State, population},
};
use chrono::Utc;
use http::{Request, Response};
use serde::Serialize;
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Which directory is stood in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// SCIM 2.0, at `/scim/v2`.
    Scim,
    /// Microsoft Graph, and its token endpoint.
    Graph,
    /// Okta.
    Okta,
    /// A plain people service.
    Http,
}

/// How a stand-in is to be.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which directory.
    pub kind: Kind,
    /// So many people are made from the seed.
    pub users: usize,
    /// The seed.
    pub seed: u64,
    /// How they stand.
    pub mix: Mix,
    /// More people, after those from the seed.
    pub extra: Vec<Person>,
    /// Each answer takes so long.
    pub latency: Duration,
    /// A token that always holds: Okta's `SSWS`, otherwise `Bearer`.
    pub token: String,
    /// Our application at the token endpoint.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// What an issued token is said to live.
    pub token_seconds: u32,
    /// People on a page at most, whatever was asked for.
    pub page_cap: Option<usize>,
    /// Requests a minute before 429; none: no limit.
    pub limit_per_minute: Option<u32>,
    /// Switches are written as texts.
    pub string_booleans: bool,
    /// Graph: the tenant has the licence for sign-ins.
    pub premium: bool,
}

impl Config {
    /// A directory with so many people, without latency, faults and limits.
    pub fn new(kind: Kind, users: usize) -> Self {
        Self {
            kind,
            users,
            seed: 7,
            mix: Mix::default(),
            extra: Vec::new(),
            latency: Duration::ZERO,
            token: "stand-in-token".to_owned(),
            client_id: "stand-in-client".to_owned(),
            client_secret: "stand-in-secret".to_owned(),
            token_seconds: 3599,
            page_cap: None,
            limit_per_minute: None,
            string_booleans: false,
            premium: true,
        }
    }
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// All requests.
    pub requests: u64,
    /// Those for a token.
    pub tokens: u64,
    /// Those that were told to slow down.
    pub throttled: u64,
}

/// A stand-in. Copies are the same one.
#[derive(Clone)]
pub struct StandIn(Arc<Inner>);

struct Inner {
    config: Config,
    people: Vec<Person>,
    // Places in `people`: everybody who is in the directory, and Okta's two parts.
    present: Vec<usize>,
    enabled: Vec<usize>,
    disabled: Vec<usize>,
    names: HashMap<String, Vec<usize>>,
    state: Mutex<Changing>,
    requests: AtomicU64,
    tokens: AtomicU64,
    throttled: AtomicU64,
}

#[derive(Default)]
struct Changing {
    rules: Vec<Rule>,
    issued: HashSet<String>,
    last_issued: u64,
    log: Vec<String>,
    window: Option<(Instant, u32)>,
}

/// Marks an answer that never comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Silence;

impl StandIn {
    /// Makes the people and waits for questions.
    pub fn new(config: Config) -> Self {
        let mut people = population(config.users, config.seed, config.mix, Utc::now());
        people.extend(config.extra.iter().cloned());
        let places = |wanted: &dyn Fn(State) -> bool| -> Vec<usize> {
            people.iter().enumerate().filter(|(_, person)| wanted(person.state)).map(|(at, _)| at).collect()
        };
        let present = places(&|state| state != State::Left);
        let enabled = places(&|state| matches!(state, State::Active | State::Locked));
        let disabled = places(&|state| state == State::Disabled);
        let mut names: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, person) in people.iter().enumerate().filter(|(_, person)| person.state != State::Left) {
            let keys = [&person.id, &person.username, &person.upn, &person.employee_id];
            let keys: HashSet<String> = keys.into_iter().chain(&person.mails).map(|key| key.to_lowercase()).collect();
            for key in keys {
                names.entry(key).or_default().push(at);
            }
        }
        Self(Arc::new(Inner {
            config,
            people,
            present,
            enabled,
            disabled,
            names,
            state: Mutex::default(),
            requests: AtomicU64::default(),
            tokens: AtomicU64::default(),
            throttled: AtomicU64::default(),
        }))
    }

    /// How it is.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Everybody, also those who have left and are not in the directory.
    pub fn people(&self) -> &[Person] {
        &self.0.people
    }

    /// What was asked so far.
    pub fn counts(&self) -> Counts {
        Counts {
            requests: self.0.requests.load(Ordering::Relaxed),
            tokens: self.0.tokens.load(Ordering::Relaxed),
            throttled: self.0.throttled.load(Ordering::Relaxed),
        }
    }

    /// Addresses of the last thousand questions, oldest first.
    pub fn asked(&self) -> Vec<String> {
        self.changing().log.clone()
    }

    /// Lets calls go wrong.
    pub fn fail(&self, rule: Rule) {
        self.changing().rules.push(rule);
    }

    /// Takes all faults back.
    pub fn heal(&self) {
        self.changing().rules.clear();
    }

    /// Answers a question; nothing where no answer ever comes.
    pub async fn answer(&self, request: Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        let question = Question::of(request);
        if let Some(answer) = self.control(&question) {
            return Some(answer.into_response());
        }
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        if !self.0.config.latency.is_zero() {
            tokio::time::sleep(self.0.config.latency).await;
        }
        let for_token = token::is_token(&question);
        let fault = {
            let mut changing = self.changing();
            if changing.log.len() == 1000 {
                changing.log.remove(0);
            }
            changing.log.push(format!("{} {}", question.method, question.url));
            strike(&mut changing.rules, if for_token { Target::Token } else { Target::People })
        };
        if for_token {
            self.0.tokens.fetch_add(1, Ordering::Relaxed);
        }
        let answer = match self.spoiled(fault.as_ref()) {
            Spoiled::Silence => return None,
            Spoiled::Answer(answer) => answer,
            Spoiled::No => {
                if let Some(seconds) = self.over_limit() {
                    self.throttled(seconds)
                } else if for_token {
                    spoil_body(token::answer(self, &question), fault.as_ref())
                } else if self.admits(&question) {
                    let answer = self.truth(&question, fault.as_ref());
                    spoil_body(answer, fault.as_ref())
                } else {
                    self.error(401)
                }
            }
        };
        Some(self.limits(answer).into_response())
    }

    /// What comes instead of the truth.
    fn spoiled(&self, fault: Option<&Fault>) -> Spoiled {
        match fault {
            Some(Fault::Timeout) => Spoiled::Silence,
            Some(Fault::Status(status)) => Spoiled::Answer(self.error(*status)),
            Some(Fault::Refusal(status, code)) => Spoiled::Answer(self.refusal(*status, code)),
            Some(Fault::Throttled(seconds)) => Spoiled::Answer(self.throttled(*seconds)),
            Some(Fault::Html) => Spoiled::Answer(Answer::html()),
            Some(Fault::Redirect(to)) => {
                let answer = Answer { status: 302, headers: Vec::new(), body: Vec::new() };
                Spoiled::Answer(answer.with("location", to.clone()))
            }
            Some(Fault::TokenEnded) => {
                self.changing().issued.clear();
                Spoiled::Answer(self.error(401))
            }
            _ => Spoiled::No,
        }
    }

    fn truth(&self, question: &Question, fault: Option<&Fault>) -> Answer {
        match self.0.config.kind {
            Kind::Scim => scim::answer(self, question, fault),
            Kind::Graph => graph::answer(self, question, fault),
            Kind::Okta => okta::answer(self, question, fault),
            Kind::Http => plain::answer(self, question),
        }
    }

    fn admits(&self, question: &Question) -> bool {
        let Some(sent) = question.headers.get("authorization").and_then(|value| value.to_str().ok()) else {
            return false;
        };
        let fixed = &self.0.config.token;
        match sent.split_once(' ') {
            Some(("SSWS", token)) => self.0.config.kind == Kind::Okta && token == fixed,
            // Graph knows no tokens but its own.
            Some(("Bearer", token)) => {
                (self.0.config.kind != Kind::Graph && token == fixed) || self.changing().issued.contains(token)
            }
            _ => false,
        }
    }

    fn error(&self, status: u16) -> Answer {
        match (self.0.config.kind, status) {
            (Kind::Scim, _) => scim::error(status, None, "the request was not answered"),
            (Kind::Graph, 401) => graph::error(401, "InvalidAuthenticationToken", "Access token has expired."),
            (Kind::Graph, 403) => {
                graph::error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
            }
            (Kind::Graph, _) => graph::error(status, "UnknownError", "The request was not answered."),
            (Kind::Okta, 401) => okta::error(401, "E0000011", "Invalid token provided"),
            (Kind::Okta, 403) => {
                okta::error(403, "E0000006", "You do not have permission to perform the requested action")
            }
            (Kind::Okta, _) => okta::error(status, "E0000009", "Internal Server Error"),
            (Kind::Http, _) => plain::error(status, "the request was not answered"),
        }
    }

    fn refusal(&self, status: u16, code: &str) -> Answer {
        match self.0.config.kind {
            Kind::Scim => scim::error(status, Some(code), "refused"),
            Kind::Graph => graph::error(status, code, "refused"),
            Kind::Okta => okta::error(status, code, "refused"),
            Kind::Http => plain::error(status, code),
        }
    }

    fn throttled(&self, seconds: u32) -> Answer {
        self.0.throttled.fetch_add(1, Ordering::Relaxed);
        let now = Utc::now();
        match self.0.config.kind {
            Kind::Okta => okta::error(429, "E0000047", "API call exceeded rate limit due to too many requests.")
                .with("date", now.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
                .with("x-rate-limit-reset", (now.timestamp() + i64::from(seconds)).to_string()),
            Kind::Graph => {
                graph::error(429, "TooManyRequests", "Too Many Requests").with("retry-after", seconds.to_string())
            }
            Kind::Scim => scim::error(429, None, "too many requests").with("retry-after", seconds.to_string()),
            Kind::Http => plain::error(429, "too many requests").with("retry-after", seconds.to_string()),
        }
    }

    /// Counts the call in the minute, and says for how long to wait when there were too many.
    fn over_limit(&self) -> Option<u32> {
        const MINUTE: Duration = Duration::from_mins(1);
        let limit = self.0.config.limit_per_minute?;
        let mut changing = self.changing();
        let (since, used) =
            changing.window.filter(|(since, _)| since.elapsed() < MINUTE).unwrap_or((Instant::now(), 0));
        changing.window = Some((since, used.saturating_add(1)));
        let left = MINUTE.saturating_sub(since.elapsed());
        (used >= limit).then(|| u32::try_from(left.as_secs()).unwrap_or_default() + 1)
    }

    /// Okta tells its limits with every answer.
    fn limits(&self, answer: Answer) -> Answer {
        if self.0.config.kind != Kind::Okta || answer.status == 429 {
            return answer;
        }
        let limit = self.0.config.limit_per_minute.unwrap_or(600);
        let used = self.changing().window.map_or(0, |(_, used)| used);
        answer
            .with("x-rate-limit-limit", limit.to_string())
            .with("x-rate-limit-remaining", limit.saturating_sub(used).to_string())
            .with("x-rate-limit-reset", (Utc::now().timestamp() + 60).to_string())
    }

    /// Faults and counts from outside the process.
    fn control(&self, question: &Question) -> Option<Answer> {
        match (question.method.as_str(), question.path.as_str()) {
            ("GET", "/_stand-in/counts") => Some(Answer::json(200, &serde_json::json!(self.counts()))),
            ("POST", "/_stand-in/faults") => Some(match serde_json::from_slice::<Vec<Rule>>(&question.body) {
                Ok(rules) => {
                    for rule in rules {
                        self.fail(rule);
                    }
                    Answer::json(200, &serde_json::json!({"waiting": self.changing().rules.len()}))
                }
                Err(error) => Answer::json(400, &serde_json::json!({"message": error.to_string()})),
            }),
            ("DELETE", "/_stand-in/faults") => {
                self.heal();
                Some(Answer::json(200, &serde_json::json!({"waiting": 0})))
            }
            _ => None,
        }
    }

    pub(crate) fn issue(&self) -> String {
        let mut changing = self.changing();
        changing.last_issued += 1;
        let token = format!("issued-{}", changing.last_issued);
        changing.issued.insert(token.clone());
        token
    }

    #[expect(clippy::indexing_slicing, reason = "all places were made from this very list, which never changes")]
    pub(crate) fn person(&self, at: usize) -> &Person {
        &self.0.people[at]
    }

    pub(crate) fn present(&self) -> &[usize] {
        &self.0.present
    }

    pub(crate) fn enabled(&self) -> &[usize] {
        &self.0.enabled
    }

    pub(crate) fn disabled(&self) -> &[usize] {
        &self.0.disabled
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Person> {
        self.by_any_name(id).filter(|person| person.id == id)
    }

    pub(crate) fn by_any_name(&self, name: &str) -> Option<&Person> {
        self.0.names.get(&name.to_lowercase())?.first().map(|at| self.person(*at))
    }

    /// People of the directory who have one of the terms, each once.
    pub(crate) fn find(&self, terms: &[(String, String)], has: fn(&Person, &str, &str) -> bool) -> Vec<&Person> {
        let mut places: Vec<usize> = Vec::new();
        for (attribute, value) in terms {
            let known = self.0.names.get(&value.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
            places.extend(known.iter().filter(|at| has(self.person(**at), attribute, value)));
        }
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|at| self.person(at)).collect()
    }

    fn changing(&self) -> MutexGuard<'_, Changing> {
        // A panic elsewhere leaves nothing half done here.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Spoiled {
    No,
    Silence,
    Answer(Answer),
}

fn spoil_body(mut answer: Answer, fault: Option<&Fault>) -> Answer {
    match fault {
        Some(Fault::BrokenJson) => answer.body = b"{\"value\": [}".to_vec(),
        Some(Fault::CutOff) => answer.body.truncate(answer.body.len() / 2),
        _ => {}
    }
    answer
}
