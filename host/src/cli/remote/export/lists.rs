//! The lists that can be exported. A new one is one entry here.

/// A list.
#[derive(Debug)]
pub(super) struct List {
    /// What it is called.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) about: &'static str,
    /// Its address without an ending; `{id}` is what the command names.
    pub(super) path: &'static str,
    /// Where its rows are.
    pub(super) rows: Rows,
    /// Whether it comes in pages.
    pub(super) paged: bool,
    /// Who makes its CSV.
    pub(super) csv: Csv,
    /// Whether it can be filtered as accounts are.
    pub(super) filters: bool,
}

/// Where rows come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rows {
    /// A report, and the field of its JSON that holds them.
    Report(&'static str),
    /// The audit trail of all functions.
    Audit,
}

/// Who makes the CSV.
#[derive(Debug, Clone, Copy)]
pub(super) enum Csv {
    /// The instance.
    Theirs,
    /// We do, from the instance's CSV of accounts: whatever `import` takes.
    LastLogins,
    /// We do, from the JSON: name of a column, and pointer to its value in a row.
    Ours(&'static [(&'static str, &'static str)]),
}

const RUNS: &[(&str, &str)] = &[
    ("id", "/id"),
    ("opened", "/opened"),
    ("at", "/at"),
    ("mode", "/mode"),
    ("outcome", "/outcome/is"),
    ("plan-hash", "/plan"),
    ("planned", "/planned"),
    ("reclaimed", "/tally/reclaimed"),
    ("skipped", "/tally/skipped"),
    ("failed", "/tally/failed"),
    ("warned", "/warned"),
    ("seats-before", "/before/used"),
    ("seats-after", "/after/used"),
    ("diagnosis", "/diagnosis"),
];

const POPULATIONS: &[(&str, &str)] =
    &[("name", "/name"), ("priority", "/priority"), ("accounts", "/accounts"), ("decisions", "/decisions")];

const fn list(name: &'static str, about: &'static str, path: &'static str, rows: &'static str, csv: Csv) -> List {
    List { name, about, path, rows: Rows::Report(rows), paged: false, csv, filters: false }
}

/// All of them.
pub(super) const LISTS: &[List] = &[
    List {
        paged: true,
        filters: true,
        ..list(
            "accounts",
            "accounts of the newest sweep, each with its decision and reason",
            "/report/accounts",
            "accounts",
            Csv::Theirs,
        )
    },
    List {
        paged: true,
        filters: true,
        ..list(
            "last-logins",
            "when each account was last seen in Confluence, as `import` takes it",
            "/report/accounts",
            "accounts",
            Csv::LastLogins,
        )
    },
    List {
        paged: true,
        ..list(
            "plan",
            "accounts of one plan, each with its reason and actions",
            "/report/plans/{id}",
            "accounts",
            Csv::Theirs,
        )
    },
    list("runs", "the newest runs and how they ended", "/report/runs", "runs", Csv::Ours(RUNS)),
    List {
        paged: true,
        ..list("handover", "seats that cannot be freed from here", "/report/handover", "rows", Csv::Theirs)
    },
    list("exemptions", "who is exempt, why and until when", "/report/exemptions", "exemptions", Csv::Theirs),
    list(
        "populations",
        "which rules govern how many accounts",
        "/report/populations",
        "populations",
        Csv::Ours(POPULATIONS),
    ),
    List {
        rows: Rows::Audit,
        ..list("audit", "what every function did, with its chain of hashes", "/admin/audit", "", Csv::Ours(&[]))
    },
];

/// Their names.
pub(super) fn names() -> Vec<&'static str> {
    LISTS.iter().map(|list| list.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_named_once_and_in_the_manual() {
        let manual = include_str!("../../../../../docs/command-line.md");
        let mut names = names();
        for name in &names {
            assert!(manual.contains(&format!("| `{name}` |")), "{name} is not in docs/command-line.md");
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), LISTS.len());
    }
}
