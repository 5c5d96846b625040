//! `seatkeeper up`: run the application until it is told to stop.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Args;
use seatkeeper_host::{Host, Options, ReuseLimits, Sources, StartError};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Arguments of `seatkeeper up`; names and defaults follow `spin up` where it has the same.
#[derive(Args)]
pub(crate) struct Up {
    /// The manifest.
    #[arg(long = "from", short = 'f', alias = "file", default_value = "spin.toml")]
    from: PathBuf,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:3000", env = "SPIN_HTTP_LISTEN_ADDR")]
    listen: SocketAddr,
    /// The runtime configuration.
    #[arg(long, env = "RUNTIME_CONFIG_FILE")]
    runtime_config_file: Option<PathBuf>,
    /// Where databases, logs and compiled code are kept [default: .spin beside the manifest].
    #[arg(long)]
    state_dir: Option<PathBuf>,
    /// A value for a variable: name=value, or name=@file to keep a secret off the command line.
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// Extra roots for TLS, a PEM file.
    #[arg(long)]
    ca_file: Option<PathBuf>,
    /// Refuse keys and values that some host of Spin components would refuse.
    #[arg(long)]
    strict_kv: bool,
    /// Compile on every start instead of keeping compiled code in the state directory.
    #[arg(long)]
    no_cache: bool,
    /// Requests that one instance serves before it is dropped.
    #[arg(long, default_value_t = 128)]
    max_instance_reuse_count: usize,
    /// Requests that one instance serves at the same time.
    #[arg(long, default_value_t = 16)]
    max_instance_concurrent_reuse_count: usize,
    /// How long an instance without requests is kept.
    #[arg(long, default_value = "1s", value_parser = duration)]
    idle_instance_timeout: Duration,
    /// How long a component may take for one request or cron event; 0 for no limit.
    #[arg(long, default_value = "300s", value_parser = duration)]
    request_timeout: Duration,
    /// Requests that run at once; more of them wait.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=4096))]
    max_requests: u32,
    /// Bytes of memory that one instance may have.
    #[arg(long, default_value_t = 128 << 20, env = "SPIN_MAX_INSTANCE_MEMORY")]
    max_instance_memory: usize,
    /// Log each request to standard output, a line of JSON each.
    #[arg(long)]
    access_log: bool,
    /// Keep components' output out of the terminal; it is in the log files.
    #[arg(long, short)]
    quiet: bool,
    /// Do not run the cron triggers.
    #[arg(long)]
    no_cron: bool,
    /// Wake this component once as its cron trigger would, and end with its result.
    #[arg(long, value_name = "COMPONENT")]
    fire: Option<String>,
}

/// A number of seconds, or a number with `ms`, `s`, `m` or `h`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| format!("{text:?} is not a duration such as 500ms, 30s or 5m"))?;
    match text.get(digits.len()..).unwrap_or_default() {
        "ms" => Ok(Duration::from_millis(number)),
        "" | "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(3600))),
        unit => Err(format!("the unit {unit:?} is not one of ms, s, m, h")),
    }
}

impl Up {
    /// Runs to the end; the exit code is 1 for a refused start or a failed event.
    pub(crate) fn run(&self) -> ExitCode {
        let outcome = self.options().and_then(|options| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(|error| StartError::one(format!("no threads can be started: {error}")))?;
            runtime.block_on(self.up(&options))
        });
        match outcome {
            Ok(code) => code,
            Err(error) => {
                eprintln!("Error: {error}");
                ExitCode::FAILURE
            }
        }
    }

    async fn up(&self, options: &Options) -> Result<ExitCode, StartError> {
        let host = Host::load(options)?;
        if let Some(component) = &self.fire {
            return Ok(fire(&host, component).await);
        }
        let listener = TcpListener::bind(self.listen).await.map_err(|error| {
            StartError::one(format!("cannot listen on {}: {error}; choose another address with --listen", self.listen))
        })?;
        let address = listener.local_addr().map_err(|error| StartError::one(error.to_string()))?;
        let base_url = format!("http://{address}");
        println!("Serving {base_url}");
        host.describe(&base_url).iter().for_each(|line| println!("{line}"));
        stop_on_signal(&host)?;
        if self.no_cron {
            host.serve(listener).await;
        } else {
            tokio::join!(host.serve(listener), host.run_crons());
        }
        host.flush().await;
        for component in host.components() {
            let peak = host.peak_memory(component).unwrap_or_default();
            eprintln!("Component {component}: at most {} KiB of memory in one instance.", peak / 1024);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn options(&self) -> Result<Options, StartError> {
        let mut options = Options::new(&self.from);
        options.runtime_config.clone_from(&self.runtime_config_file);
        options.state_dir.clone_from(&self.state_dir);
        options.sources = self.sources()?;
        options.ca_file.clone_from(&self.ca_file);
        options.strict_kv = self.strict_kv;
        options.cache = !self.no_cache;
        options.show_logs = !self.quiet;
        options.access_log = self.access_log;
        options.reuse = ReuseLimits {
            max_reuse: self.max_instance_reuse_count,
            max_concurrent: self.max_instance_concurrent_reuse_count,
            idle: self.idle_instance_timeout,
            request: (!self.request_timeout.is_zero()).then_some(self.request_timeout),
        };
        options.max_requests = usize::try_from(self.max_requests).unwrap_or(usize::MAX);
        options.max_instance_memory = self.max_instance_memory;
        Ok(options)
    }

    fn sources(&self) -> Result<Sources, StartError> {
        let mut problems = Vec::new();
        let mut command_line = BTreeMap::new();
        for argument in &self.variables {
            match variable(argument) {
                Ok((name, value)) => {
                    command_line.insert(name, value);
                }
                Err(problem) => problems.push(problem),
            }
        }
        let dotenv = dotenv(Path::new(".env")).unwrap_or_else(|problem| {
            problems.push(problem);
            BTreeMap::new()
        });
        if problems.is_empty() {
            // Names or values that are not text cannot be meant for us.
            let environment =
                std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
            Ok(Sources { command_line, environment, dotenv })
        } else {
            Err(StartError { problems })
        }
    }
}

/// Splits `name=value` and reads `name=@file`.
fn variable(argument: &str) -> Result<(String, String), String> {
    // The value may be a secret, so a malformed argument is not repeated.
    let (name, value) = argument.split_once('=').ok_or("--variable: write name=value or name=@file")?;
    let value = match value.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| format!("--variable {name}: the file {path} cannot be read: {error}"))?,
        None => value.to_owned(),
    };
    Ok((name.to_owned(), value))
}

/// Reads `.env` in the working directory, as `spin up` does. It need not be there.
fn dotenv(path: &Path) -> Result<BTreeMap<String, String>, String> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    // The library quotes a line that it cannot read, which may hold a secret.
    let refuse = |error: dotenvy::Error| match error {
        dotenvy::Error::LineParse(..) => format!("{}: a line is not of the form NAME=value", path.display()),
        other => format!("{}: {other}", path.display()),
    };
    dotenvy::from_path_iter(path).map_err(refuse)?.collect::<Result<_, _>>().map_err(refuse)
}

async fn fire(host: &Host, component: &str) -> ExitCode {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    match host.fire_cron(component, now).await {
        Ok(()) => {
            println!("The cron event of component {component} succeeded.");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("Error: the cron event of component {component} failed: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Stops the host at the first SIGINT or SIGTERM.
fn stop_on_signal(host: &Host) -> Result<(), StartError> {
    let refuse = |error: std::io::Error| StartError::one(format!("signals cannot be received: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refuse)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(refuse)?;
    let host = host.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        eprintln!("Stopping; open requests may end.");
        host.stop();
    });
    Ok(())
}
