//! The contract suite for hosts: what Seatkeeper's components need from whatever runs them, as named checks. Nothing
//! here knows which host it talks to; a host that passes can be used.
//!
//! Reading order: [`scene`], [`edge`], [`tokens`], [`hooks`], [`policies`], [`story`], [`lifecycle`], [`roles`], [`run`].

pub mod edge;
pub mod hooks;
pub mod lifecycle;
pub mod policies;
pub mod roles;
pub mod run;
pub mod scene;
pub mod story;
pub mod tokens;

use anyhow::Result;
use scene::Scene;

/// What a check needs besides a running Seatkeeper and its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing; it changes nothing either, so it can be run on a real installation.
    Nothing,
    /// A simulator, whose accounts it changes.
    Simulator,
    /// A host that the suite started and may start again.
    OwnHost,
    /// A host with a cron trigger, and more than a minute.
    Cron,
}

/// One check.
#[derive(Clone, Copy)]
pub struct Check {
    /// A sentence that is true if it passes.
    pub name: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// Does it; an error is a sentence that did not come true.
    pub run: fn(&mut Scene) -> Result<()>,
}

/// All checks in the order in which they run.
pub fn checks() -> Vec<Check> {
    let groups: [&[Check]; 7] = [
        edge::CHECKS,
        tokens::CHECKS,
        hooks::CHECKS,
        policies::CHECKS,
        story::CHECKS,
        lifecycle::CHECKS,
        roles::CHECKS,
    ];
    groups.concat()
}
