//! The contract suite for hosts as a program.

use anyhow::{Context, Result, bail};
use clap::Parser;
use seatkeeper_tests::{
    contract::{
        checks,
        run::{chosen, run},
        scene::Scene,
    },
    stage::{Install, Program, Site, Tokens, components_are_built, install, tokens},
};
use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

/// Accounts of the simulator that the suite starts.
const USERS: u32 = 300;

/// Checks whether a host runs Seatkeeper's components as they need it.
///
/// Without arguments it starts a simulated Confluence and our own host, and runs all checks on them. Each check is a
/// line: `ok`, `FAIL` with what was seen, or `skip` with the reason. The exit code is 1 if one failed.
#[derive(Parser)]
#[command(
    name = "contract",
    after_help = "Examples:
  contract                              our own host
  contract --cron                       the same with the timer, which takes up to 70 seconds more
  contract --spin /usr/local/bin/spin   Spin, with the same manifest; add --cron if its cron plugin is installed
  contract --url https://seats.example  what runs there, with the checks that change nothing
  contract --only signature             the checks with this word in their names

Tokens for --url come from the environment, never from the command line: SEATKEEPER_ADMIN_TOKEN,
SEATKEEPER_REPORT_TOKEN, SEATKEEPER_TRIGGER_TOKEN and SEATKEEPER_HOOK_SECRET, or the same after SPIN_VARIABLE_.
With --simulator, Seatkeeper must be set up for that simulator and have an empty store; its accounts are changed."
)]
struct Arguments {
    /// Check what already runs at this address.
    #[arg(long, value_name = "URL", conflicts_with = "spin")]
    url: Option<String>,
    /// The simulator that the Seatkeeper at --url uses; it lets the checks run that change accounts.
    #[arg(long, value_name = "URL", requires = "url")]
    simulator: Option<String>,
    /// Start this program with `up` instead of our own host: Spin, or anything that takes the same arguments.
    #[arg(long, value_name = "BINARY")]
    spin: Option<PathBuf>,
    /// A further argument for `up`; can be repeated.
    #[arg(long = "up-arg", value_name = "ARGUMENT", allow_hyphen_values = true, conflicts_with = "url")]
    up_args: Vec<String>,
    /// Also check the timer; for Spin, its plugin `trigger-cron` must be installed.
    #[arg(long)]
    cron: bool,
    /// Run only checks whose names contain this.
    #[arg(long, value_name = "PATTERN")]
    only: Option<String>,
    /// Print the names of the checks and end.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match work(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn work(arguments: &Arguments) -> Result<ExitCode> {
    let checks = chosen(checks(), arguments.only.as_deref());
    if checks.is_empty() {
        bail!("no check has this in its name; --list prints all names");
    }
    if arguments.list {
        for check in &checks {
            println!("{}", check.name);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let mut scene = match &arguments.url {
        Some(url) => running(url, arguments.simulator.as_deref())?,
        None => started(arguments, folder.path().to_owned())?,
    };
    let total = run(&mut scene, &checks, &mut std::io::stdout())?;
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A Seatkeeper that runs already.
fn running(url: &str, simulator: Option<&str>) -> Result<Scene> {
    let mut missing = Vec::new();
    let mut read = |name: &str| {
        let names = [format!("SEATKEEPER_{name}"), format!("SPIN_VARIABLE_{name}")];
        let found = names.iter().find_map(|name| std::env::var(name).ok()).filter(|value| !value.is_empty());
        found.unwrap_or_else(|| {
            missing.push(names.join(" or "));
            String::new()
        })
    };
    let tokens = Tokens {
        confluence: String::new(),
        admin: read("ADMIN_TOKEN"),
        report: read("REPORT_TOKEN"),
        trigger: read("TRIGGER_TOKEN"),
        hook: read("HOOK_SECRET"),
        // Whose tokens these would be, nobody told.
        people: Vec::new(),
    };
    if !missing.is_empty() {
        bail!("set in the environment: {}", missing.join(", "));
    }
    let site = simulator.map(Site::at);
    if let Some(site) = &site {
        site.hook(url.trim_end_matches('/'), &tokens.hook).context("the simulator cannot be used")?;
    }
    let cron = Err("a host that runs already has its own timers".into());
    Ok(Scene { install: Install::at(url, tokens), site, host: None, cron, applied: None })
}

/// A simulator and a host on it.
fn started(arguments: &Arguments, folder: PathBuf) -> Result<Scene> {
    components_are_built()?;
    let tokens = tokens();
    let site = Site::start(USERS, &tokens.confluence)?;
    let mut program = match &arguments.spin {
        // The host gets a working folder of its own, so a path must not depend on ours; a bare name is searched.
        Some(path) if path.components().count() > 1 => {
            Program { path: std::path::absolute(path).context("--spin")?, args: Vec::new() }
        }
        Some(name) => Program { path: name.clone(), args: Vec::new() },
        None => install::our_host(&["--quiet"])?,
    };
    program.args.extend(arguments.up_args.iter().cloned());
    let process = install::prepare(program, &folder.join("host"), &site, &tokens, false)?;
    let mut scene = Scene::start(process, folder, site, &tokens)?;
    if arguments.cron {
        scene.cron =
            arguments.spin.as_deref().map_or(Ok(()), |spin| cron_plugin(spin).map_err(|why| format!("{why:#}")));
    }
    Ok(scene)
}

/// Whether Spin has its cron trigger.
fn cron_plugin(spin: &std::path::Path) -> Result<()> {
    let output =
        Command::new(spin).args(["plugins", "list", "--installed"]).output().context("it cannot be started")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && text.contains("trigger-cron") {
        return Ok(());
    }
    bail!("its plugin trigger-cron is not installed; run: {} plugins install trigger-cron", spin.display())
}
