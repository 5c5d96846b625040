//! `seatkeeper handover` and `exemptions`: lists for people who have to do something elsewhere.

use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::connection::Connection;
use super::exit::{Exit, Failure};
use super::export::csv_to;
use super::render::{grid, plural};
use super::secrets::Role;

/// Rows in one answer; the instance allows no more.
const PAGE: u32 = 500;

/// Arguments of `seatkeeper handover`.
#[derive(Debug, Args)]
pub(crate) struct Handover {
    /// Write all of it as CSV, for the people who look after the directories.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// The file to write with --csv [default: standard output].
    #[arg(long, short, value_name = "FILE", requires = "csv")]
    output: Option<PathBuf>,
    /// Rows to show.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    top: u32,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// One page of `GET /report/handover.json`.
#[derive(Debug, Deserialize)]
struct Page {
    total: u32,
    rows: Vec<Value>,
}

/// What a person wants to know of a row.
#[derive(Debug, Deserialize)]
struct Row {
    username: String,
    #[serde(default)]
    directory: Option<String>,
    detail: String,
    advice: String,
}

impl Handover {
    /// Shows the list.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let output = self.connection.output();
        let client = self.connection.client()?;
        if self.csv {
            csv_to(&client, "/report/handover", self.output.as_deref(), output)?;
            return Ok(Exit::Done);
        }
        let Page { total, rows } = if output.json { whole(&client)? } else { page(&client, 1, self.top)? };
        let text = handover(total, &readable(&rows)?);
        output.show(&text, &json!({"exit": Exit::Done.code(), "total": total, "rows": rows}));
        Ok(Exit::Done)
    }
}

fn page(client: &Client, page: u32, size: u32) -> Result<Page, Failure> {
    client.get(Role::Report, &format!("/report/handover.json?page={page}&size={size}"))
}

/// All rows. A list that became shorter in between ends at an empty page.
fn whole(client: &Client) -> Result<Page, Failure> {
    let mut all = page(client, 1, PAGE)?;
    let mut number = 1;
    while u32::try_from(all.rows.len()).is_ok_and(|read| read < all.total) {
        number += 1;
        let Page { total: _, rows } = page(client, number, PAGE)?;
        if rows.is_empty() {
            break;
        }
        all.rows.extend(rows);
    }
    Ok(all)
}

fn readable<T: serde::de::DeserializeOwned>(rows: &[Value]) -> Result<Vec<T>, Failure> {
    rows.iter().map(|row| serde_json::from_value(row.clone())).collect::<Result<_, _>>().map_err(|error| {
        Failure::new("a row of the list cannot be understood")
            .detail(error)
            .next_step("Check that the instance and this command have the same version.")
    })
}

fn handover(total: u32, rows: &[Row]) -> String {
    if total == 0 {
        return "The list is empty: every seat that should come free can be freed from here.".to_owned();
    }
    let cells = rows.iter().map(|Row { username, directory, detail, advice }| {
        [username.clone(), directory.clone().unwrap_or_default(), detail.clone(), advice.clone()]
    });
    let table = grid(["Account", "Directory", "What holds the seat", "What to do there"], cells);
    let more = if u32::try_from(rows.len()).is_ok_and(|shown| shown < total) {
        format!("\nThese are {} of {total}.", rows.len())
    } else {
        String::new()
    };
    format!(
        "Seats that should come free and cannot be freed from here:\n\n{table}{more}\nNext step: `seatkeeper handover --csv \
         --output FILE` writes all of it for the people who look after the directories."
    )
}

/// Arguments of `seatkeeper exemptions`.
#[derive(Debug, Args)]
pub(crate) struct Exemptions {
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// `GET /report/exemptions.json`.
#[derive(Debug, Deserialize)]
struct List {
    exemptions: Vec<Value>,
}

/// What a person wants to know of an exemption.
#[derive(Debug, Deserialize)]
struct Exemption {
    #[serde(default)]
    kind: String,
    subject: String,
    why: String,
    owner: String,
    expires: Option<String>,
    state: String,
}

impl Exemptions {
    /// Shows the list.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let List { exemptions } = self.connection.client()?.get(Role::Report, "/report/exemptions.json")?;
        let text = listed(&readable(&exemptions)?);
        self.connection.output().show(&text, &json!({"exit": Exit::Done.code(), "exemptions": exemptions}));
        Ok(Exit::Done)
    }
}

fn listed(exemptions: &[Exemption]) -> String {
    if exemptions.is_empty() {
        return "The policy exempts nobody.".to_owned();
    }
    let cells = exemptions.iter().map(|Exemption { kind, subject, why, owner, expires, state }| {
        let subject = if kind.is_empty() { subject.clone() } else { format!("{kind} {subject}") };
        let expires = expires.as_deref().map_or("-", |end| end.get(..10).unwrap_or(end)).to_owned();
        [subject, why.clone(), owner.clone(), expires, state.replace('-', " ")]
    });
    let table = grid(["Exempt", "Why", "Owner", "Ends", "State"], cells);
    let of = |word: &str| exemptions.iter().filter(|exemption| exemption.state == word).count();
    let (ended, lapsing) = (of("ended"), of("lapsing"));
    if ended + lapsing == 0 {
        return table;
    }
    let count = |number: usize| plural(u32::try_from(number).unwrap_or(u32::MAX), "exemption");
    format!(
        "{table}\n{} ended and no longer protects anybody; {} about to end.\nNext step: ask the owners, then give each of them \
         a new date in the policy or take it out, and send the policy with `seatkeeper policy put FILE`.",
        count(ended),
        count(lapsing)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_hand_over_list_is_good_news() {
        assert!(handover(0, &[]).starts_with("The list is empty"));
    }

    #[test]
    fn the_hand_over_list_says_what_to_do_and_that_there_is_more() {
        let rows: Vec<Row> = readable(&[json!({
            "username": "j\u{1b}doe", "user-key": "k1", "directory": "Corporate LDAP", "obstacle": "read-only-directory",
            "detail": "the directory cannot be written", "advice": "take the account out of the group there", "reason": "x",
        })])
        .unwrap();
        let text = handover(2, &rows);
        for part in ["Corporate LDAP", "cannot be written", "take the account out", "1 of 2", "--csv"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn exemptions_that_end_are_counted_and_somebody_is_to_ask_their_owners() {
        let row = |state: &str, expires: Value| json!({"subject": "bots", "why": "they work at night", "owner": "it", "expires": expires, "state": state});
        let all = [
            row("ended", json!("2026-11-01T00:00:00Z")),
            row("lapsing", json!("2026-12-01T00:00:00Z")),
            row("no-end", Value::Null),
        ];
        let text = listed(&readable(&all).unwrap());
        for part in ["2026-11-01", "no end", "1 exemption ended", "1 exemption about to end", "ask the owners"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!listed(&readable(&all[2..]).unwrap()).contains("Next step"));
        assert_eq!(listed(&[]), "The policy exempts nobody.");
    }
}
