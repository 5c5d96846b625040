//! The clients of a component, on Spin's HTTP and clock.

use crate::{SpinClock, SpinHttp};
use seatkeeper_confluence::{Confluence, Settings};
use seatkeeper_directories::{Crowd, CrowdSettings, NoRename};
use seatkeeper_engine::ports::{Http, PortError, Rename};
use seatkeeper_policy::Username;

/// Confluence, reached from a component.
pub type Client<H = SpinHttp> = Confluence<H, SpinClock>;

/// A client of the Confluence that the variables name.
pub fn confluence(settings: Settings) -> Client {
    confluence_by(SpinHttp::default(), settings)
}

/// The same by another HTTP, such as one that counts.
pub fn confluence_by<H: Http>(http: H, settings: Settings) -> Client<H> {
    Confluence::new(http, SpinClock, settings)
}

/// Whoever can rename accounts here: Crowd where it is configured, else nobody.
pub enum Renamer<H = SpinHttp> {
    /// Crowd, or a Jira that stands in for it.
    Crowd(Crowd<H, SpinClock>),
    /// Nobody.
    Nobody(NoRename),
}

impl Renamer {
    /// The executor that the variables name.
    pub fn new(settings: Option<CrowdSettings>) -> Self {
        Self::by(SpinHttp::default(), settings)
    }
}

impl<H: Http> Renamer<H> {
    /// The same by another HTTP, such as one that counts.
    pub fn by(http: H, settings: Option<CrowdSettings>) -> Self {
        match settings {
            Some(settings) => Self::Crowd(Crowd::new(http, SpinClock, settings)),
            None => Self::Nobody(NoRename),
        }
    }
}

impl<H: Http> Rename for Renamer<H> {
    fn available(&self) -> bool {
        match self {
            Self::Crowd(crowd) => crowd.available(),
            Self::Nobody(nobody) => nobody.available(),
        }
    }

    async fn rename(&self, from: &Username, to: &Username) -> Result<(), PortError> {
        match self {
            Self::Crowd(crowd) => crowd.rename(from, to).await,
            Self::Nobody(nobody) => nobody.rename(from, to).await,
        }
    }

    async fn holder(&self, name: &Username) -> Result<Option<String>, PortError> {
        match self {
            Self::Crowd(crowd) => crowd.holder(name).await,
            Self::Nobody(nobody) => nobody.holder(name).await,
        }
    }
}
