//! The measurements as a program.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use seatkeeper_tests::{
    bench::{Plan, dry_run, start, sweeps, table::Results},
    stage::components_are_built,
};
use std::process::ExitCode;

/// Measures the real components on our host against the simulator.
///
/// Progress goes to standard error; at the end a table, or JSON with --json, goes to standard output. Everything runs
/// on this machine, so a busy machine gives smaller numbers.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    /// About a minute, with 2,000 accounts, instead of everything with 10,000 and 100,000.
    #[arg(long)]
    quick: bool,
    /// Numbers of accounts instead of those.
    #[arg(long, value_name = "N", value_delimiter = ',')]
    users: Vec<u32>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Only the dry runs.
    #[arg(long)]
    only_dry_run: bool,
    /// Only a sweep without latency, and the pages and files that it leaves.
    #[arg(long, conflicts_with = "only_dry_run")]
    only_pages: bool,
}

fn main() -> ExitCode {
    match work(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn work(arguments: &Arguments) -> Result<()> {
    ensure!(
        !cfg!(debug_assertions) || arguments.quick,
        "this is a debug build; build it with --release, or use --quick"
    );
    components_are_built()?;
    let mut plan = if arguments.quick { Plan::quick() } else { Plan::full() };
    if !arguments.users.is_empty() {
        plan.populations.clone_from(&arguments.users);
    }
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let mut results = Results::default();
    if !arguments.only_dry_run && !arguments.only_pages {
        start::sizes(&mut results)?;
        start::cold(&mut results, &folder.path().join("start"), &plan)?;
        start::instances(&mut results, &folder.path().join("instances"))?;
    }
    for (number, users) in plan.populations.iter().enumerate() {
        if !arguments.only_pages {
            dry_run::measure(&mut results, &folder.path().join(format!("dry-run-{users}")), *users)?;
        }
        if arguments.only_dry_run {
            continue;
        }
        let place = folder.path().join(format!("users-{users}"));
        // Only the first population has its plan carried out: the rate does not depend on the number of accounts.
        sweeps::population(&mut results, &place, *users, &plan, number == 0 && !arguments.only_pages)?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&results)?);
    } else {
        println!("{}", results.table());
    }
    Ok(())
}
