//! Chat channels that answer as they are told, and the ticks of the alert function.

use seatkeeper_engine::{
    alert::{self, Accepted, AlertReport, Notice, Notify, Retry, Undelivered, WarnError},
    state::Warning,
};
use seatkeeper_policy::Instant;
use seatkeeper_tests::{Drive, Lab, POLICY, Runner, Tap, drive};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// An answer of a channel.
pub type Answer = Result<Accepted, Undelivered>;

/// Two chat channels that take everything, unless they are told otherwise.
pub struct Chat {
    /// The channels that are configured.
    pub on: RefCell<Vec<String>>,
    /// So many deliveries to a channel fail; `mail` is the gateway to people.
    pub failures: RefCell<BTreeMap<String, u32>>,
    /// What a channel answers next, before it goes on as usual.
    pub answers: RefCell<BTreeMap<String, VecDeque<Answer>>>,
    /// What a channel answers always.
    pub always: RefCell<BTreeMap<String, Answer>>,
    /// The time between two messages.
    pub spacing: Cell<Duration>,
    /// Channel and subject of what arrived, oldest first.
    pub received: RefCell<Vec<(String, String)>>,
    /// The notices that arrived at `slack`.
    pub told: RefCell<Vec<Notice>>,
    /// Channel and instant of each try.
    pub tries: RefCell<Vec<(String, Instant)>>,
}

impl Default for Chat {
    fn default() -> Self {
        Self {
            on: RefCell::new(vec!["slack".into(), "generic".into()]),
            failures: RefCell::default(),
            answers: RefCell::default(),
            always: RefCell::default(),
            spacing: Cell::default(),
            received: RefCell::default(),
            told: RefCell::default(),
            tries: RefCell::default(),
        }
    }
}

/// A failure that tells what it says.
pub fn failure(retry: Retry, told: &str) -> Answer {
    Err(Undelivered { retry, status: None, told: told.to_owned() })
}

/// The chat of a lab behind a tap.
pub struct Tapped<'a>(pub &'a Chat, pub &'a Tap, pub &'a Lab);

impl Tapped<'_> {
    fn answer(&self, channel: &str) -> Answer {
        if let Some(answer) = self.0.answers.borrow_mut().get_mut(channel).and_then(VecDeque::pop_front) {
            return answer;
        }
        if let Some(left) = self.0.failures.borrow_mut().get_mut(channel)
            && *left > 0
        {
            *left -= 1;
            return failure(Retry::Later(None), "500");
        }
        self.0.always.borrow().get(channel).cloned().unwrap_or(Ok(Accepted::default()))
    }
}

impl Notify for Tapped<'_> {
    fn channels(&self) -> Vec<String> {
        self.0.on.borrow().clone()
    }

    fn known(&self) -> Vec<String> {
        vec!["slack".into(), "teams".into(), "generic".into()]
    }

    fn spacing(&self, _: &str) -> Duration {
        self.0.spacing.get()
    }

    async fn deliver(&self, channel: &str, notice: &Notice) -> Answer {
        self.1
            .call(format!("deliver {channel}"), async {
                self.0.tries.borrow_mut().push((channel.to_owned(), self.2.now()));
                let answer = self.answer(channel);
                if answer.is_ok() {
                    self.0.received.borrow_mut().push((channel.to_owned(), notice.subject()));
                    if channel == "slack" {
                        self.0.told.borrow_mut().push(notice.clone());
                    }
                }
                answer
            })
            .await
    }

    fn can_warn(&self) -> bool {
        true
    }

    async fn warn(&self, warning: &Warning) -> Result<(), WarnError> {
        self.1
            .call(format!("warn {}", warning.username), async {
                self.0.received.borrow_mut().push(("mail".to_owned(), warning.username.to_string()));
                Ok(())
            })
            .await
    }
}

impl Chat {
    /// How often a subject arrived at a channel.
    pub fn count(&self, channel: &str, subject: &str) -> usize {
        let received = self.received.borrow();
        received.iter().filter(|(to, about)| to == channel && about == subject).count()
    }

    /// Subjects that arrived at `slack` and begin so, oldest first.
    pub fn about(&self, beginning: &str) -> Vec<String> {
        let received = self.received.borrow();
        let slack = received.iter().filter(|(to, about)| to == "slack" && about.starts_with(beginning));
        slack.map(|(_, about)| about.clone()).collect()
    }

    /// The newest notice that arrived.
    pub fn newest(&self) -> Notice {
        self.told.borrow().last().unwrap().clone()
    }
}

/// A site with three levels and so many percent of its seats in use.
pub fn lab(percent: u32) -> Lab {
    let lab = Lab::default();
    lab.policy(&format!("{POLICY}alert = [{{ percent = 90 }}, {{ percent = 95 }}, {{ seats-left = 3 }}]\n"));
    usage(&lab, percent);
    lab
}

/// A site of which the seats are of no interest.
pub fn calm() -> Lab {
    let lab = Lab::default();
    lab.policy(POLICY);
    usage(&lab, 50);
    lab
}

/// Makes so many percent of the seats used, as far as whole seats allow.
pub fn usage(lab: &Lab, percent: u32) {
    let used = lab.seats_used();
    lab.world().max_users = Some(used * 100 / percent);
}

/// One tick with a tap.
pub fn tick_with(lab: &Lab, chat: &Chat, tap: &Tap) -> Drive<AlertReport> {
    let runner = Runner::start(lab, tap);
    let notify = Tapped(chat, tap, lab);
    drive(tap, alert::tick(&runner.store, &runner.confluence, &runner.clock, &notify, &runner.name))
}

/// One tick.
pub fn tick(lab: &Lab, chat: &Chat) -> AlertReport {
    tick_with(lab, chat, &Tap::default()).done()
}
