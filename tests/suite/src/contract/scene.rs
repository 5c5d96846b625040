//! What the checks work with.

use super::Needs;
use crate::stage::{Install, Process, Running, Site, Tokens, install};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::PathBuf;

/// A running Seatkeeper, and what is known about its surroundings.
pub struct Scene {
    /// Clients of it.
    pub install: Install,
    /// Its Confluence, if that is a simulator.
    pub site: Option<Site>,
    /// The host, if the suite started it.
    pub host: Option<OwnHost>,
    /// Whether the cron check is wanted, or why it cannot run.
    pub cron: Result<(), String>,
    /// The run that was carried out, once one was.
    pub applied: Option<Applied>,
}

/// A host that the suite started.
pub struct OwnHost {
    /// How.
    pub process: Process,
    /// A folder for the files of further hosts.
    pub folder: PathBuf,
    /// The host itself; absent only while it is started again.
    pub running: Option<Running>,
}

/// A run that was carried out.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Its plan.
    pub plan: Value,
    /// Keys of the accounts that lost their seat.
    pub freed: Vec<String>,
    /// Seats before and after.
    pub seats: (u64, u64),
}

impl Scene {
    /// Starts a host and a scene on it.
    pub fn start(process: Process, folder: PathBuf, site: Site, tokens: &Tokens) -> Result<Self> {
        let (running, install) = install::start(&process, tokens)?;
        site.hook(running.base(), &tokens.hook)?;
        let host = Some(OwnHost { process, folder, running: Some(running) });
        let cron = Err("not asked for; add --cron (it takes more than a minute)".into());
        Ok(Self { install, site: Some(site), host, cron, applied: None })
    }

    /// Why a check with these needs cannot run here.
    pub fn lacks(&self, needs: Needs) -> Option<String> {
        let none = |what: &str| Some(what.to_owned());
        match needs {
            Needs::Simulator if self.site.is_none() => {
                none("it changes accounts and therefore needs a simulator; add --simulator URL")
            }
            Needs::OwnHost | Needs::Cron if self.host.is_none() => {
                none("it starts hosts of its own; run without --url")
            }
            Needs::Cron => self.cron.clone().err(),
            Needs::Nothing | Needs::Simulator | Needs::OwnHost => None,
        }
    }

    /// The simulator.
    pub fn site(&self) -> Result<&Site> {
        self.site.as_ref().context("there is no simulator here")
    }

    /// The host that the suite started.
    pub fn host(&mut self) -> Result<&mut OwnHost> {
        self.host.as_mut().context("the suite did not start this host")
    }

    /// Stops the host, starts it again on the same files, and returns what it printed.
    pub fn restart(&mut self) -> Result<String> {
        let host = self.host()?;
        let running = host.running.take().context("the host is not running")?;
        let output = running.stop()?;
        let process = host.process.clone();
        let (running, install) = install::start(&process, &self.install.tokens)?;
        let base = running.base().to_owned();
        self.host()?.running = Some(running);
        self.install = install;
        self.site()?.hook(&base, &self.install.tokens.hook)?;
        Ok(output)
    }

    /// The run that was carried out; it is carried out if that has not happened yet.
    pub fn applied(&mut self) -> Result<Applied> {
        if let Some(applied) = &self.applied {
            return Ok(applied.clone());
        }
        self.install.policy(&install::policy("approve"))?;
        let plan = self.install.plan()?;
        let before = self.site()?.seats_used()?;
        self.install.approve(&plan)?;
        let done = self.install.sweep("/sweep")?;
        ensure!(
            done.pointer("/outcome/is").and_then(Value::as_str) == Some("applied"),
            "the approved plan was not carried out: {done}"
        );
        let after = self.site()?.seats_used()?;
        let mut freed = Vec::new();
        for key in self.install.planned(&plan)? {
            if !self.site()?.has_seat(&key)? {
                freed.push(key);
            }
        }
        let applied = Applied { plan, freed, seats: (before, after) };
        self.applied = Some(applied.clone());
        Ok(applied)
    }
}
