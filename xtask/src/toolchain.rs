//! A compiler for `wasm32-wasip2`: rustup's target where it can be downloaded, else the system's own Rust packages.
//!
//! The second way exists because build machines often may not download from rustup's servers. It compiles the standard
//! library from the sources that belong to exactly that compiler. docs/decisions/0001 has the reasons.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{shell, system, workspace::Workspace};

/// The target triple of every component.
pub const TARGET: &str = "wasm32-wasip2";

/// The oldest compiler that builds this workspace; `rust-version` in Cargo.toml says the same.
const OLDEST_MINOR: u32 = 95;
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";
const SYSTEM_CARGO: &str = "/usr/bin/cargo";
const WASI_LIBC: &str = "/usr/lib/wasm32-wasi";
/// Compiles the cryptography of ring, part of which is in C, for either way. docs/decisions/0019 has the reasons.
const C_COMPILER: &str = "clang";
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "wasi-libc"];

/// Which of the two ways to take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Choice {
    /// The first that works.
    Auto,
    /// Only rustup's target.
    Rustup,
    /// Only the system's packages, to test that way on a machine that does not need it.
    Fallback,
}

/// A toolchain that can build components.
#[derive(Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The everyday toolchain, with the target installed.
    Target,
    /// The system's compiler, building the standard library from source.
    System {
        /// Folders with `rust-lld`, `wasm-ld` and `wasm-component-ld`, which the system's packages lack.
        linkers: Vec<PathBuf>,
    },
}

impl Toolchain {
    /// One line for people.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Target => "the installed wasm32-wasip2 target",
            Self::System { .. } => "the system's rustc, with the standard library built from source",
        }
    }

    /// `cargo build` for the components' target, before its arguments.
    pub fn cargo_build(&self, workspace: &Workspace) -> Result<Command> {
        let mut command = match self {
            Self::Target => shell::cargo(workspace),
            Self::System { .. } => Command::new(SYSTEM_CARGO),
        };
        command.current_dir(workspace.root()).arg("build");
        if let Self::System { linkers } = self {
            command.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features="]);
            // What cargo and rustup set for us points at the other toolchain.
            for name in ["CARGO", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH", "CARGO_ENCODED_RUSTFLAGS"] {
                command.env_remove(name);
            }
            command.env("RUSTC", SYSTEM_RUSTC).env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", system_flags());
            command.env("PATH", search_path(linkers)?);
        }
        Ok(command)
    }
}

/// The linker is told where the C library is, since only rustup's target carries one of its own.
fn system_flags() -> String {
    format!("-L native={WASI_LIBC} -Clink-self-contained=no -Clink-arg={WASI_LIBC}/crt1-reactor.o")
}

fn search_path(first: &[PathBuf]) -> Result<OsString> {
    let rest = env::var_os("PATH").unwrap_or_default();
    env::join_paths(first.iter().cloned().chain(env::split_paths(&rest))).context("a folder on PATH cannot be used")
}

/// Makes one of the two ways ready, installing what is missing.
pub fn prepare(workspace: &Workspace, choice: Choice) -> Result<Toolchain> {
    if system::find_program(C_COMPILER).is_none() {
        system::apt_install(&[C_COMPILER], "no clang, which compiles the components' TLS for LDAP")?;
    }
    if choice != Choice::Fallback {
        if target_is_installed(workspace)? {
            return Ok(Toolchain::Target);
        }
        match add_target(workspace) {
            Ok(()) if target_is_installed(workspace)? => return Ok(Toolchain::Target),
            Ok(()) if choice == Choice::Rustup => bail!("rustup reported success, but {TARGET} is not installed"),
            Err(error) if choice == Choice::Rustup => return Err(error),
            Ok(()) => shell::note("rustup reported success, but for another toolchain; taking the system's packages"),
            Err(error) => shell::note(&format!("{error:#}; taking the system's packages instead")),
        }
    }
    prepare_system(workspace)
}

fn target_is_installed(workspace: &Workspace) -> Result<bool> {
    Ok(sysroot(workspace)?.join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

fn sysroot(workspace: &Workspace) -> Result<PathBuf> {
    let found = shell::output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(workspace.root()))?;
    Ok(found.into())
}

/// `rustup target add`, with a limit: behind a firewall that drops packets it would try for a very long time.
fn add_target(workspace: &Workspace) -> Result<()> {
    const LIMIT: Duration = Duration::from_mins(3);
    shell::note(&format!("rustup target add {TARGET}: the components are compiled for it"));
    let mut command = Command::new("rustup");
    command.args(["target", "add", TARGET]).current_dir(workspace.root()).stdin(Stdio::null());
    // A refused download is expected on some machines; rustup's stack trace would look like a fault of ours.
    command.env_remove("RUST_BACKTRACE");
    let mut child = command.spawn().context("rustup is not installed")?;
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("rustup cannot be watched")? {
            return if status.success() { Ok(()) } else { bail!("rustup could not install {TARGET} ({status})") };
        }
        if started.elapsed() > LIMIT {
            child.kill().context("rustup cannot be stopped")?;
            child.wait().context("rustup cannot be stopped")?;
            bail!("rustup could not download {TARGET} within {}", shell::seconds(LIMIT));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn prepare_system(workspace: &Workspace) -> Result<Toolchain> {
    if let Some(missing) = missing_on_the_system() {
        let why = format!("{missing}, needed to compile components where rustup cannot download {TARGET}");
        system::apt_install(&PACKAGES, &why)?;
        if let Some(missing) = missing_on_the_system() {
            bail!("{missing}, even with {} installed", PACKAGES.join(", "));
        }
    }
    Ok(Toolchain::System { linkers: linkers(&sysroot(workspace)?)? })
}

/// What the second way still lacks, in words; nothing where it is complete.
fn missing_on_the_system() -> Option<String> {
    let Ok(version) = shell::output(Command::new(SYSTEM_RUSTC).arg("--version").env_remove("LD_LIBRARY_PATH")) else {
        return Some(format!("no working {SYSTEM_RUSTC}"));
    };
    if minor_version(&version).is_none_or(|minor| minor < OLDEST_MINOR) {
        return Some(format!("{SYSTEM_RUSTC} is \"{version}\", older than 1.{OLDEST_MINOR}"));
    }
    let mut sysroot = Command::new(SYSTEM_RUSTC);
    sysroot.args(["--print", "sysroot"]).env_remove("LD_LIBRARY_PATH");
    let sources =
        shell::output(&mut sysroot).ok().map(|root| Path::new(&root).join("lib/rustlib/src/rust/library/std"));
    if !sources.is_some_and(|folder| folder.is_dir()) {
        return Some("no sources of the standard library".to_owned());
    }
    let needed = [SYSTEM_CARGO.to_owned(), format!("{WASI_LIBC}/libc.a"), format!("{WASI_LIBC}/crt1-reactor.o")];
    needed.into_iter().find(|file| !Path::new(file).exists()).map(|file| format!("no {file}"))
}

/// `95` from `rustc 1.95.0 (…)`.
fn minor_version(line: &str) -> Option<u32> {
    let number = line.split_whitespace().nth(1)?;
    let mut parts = number.split('.');
    if parts.next()? != "1" {
        return None;
    }
    parts.next()?.parse().ok()
}

/// The linkers come with every rustup toolchain, whatever its targets.
fn linkers(sysroot: &Path) -> Result<Vec<PathBuf>> {
    let rustlib = sysroot.join("lib/rustlib");
    let hosts = rustlib.read_dir().with_context(|| format!("{} cannot be read", rustlib.display()))?;
    for host in hosts.filter_map(Result::ok) {
        let folder = host.path().join("bin");
        if folder.join("rust-lld").is_file() {
            return Ok(vec![folder.join("gcc-ld"), folder]);
        }
    }
    bail!(
        "no rust-lld below {}: components are linked with the one that comes with rustup's stable toolchain; install that first",
        rustlib.display()
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Toolchain, linkers, minor_version, system_flags};
    use crate::workspace::Workspace;

    #[test]
    fn versions_are_read_from_what_rustc_prints() {
        assert_eq!(minor_version("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"), Some(96));
        assert_eq!(minor_version("rustc 1.63.0"), Some(63));
        assert_eq!(minor_version("rustc nightly"), None);
        assert_eq!(minor_version(""), None);
    }

    #[test]
    fn the_linkers_are_found_whatever_the_host_is_called() {
        let sysroot = tempfile::tempdir().unwrap();
        let bin = sysroot.path().join("lib/rustlib/some-host/bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join("rust-lld"), "").unwrap();
        assert_eq!(linkers(sysroot.path()).unwrap(), [bin.join("gcc-ld"), bin]);
    }

    #[test]
    fn a_toolchain_without_linkers_is_refused_with_a_reason() {
        let sysroot = tempfile::tempdir().unwrap();
        fs::create_dir_all(sysroot.path().join("lib/rustlib/etc")).unwrap();
        let error = linkers(sysroot.path()).unwrap_err().to_string();
        assert!(error.contains("no rust-lld below"), "{error}");
    }

    #[test]
    fn the_flags_of_the_system_compiler_do_not_reach_the_everyday_one() {
        let workspace = Workspace::find().unwrap();
        let everyday = Toolchain::Target.cargo_build(&workspace).unwrap();
        assert!(everyday.get_envs().all(|(name, _)| name != "RUSTFLAGS" && name != "RUSTC"));

        let system = Toolchain::System { linkers: vec!["/linkers".into()] }.cargo_build(&workspace).unwrap();
        let flags = system.get_envs().find(|(name, _)| *name == "RUSTFLAGS").and_then(|(_, value)| value).unwrap();
        assert_eq!(flags.to_str().unwrap(), system_flags());
        let path = system.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value).unwrap();
        assert!(path.to_str().unwrap().starts_with("/linkers:"));
    }
}
