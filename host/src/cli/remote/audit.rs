//! `seatkeeper audit`: look at the audit trail, write it to a file, and verify its chain. The hashes are computed here,
//! from the entries that the instance sends, so that nobody has to believe its word.

use std::collections::BTreeSet;

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use seatkeeper_engine::audit::{Break, Chain, Days, Entry, FUNCTIONS, Page, Place, Why};
use seatkeeper_web::csv;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::connection::Connection;
use super::drive::Progress;
use super::exit::{Exit, Failure};
use super::export::{Format, Sink, To};
use super::output::Output;
use super::render::{grid, moment, plural};
use super::secrets::Role;

/// Columns of the exported trail: all that a hash is made of, in the order in which it goes in.
const COLUMNS: [&str; 10] = ["function", "day", "page", "at", "id", "actor", "act", "subject", "detail", "hash"];

/// Arguments of `seatkeeper audit`.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Compute the chain of hashes anew, from the first entry to the last.
    #[command(after_help = "Examples:
  seatkeeper audit verify
  seatkeeper audit verify --noted 5f1c22d9a0b7 --json

Ends with 6 when a chain is broken or a noted hash is in none of them. A chain cannot show
that its newest entries were taken away: note the last hash elsewhere now and then, and
name it with --noted the next time.")]
    Verify(Verify),
    /// The newest entries.
    #[command(after_help = "Examples:
  seatkeeper audit show
  seatkeeper audit show --function admin --top 200")]
    Show(Show),
    /// Write all entries as CSV or JSON, oldest first; the same as `export audit`.
    #[command(after_help = "Examples:
  seatkeeper audit export --output audit.csv
  seatkeeper audit export --format json --output backups/")]
    Export(To),
}

#[derive(Debug, Args)]
struct Verify {
    /// Only the stream of this function: admin, restore or sweep.
    #[arg(long, value_parser = PossibleValuesParser::new(FUNCTIONS), hide_possible_values = true)]
    function: Option<String>,
    /// A hash, or its beginning (12 digits or more), that must be in a stream; may be given several times.
    #[arg(long, value_name = "HASH", value_parser = hash)]
    noted: Vec<String>,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
struct Show {
    /// Only the stream of this function: admin, restore or sweep.
    #[arg(long, value_parser = PossibleValuesParser::new(FUNCTIONS), hide_possible_values = true)]
    function: Option<String>,
    /// Entries to show.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=5000))]
    top: u32,
    #[command(flatten)]
    connection: Connection,
}

/// `GET /admin/audit`.
#[derive(Debug, Deserialize)]
struct Streams {
    functions: Vec<Days>,
}

impl Audit {
    /// How messages are shown.
    pub(crate) fn output(&self) -> Output {
        match &self.what {
            What::Verify(verify) => verify.connection.output(),
            What::Show(show) => show.connection.output(),
            What::Export(to) => to.connection.output(),
        }
    }

    /// Runs the command.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        match &self.what {
            What::Verify(verify) => verify.run(),
            What::Show(show) => show.run(),
            What::Export(to) => to.write("audit", |client, format, sink| export(client, format == Format::Json, sink)),
        }
    }
}

fn hash(text: &str) -> Result<String, String> {
    let text = text.to_lowercase();
    if (12..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text)
    } else {
        Err("must be 12 to 64 hexadecimal digits".to_owned())
    }
}

/// The streams, all or one.
fn streams(client: &Client, function: Option<&str>) -> Result<Vec<Days>, Failure> {
    let Streams { functions } = client.get(Role::Admin, "/admin/audit")?;
    Ok(functions.into_iter().filter(|days| function.is_none_or(|name| days.function == name)).collect())
}

fn page(client: &Client, function: &str, place: &Place) -> Result<Page, Failure> {
    let Place { day, page } = place;
    client.get(Role::Admin, &format!("/admin/audit?function={function}&day={day}&page={page}"))
}

/// One function's verdict.
struct Verdict {
    function: String,
    chain: Chain,
    broken: Option<Break>,
}

impl Verify {
    fn run(&self) -> Result<Exit, Failure> {
        let output = self.connection.output();
        let client = self.connection.client()?;
        let progress = Progress::about(output, "reading the audit trail");
        let streams = streams(&client, self.function.as_deref())?;
        let total: u64 = streams.iter().flat_map(|days| &days.days).map(|day| u64::from(day.pages)).sum();
        let mut missing: BTreeSet<&str> = self.noted.iter().map(String::as_str).collect();
        let (mut verdicts, mut done) = (Vec::new(), 0);
        for days in &streams {
            let (mut chain, mut broken) = (Chain::after(""), None);
            for place in days.places() {
                let Page { entries, .. } = page(&client, &days.function, &place)?;
                missing.retain(|noted| !entries.iter().any(|entry| entry.hash.starts_with(noted)));
                // What comes after a break is looked through for noted hashes only.
                if broken.is_none() {
                    broken = days.check(&place, &entries, &mut chain);
                }
                done += 1;
                progress.count(done, total, "pages");
            }
            verdicts.push(Verdict { function: days.function.clone(), chain, broken });
        }
        drop(progress);
        let exit = if missing.is_empty() && verdicts.iter().all(|verdict| verdict.broken.is_none()) {
            Exit::Done
        } else {
            Exit::Broken
        };
        let missing: Vec<&str> = missing.into_iter().collect();
        let functions: Vec<Value> = verdicts.iter().map(Verdict::json).collect();
        let value = json!({"exit": exit.code(), "functions": functions, "noted-and-not-found": missing});
        output.show(&told(&verdicts, &missing, self.noted.len()), &value);
        Ok(exit)
    }
}

impl Verdict {
    fn json(&self) -> Value {
        let Self { function, chain, broken } = self;
        json!({"function": function, "entries": chain.entries, "from": chain.from, "to": chain.to,
            "last-hash": chain.last(), "broken": broken})
    }

    fn row(&self) -> [String; 6] {
        let Self { function, chain, broken } = self;
        let at = |at: Option<_>| at.map_or_else(|| "-".to_owned(), moment);
        let verdict = match (broken, chain.entries) {
            (Some(_), _) => "BROKEN",
            (None, 0) => "empty",
            (None, _) => "whole",
        };
        let last = chain.last().get(..12).unwrap_or(chain.last()).to_owned();
        [function.clone(), chain.entries.to_string(), at(chain.from), at(chain.to), last, verdict.to_owned()]
    }
}

fn told(verdicts: &[Verdict], missing: &[&str], noted: usize) -> String {
    let header = ["Function", "Entries that hold", "From", "To", "Last hash", "Verdict"];
    let mut lines = vec![grid(header, verdicts.iter().map(Verdict::row))];
    let mut whole = true;
    for Verdict { function, broken, .. } in verdicts {
        if let Some(broken) = broken {
            whole = false;
            lines.push(format!("BROKEN: {function}: {}", damage(broken)));
        }
    }
    for hash in missing {
        whole = false;
        lines.push(format!("BROKEN: no stream has the noted hash {hash}: entries were taken away since"));
    }
    if noted > missing.len() {
        lines
            .push(format!("{} found.", plural(u32::try_from(noted - missing.len()).unwrap_or(u32::MAX), "noted hash")));
    }
    lines.push(if whole {
        "Next step: note the last hashes elsewhere; named with --noted the next time, they prove that nothing was cut off."
            .to_owned()
    } else {
        "Next step: find out who can write to the key-value store, and compare with a backup; docs/command-line.md says \
         what a break means."
            .to_owned()
    });
    lines.join("\n")
}

fn damage(broken: &Break) -> String {
    let Break { place: Place { day, page }, entry, id, why } = broken;
    let entry = match (entry, id) {
        (Some(entry), Some(id)) => format!("entry {entry} ({id}) on page {page} of {day}"),
        _ => format!("page {page} of {day}"),
    };
    match why {
        Why::Hash => format!("{entry} was changed, or something before it was changed, taken out or put in"),
        Why::Missing => format!("{entry} is gone"),
        Why::Beginning => format!("{entry} is the oldest one, and what came before it is gone"),
    }
}

impl Show {
    fn run(&self) -> Result<Exit, Failure> {
        let client = self.connection.client()?;
        let most = usize::try_from(self.top).unwrap_or(usize::MAX);
        let mut newest: Vec<(String, Entry)> = Vec::new();
        for days in streams(&client, self.function.as_deref())? {
            let mut found = Vec::new();
            for place in days.places().rev() {
                if found.len() >= most {
                    break;
                }
                found.extend(page(&client, &days.function, &place)?.entries.into_iter().rev());
            }
            newest.extend(found.into_iter().take(most).map(|entry| (days.function.clone(), entry)));
        }
        newest.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.at));
        newest.truncate(most);
        let rows: Vec<Value> =
            newest.iter().map(|(function, entry)| json!({"function": function, "entry": entry})).collect();
        let value = json!({"exit": Exit::Done.code(), "entries": rows});
        self.connection.output().show(&listed(&newest), &value);
        Ok(Exit::Done)
    }
}

fn listed(newest: &[(String, Entry)]) -> String {
    if newest.is_empty() {
        return "Nothing is recorded yet.".to_owned();
    }
    let cells = newest.iter().map(|(_, Entry { at, actor, act, subject, detail, .. })| {
        [moment(*at), actor.clone(), act.clone(), subject.clone(), detail.clone()]
    });
    grid(["When", "Who", "What", "Whom or what", "How"], cells)
}

/// Writes the whole trail, oldest entries first, function by function.
pub(super) fn export(client: &Client, as_json: bool, sink: &mut Sink<'_>) -> Result<(), Failure> {
    let streams = streams(client, None)?;
    sink.write(&if as_json { b"{\"entries\":[".to_vec() } else { csv::header(&COLUMNS) })?;
    let (mut done, total) = (0_u64, streams.iter().flat_map(|days| &days.days).map(|day| u64::from(day.pages)).sum());
    let mut comma = "\n";
    for days in &streams {
        for place in days.places() {
            let function = &days.function;
            for entry in page(client, function, &place)?.entries {
                if as_json {
                    let value = json!({"function": function, "day": place.day, "page": place.page, "entry": entry});
                    sink.write(format!("{comma}{value}").as_bytes())?;
                    comma = ",\n";
                } else {
                    sink.write(&row(function, &place, &entry))?;
                }
            }
            done += 1;
            sink.told(done, Some(total), "pages");
        }
    }
    if as_json { sink.write(b"\n]}\n") } else { Ok(()) }
}

fn row(function: &str, place: &Place, entry: &Entry) -> Vec<u8> {
    let Entry { at, id, actor, act, subject, detail, hash } = entry;
    let (page, at) = (place.page.to_string(), at.to_rfc3339());
    csv::row(&[function, &place.day, &page, &at, id, actor, act, subject, detail, hash])
}
