//! Programs that run beside us: started with a log file, awaited by a line they print, never left behind.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// How often a log or a process is looked at.
const POLL: Duration = Duration::from_millis(50);

/// A running program. Dropping it ends it.
pub struct Service {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts a program whose output goes to `<folder>/<name>.log`.
    pub fn start(name: &str, command: &mut Command, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let log = folder.join(format!("{name}.log"));
        let out = File::create(&log).with_context(|| format!("{} cannot be written", log.display()))?;
        let err = out.try_clone().with_context(|| format!("{} cannot be written", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .with_context(|| format!("{name} could not be started"))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// Waits for a line with `marker` and returns that line.
    pub fn wait_for_line(&mut self, marker: &str, limit: Duration) -> Result<String> {
        let started = Instant::now();
        loop {
            // Asked before the log is read: what a program wrote before it ended is then surely seen.
            let ended = self.child.try_wait().with_context(|| format!("{} cannot be watched", self.name))?;
            let text = self.log_text();
            if let Some(line) = complete_lines(&text).find(|line| line.contains(marker)) {
                return Ok(line.to_owned());
            }
            if let Some(status) = ended {
                bail!("{} ended with {status} before it said \"{marker}\". {}", self.name, self.last_words(&text));
            }
            if started.elapsed() > limit {
                bail!("{} did not say \"{marker}\" within {limit:?}. {}", self.name, self.last_words(&text));
            }
            thread::sleep(POLL);
        }
    }

    /// Everything it has printed so far.
    pub fn log_text(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// An error if it has ended by itself.
    pub fn check_running(&mut self) -> Result<()> {
        match self.child.try_wait().with_context(|| format!("{} cannot be watched", self.name))? {
            Some(status) => bail!("{} ended with {status}. {}", self.name, self.last_words(&self.log_text())),
            None => Ok(()),
        }
    }

    /// Waits until it ends by itself and says whether it succeeded.
    pub fn wait(mut self) -> Result<bool> {
        Ok(self.child.wait().with_context(|| format!("{} cannot be watched", self.name))?.success())
    }

    /// Asks it to end, so that it can finish what it is doing, and ends it if it does not within the limit.
    pub fn stop(mut self, limit: Duration) -> Result<()> {
        // The shell's own `kill` is used: slim systems have no program of that name.
        let asked = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status();
        let started = Instant::now();
        while asked.as_ref().is_ok_and(std::process::ExitStatus::success) && started.elapsed() < limit {
            if self.child.try_wait().with_context(|| format!("{} cannot be watched", self.name))?.is_some() {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        bail!("{} did not end within {limit:?} and was killed", self.name)
    }

    fn last_words(&self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(15)..).unwrap_or_default().join("\n    ");
        format!("Its last lines, from {}:\n    {tail}", self.log.display())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Both fail only where the program has already ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port on this machine that nobody listens on. Somebody else may take it before it is used: the starter must cope.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr().context("no free port on 127.0.0.1")?.port())
}

/// Lines that are written to the end; half a line may still lack the address that is waited for.
fn complete_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'))
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    use super::{Service, complete_lines, free_port};

    const LIMIT: Duration = Duration::from_secs(20);

    fn start(script: &str) -> (tempfile::TempDir, Service) {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::start("probe", Command::new("sh").args(["-c", script]), folder.path()).unwrap();
        (folder, service)
    }

    #[test]
    fn the_awaited_line_is_returned_whole() {
        let (_folder, mut service) = start("echo first; echo 'Serving http://127.0.0.1:3000'; exec sleep 60");
        assert_eq!(service.wait_for_line("Serving ", LIMIT).unwrap(), "Serving http://127.0.0.1:3000");
        service.check_running().unwrap();
    }

    #[test]
    fn a_program_that_ends_early_is_told_with_its_last_words() {
        let (_folder, mut service) = start("echo 'the port is taken' >&2; exit 3");
        let error = service.wait_for_line("Serving ", LIMIT).unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("the port is taken"), "{error}");
    }

    #[test]
    fn nothing_is_left_running_when_a_service_is_dropped() {
        let (_folder, mut service) = start("echo started; exec sleep 60");
        service.wait_for_line("started", LIMIT).unwrap();
        let id = service.child.id();
        drop(service);
        let alive = Command::new("sh").args(["-c", &format!("kill -0 {id} 2>/dev/null")]).status().unwrap();
        assert!(!alive.success());
    }

    #[test]
    fn a_service_is_asked_to_end_before_it_is_killed() {
        let (folder, mut service) =
            start("trap 'echo goodbye; exit 0' TERM; echo started; while :; do sleep 0.05; done");
        service.wait_for_line("started", LIMIT).unwrap();
        service.stop(LIMIT).unwrap();
        assert!(std::fs::read_to_string(folder.path().join("probe.log")).unwrap().contains("goodbye"));
    }

    #[test]
    fn half_a_line_is_not_a_line() {
        assert_eq!(complete_lines("one\ntwo").collect::<Vec<_>>(), ["one"]);
    }

    #[test]
    fn a_free_port_can_be_listened_on() {
        let port = free_port().unwrap();
        assert!(std::net::TcpListener::bind(("127.0.0.1", port)).is_ok());
    }
}
