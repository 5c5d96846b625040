//! The clients of a component, on Spin's HTTP and clock.

use crate::{SpinClock, SpinHttp};
use seatkeeper_confluence::{Confluence, Settings};
use seatkeeper_directories::{Crowd, CrowdSettings, NoRename};
use seatkeeper_engine::ports::{PortError, Rename};
use seatkeeper_policy::Username;

/// Confluence, reached from a component.
pub type Client = Confluence<SpinHttp, SpinClock>;

/// A client of the Confluence that the variables name.
pub fn confluence(settings: Settings) -> Client {
    Confluence::new(SpinHttp::default(), SpinClock, settings)
}

/// Whoever can rename accounts here: Crowd where it is configured, else nobody.
pub enum Renamer {
    /// Crowd, or a Jira that stands in for it.
    Crowd(Crowd<SpinHttp, SpinClock>),
    /// Nobody.
    Nobody(NoRename),
}

impl Renamer {
    /// The executor that the variables name.
    pub fn new(settings: Option<CrowdSettings>) -> Self {
        match settings {
            Some(settings) => Self::Crowd(Crowd::new(SpinHttp::default(), SpinClock, settings)),
            None => Self::Nobody(NoRename),
        }
    }
}

impl Rename for Renamer {
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
