//! A dry run of a whole site on a slow line: how close it comes to the time that its requests alone would take, and how
//! fast the component judges compared with the same code running natively.

use super::{Stand, judge, table::Results};
use crate::stage::{
    Site,
    client::{number, text},
    install::{self, policy},
    tokens,
};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Requests that the sweep has under way at most.
const AT_ONCE: u64 = 8;
/// Milliseconds that every call takes longer.
const LATENCY: u64 = 20;

/// A first sweep, and a second one of an unchanged site with latency.
pub fn measure(results: &mut Results, folder: &Path, users: u32) -> Result<()> {
    let native = judge::native(results, users)?;
    let site = Site::start(users, &tokens().confluence)?;
    let mut process = install::prepare(install::our_host(&["--quiet"])?, folder, &site, &tokens(), false)?;
    // Short ticks end between two steps, so that each phase can be timed by itself.
    process.variables.push(("tick_budget_seconds".to_owned(), "1".to_owned()));
    let (running, install) = install::start(&process, &tokens())?;
    let stand = Stand { site, process, running, install };
    stand.install.policy(&policy("dry-run"))?;

    let first = sweep(&stand)?;
    let judged = number(&stand.install.report.get("/report/overview.json")?.success()?, "/report/accounts")?;
    let rate = judged as f64 / first.judging.as_secs_f64();
    let note = format!(
        "{judged} accounts in {:.2} s; natively {:.1} times as fast",
        first.judging.as_secs_f64(),
        native / rate
    );
    results.add(format!("judging in the component, {users} users"), rate, "users/s", note);

    stand.site.knobs(&json!({"latency_ms": LATENCY}))?;
    let asked = stand.site.requests()?;
    let second = sweep(&stand)?;
    let asked = stand.site.requests()? - asked;
    let per_account = asked as f64 / judged as f64;
    results.add(
        format!("requests per unchanged account, {users} users"),
        per_account,
        "requests",
        format!("{asked} requests for {judged} accounts"),
    );
    let least = Duration::from_millis(asked * LATENCY / AT_ONCE);
    let note = format!(
        "{asked} requests of {LATENCY} ms, {AT_ONCE} at once, take {:.1} s at least; reading took {:.1} s",
        least.as_secs_f64(),
        second.reading.as_secs_f64()
    );
    results.time(format!("dry run at {LATENCY} ms a call, {users} users"), second.reading + second.judging, note);
    let output = stand.running.stop()?;
    let peak = super::sweeps::peak(&output, "sweep").context("the host did not tell how much memory the sweep used")?;
    results.add(format!("peak memory of the dry run, {users} users"), peak, "KiB", "largest single instance of sweep");
    Ok(())
}

/// How long the phases of one sweep took.
struct Phases {
    reading: Duration,
    judging: Duration,
}

fn sweep(stand: &Stand) -> Result<Phases> {
    let (mut phases, mut phase) = (Phases { reading: Duration::ZERO, judging: Duration::ZERO }, "gather".to_owned());
    let mut path = "/sweep?open=now";
    loop {
        let started = Instant::now();
        let report = stand.install.trigger.post(path, None)?.success()?;
        let took = started.elapsed();
        path = "/sweep";
        match phase.as_str() {
            "gather" | "none" => phases.reading += took,
            _ => phases.judging += took,
        }
        ensure!(report.get("error").is_none_or(serde_json::Value::is_null), "{report}");
        if text(&report, "/status")? != "working" {
            return Ok(phases);
        }
        phase = text(&report, "/phase")?;
    }
}
