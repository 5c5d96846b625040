//! What Seatkeeper is for: a dry run, a plan, seats taken back, seats given back, an alert, an export.

use super::{Check, Needs::Simulator, scene::Scene};
use crate::stage::{
    client::{list, number, segment, text},
    install::policy,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::thread;

/// Checks of this file.
pub const CHECKS: &[Check] = &[
    Check { name: "a dry run judges everybody and writes nothing", needs: Simulator, run: dry_run },
    Check { name: "a plan of a dry run cannot be approved", needs: Simulator, run: dry_plan },
    Check { name: "every account can be looked up by its name", needs: Simulator, run: lookup },
    Check { name: "the CSV has a record for every account", needs: Simulator, run: csv },
    Check { name: "a plan is approved only with its own hash", needs: Simulator, run: wrong_hash },
    Check { name: "an approved plan frees as many seats as it reclaims", needs: Simulator, run: apply },
    Check { name: "a sweep after that finds nobody else", needs: Simulator, run: fixed_point },
    Check { name: "a login gives the seat back, and a second one changes nothing", needs: Simulator, run: login },
    Check { name: "fifty events of one login give the seat back once", needs: Simulator, run: storm },
    Check { name: "fifty logins at once are all answered and give the seats back", needs: Simulator, run: crowd },
    Check { name: "a run is undone, and undoing it again changes nothing", needs: Simulator, run: undo },
    Check { name: "an alert arrives although its first delivery fails, and only once", needs: Simulator, run: alert },
];

fn outcome(report: &Value) -> &str {
    report.pointer("/outcome/is").and_then(Value::as_str).unwrap_or_default()
}

fn dry_run(scene: &mut Scene) -> Result<()> {
    let (install, site) = (&scene.install, scene.site()?);
    install.policy(&policy("dry-run"))?;
    let before = site.writes()?;
    let report = install.sweep("/sweep?open=now")?;
    ensure!(outcome(&report) == "dry-run-published", "the dry run ended otherwise: {report}");
    ensure!(site.writes()? == before, "a dry run wrote to Confluence");
    let overview = install.report.get("/report/overview.json")?.success()?;
    let accounts = number(&overview, "/report/accounts")?;
    let decisions = overview.pointer("/report/decisions").and_then(Value::as_object).context("no decisions")?;
    let judged: u64 = decisions.values().filter_map(Value::as_u64).sum();
    ensure!(accounts > 0 && judged == accounts, "{accounts} accounts and {judged} decisions");
    ensure!(number(&report, "/plan/accounts")? > 0, "nobody of the population is to lose a seat: {report}");
    Ok(())
}

fn dry_plan(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    install.policy(&policy("dry-run"))?;
    let report = install.sweep("/sweep?open=now")?;
    let path = format!("/admin/plans/{}/approve", text(&report, "/plan/id")?);
    let body = json!({"hash": text(&report, "/plan/hash")?});
    install.admin.post(&path, Some(&body))?.problem(409, "dry-run")?;
    Ok(())
}

fn swept(scene: &Scene) -> Result<()> {
    scene.install.policy(&policy("dry-run"))?;
    scene.install.sweep("/sweep?open=now").map(drop)
}

fn lookup(scene: &mut Scene) -> Result<()> {
    swept(scene)?;
    let install = &scene.install;
    let page = install.report.get("/report/accounts.json?size=500")?.success()?;
    let accounts = list(&page, "/accounts")?;
    ensure!(!accounts.is_empty(), "there are no accounts");
    // Names with spaces, slashes, percent signs and letters beyond ASCII are part of every population.
    for account in accounts.iter().take(60) {
        let name = text(account, "/username")?;
        let found = install.report.get(&format!("/report/accounts/{}", segment(&name)))?.success()?;
        ensure!(text(&found, "/account/username")? == name, "{name} was looked up and somebody else came: {found}");
        ensure!(!list(&found, "/lines")?.is_empty(), "{name} has no explanation");
    }
    let odd = accounts.iter().filter_map(|account| text(account, "/username").ok()).any(|name| !name.is_ascii());
    ensure!(odd || accounts.len() < 100, "no name beyond ASCII was among the accounts");
    install.report.get("/report/accounts/nobody-of-that-name")?.expect(404)?;
    Ok(())
}

fn csv(scene: &mut Scene) -> Result<()> {
    swept(scene)?;
    let install = &scene.install;
    let accounts = number(&install.report.get("/report/overview.json")?.success()?, "/report/accounts")?;
    let answer = install.report.send("GET", "/report/accounts.csv", &[], None)?.expect(200)?;
    ensure!(answer.header("content-type").starts_with("text/csv"), "it is {:?}", answer.header("content-type"));
    ensure!(records(answer.text()?) == accounts + 1, "{accounts} accounts, {} records", records(answer.text()?));
    let negotiated = install.report.send("GET", "/report/accounts", &[("accept", "text/csv")], None)?.expect(200)?;
    ensure!(records(negotiated.text()?) == accounts + 1, "asked for by Accept, it has another number of records");
    let some = install.report.get("/report/accounts.csv?decision=reclaim")?.expect(200)?;
    let page = install.report.get("/report/accounts.json?decision=reclaim")?.success()?;
    ensure!(records(some.text()?) == number(&page, "/total")? + 1, "the filter is different in CSV and JSON");
    Ok(())
}

/// Records of a CSV. Names may contain line ends inside quotes, so only those outside count.
pub fn records(csv: &str) -> u64 {
    csv.split('"').step_by(2).map(|part| part.matches("\r\n").count() as u64).sum()
}

fn wrong_hash(scene: &mut Scene) -> Result<()> {
    let install = &scene.install;
    install.policy(&policy("approve"))?;
    let plan = install.plan()?;
    let before = scene.site()?.writes()?;
    let path = format!("/admin/plans/{}/approve", text(&plan, "/id")?);
    install.admin.post(&path, Some(&json!({"hash": "0".repeat(64)})))?.problem(409, "plan-hash")?;
    install.admin.post(&path, Some(&json!({"hsah": "0"})))?.expect(400)?;
    install
        .admin
        .post("/admin/plans/20000101-000000/approve", Some(&json!({"hash": "0"})))?
        .problem(404, "not-found")?;
    let still = install.sweep("/sweep")?;
    ensure!(text(&still, "/status")? == "waiting", "the plan should still wait: {still}");
    ensure!(scene.site()?.writes()? == before, "something was written without an approval");
    Ok(())
}

fn apply(scene: &mut Scene) -> Result<()> {
    let applied = scene.applied()?;
    let runs = scene.install.report.get("/report/runs.json")?.success()?;
    let run = runs.pointer("/runs/0").context("no run is reported")?;
    let reclaimed = number(run, "/tally/reclaimed")?;
    let (before, after) = applied.seats;
    ensure!(reclaimed > 0, "nobody lost a seat: {run}");
    ensure!(before == after + reclaimed, "{reclaimed} seats were taken, {} came free: {run}", before.abs_diff(after));
    ensure!(applied.freed.len() as u64 == reclaimed, "{reclaimed} reclaimed, {} without a seat", applied.freed.len());
    Ok(())
}

fn fixed_point(scene: &mut Scene) -> Result<()> {
    let applied = scene.applied()?;
    let before = scene.site()?.writes()?;
    let report = scene.install.sweep("/sweep?open=now")?;
    let planned = number(&report, "/plan/accounts").unwrap_or_default();
    let failed = number(&applied.plan, "/accounts")?.saturating_sub(applied.freed.len() as u64);
    // Accounts that could not be changed are planned again; nobody else is.
    ensure!(planned <= failed, "{planned} accounts are planned, although only {failed} could not be changed");
    ensure!(scene.site()?.writes()? == before, "the second sweep wrote without an approval");
    Ok(())
}

/// The key of an account that lost its seat and has not come back yet.
fn sleeper(scene: &mut Scene) -> Result<String> {
    let freed = scene.applied()?.freed;
    let site = scene.site()?;
    for name in freed {
        let user = site.user(&name)?;
        if user.get("seat") == Some(&json!(false)) && user.get("active") == Some(&json!(true)) {
            return Ok(name);
        }
    }
    anyhow::bail!("everybody of the plan has come back already")
}

fn login(scene: &mut Scene) -> Result<()> {
    let name = sleeper(scene)?;
    let site = scene.site()?;
    let seen = site.login(&name)?;
    ensure!(site.has_seat(&name)?, "{name} logged in and did not get the seat back: {seen}");
    let writes = site.writes()?;
    site.login(&name)?;
    ensure!(site.writes()? == writes, "a second login of {name} changed something");
    Ok(())
}

fn storm(scene: &mut Scene) -> Result<()> {
    let name = sleeper(scene)?;
    let (install, site) = (&scene.install, scene.site()?);
    let before = number(&site.state()?, "/changes")?;
    let used = site.seats_used()?;
    let event = json!({"event": "login", "userKey": name}).to_string();
    // A sender repeats an event that was not accepted; so does this one.
    let send = |event: &str| -> Result<()> {
        for _ in 0..20 {
            let answer = install.event(event)?;
            match answer.status.as_u16() {
                200 => return Ok(()),
                503 => thread::sleep(std::time::Duration::from_millis(200)),
                _ => return answer.expect(200).map(drop),
            }
        }
        anyhow::bail!("an event of {name} was not accepted in 20 attempts")
    };
    at_once(50, |_| send(&event))?;
    ensure!(site.has_seat(&name)?, "{name} has no seat after fifty events");
    ensure!(site.seats_used()? == used + 1, "one account came back and {} seats are taken", site.seats_used()? - used);
    let changes = number(&site.state()?, "/changes")? - before;
    let groups = list(&site.user(&name)?, "/groups")?.len() as u64;
    ensure!(changes <= groups, "{changes} changes were made for one account with {groups} groups");
    Ok(())
}

fn crowd(scene: &mut Scene) -> Result<()> {
    let freed = scene.applied()?.freed;
    let (install, site) = (&scene.install, scene.site()?);
    let mut names = Vec::new();
    for name in freed {
        let user = site.user(&name)?;
        if user.get("seat") == Some(&json!(false)) && user.get("active") == Some(&json!(true)) {
            names.push(name);
        }
    }
    // Half stays for the undo; the rest of the fifty are people who never lost anything.
    names.truncate(names.len().div_ceil(2).min(25));
    let present = install.report.get("/report/accounts.json?decision=keep&size=50")?.success()?;
    let others =
        list(&present, "/accounts")?.into_iter().filter_map(|account| text(&account, "/user-key").ok()).take(25);
    let everybody: Vec<String> = names.iter().cloned().chain(others).collect();
    at_once(everybody.len(), |number| {
        let name = everybody.get(number).context("there are fewer names")?;
        let event = json!({"event": "login", "userKey": name}).to_string();
        for _ in 0..50 {
            let answer = install.event(&event)?;
            if answer.status == 200 {
                return Ok(());
            }
            ensure!(answer.status == 503, "the login of {name} was answered with {}", answer.status);
            thread::sleep(std::time::Duration::from_millis(200));
        }
        anyhow::bail!("the login of {name} was not accepted in 50 attempts")
    })?;
    for name in &names {
        ensure!(site.has_seat(name)?, "{name} logged in among many and did not get the seat back");
    }
    Ok(())
}

/// Does something so many times at once.
fn at_once(times: usize, call: impl Fn(usize) -> Result<()> + Sync) -> Result<()> {
    let call = &call;
    thread::scope(|scope| {
        let calls: Vec<_> = (0..times).map(|number| scope.spawn(move || call(number))).collect();
        calls.into_iter().try_for_each(|call| call.join().unwrap_or_else(|_| anyhow::bail!("a caller panicked")))
    })
}

fn undo(scene: &mut Scene) -> Result<()> {
    let applied = scene.applied()?;
    let run = text(&applied.plan, "/id")?;
    let undo = |scene: &Scene| -> Result<(u64, Vec<Value>)> {
        let (mut restored, mut failed, mut from) = (0, Vec::new(), 0);
        loop {
            let report = scene.install.admin.post(&format!("/admin/runs/{run}/undo?from={from}"), None)?.success()?;
            restored += number(&report, "/restored")?;
            failed.extend(list(&report, "/failed")?);
            match report.get("next").and_then(Value::as_u64) {
                Some(next) => from = next,
                None => return Ok((restored, failed)),
            }
        }
    };
    let (_, failed) = undo(scene)?;
    let site = scene.site()?;
    for name in &applied.freed {
        ensure!(site.has_seat(name)?, "{name} has no seat after the undo; it failed for {failed:?}");
    }
    let writes = site.writes()?;
    let (again, _) = undo(scene)?;
    ensure!(again == 0, "a second undo gave back {again} accounts");
    ensure!(scene.site()?.writes()? == writes, "a second undo wrote to Confluence");
    Ok(())
}

fn alert(scene: &mut Scene) -> Result<()> {
    let (install, site) = (&scene.install, scene.site()?);
    install.policy(&policy("dry-run"))?;
    let used = site.seats_used()?;
    site.licence(Some(used * 2))?;
    install.trigger.post("/alert", None)?.success()?;
    site.clear_chat()?;
    site.licence(Some(used * 100 / 92))?;
    site.knobs(&json!({"chat_failures": 1}))?;
    let first = install.trigger.post("/alert", None)?.success()?;
    ensure!(number(&first, "/waiting")? == 1, "a message whose delivery failed should wait: {first}");
    ensure!(site.chat()?.is_empty(), "chat accepted what it was told to refuse");
    let second = install.trigger.post("/alert", None)?.success()?;
    ensure!(number(&second, "/delivered")? == 1, "the message should arrive at the second attempt: {second}");
    let third = install.trigger.post("/alert", None)?.success()?;
    ensure!(number(&third, "/delivered")? == 0, "the same level is told twice: {third}");
    let chat = site.chat()?;
    ensure!(chat.len() == 1, "chat received {} messages: {chat:?}", chat.len());
    site.licence(Some(used * 2))
}
