//! The `simulator` binary: a whole Confluence Data Center site on a local port.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use seatkeeper_simulator::knobs::Knobs;
use seatkeeper_simulator::version::Version;
use seatkeeper_simulator::{Config, Simulator};

/// Simulates a Confluence Data Center site with users, groups, a licence, an audit log and webhooks.
///
/// Everything that the simulated site knows is made from the seed: the same command gives the same people.
/// Nothing is written to disk, and nothing leaves this machine except the webhooks you configure.
#[derive(Debug, Parser)]
#[command(name = "simulator", after_help = AFTER_HELP)]
struct Arguments {
    /// Where to listen. Port 0 takes a free port, which the first line of output tells.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// How many accounts the site has: 100 to 1000000.
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    users: u32,
    /// The seed of the population.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Which release to be: 8.5, 9.0, 9.3, 10.0 or 10.2.
    #[arg(long, default_value = "10.2")]
    version: Version,
    /// The account that Seatkeeper works as; it is made an administrator.
    #[arg(long, default_value = "sk-bot")]
    admin: String,
    /// The personal access token of that account.
    #[arg(long, default_value = "demo-token")]
    token: String,
    /// The password of that account, for Basic.
    #[arg(long, default_value = "sk-bot")]
    password: String,
    /// Name and password of the application that may use the Crowd interface.
    #[arg(long, default_value = "seatkeeper:crowd-secret", value_name = "NAME:PASSWORD")]
    crowd: String,
    /// Turns a switch, as often as you like. `GET /_sim/knobs` lists them all with their values.
    #[arg(long = "knob", value_name = "NAME=VALUE")]
    knobs: Vec<String>,
}

const AFTER_HELP: &str = "\
Examples:
  simulator --users 100000 --seed 42
      A large site; ready in about a second.
  simulator --version 9.0 --knob directory_reaction=silent-204
      An older release whose LDAP directory swallows changes without a word.
  simulator --knob rate_limit_requests=20 --knob rate_limit_bucket=50
      Twenty requests a second, then 429.

Try it:
  curl -H 'Authorization: Bearer demo-token' 'http://127.0.0.1:8090/rest/api/admin/users/list/active?expand=lastLogin&limit=3'
  curl http://127.0.0.1:8090/_sim/state
  curl -d '{\"username\":\"mention.all\"}' -H 'Content-Type: application/json' http://127.0.0.1:8090/_sim/login";

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("simulator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut knobs = Knobs { version: arguments.version, ..Knobs::default() };
    for pair in &arguments.knobs {
        knobs.set_pair(pair).context("--knob")?;
    }
    let (name, password) = arguments
        .crowd
        .split_once(':')
        .context("--crowd must be NAME:PASSWORD, for example seatkeeper:crowd-secret")?;
    let listener = tokio::net::TcpListener::bind(arguments.listen).await;
    let listener =
        listener.with_context(|| format!("cannot listen on {}: choose another --listen", arguments.listen))?;
    let address = listener.local_addr()?;
    let began = Instant::now();
    let context = knobs.context_path.clone();
    let simulator = Simulator::new(Config {
        users: arguments.users,
        seed: arguments.seed,
        knobs,
        admin: arguments.admin,
        admin_password: arguments.password,
        token: arguments.token,
        crowd_application: Some((name.to_owned(), password.to_owned())),
        ..Config::default()
    });
    let (version, used, max) = {
        let world = simulator.world();
        (
            world.knobs.version,
            world.seats_used(),
            world.max_users.map_or_else(|| "unlimited".to_owned(), |max| max.to_string()),
        )
    };
    println!("Simulator listening on http://{address}{context}");
    println!(
        "Confluence {}, {} accounts from seed {}, {used} of {max} seats used, generated in {} ms.",
        version,
        arguments.users,
        arguments.seed,
        began.elapsed().as_millis(),
    );
    tokio::select! {
        served = simulator.serve(listener) => served.context("the server stopped"),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}
