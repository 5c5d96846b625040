//! Exempting somebody, and ending an exemption, without editing the policy by hand. The policy stays the only place where
//! exemptions are: its text is changed with all comments kept, and becomes its next version.

use crate::{
    admin::{Refusal, replace_policy, unchanged},
    ports::Store,
    state::{self, PolicyRecord},
    trouble::Trouble,
};
use seatkeeper_policy::{Instant, raw::Problem};
use serde::Deserialize;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

/// Who is exempt: a user name, a group, or a pattern of user names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A user name.
    User,
    /// A group.
    Group,
    /// A pattern of user names.
    Pattern,
}

impl Kind {
    /// The key of the policy.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Pattern => "pattern",
        }
    }
}

/// An exemption as somebody writes it. The policy's own rules decide whether it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Who.
    pub kind: Kind,
    /// Name or pattern.
    pub subject: &'a str,
    /// Why.
    pub why: &'a str,
    /// Who answers for it.
    pub owner: &'a str,
    /// The first day without it, such as `2027-07-01`; none for no end.
    pub expires: Option<&'a str>,
}

/// Characters of a reason at most.
pub const LONGEST_WHY: usize = 500;
/// Characters of an owner at most.
pub const LONGEST_OWNER: usize = 200;

/// Adds an exemption. `expected` is the version of the policy that the sender had seen, if that matters to them.
pub async fn add(
    store: &impl Store,
    wanted: Wanted<'_>,
    expected: Option<u32>,
    by: &str,
    now: Instant,
) -> Result<PolicyRecord, Refusal> {
    let long = [("why", wanted.why, LONGEST_WHY), ("owner", wanted.owner, LONGEST_OWNER)];
    for (field, text, most) in long {
        let length = text.chars().count();
        if length > most {
            let start: String = text.chars().take(40).collect();
            return Err(wrong(field, &format!("{start}…"), &format!("has {length} characters, and may have {most}")));
        }
    }
    let (record, mut document) = policy(store, expected).await?;
    let mut table = Table::new();
    table.insert(wanted.kind.word(), value(wanted.subject));
    table.insert("why", value(wanted.why));
    table.insert("owner", value(wanted.owner));
    if let Some(day) = wanted.expires {
        table.insert("expires", value(day));
    }
    let tables = tables(&mut document)?;
    let same = |known: &Table| known.get(wanted.kind.word()).and_then(Item::as_str) == Some(wanted.subject);
    if tables.iter().any(same) {
        return Err(wrong(wanted.kind.word(), wanted.subject, "is exempt already; end that exemption first"));
    }
    tables.push(table);
    replace_policy(store, &document.to_string(), Some(record.version), by, now).await
}

/// Ends an exemption. One that is not there is an error: somebody else may have changed the policy.
pub async fn end(
    store: &impl Store,
    kind: Kind,
    subject: &str,
    expected: Option<u32>,
    by: &str,
    now: Instant,
) -> Result<PolicyRecord, Refusal> {
    let (record, mut document) = policy(store, expected).await?;
    let tables = tables(&mut document)?;
    let place = tables.iter().position(|known| known.get(kind.word()).and_then(Item::as_str) == Some(subject));
    let place = place.ok_or_else(|| wrong(kind.word(), subject, "is not exempt (any more)"))?;
    tables.remove(place);
    replace_policy(store, &document.to_string(), Some(record.version), by, now).await
}

async fn policy(store: &impl Store, expected: Option<u32>) -> Result<(PolicyRecord, DocumentMut), Refusal> {
    let record = state::load(store, &state::policy()).await?.ok_or_else(Trouble::no_policy)?;
    unchanged(Some(&record), expected)?;
    let document = record.text.parse::<DocumentMut>().map_err(|error| wrong("policy", "", &error.to_string()))?;
    Ok((record, document))
}

/// The exemptions. A policy may also have them in one line, which becomes tables.
fn tables(document: &mut DocumentMut) -> Result<&mut ArrayOfTables, Refusal> {
    let item = document.entry("exempt").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    if item.is_array() {
        *item = std::mem::take(item).into_array_of_tables().map_or_else(|item| item, Item::ArrayOfTables);
    }
    item.as_array_of_tables_mut().ok_or_else(|| wrong("exempt", "", "is not a list of tables"))
}

fn wrong(field: &str, value: &str, problem: &str) -> Refusal {
    let (field, value, problem) = (field.to_owned(), value.to_owned(), problem.to_owned());
    Refusal::Invalid(vec![Problem { field, value, problem }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryStore, block_on};
    use seatkeeper_policy::testing::at;

    const BASE: &str = "version = 1 # the format\nlicence-groups = [\"users\"]\ninactive.after-days = 90\n";

    fn now() -> Instant {
        at("2026-11-23T08:00:00Z")
    }

    fn store(text: &str) -> MemoryStore {
        let store = MemoryStore::default();
        block_on(replace_policy(&store, text, None, "ada", now())).unwrap();
        store
    }

    fn wanted(subject: &str) -> Wanted<'_> {
        Wanted {
            kind: Kind::User,
            subject,
            why: "On \"leave\"\n[[exempt]]",
            owner: "hr@example.com",
            expires: Some("2027-07-01"),
        }
    }

    #[test]
    fn an_exemption_becomes_the_next_version_and_every_comment_stays() {
        for rest in
            ["", "\n[[exempt]] # first\nuser = \"b\"\nwhy = \"w\"\nowner = \"o\"\n\n[[alert]]\npercent = 90 # loud\n"]
        {
            let store = store(&format!("{BASE}{rest}"));
            let record = block_on(add(&store, wanted("jane.doe"), None, "ada", now())).unwrap();
            assert_eq!(record.version, 2);
            let policy = crate::policy_file::parse(&record.text).unwrap();
            let newest = policy.exemptions.last().unwrap();
            assert_eq!((newest.why.as_str(), newest.owner.as_str()), ("On \"leave\"\n[[exempt]]", "hr@example.com"));
            for comment in ["# the format", "# first", "# loud"].iter().filter(|comment| rest.contains(**comment)) {
                assert!(record.text.contains(comment), "{}", record.text);
            }
            let ended = block_on(end(&store, Kind::User, "jane.doe", None, "ada", now())).unwrap();
            assert_eq!(crate::policy_file::parse(&ended.text).unwrap().exemptions.len(), policy.exemptions.len() - 1);
        }
    }

    #[test]
    fn exemptions_in_one_line_are_understood_too() {
        let store = store(&format!("{BASE}exempt = [{{ user = \"b\", why = \"w\", owner = \"o\" }}]\n"));
        let record = block_on(add(&store, wanted("jane.doe"), None, "ada", now())).unwrap();
        assert_eq!(crate::policy_file::parse(&record.text).unwrap().exemptions.len(), 2);
    }

    #[test]
    fn what_the_policy_would_not_take_is_refused_and_changes_nothing() {
        let store = store(BASE);
        block_on(add(&store, wanted("jane.doe"), None, "ada", now())).unwrap();
        let before = store.entries();
        let (long, owner) = ("x".repeat(LONGEST_WHY + 1), "ü".repeat(LONGEST_OWNER + 1));
        for refused in [
            wanted("jane.doe"),
            Wanted { why: "", ..wanted("b") },
            Wanted { owner: " ", ..wanted("b") },
            Wanted { expires: Some("soon"), ..wanted("b") },
            Wanted { subject: "", ..wanted("b") },
            Wanted { why: &long, ..wanted("b") },
            Wanted { owner: &owner, ..wanted("b") },
        ] {
            let refused = block_on(add(&store, refused, None, "ada", now()));
            assert!(matches!(refused, Err(Refusal::Invalid(_))));
        }
        assert!(matches!(block_on(end(&store, Kind::Group, "jane.doe", None, "ada", now())), Err(Refusal::Invalid(_))));
        assert_eq!(store.entries(), before);
        assert!(matches!(
            block_on(add(&MemoryStore::default(), wanted("b"), None, "ada", now())),
            Err(Refusal::Trouble(trouble)) if trouble.code == "no-policy"
        ));
    }

    #[test]
    fn a_change_to_another_version_than_the_one_in_force_is_refused_with_who_made_that() {
        let store = store(BASE);
        block_on(add(&store, wanted("jane.doe"), Some(1), "bert", now())).unwrap();
        let conflict = || Refusal::Conflict { expected: 1, found: 2, by: "bert".into() };
        assert_eq!(block_on(add(&store, wanted("b"), Some(1), "ada", now())), Err(conflict()));
        assert_eq!(block_on(end(&store, Kind::User, "jane.doe", Some(1), "ada", now())), Err(conflict()));
        assert!(conflict().to_string().contains("version 2 by bert"));
        assert_eq!(block_on(end(&store, Kind::User, "jane.doe", Some(2), "ada", now())).unwrap().version, 3);
    }

    #[test]
    fn of_two_records_of_the_same_version_neither_hides_the_other_and_a_repetition_is_one() {
        let store = store(BASE);
        let first = block_on(state::load(&store, &state::policy())).unwrap().unwrap();
        let texts = [("bert", "# a\n"), ("carl", "# b\n"), ("carl", "# b\n")];
        for (by, comment) in texts {
            // As if both had read version 1 before either wrote version 2.
            block_on(state::save(&store, &state::policy(), &first)).unwrap();
            block_on(replace_policy(&store, &format!("{comment}{BASE}"), Some(1), by, now())).unwrap();
        }
        let entries = block_on(state::load(&store, &state::audit("2026-11-23", "admin", 0))).unwrap().unwrap();
        let actors: Vec<&str> = entries.iter().map(|entry| entry.actor.as_str()).collect();
        assert_eq!(actors, ["ada", "bert", "carl"]);
    }

    #[test]
    fn the_longest_reason_and_owner_are_taken_and_a_longer_one_is_named() {
        let store = store(BASE);
        let (why, owner) = ("ü".repeat(LONGEST_WHY), "x".repeat(LONGEST_OWNER));
        block_on(add(&store, Wanted { why: &why, owner: &owner, ..wanted("b") }, None, "ada", now())).unwrap();
        let longer = format!("{why}x");
        let refused = block_on(add(&store, Wanted { why: &longer, ..wanted("c") }, None, "ada", now()));
        let Err(Refusal::Invalid(problems)) = refused else { panic!("{refused:?}") };
        assert_eq!(problems[0].field, "why");
        assert!(problems[0].problem.contains("501 characters, and may have 500"), "{}", problems[0].problem);
    }

    #[test]
    fn an_exemption_that_makes_the_policy_too_large_is_refused() {
        let store = store(&format!("{BASE}#{}\n", "x".repeat(crate::policy_file::LARGEST - BASE.len() - 2)));
        let refused = block_on(add(&store, wanted("b"), None, "ada", now()));
        assert!(matches!(refused, Err(Refusal::Invalid(problems)) if problems[0].field == "file"));
    }
}
