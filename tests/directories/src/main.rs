//! The `directory-stand-in` binary: one directory on a local port.

use anyhow::Context as _;
use clap::Parser;
use seatkeeper_stand_ins::{Config, Kind, Person, StandIn, State};
use std::{path::PathBuf, process::ExitCode, time::Duration};

/// Stands in for an outside directory: Microsoft Graph, Okta, a SCIM server, or a plain people service.
///
/// Everybody in it is made from the seed: the same command gives the same people. Nothing is written to disk.
#[derive(Debug, Parser)]
#[command(name = "directory-stand-in", after_help = AFTER_HELP)]
struct Arguments {
    /// Which directory.
    #[arg(long, value_enum)]
    kind: Kind,
    /// How many people are made from the seed; 1 in 20 of them has left, 1 in 25 is switched off, 1 in 100 is locked.
    #[arg(long, default_value_t = 1000)]
    users: usize,
    /// The seed.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// More people: lines of `user name,mail,state`, where the state is active, locked, disabled or left.
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// Milliseconds that each answer takes.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Requests a minute before 429.
    #[arg(long)]
    limit_per_minute: Option<u32>,
    /// Where to listen on 127.0.0.1. Port 0 takes a free port, which the first line of output tells.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

const AFTER_HELP: &str = "\
Tokens:  SCIM and the people service take `Bearer stand-in-token`, Okta `SSWS stand-in-token`. Graph takes only tokens
         from its own endpoint, /any-tenant/oauth2/v2.0/token, for client `stand-in-client` with `stand-in-secret`.
Faults:  curl -d '[{\"fault\":{\"status\":500},\"call\":3}]' http://127.0.0.1:PORT/_stand-in/faults
Counts:  curl http://127.0.0.1:PORT/_stand-in/counts";

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("directory-stand-in: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut config = Config::new(arguments.kind, arguments.users);
    config.seed = arguments.seed;
    config.latency = Duration::from_millis(arguments.latency_ms);
    config.limit_per_minute = arguments.limit_per_minute;
    if let Some(file) = &arguments.people {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let person = read_line(arguments.users + at, line);
            let place = || format!("{}: line {}: expected `user name,mail,state`", file.display(), at + 1);
            config.extra.push(person.with_context(place)?);
        }
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", arguments.port)).await;
    let listener = listener.with_context(|| format!("cannot listen on port {}: choose another", arguments.port))?;
    let address = listener.local_addr()?;
    let stand_in = StandIn::new(config);
    println!("Stand-in listening on http://{address}");
    println!("{:?}, {} people, {} ms for each answer.", arguments.kind, stand_in.people().len(), arguments.latency_ms);
    tokio::select! {
        served = stand_in.serve(listener) => served.context("the server stopped"),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

fn read_line(number: usize, line: &str) -> Option<Person> {
    let mut fields = line.split(',').map(str::trim);
    let (name, mail, state) = (fields.next()?, fields.next()?, fields.next()?);
    let state = match state {
        "active" => State::Active,
        "locked" => State::Locked,
        "disabled" => State::Disabled,
        "left" => State::Left,
        _ => return None,
    };
    let mut person = Person::named(number, name, state);
    person.mails = vec![mail.to_owned()];
    (fields.next().is_none() && !name.is_empty()).then_some(person)
}
