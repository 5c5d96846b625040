//! The story: dry run, approval, reclaim, proof, login, restore, a leaver, alert, export.

use std::{
    fs,
    io::{IsTerminal, Write},
    path::Path,
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{
    Credentials,
    leavers::{self, Directory},
    talk::Peer,
};

/// Ticks of one sweep at most; a sweep over 5,000 accounts takes two or three.
const TICKS: u32 = 200;

/// Everything the story talks to.
pub(super) struct Cast {
    pub simulator: Peer,
    pub admin: Peer,
    pub report: Peer,
    pub trigger: Peer,
}

/// Tells the story. An error is a sentence that did not come true.
pub fn tell(
    confluence: &str,
    seatkeeper: &str,
    credentials: &Credentials,
    folder: &Path,
    directory: &Directory,
) -> Result<()> {
    let cast = Cast {
        simulator: Peer::new(confluence, None),
        admin: Peer::new(seatkeeper, Some(credentials.admin)),
        report: Peer::new(seatkeeper, Some(credentials.report)),
        trigger: Peer::new(seatkeeper, Some(credentials.trigger)),
    };
    let hook = json!({"url": format!("{seatkeeper}/hooks/login"), "secret": credentials.hook});
    cast.simulator.post("/_sim/hook", Some(&hook))?;

    step(1, "A Confluence with 5,000 accounts");
    let (used, max) = seats(&cast)?;
    say(&format!("Confluence is at {confluence}, Seatkeeper at {seatkeeper}."));
    say(&format!("{used} of {max} seats are in use."));

    dry_run(&cast)?;
    let reclaimed = enforce(&cast, used)?;
    returns(&cast, &reclaimed)?;
    leavers::leave(&cast, directory)?;
    alert(&cast)?;
    export(&cast, folder)?;

    println!("\nEvery step came true.");
    Ok(())
}

pub(super) fn policy(mode: &str) -> String {
    format!(
        "version = 1\nmode = \"{mode}\"\n\
         licence-groups = [\"confluence-users\", \"confluence-contractors\"]\n\
         inactive.after-days = 90\nnever-logged-in.after-days = 60\n\
         cap = {{ accounts = 3000, percent = 70 }}\n\
         restore.seat-buffer = 2\n\
         [[exempt]]\npattern = \"svc-*\"\nwhy = \"integrations\"\nowner = \"platform team\"\n\
         [[alert]]\npercent = 90\n"
    )
}

fn dry_run(cast: &Cast) -> Result<()> {
    step(2, "Dry run: who would lose a seat, and why");
    let before = number(&cast.simulator.get("/_sim/state")?, "/writes")?;
    cast.admin.put("/admin/policy", policy("dry-run"))?;
    let last = sweep(cast, "/sweep?open=now", "reading accounts")?;
    ensure!(last.pointer("/outcome/is") == Some(&json!("dry-run-published")), "the dry run ended otherwise: {last}");
    let overview = cast.report.get("/report/overview.json")?;
    let accounts = number(&overview, "/report/accounts")?;
    let decisions = overview.pointer("/report/decisions").and_then(Value::as_object);
    for (code, count) in decisions.context("the overview has no decisions")? {
        let count = count.as_u64().unwrap_or_default();
        let bar = usize::try_from(count * 40 / accounts.max(1)).unwrap_or_default();
        println!("     {code:<26} {count:>6}  {}", "#".repeat(bar));
    }
    let writes = number(&cast.simulator.get("/_sim/state")?, "/writes")?;
    ensure!(writes == before, "a dry run must not write, and it wrote {} times", writes - before);
    say(&format!("{accounts} accounts were judged, each with a reason. Nothing was written."));
    let someone = cast.report.get("/report/accounts.json?decision=reclaim&size=1")?;
    let name = text(&someone, "/accounts/0/username")?;
    let explained = cast.report.get(&format!("/report/accounts/{}.json", encode(&name)))?;
    say(&format!("Why {name}?"));
    for line in explained.pointer("/lines").and_then(Value::as_array).context("no explanation")? {
        println!("       {}", line.as_str().unwrap_or_default());
    }
    Ok(())
}

/// Enforces the plan and returns the names of the accounts in it.
fn enforce(cast: &Cast, used: u64) -> Result<Vec<String>> {
    step(3, "The same rules, now with approval");
    cast.admin.put("/admin/policy", policy("approve"))?;
    let waiting = sweep(cast, "/sweep?open=now", "reading accounts")?;
    ensure!(waiting.pointer("/status") == Some(&json!("waiting")), "the plan should wait: {waiting}");
    let id = text(&waiting, "/plan/id")?;
    let hash = text(&waiting, "/plan/hash")?;
    let planned = number(&waiting, "/plan/accounts")?;
    say(&format!("Plan {id} with {planned} accounts waits. Its hash begins with {}.", hash.get(..12).unwrap_or(&hash)));
    let wrong = json!({"hash": "0".repeat(64)});
    ensure!(
        cast.admin.post(&format!("/admin/plans/{id}/approve"), Some(&wrong)).is_err(),
        "an approval with another hash must be refused"
    );
    say("An approval with another hash was refused.");
    cast.admin.post(&format!("/admin/plans/{id}/approve"), Some(&json!({"hash": hash})))?;
    say("Approved by hash.");

    step(4, "Reclaim, and proof that the seats are free");
    let done = sweep(cast, "/sweep", "taking seats back")?;
    ensure!(done.pointer("/outcome/is") == Some(&json!("applied")), "the plan was not carried out: {done}");
    let runs = cast.report.get("/report/runs.json")?;
    let run = runs.pointer("/runs/0").context("no run is reported")?;
    let reclaimed = number(run, "/tally/reclaimed")?;
    let failed = number(run, "/tally/failed")?;
    let (now, max) = seats(cast)?;
    say(&format!("{reclaimed} accounts lost their seat, {failed} could not be changed here (see the plan's page)."));
    say(&format!("Seats: {used} before, {now} after, of {max}. Diagnosis: {}.", text(run, "/diagnosis")?));
    ensure!(reclaimed > 0, "somebody should have lost a seat");
    ensure!(used - now == reclaimed, "{reclaimed} seats were taken and {} came free", used - now);
    let plan = cast.report.get(&format!("/report/plans/{id}.json?size=200"))?;
    let accounts = plan.pointer("/accounts").and_then(Value::as_array).context("the plan has no accounts")?;
    Ok(accounts.iter().filter_map(|a| a.pointer("/username")?.as_str().map(ToOwned::to_owned)).collect())
}

fn returns(cast: &Cast, reclaimed: &[String]) -> Result<()> {
    step(5, "Somebody comes back");
    for name in reclaimed {
        let before = cast.simulator.get(&format!("/_sim/users/{}", encode(name)))?;
        if before.pointer("/seat") != Some(&json!(false)) {
            continue;
        }
        let login = cast.simulator.post("/_sim/login", Some(&json!({"username": name})))?;
        if login.pointer("/result") == Some(&json!("refused")) {
            continue;
        }
        say(&format!("{name} logs in and sees: {}", text(&login, "/page").unwrap_or_else(|_| "no access".into())));
        let after = cast.simulator.get(&format!("/_sim/users/{}", encode(name)))?;
        ensure!(after.pointer("/seat") == Some(&json!(true)), "{name} should have the seat back: {login}");
        let had = before.pointer("/groups").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let has = after.pointer("/groups").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let given: Vec<&str> = has.iter().filter(|group| !had.contains(group)).filter_map(Value::as_str).collect();
        say(&format!("The webhook gave back {}. The next click works.", given.join(", ")));
        let writes = number(&cast.simulator.get("/_sim/state")?, "/writes")?;
        cast.simulator.post("/_sim/login", Some(&json!({"username": name})))?;
        let again = number(&cast.simulator.get("/_sim/state")?, "/writes")?;
        ensure!(writes == again, "a second login must change nothing");
        say("A second login changed nothing.");
        return Ok(());
    }
    anyhow::bail!("nobody of the plan could log in")
}

fn alert(cast: &Cast) -> Result<()> {
    step(7, "Seats run short");
    // What happened so far is told first: the runs, and whoever got no seat back.
    cast.trigger.post("/alert", None)?;
    let (used, _) = seats(cast)?;
    let max = used * 100 / 92;
    cast.simulator.post("/_sim/license", Some(&json!({"max_users": max})))?;
    say(&format!("The licence shrinks to {max} seats; {used} are in use."));
    let told = cast.trigger.post("/alert", None)?;
    ensure!(told.pointer("/delivered") == Some(&json!(1)), "one message should have been delivered: {told}");
    let chat = cast.simulator.get("/_sim/chat")?;
    let posts = chat.as_array().or_else(|| chat.pointer("/posts").and_then(Value::as_array));
    let body = posts.and_then(|posts| posts.last()).and_then(|post| post.pointer("/body")).and_then(Value::as_str);
    let message: Value = serde_json::from_str(body.context("the chat received nothing")?)?;
    say(&format!("The chat received: {}", text(&message, "/text")?));
    let again = cast.trigger.post("/alert", None)?;
    ensure!(again.pointer("/delivered") == Some(&json!(0)), "the same level must be told once: {again}");
    say("Asked again, it stays silent: one message a level and day.");
    Ok(())
}

fn export(cast: &Cast, folder: &Path) -> Result<()> {
    step(8, "Export");
    let csv = cast.report.text("GET", "/report/accounts.csv", None, "text/csv")?;
    let overview = cast.report.get("/report/overview.json")?;
    let accounts = usize::try_from(number(&overview, "/report/accounts")?)?;
    // Names may contain line ends inside quotes, so records are counted by their CRLF outside quotes.
    let records = csv.split('"').step_by(2).map(|part| part.matches("\r\n").count()).sum::<usize>();
    ensure!(records == accounts + 1, "{accounts} accounts and a header were expected, {records} records came");
    let file = folder.join("accounts.csv");
    fs::write(&file, &csv).with_context(|| format!("{} cannot be written", file.display()))?;
    say(&format!("{accounts} accounts, each with its reason, in {}", file.display()));
    Ok(())
}

/// Drives ticks until the sweep rests, and returns the last report.
pub(super) fn sweep(cast: &Cast, first: &str, what: &str) -> Result<Value> {
    let mut path = first;
    for _ in 0..TICKS {
        let report = cast.trigger.post(path, None)?;
        path = "/sweep";
        progress(&report, what);
        if report.pointer("/status") != Some(&json!("working")) {
            finish_progress();
            return Ok(report);
        }
    }
    anyhow::bail!("the sweep did not come to rest within {TICKS} ticks")
}

fn progress(report: &Value, what: &str) {
    let done = report.pointer("/done").and_then(Value::as_u64).unwrap_or_default();
    let total =
        report.pointer("/total").and_then(Value::as_u64).map(|total| format!(" of {total}")).unwrap_or_default();
    if std::io::stdout().is_terminal() {
        print!("\r     {what}: {done}{total}        ");
        // A progress line that cannot be shown is no reason to stop.
        let _ = std::io::stdout().flush();
    } else if done > 0 {
        println!("     {what}: {done}{total}");
    }
}

fn finish_progress() {
    if std::io::stdout().is_terminal() {
        print!("\r{:60}\r", "");
    }
}

pub(super) fn seats(cast: &Cast) -> Result<(u64, u64)> {
    let state = cast.simulator.get("/_sim/state")?;
    Ok((number(&state, "/seats/used")?, number(&state, "/seats/max")?))
}

pub(super) fn number(value: &Value, pointer: &str) -> Result<u64> {
    value.pointer(pointer).and_then(Value::as_u64).with_context(|| format!("no number at {pointer} in {value}"))
}

pub(super) fn text(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no text at {pointer} in {value}"))?.to_owned())
}

fn encode(name: &str) -> String {
    name.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

pub(super) fn step(number: u32, title: &str) {
    println!("\n[{number}/8] {title}");
}

pub(super) fn say(line: &str) {
    println!("     {line}");
}
