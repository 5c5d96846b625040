//! Measurements of the real components on our host against the simulator, as a client sees them. Both run on the same
//! machine as the client, so the numbers are lower than on machines of their own.
//!
//! Reading order: [`table`], [`start`], [`hooks`], [`sweeps`], [`pages`], [`mod@judge`], [`dry_run`].

pub mod dry_run;
pub mod hooks;
pub mod judge;
pub mod pages;
pub mod start;
pub mod sweeps;
pub mod table;

use crate::stage::{Install, Process, Running, Site, install, tokens};
use anyhow::Result;
use std::path::Path;

/// How large the measurements are.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Numbers of accounts for sweeps and reports.
    pub populations: Vec<u32>,
    /// Seconds for each measurement of requests.
    pub seconds: u64,
    /// Repetitions of what is over in a moment.
    pub repeats: usize,
}

impl Plan {
    /// Everything.
    pub fn full() -> Self {
        Self { populations: vec![10_000, 100_000], seconds: 5, repeats: 9 }
    }

    /// About a minute.
    pub fn quick() -> Self {
        Self { populations: vec![2_000], seconds: 2, repeats: 3 }
    }
}

/// A site, a host on it, and its clients.
pub struct Stand {
    /// The simulated Confluence.
    pub site: Site,
    /// How the host was started.
    pub process: Process,
    /// The host.
    pub running: Running,
    /// Its clients.
    pub install: Install,
}

impl Stand {
    /// Starts everything in a folder.
    pub fn start(folder: &Path, users: u32, args: &[&str]) -> Result<Self> {
        let site = Site::start(users, &tokens().confluence)?;
        let process = install::prepare(install::our_host(args)?, folder, &site, &tokens(), false)?;
        let (running, install) = install::start(&process, &tokens())?;
        Ok(Self { site, process, running, install })
    }
}
