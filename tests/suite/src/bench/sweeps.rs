//! Sweeps, pages and exports of large sites.

use super::{Plan, Stand, hooks, pages, table::Results};
use crate::stage::{
    client::{list, number, text},
    install::policy,
};
use anyhow::{Context, Result, ensure};
use std::{path::Path, time::Instant};

/// Restores that are measured at most.
const RESTORES: usize = 200;

/// A dry run, its pages, and on the smaller populations also logins, the run itself and restores.
pub fn population(results: &mut Results, folder: &Path, users: u32, plan: &Plan, small: bool) -> Result<()> {
    let stand = Stand::start(folder, users, &["--quiet"])?;
    let install = &stand.install;
    install.policy(&policy("approve"))?;
    let requests = stand.site.requests()?;
    let started = Instant::now();
    let waiting = install.plan()?;
    let took = started.elapsed();
    let overview = install.report.get("/report/overview.json")?.success()?;
    let judged = number(&overview, "/report/accounts")?;
    let asked = stand.site.requests()? - requests;
    let note = format!(
        "{judged} accounts judged in {:.1} s with {asked} requests; simulator on the same machine",
        took.as_secs_f64()
    );
    results.add(format!("sweep to a plan, {users} users"), f64::from(users) / took.as_secs_f64(), "users/s", note);
    pages::measure(results, &stand, users, judged)?;
    if small {
        let page = install.report.get("/report/accounts.json?decision=keep&size=500")?.success()?;
        let keys: Vec<String> =
            list(&page, "/accounts")?.iter().map(|a| text(a, "/user-key")).collect::<Result<_>>()?;
        hooks::nothing(results, install, &keys, plan.seconds)?;
        run(results, &stand, &waiting)?;
    }
    let output = stand.running.stop()?;
    for component in ["sweep", "report", "restore"] {
        if let Some(kib) = peak(&output, component).filter(|kib| *kib > 0.0) {
            results.add(format!("peak memory of {component}, {users} users"), kib, "KiB", "largest single instance");
        }
    }
    Ok(())
}

fn run(results: &mut Results, stand: &Stand, waiting: &serde_json::Value) -> Result<()> {
    let install = &stand.install;
    let writes = stand.site.writes()?;
    install.approve(waiting)?;
    let started = Instant::now();
    let done = install.sweep("/sweep")?;
    let took = started.elapsed();
    ensure!(done.pointer("/outcome/is").is_some_and(|is| is == "applied"), "the plan was not carried out: {done}");
    let accounts = number(waiting, "/accounts")?;
    let note =
        format!("{accounts} accounts, {} writes; each is checked before and after", stand.site.writes()? - writes);
    results.add("carrying a plan out", accounts as f64 / took.as_secs_f64(), "accounts/s", note);
    let mut freed = Vec::new();
    for key in install.planned(waiting)? {
        if freed.len() < RESTORES && !stand.site.has_seat(&key)? {
            freed.push(key);
        }
    }
    hooks::restores(results, install, &freed)
}

/// The line that our host prints for each component when it ends.
pub(super) fn peak(output: &str, component: &str) -> Option<f64> {
    let marker = format!("Component {component}: at most ");
    let rest = output.lines().find_map(|line| line.split_once(&marker))?.1;
    rest.split(' ').next().context("a number").ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::peak;

    #[test]
    fn the_peak_is_read_from_the_hosts_last_words() {
        let output = "Stopping\nComponent sweep: at most 2048 KiB of memory in one instance.\n";
        assert_eq!(peak(output, "sweep"), Some(2048.0));
        assert_eq!(peak(output, "sweep-cron"), None);
    }
}
