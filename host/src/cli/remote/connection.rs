//! Which instance, as whom, and how results are shown: the options that all commands share.

use std::path::PathBuf;

use clap::Args;

use super::client::Client;
use super::exit::Failure;
use super::output::Output;
use super::secrets::Secrets;

/// Options of every command that talks to an instance.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Where the instance answers.
    #[arg(long, env = "SEATKEEPER_URL", default_value = "http://127.0.0.1:3000")]
    url: String,
    /// A file with the token for this command.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file with lines NAME=value, such as the one that configures `up` [default: .env, if it is there].
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Extra roots for TLS, a PEM file.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Who gives the order, for the audit log [default: your login name].
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print one JSON document instead of text.
    #[arg(long)]
    json: bool,
}

impl Connection {
    /// How results are shown.
    pub(crate) fn output(&self) -> Output {
        Output { json: self.json }
    }

    /// A client for the instance.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let secrets = Secrets::read(self.token_file.as_deref(), self.env_file.as_deref())?;
        let roots = match &self.ca_file {
            None => None,
            Some(path) => Some(std::fs::read(path).map_err(|error| {
                Failure::new(format!("the file {} cannot be read", path.display()))
                    .detail(error)
                    .next_step("Check --ca-file.")
            })?),
        };
        Client::new(&self.url, roots.as_deref(), secrets, self.by())
    }

    fn by(&self) -> Result<String, Failure> {
        let name = match &self.by {
            Some(name) => name.clone(),
            None => ["USER", "LOGNAME"]
                .into_iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
                .or_else(passwd)
                .ok_or_else(|| {
                    Failure::new("your login name is not known").next_step("Say who you are with --by NAME.")
                })?,
        };
        let printable = (1..=80).contains(&name.len()) && name.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if printable && name.trim() == name {
            Ok(name)
        } else {
            Err(Failure::new(format!("{name:?} cannot stand in the audit log"))
                .next_step("Name 1 to 80 printable ASCII characters with --by."))
        }
    }
}

/// The login name as the system's list of accounts has it; containers often set no variable.
fn passwd() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}
