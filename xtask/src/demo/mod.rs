//! `cargo xtask demo`: the whole product on one machine, told step by step with real calls. Every sentence of the
//! story is checked; one that does not come true ends the demo with an error.

mod leavers;
mod story;
mod talk;

use std::{
    fs,
    io::IsTerminal,
    path::Path,
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::{Context, Result};

use leavers::Directory;

use crate::{
    components,
    process::{Service, free_port},
    programs,
    toolchain::Choice,
    workspace::Workspace,
};

/// How long a program may take until it serves; the first start compiles the components to machine code.
const START: Duration = Duration::from_mins(2);

/// Credentials of the demo. They open nothing but two programs on this machine that end with the demo.
pub struct Credentials {
    /// Confluence's token for Seatkeeper's account.
    pub confluence: &'static str,
    /// Our bearer tokens.
    pub admin: &'static str,
    /// For the pages.
    pub report: &'static str,
    /// For the sweep and the alert.
    pub trigger: &'static str,
    /// Signs login events.
    pub hook: &'static str,
}

const DEMO: Credentials = Credentials {
    confluence: "demo-confluence-token",
    admin: "demo-admin-token-0001",
    report: "demo-report-token-0001",
    trigger: "demo-trigger-token-0001",
    hook: "demo-hook-secret-0001",
};

/// Builds everything, starts both programs, tells the story, and leaves the pages up for a person.
pub fn run(workspace: &Workspace, choice: Choice) -> Result<ExitCode> {
    components::build(workspace, choice)?;
    programs::build(workspace)?;
    let folder = workspace.tool_folder("demo");
    // Each demo begins with an empty store.
    let state = folder.join("state");
    if state.exists() {
        fs::remove_dir_all(&state).with_context(|| format!("{} cannot be emptied", state.display()))?;
    }
    let (mut simulator, confluence) = simulator(workspace, &folder)?;
    let directory = Directory::new(workspace, &folder)?;
    let (mut host, seatkeeper) = host(workspace, &folder, &state, &confluence, &directory)?;
    story::tell(&confluence, &seatkeeper, &DEMO, &folder, &directory)?;
    simulator.check_running()?;
    host.check_running()?;
    if std::io::stdin().is_terminal() {
        println!("\nThe pages stay up until you press Ctrl-C: {seatkeeper}/report");
        println!("Sign in with any name and the password {}", DEMO.report);
        host.wait()?;
    } else {
        host.stop(START)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn simulator(workspace: &Workspace, folder: &Path) -> Result<(Service, String)> {
    let mut command = Command::new(workspace.program(programs::SIMULATOR));
    command.args(["--users", "5000", "--seed", "7", "--version", "10.2", "--admin", "sk-bot"]);
    command.args(["--token", DEMO.confluence, "--listen", &format!("127.0.0.1:{}", free_port()?)]);
    let mut service = Service::start("simulator", &mut command, folder)?;
    let address = address(&service.wait_for_line("Simulator listening on ", START)?)?;
    Ok((service, address))
}

fn host(
    workspace: &Workspace,
    folder: &Path,
    state: &Path,
    confluence: &str,
    directory: &Directory,
) -> Result<(Service, String)> {
    let mut command = Command::new(workspace.program(programs::HOST));
    command.current_dir(workspace.root());
    // The story calls the sweep by itself, so the timers stay off; `seatkeeper up` has them on.
    command.args(["up", "--no-cron", "--listen", &format!("127.0.0.1:{}", free_port()?), "--state-dir"]).arg(state);
    for (name, value) in [
        ("CONFLUENCE_ORIGIN", confluence),
        ("CONFLUENCE_TOKEN", DEMO.confluence),
        ("CONFLUENCE_USER", "sk-bot"),
        ("ADMIN_TOKEN", DEMO.admin),
        ("REPORT_TOKEN", DEMO.report),
        ("TRIGGER_TOKEN", DEMO.trigger),
        ("HOOK_SECRET", DEMO.hook),
        // The simulator keeps what chat would have received.
        ("SLACK_ORIGIN", confluence),
        ("SLACK_PATH", "/_sim/chat/slack"),
        ("SCIM_ORIGIN", &directory.origin),
        ("SCIM_TOKEN", leavers::TOKEN),
    ] {
        command.env(format!("SPIN_VARIABLE_{name}"), value);
    }
    let mut service = Service::start("host", &mut command, folder)?;
    let address = address(&service.wait_for_line("Serving ", START)?)?;
    Ok((service, address))
}

/// The address at the end of a line such as `Serving http://127.0.0.1:3000`.
fn address(line: &str) -> Result<String> {
    let start = line.find("http").with_context(|| format!("no address in \"{line}\""))?;
    Ok(line.get(start..).unwrap_or_default().trim().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn the_address_is_read_from_the_line_that_announces_it() {
        assert_eq!(address("Serving http://127.0.0.1:3000/").unwrap(), "http://127.0.0.1:3000");
        assert!(address("Serving nothing").unwrap_err().to_string().contains("Serving nothing"));
    }
}
