//! `cargo xtask demo`: the whole product on one machine, told step by step with real calls.

use std::{
    io::IsTerminal,
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::{Context, Result};

use crate::{
    components,
    process::{Service, free_port},
    programs, shell,
    toolchain::Choice,
    workspace::Workspace,
};

/// How long a program may take until it serves; the first start compiles the components to machine code.
const START: Duration = Duration::from_mins(2);

/// Builds everything, starts both programs and checks that they serve.
pub fn run(workspace: &Workspace, choice: Choice) -> Result<ExitCode> {
    components::build(workspace, choice)?;
    programs::build(workspace)?;
    let folder = workspace.tool_folder("demo");

    let mut simulator = Command::new(workspace.program(programs::SIMULATOR));
    simulator.args(["--users", "5000", "--listen", &format!("127.0.0.1:{}", free_port()?)]);
    let mut simulator = Service::start("simulator", &mut simulator, &folder)?;
    let confluence = address(&simulator.wait_for_line("Simulator listening on ", START)?)?;
    shell::note(&format!("Confluence (simulated) is at {confluence}"));

    let mut host = Command::new(workspace.program(programs::HOST));
    host.current_dir(workspace.root()).args(["up", "--listen", &format!("127.0.0.1:{}", free_port()?)]);
    host.env("SPIN_VARIABLE_CONFLUENCE_ORIGIN", &confluence);
    let mut host = Service::start("host", &mut host, &folder)?;
    let seatkeeper = address(&host.wait_for_line("Serving ", START)?)?;
    shell::note(&format!("Seatkeeper is at {seatkeeper}"));
    simulator.check_running()?;

    if std::io::stdin().is_terminal() {
        shell::note("both stay up until you press Ctrl-C");
        host.wait()?;
    } else {
        host.stop(START)?;
    }
    Ok(ExitCode::SUCCESS)
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
