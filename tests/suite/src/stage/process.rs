//! A host as a process of its own: ours or Spin. Both take the same arguments, environment and files.

use anyhow::{Context, Result, bail, ensure};
use std::{
    fs::{self, File},
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Peer, root};

/// How often a process or an address is looked at.
const POLL: Duration = Duration::from_millis(5);
/// How long a start may take; without a cache all components are compiled first.
const START: Duration = Duration::from_mins(3);
/// How long a host may take to end when it is asked to.
const STOP: Duration = Duration::from_secs(30);
/// How long a host that is no longer needed may take.
const FAREWELL: Duration = Duration::from_secs(5);

/// Where every host answers when it is ready.
pub const HEALTH: &str = "/.well-known/spin/health";

/// A program that understands `up`.
#[derive(Debug, Clone)]
pub struct Program {
    /// The file.
    pub path: PathBuf,
    /// Further arguments of `up`.
    pub args: Vec<String>,
}

/// What a host is started with.
#[derive(Debug, Clone)]
pub struct Process {
    /// The host.
    pub program: Program,
    /// The manifest.
    pub manifest: PathBuf,
    /// The runtime configuration.
    pub runtime_config: PathBuf,
    /// The host's own files.
    pub state: PathBuf,
    /// Values of variables, given as `SPIN_VARIABLE_*`.
    pub variables: Vec<(String, String)>,
    /// Whether the manifest has cron triggers; then the address can only be given by the environment.
    pub cron: bool,
}

/// A host that runs. Dropping it kills it.
pub struct Running {
    child: Child,
    log: PathBuf,
    base: String,
}

impl Process {
    /// Starts it and waits until it answers.
    pub fn start(&self) -> Result<Running> {
        let mut running = self.spawn()?;
        running.wait_until_ready()?;
        Ok(running)
    }

    /// Starts a program that must refuse to run, and returns what it said.
    pub fn refusal(&self) -> Result<String> {
        let mut running = self.spawn()?;
        let started = Instant::now();
        while started.elapsed() < START {
            if let Some(status) = running.child.try_wait()? {
                ensure!(!status.success(), "the host ended with success instead of refusing to start");
                return Ok(running.output());
            }
            thread::sleep(POLL);
        }
        bail!("the host still runs, although it should have refused to start")
    }

    /// Lets all hosts keep compiled components in one folder: compiling takes longer than most tests, and the host
    /// finds them by their content.
    fn share_compiled(&self) -> Result<()> {
        let compiled = root().join("target/compiled");
        fs::create_dir_all(&compiled).with_context(|| format!("{} cannot be made", compiled.display()))?;
        match symlink(&compiled, self.state.join("cache")) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(error).context("compiled code cannot be shared")
            }
            // Linked by an earlier start.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn spawn(&self) -> Result<Running> {
        fs::create_dir_all(&self.state).with_context(|| format!("{} cannot be made", self.state.display()))?;
        self.share_compiled()?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let log = self.state.join(format!("output-{}.log", address.replace(':', "-")));
        let out = File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?;
        let mut command = Command::new(&self.program.path);
        command.arg("up").arg("-f").arg(&self.manifest);
        command.arg("--runtime-config-file").arg(&self.runtime_config);
        command.arg("--state-dir").arg(&self.state);
        if self.cron {
            // With two kinds of triggers, Spin takes only the arguments that both know.
            command.env("SPIN_HTTP_LISTEN_ADDR", &address);
        } else {
            command.args(["--listen", &address]);
        }
        command.args(&self.program.args);
        for (name, value) in &self.variables {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        // A `.env` of the workspace must not change what is tested.
        command.current_dir(&self.state).stdin(Stdio::null()).stderr(out.try_clone()?).stdout(out);
        let child = command.spawn().with_context(|| format!("{} cannot be started", self.program.path.display()))?;
        Ok(Running { child, log, base: format!("http://{address}") })
    }
}

impl Running {
    /// Its address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Everything it has printed.
    pub fn output(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Kills it at once, as a power cut would.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill().context("the host cannot be killed")?;
        self.child.wait().context("the host cannot be awaited")?;
        Ok(())
    }

    /// Asks it to end and returns what it printed.
    pub fn stop(mut self) -> Result<String> {
        if self.interrupt(STOP)? {
            return Ok(self.output());
        }
        bail!("the host did not end within {STOP:?} after SIGINT")
    }

    /// Sends the signal of Ctrl-C: Spin passes it on to the processes of its triggers.
    fn interrupt(&mut self, limit: Duration) -> Result<bool> {
        // The shell's own `kill` is used: slim systems have no program of that name.
        Command::new("sh").args(["-c", &format!("kill -s INT {}", self.child.id())]).status()?;
        let started = Instant::now();
        while started.elapsed() < limit {
            if self.ended()?.is_some() {
                return Ok(true);
            }
            thread::sleep(POLL);
        }
        Ok(false)
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().context("the host cannot be watched")
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let peer = Peer::new(&self.base);
        let started = Instant::now();
        while started.elapsed() < START {
            if let Some(status) = self.ended()? {
                bail!("the host ended with {status} before it answered:\n{}", self.output());
            }
            if peer.get(HEALTH).is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        bail!("the host did not answer within {START:?}:\n{}", self.output())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.ended(), Ok(Some(_))) {
            return;
        }
        let _ = self.interrupt(FAREWELL);
        // Both fail only where the process has already ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port on this machine that nobody listens on.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// All files below a folder.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}
