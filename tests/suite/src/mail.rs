//! A mail gateway of a lab: it takes, refuses for good, or is away for a while; and the alert function's ticks with it.

use crate::{Drive, Lab, Runner, Tap, drive};
use seatkeeper_engine::{
    alert::{self, Accepted, AlertReport, Notice, Notify, Undelivered, WarnError},
    state::Warning,
};
use std::cell::{Cell, RefCell};

/// A gateway that remembers what it sent.
#[derive(Default)]
pub struct Mail {
    /// What was sent, oldest first.
    pub sent: RefCell<Vec<Warning>>,
    /// So many tries fail and may succeed later.
    pub away: Cell<u32>,
    /// Every address is refused for good.
    pub refuses: Cell<bool>,
    /// What the chat was told.
    pub told: RefCell<Vec<Notice>>,
}

impl Mail {
    /// Names that were written to, in order.
    pub fn names(&self) -> Vec<String> {
        self.sent.borrow().iter().map(|warning| warning.username.to_string()).collect()
    }
}

struct Gateway<'a>(&'a Mail, &'a Tap);

impl Notify for Gateway<'_> {
    fn channels(&self) -> Vec<String> {
        vec!["chat".into()]
    }

    async fn deliver(&self, _: &str, notice: &Notice) -> Result<Accepted, Undelivered> {
        self.1.call("deliver".into(), async { self.0.told.borrow_mut().push(notice.clone()) }).await;
        Ok(Accepted::default())
    }

    fn can_warn(&self) -> bool {
        true
    }

    async fn warn(&self, warning: &Warning) -> Result<(), WarnError> {
        let send = async {
            if self.0.away.get() > 0 {
                self.0.away.set(self.0.away.get() - 1);
                return Err(WarnError::Later("503".into()));
            }
            if self.0.refuses.get() {
                return Err(WarnError::Never("550 no such mailbox".into()));
            }
            self.0.sent.borrow_mut().push(warning.clone());
            Ok(())
        };
        self.1.call(format!("warn {}", warning.username), send).await
    }
}

impl Lab {
    /// The timer of the alert function rings once.
    pub fn alert(&self, mail: &Mail) -> AlertReport {
        self.alert_with(&Tap::default(), mail).done()
    }

    /// The timer of the alert function rings once, with a tap.
    pub fn alert_with(&self, tap: &Tap, mail: &Mail) -> Drive<AlertReport> {
        let runner = Runner::start(self, tap);
        let gateway = Gateway(mail, tap);
        drive(tap, alert::tick(&runner.store, &runner.confluence, &runner.clock, &gateway, &runner.name))
    }
}
