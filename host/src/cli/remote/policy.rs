//! `seatkeeper policy`: read, replace and check the policy.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use seatkeeper_policy::{Rules, raw::RawPolicy};
use serde_json::{Value, json};

use super::connection::Connection;
use super::exit::{Exit, Failure};
use super::export::text_to;
use super::output::Output;
use super::render::plural;
use super::secrets::Role;

/// Arguments of `seatkeeper policy`.
#[derive(Debug, Args)]
pub(crate) struct Policy {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the policy in force, word for word as it was sent.
    #[command(after_help = "Examples:
  seatkeeper policy get --output policy.toml
  seatkeeper policy get --json")]
    Get(Get),
    /// Replace the policy. A file with problems is refused with all of them, and the policy in force stays.
    #[command(after_help = "Examples:
  seatkeeper policy put policy.toml
  seatkeeper policy put policy.toml --replaces 3")]
    Put(Put),
    /// Look for problems in a policy file, without an instance.
    #[command(after_help = "Examples:
  seatkeeper policy check policy.toml
  seatkeeper policy get | seatkeeper policy check -")]
    Check(Check),
    /// Print the JSON Schema of the policy file, for editors.
    #[command(after_help = "Example:
  seatkeeper policy schema --output policy.schema.json")]
    Schema(Schema),
}

#[derive(Debug, Args)]
struct Get {
    /// The file to write [default: standard output].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
struct Put {
    /// The policy file; `-` is standard input.
    file: PathBuf,
    /// The version that you changed; refused when another one is in force by now. 0 means: there is none yet.
    #[arg(long, value_name = "VERSION")]
    replaces: Option<u32>,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
struct Check {
    /// The policy file; `-` is standard input.
    file: PathBuf,
    /// Print one JSON document instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Schema {
    /// The file to write [default: standard output].
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Policy {
    /// How messages are shown.
    pub(crate) fn output(&self) -> Output {
        match &self.what {
            What::Get(get) => get.connection.output(),
            What::Put(put) => put.connection.output(),
            What::Check(check) => Output { json: check.json },
            What::Schema(_) => Output { json: false },
        }
    }

    /// Runs the command.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let output = self.output();
        match &self.what {
            What::Get(Get { output: file, connection }) => get(connection, file.as_deref(), output),
            What::Put(put) => put.run(output),
            What::Check(check) => self::check(&check.file, output),
            What::Schema(Schema { output: file }) => schema(file.as_deref(), output),
        }
    }
}

fn get(connection: &Connection, file: Option<&Path>, output: Output) -> Result<Exit, Failure> {
    let policy: Value = connection.client()?.get(Role::Admin, "/admin/policy").map_err(|failure: Failure| {
        if failure.is("no-policy") { failure.instead("Send one with `seatkeeper policy put FILE`.") } else { failure }
    })?;
    let Some(text) = policy.get("text").and_then(Value::as_str) else {
        return Err(Failure::new("the answer has no policy")
            .next_step("Check that the instance and this command have the same version."));
    };
    if output.json && file.is_none() {
        output.show("", &policy);
    } else {
        text_to(file, text, output)?;
        output.note(&format!(
            "Version {} in force; change it with `seatkeeper policy put FILE --replaces {0}`.",
            policy.get("version").and_then(Value::as_u64).unwrap_or_default()
        ));
    }
    Ok(Exit::Done)
}

impl Put {
    fn run(&self, output: Output) -> Result<Exit, Failure> {
        let text = read(&self.file)?;
        let version = self.replaces.map(|version| format!("\"{version}\""));
        let client = self.connection.client()?;
        let answer: Value = client.put("/admin/policy", "application/toml", version.as_deref(), &text).map_err(
            |failure: Failure| {
                if failure.is("policy-conflict") {
                    failure.instead("Read it with `seatkeeper policy get`, make your change again and send it.")
                } else if failure.is("policy-invalid") {
                    failure.instead("Correct the file; `seatkeeper policy check FILE` finds the same without sending.")
                } else {
                    failure
                }
            },
        )?;
        let version = answer.get("version").and_then(Value::as_u64).unwrap_or_default();
        let mode =
            answer.get("mode").and_then(Value::as_str).map(|mode| format!(" in mode `{mode}`")).unwrap_or_default();
        let text =
            format!("Policy version {version} is in force{mode}.\nNext step: see what it does with `seatkeeper plan`.");
        output.show(&text, &answer);
        Ok(Exit::Done)
    }
}

/// A policy file, or all that is wrong with it.
pub(super) fn parsed(file: &Path, text: &str) -> Result<seatkeeper_policy::Policy, Failure> {
    seatkeeper_engine::policy_file::parse(text).map_err(|problems| {
        let number = u32::try_from(problems.len()).unwrap_or(u32::MAX);
        Failure::new(format!("{} has {}", file.display(), plural(number, "problem")))
            .code("policy-invalid")
            .problems(problems)
            .next_step("Correct all of them; `seatkeeper policy schema` prints what an editor needs to help.")
    })
}

fn check(file: &Path, output: Output) -> Result<Exit, Failure> {
    let policy = parsed(file, &read(file)?)?;
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let text = format!(
        "{} is valid: mode {:?}, {}, {}{}.\nRules {}",
        file.display(),
        policy.mode,
        plural(number(policy.licence_groups.len()), "licence group"),
        window(&policy.rules),
        match policy.populations.len() {
            0 => String::new(),
            more => format!(", {} with rules of their own", plural(number(more), "population")),
        },
        policy.rules_hash()
    );
    output.show(&text, &json!({"exit": Exit::Done.code(), "rules": policy.rules_hash(), "policy": policy}));
    Ok(Exit::Done)
}

/// The rule for everybody in a few words.
fn window(rules: &Rules) -> String {
    match (rules.inactive_after, rules.never_logged_in_after) {
        (Some(days), _) => format!("inactive after {} days", days.get()),
        (None, Some(days)) => format!("only who never logged in, after {} days", days.get()),
        (None, None) => "nobody is ever inactive".to_owned(),
    }
}

fn schema(file: Option<&Path>, output: Output) -> Result<Exit, Failure> {
    let schema = schemars::schema_for!(RawPolicy);
    // A schema is plain JSON, so it can always be written.
    let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text_to(file, &format!("{text}\n"), output)?;
    Ok(Exit::Done)
}

/// A text file, or standard input.
pub(super) fn read(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let result = if file == Path::new("-") {
        std::io::stdin().lock().read_to_string(&mut text).map(drop)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text)).map(drop)
    };
    result.map(|()| text).map_err(|error| {
        Failure::new(format!("the file {} cannot be read", file.display()))
            .detail(error)
            .next_step("Name a text file in UTF-8, or `-` for standard input.")
    })
}
