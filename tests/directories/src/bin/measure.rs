//! How long it takes to ask directories about everybody: the whole listing against one by one, over real sockets, with the
//! clients that the product uses. The stand-in runs in a process of its own, so the memory told is that of the client.

use anyhow::{Context as _, bail};
use clap::Parser;
use futures::{StreamExt as _, TryStreamExt as _};
use seatkeeper_directories::{Graph, GraphSettings, OAuthTexts, Okta, OktaSettings, Scim, ScimSettings};
use seatkeeper_engine::directories::Directories;
use seatkeeper_policy::directory::{Directory, DirectoryGuard, Match, Presence, Provider};
use seatkeeper_stand_ins::{
    Config, Kind, StandIn,
    native::{NativeHttp, RealClock},
};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Measures the listing of a whole directory against asking about each person.
#[derive(Debug, Parser)]
struct Arguments {
    /// People in the directory.
    #[arg(long, default_value_t = 100_000)]
    users: usize,
    /// Milliseconds that each answer takes.
    #[arg(long, default_value_t = 20)]
    latency_ms: u64,
    /// So many people are asked about one by one.
    #[arg(long, default_value_t = 5_000)]
    singles: usize,
    /// Questions under way at once when asking one by one.
    #[arg(long, default_value_t = 8)]
    at_once: usize,
    /// Only this kind.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Be the stand-in of this kind; the program starts itself in this way.
    #[arg(long, value_enum, hide = true)]
    serve: Option<Kind>,
    /// Measure only this, in this process; the program starts itself in this way.
    #[arg(long, hide = true)]
    against: Option<String>,
    /// Measure one by one.
    #[arg(long, hide = true)]
    single: bool,
}

/// A child that does not outlive us.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it must not stay as a zombie.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if let Some(kind) = arguments.serve {
        return serve(kind, &arguments).await;
    }
    if let Some(origin) = &arguments.against {
        return measure(origin, &arguments).await;
    }
    println!("{} people, {} ms a call", arguments.users, arguments.latency_ms);
    println!(
        "{:<6} {:<12} {:>8} {:>9} {:>9} {:>12}  found",
        "kind", "how", "people", "requests", "seconds", "peak memory"
    );
    let kinds = arguments.kind.map_or(vec![Kind::Scim, Kind::Graph, Kind::Okta], |kind| vec![kind]);
    for kind in kinds {
        let (server, origin) = start(kind, &arguments)?;
        for single in [false, true] {
            let word = format!("{kind:?}").to_lowercase();
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["--against", &origin, "--kind", &word]).args(numbers(&arguments));
            if single {
                command.arg("--single");
            }
            // A process for each measurement, because peak memory never goes down.
            let status = command.status().context("cannot start the measurement")?;
            if !status.success() {
                bail!("the measurement failed");
            }
        }
        drop(server);
    }
    Ok(())
}

fn numbers(arguments: &Arguments) -> Vec<String> {
    let Arguments { users, latency_ms, singles, at_once, .. } = arguments;
    vec![
        format!("--users={users}"),
        format!("--latency-ms={latency_ms}"),
        format!("--singles={singles}"),
        format!("--at-once={at_once}"),
    ]
}

fn start(kind: Kind, arguments: &Arguments) -> anyhow::Result<(Server, String)> {
    let word = format!("{kind:?}").to_lowercase();
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--serve", &word]).args(numbers(arguments)).stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot start the stand-in")?;
    let output = child.stdout.take().context("the stand-in has no output")?;
    let server = Server(child);
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let origin = line.trim().to_owned();
    if !origin.starts_with("http://") {
        bail!("the stand-in did not start: `{origin}`");
    }
    Ok((server, origin))
}

async fn serve(kind: Kind, arguments: &Arguments) -> anyhow::Result<()> {
    let mut config = Config::new(kind, arguments.users);
    config.latency = Duration::from_millis(arguments.latency_ms);
    let stand_in = StandIn::new(config);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    stand_in.serve(listener).await.context("the stand-in stopped")
}

async fn measure(origin: &str, arguments: &Arguments) -> anyhow::Result<()> {
    let http = NativeHttp::new(Duration::from_secs(15));
    let kind = arguments.kind.context("--kind is missing")?;
    match kind {
        Kind::Scim => {
            let settings = ScimSettings::parse(&format!("{origin}/scim/v2"), "stand-in-token", OAuthTexts::default())?;
            let client = Scim::new(http.clone(), RealClock, settings);
            report(&client, &directory(Provider::Scim, Match::Username), &http, arguments).await
        }
        Kind::Graph => {
            let settings = GraphSettings::parse(origin, origin, "contoso.com", "stand-in-client", "stand-in-secret")?;
            let client = Graph::new(http.clone(), RealClock, settings);
            report(&client, &directory(Provider::Graph, Match::Username), &http, arguments).await
        }
        Kind::Okta => {
            let settings = OktaSettings::parse(origin, "stand-in-token")?;
            let client = Okta::new(http.clone(), RealClock, settings);
            report(&client, &directory(Provider::Okta, Match::Username), &http, arguments).await
        }
        Kind::Http => bail!("the people service has no listing"),
    }
}

async fn report<D: Directories>(
    client: &D,
    directory: &Directory,
    http: &NativeHttp,
    arguments: &Arguments,
) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = |presence: Presence| *found.entry(format!("{presence:?}").to_lowercase()).or_default() += 1;
    let mut people = 0;
    if arguments.single {
        // Spread over the whole population.
        let step = (arguments.users / arguments.singles.max(1)).max(1);
        let names = (0..arguments.users).step_by(step).take(arguments.singles).map(|at| format!("user{at:06}"));
        let mut answers = futures::stream::iter(names)
            .map(|name| async move { client.person(directory, &name).await })
            .buffer_unordered(arguments.at_once.max(1));
        while let Some(person) = answers.try_next().await? {
            people += 1;
            count(person.presence);
        }
    } else {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = client.people(directory, cursor.as_deref()).await?;
            all.extend(page.people);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        people = all.len();
        for person in &all {
            count(person.presence);
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let how = if arguments.single { format!("each, {} at once", arguments.at_once) } else { "listing".to_owned() };
    let kind = directory.provider.word();
    let memory = peak_memory_mib()?;
    println!("{kind:<6} {how:<12} {people:>8} {:>9} {seconds:>9.2} {memory:>8.1} MiB  {found:?}", http.sent());
    Ok(())
}

fn directory(provider: Provider, matching: Match) -> Directory {
    Directory {
        name: "measured".to_owned(),
        provider,
        matching,
        responsible: None,
        leavers: true,
        absent_after: None,
        sign_ins: false,
        one_by_one: false,
        guard: DirectoryGuard { leavers_percent: 100, leavers_accounts: 0, drop_percent: 100, unknown_percent: 100 },
    }
}

/// The most memory that this process ever had, as Linux tells it.
fn peak_memory_mib() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("peak memory is read from /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in /proc/self/status")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().context("VmHWM is no number")?;
    Ok(kib / 1024.0)
}
