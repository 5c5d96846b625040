//! The part of the story about people who leave: a directory says so, and then the directory is down.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{
    START,
    story::{Cast, number, policy, say, seats, step, sweep, text},
};
use crate::{
    process::{Service, free_port},
    programs,
    workspace::Workspace,
};

/// What the stand-in takes for a token.
pub const TOKEN: &str = "stand-in-token";

/// People that the directory speaks about.
const PEOPLE: usize = 80;
/// Those of them who leave.
const LEAVERS: usize = 5;

/// A SCIM server that stands in for the company's. Its address is known before it is started.
pub struct Directory {
    /// Where it will be.
    pub origin: String,
    port: u16,
    program: PathBuf,
    folder: PathBuf,
}

impl Directory {
    /// One that is not started yet.
    pub fn new(workspace: &Workspace, folder: &Path) -> Result<Self> {
        let port = free_port()?;
        let origin = format!("http://127.0.0.1:{port}");
        Ok(Self { origin, port, program: workspace.program(programs::STAND_IN), folder: folder.to_owned() })
    }

    fn start(&self, people: &str) -> Result<Service> {
        let file = self.folder.join("people.csv");
        fs::write(&file, people).with_context(|| format!("{} cannot be written", file.display()))?;
        let mut command = Command::new(&self.program);
        command.args(["--kind", "scim", "--users", "0", "--port", &self.port.to_string(), "--people"]).arg(&file);
        let mut service = Service::start("directory", &mut command, &self.folder)?;
        service.wait_for_line("Stand-in listening on ", START)?;
        Ok(service)
    }
}

/// Five people leave, their seats come free, and an outage of the directory takes nothing from anybody.
pub fn leave(cast: &Cast, directory: &Directory) -> Result<()> {
    step(6, "Five people leave the company");
    let names = names(cast)?;
    let people: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let state = if place < LEAVERS { "disabled" } else { "active" };
            format!("{name},{name}@example.com,{state}")
        })
        .collect();
    let server = directory.start(&people.join("\n"))?;
    let patterns: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let rules = format!(
        "{}[[directory]]\nname = \"company\"\nprovider = \"scim\"\nmatch = \"username\"\nusers = [{}]\n",
        policy("approve"),
        patterns.join(", ")
    );
    cast.admin.put("/admin/policy", rules)?;
    let (before, _) = seats(cast)?;
    let waiting = sweep(cast, "/sweep?open=now", "reading accounts and the directory")?;
    ensure!(waiting.pointer("/status") == Some(&json!("waiting")), "the plan should wait: {waiting}");
    let left = cast.report.get("/report/accounts.json?decision=reclaim%2Fleft&size=50")?;
    let found = left.pointer("/accounts").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(found == LEAVERS, "{found} leavers were found instead of {LEAVERS}");
    say(&format!("A SCIM server calls {LEAVERS} of {} people disabled; they used Confluence until now.", names.len()));
    let (id, hash) = (text(&waiting, "/plan/id")?, text(&waiting, "/plan/hash")?);
    cast.admin.post(&format!("/admin/plans/{id}/approve"), Some(&json!({"hash": hash})))?;
    sweep(cast, "/sweep", "taking seats back")?;
    let (after, _) = seats(cast)?;
    ensure!(before - after == LEAVERS as u64, "{} seats came free instead of {LEAVERS}", before - after);
    say(&format!("Approved; {LEAVERS} seats came free. A login of theirs would not give them back."));

    server.stop(START)?;
    let writes = number(&cast.simulator.get("/_sim/state")?, "/writes")?;
    let Err(refused) = cast.trigger.post("/sweep?open=now", None) else {
        anyhow::bail!("a sweep without its directory must fail");
    };
    ensure!(format!("{refused:#}").contains("company"), "the error should name the directory: {refused:#}");
    let now = number(&cast.simulator.get("/_sim/state")?, "/writes")?;
    ensure!(now == writes, "an outage must not write");
    say("Now the directory is down: the sweep waits, says which directory, and takes nothing from anybody.");
    // What follows is about seats and not about people.
    cast.admin.put("/admin/policy", policy("approve"))?;
    Ok(())
}

/// People who use Confluence and whose names fit into a list without quotes; first those who were seen long enough ago to
/// prove that their account is not young.
fn names(cast: &Cast) -> Result<Vec<String>> {
    let kept = cast.report.get("/report/accounts.json?decision=keep%2Frecently-active&size=500")?;
    let accounts = kept.pointer("/accounts").and_then(Value::as_array).context("nobody is active")?;
    let named = accounts.iter().filter_map(|account| {
        let idle = account.pointer("/idle-days").and_then(Value::as_i64).unwrap_or_default();
        Some((idle > 30, account.pointer("/username")?.as_str()?))
    });
    let mut plain: Vec<(bool, &str)> =
        named.filter(|(_, name)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'.')).collect();
    plain.sort_by_key(|(old, _)| !old);
    let old = plain.iter().filter(|(old, _)| *old).count();
    ensure!(old >= LEAVERS && plain.len() >= PEOPLE, "too few people fit into this part of the story");
    Ok(plain.into_iter().take(PEOPLE).map(|(_, name)| name.to_owned()).collect())
}
