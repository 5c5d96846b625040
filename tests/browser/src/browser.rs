//! The driver of the browser: one process for all tests of a program, from which every page gets a browser of its own.

use std::{
    env,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::Page;

/// Debian's names of the two programs.
const DRIVER: &str = "chromedriver";
const CHROMIUM: &str = "chromium";

/// What the driver says when it can be asked; its port follows.
const READY: &str = "was started successfully on port ";

/// A driver that runs. The last clone to be dropped ends it.
#[derive(Clone)]
pub struct Browser {
    driver: Arc<Driver>,
}

/// The process of the driver and what calls to it run on.
pub(crate) struct Driver {
    child: Child,
    pub address: String,
    pub chromium: PathBuf,
    pub runtime: Runtime,
    // Chromium leaves folders where temporary files belong; these go with the driver.
    folder: TempDir,
}

impl Browser {
    /// Starts a driver.
    pub fn start() -> Result<Self> {
        let chromium = program(CHROMIUM)?;
        let folder = tempfile::tempdir().context("no folder for the files of the browser")?;
        let mut command = Command::new(program(DRIVER)?);
        command.args(["--port=0", "--log-level=SEVERE"]).env("TMPDIR", folder.path());
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = spawned.context("chromedriver cannot be started")?;
        let output = child.stdout.take().context("the output of chromedriver cannot be read")?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let port = lines.find_map(|line| Some(line.split_once(READY)?.1.trim_end_matches('.').to_owned()));
        // A pipe that nobody reads would stop the driver one day.
        thread::spawn(move || lines.for_each(drop));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let driver = Driver {
            child,
            address: format!("http://127.0.0.1:{}", port.context("chromedriver ended before it said its port")?),
            chromium,
            runtime: runtime.context("no thread for calls to the browser")?,
            folder,
        };
        Ok(Self { driver: Arc::new(driver) })
    }

    /// The driver that other tests of this program already use, or a new one.
    pub fn shared() -> Result<Self> {
        static SHARED: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(driver) = shared.upgrade() {
            return Ok(Self { driver });
        }
        let started = Self::start()?;
        *shared = Arc::downgrade(&started.driver);
        Ok(started)
    }

    /// A new browser with one empty page, with no cookies and no cache, for the application at `origin`.
    pub fn page(&self, origin: &str) -> Result<Page> {
        Page::new(Arc::clone(&self.driver), origin)
    }
}

impl Driver {
    /// A new folder for the files of one browser.
    pub fn user_data(&self) -> Result<TempDir> {
        TempDir::new_in(self.folder.path()).context("no folder for the files of the browser")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Both fail only where the process has already ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program(name: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.with_context(|| format!("there is no `{name}` on this machine; install it with: cargo xtask setup"))
}
