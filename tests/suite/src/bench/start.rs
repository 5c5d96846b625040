//! Sizes, starts and instances.

use super::{
    Plan, Stand,
    table::{Results, percentile},
};
use crate::stage::{Manifest, Peer, Process, root};
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// A request that each component answers by itself, without its store and without Confluence.
const SMALLEST: [(&str, &str, &str, u16); 5] = [
    ("sweep", "GET", "/sweep", 405),
    ("report", "GET", "/report/style.css", 200),
    ("restore", "GET", "/hooks/login", 405),
    ("alert", "GET", "/alert", 405),
    ("admin", "GET", "/admin/policy", 401),
];

/// Requests for each component.
const REQUESTS: usize = 200;

/// Sizes of the components.
pub fn sizes(results: &mut Results) -> Result<()> {
    for source in Manifest::read(&root().join("spin.toml"))?.sources()? {
        let name = source.file_name().context("a component without a name")?.to_string_lossy().into_owned();
        let bytes = fs::metadata(&source).with_context(|| format!("{} is missing", source.display()))?.len();
        results.add(format!("size of {name}"), bytes as f64 / 1024.0, "KiB", "");
    }
    Ok(())
}

/// From the start of the process to the first answer of a component.
pub fn cold(results: &mut Results, folder: &Path, plan: &Plan) -> Result<()> {
    let stand = Stand::start(folder, 100, &["--quiet"])?;
    stand.running.stop()?;
    let first = |process: &Process| -> Result<Duration> {
        let started = Instant::now();
        let running = process.start()?;
        Peer::new(running.base()).get("/report/style.css")?.expect(200)?;
        let took = started.elapsed();
        running.stop()?;
        Ok(took)
    };
    let mut cached: Vec<Duration> = (0..plan.repeats).map(|_| first(&stand.process)).collect::<Result<_>>()?;
    results.time("start to first answer, cached", percentile(&mut cached, 50), "median; compiled code on disk");
    let mut uncached = stand.process.clone();
    uncached.program.args.push("--no-cache".into());
    let mut compiled: Vec<Duration> = (0..plan.repeats.min(3)).map(|_| first(&uncached)).collect::<Result<_>>()?;
    results.time("start to first answer, compiling", percentile(&mut compiled, 50), "median; nothing on disk");
    Ok(())
}

/// What a fresh instance costs, for each component.
pub fn instances(results: &mut Results, folder: &Path) -> Result<()> {
    for (kind, count) in [("fresh", "1"), ("reused", "128")] {
        let stand = Stand::start(&folder.join(kind), 100, &["--quiet", "--max-instance-reuse-count", count])?;
        for (component, method, path, status) in SMALLEST {
            let mut times = Vec::new();
            for _ in 0..REQUESTS {
                let started = Instant::now();
                let answer = stand.install.anyone.send(method, path, &[], None)?;
                times.push(started.elapsed());
                ensure!(answer.status == status, "{path} answered {}", answer.status);
            }
            let note = format!("median of {REQUESTS} smallest requests, one after the other");
            results.time(format!("{component}, {kind} instance"), percentile(&mut times, 50), note);
        }
        stand.running.stop()?;
    }
    Ok(())
}
