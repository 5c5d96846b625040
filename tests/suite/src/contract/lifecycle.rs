//! What only a host that the suite started can show: restarts, grants taken away, timers.

use super::{
    Check,
    Needs::{Cron, OwnHost},
    scene::Scene,
};
use crate::stage::{
    Manifest,
    client::{list, text},
    install::{self, policy},
};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{
    thread,
    time::{Duration, Instant},
};
use toml::Value as Toml;

/// Checks of this file.
pub const CHECKS: &[Check] = &[
    Check { name: "everything is still there after a restart", needs: OwnHost, run: restart },
    Check { name: "without a policy a sweep says so and does nothing", needs: OwnHost, run: no_policy },
    Check { name: "a host that was not granted is not reached, and the trouble is told", needs: OwnHost, run: no_host },
    Check {
        name: "a store that was not granted is not opened, and the trouble is told",
        needs: OwnHost,
        run: no_store,
    },
    Check { name: "the timer wakes the sweep", needs: Cron, run: cron },
];

/// The sweep's timer is due every minute.
const TIMER: Duration = Duration::from_secs(70);

fn restart(scene: &mut Scene) -> Result<()> {
    scene.install.policy(&policy("approve"))?;
    scene.install.sweep("/sweep?open=now")?;
    let look = |scene: &Scene| -> Result<Vec<Vec<u8>>> {
        ["/admin/policy", "/admin/plans", "/report/runs.json", "/report/accounts.json?size=500"]
            .into_iter()
            .map(|path| Ok(scene.install.admin.get(path)?.expect(200)?.body))
            .collect()
    };
    let before = look(scene)?;
    scene.restart()?;
    ensure!(look(scene)? == before, "the state is another one after the restart");
    Ok(())
}

/// A second host with an empty store and a changed manifest.
fn another(scene: &mut Scene, name: &str, change: impl Fn(Manifest) -> Result<Manifest>) -> Result<install::Started> {
    let tokens = scene.install.tokens.clone();
    let site = scene.site()?.clone();
    let host = scene.host()?;
    let folder = host.folder.join(name);
    let mut process = install::prepare(host.process.program.clone(), &folder, &site, &tokens, false)?;
    process.manifest = change(Manifest::read(&process.manifest)?)?.write(&folder, "changed.toml")?;
    install::start(&process, &tokens)
}

fn no_policy(scene: &mut Scene) -> Result<()> {
    let (running, install) = another(scene, "no-policy", Ok)?;
    let before = scene.site()?.requests()?;
    let answer = install.trigger.post("/sweep?open=now", None)?.expect(503)?.json()?;
    ensure!(text(&answer, "/error/code")? == "no-policy", "the sweep said {answer}");
    install.admin.get("/admin/policy")?.problem(404, "no-policy")?;
    ensure!(scene.site()?.requests()? == before, "the sweep asked Confluence without a policy");
    drop(running);
    Ok(())
}

fn no_host(scene: &mut Scene) -> Result<()> {
    let granted = || Toml::Array(vec![Toml::String("https://somewhere-else.example".into())]);
    let (running, install) = another(scene, "no-host", |m| {
        m.set("sweep", "allowed_outbound_hosts", granted())?.set("alert", "allowed_outbound_hosts", granted())
    })?;
    install.policy(&policy("approve"))?;
    let before = scene.site()?.requests()?;
    let answer = install.trigger.post("/sweep?open=now", None)?.expect(503)?.json()?;
    let said = text(&answer, "/error/message")?;
    ensure!(said.contains("allowed_outbound_hosts"), "the trouble does not say what to do: {answer}");
    install.trigger.post("/alert", None)?.expect(503)?;
    ensure!(scene.site()?.requests()? == before, "a component reached a host that it was not granted");
    drop(running);
    Ok(())
}

fn no_store(scene: &mut Scene) -> Result<()> {
    let none = || Toml::Array(Vec::new());
    let (running, install) = another(scene, "no-store", |m| {
        m.set("sweep", "key_value_stores", none())?.set("report", "key_value_stores", none())
    })?;
    install.policy(&policy("enforce"))?;
    let before = scene.site()?.writes()?;
    let swept = install.trigger.post("/sweep?open=now", None)?.expect(503)?.json()?;
    ensure!(swept.to_string().contains("store-failed"), "the sweep said {swept}");
    install.report.get("/report/overview.json")?.problem(503, "store-failed")?;
    ensure!(scene.site()?.writes()? == before, "a sweep without a store wrote to Confluence");
    drop(running);
    Ok(())
}

fn cron(scene: &mut Scene) -> Result<()> {
    let tokens = scene.install.tokens.clone();
    let site = scene.site()?.clone();
    let host = scene.host()?;
    let process = install::prepare(host.process.program.clone(), &host.folder.join("cron"), &site, &tokens, true)?;
    let (running, install) = install::start(&process, &tokens)?;
    install.policy(&policy("dry-run"))?;
    let started = Instant::now();
    while started.elapsed() < TIMER {
        let runs = install.report.get("/report/runs.json")?.success()?;
        if let Some(run) = list(&runs, "/runs")?.first() {
            ensure!(run.get("mode").and_then(Value::as_str) == Some("dry-run"), "the timer did {run}");
            drop(running);
            return Ok(());
        }
        thread::sleep(Duration::from_millis(500));
    }
    let output = running.stop()?;
    Err(anyhow::anyhow!("{output}")).context(format!("the timer did not wake the sweep within {TIMER:?}"))
}
