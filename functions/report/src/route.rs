//! Which page an address means, and in which form.

use http::HeaderMap;
use percent_encoding::percent_decode_str;
use seatkeeper_policy::SweepId;
use seatkeeper_web::{Format, negotiate};

/// The forms of a list that is also a file.
const ALL: [Format; 3] = [Format::Html, Format::Json, Format::Csv];

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The first page.
    Overview,
    /// The list of accounts.
    Accounts,
    /// One account, by user name or key.
    Account(String),
    /// One plan.
    Plan(SweepId),
    /// The plan that somebody will want to see.
    NewestPlan,
    /// The policy and its versions.
    Policy,
    /// The runs.
    Runs,
    /// Seats that cannot be freed from here.
    Handover,
    /// Who is exempt.
    Exemptions,
    /// Which rules govern whom.
    Populations,
    /// What a monitoring system collects.
    Metrics,
    /// Usage, reclaims, restores and savings.
    Reports,
    /// Usage day by day, as a file.
    UsageFile,
    /// Seats taken back, as a file.
    Reclaims,
    /// Seats given back, as a file.
    Restores,
    /// What outside directories said, and what this installation can do.
    Directories,
    /// Channels and messages.
    Alerts,
    /// The audit trail.
    Audit,
    /// The style sheet.
    Style,
    /// The script.
    Script,
}

impl Route {
    /// Finds the page and the form, by the ending of the path where it has one, else by the `Accept` header. A client
    /// that accepts none of the forms gets the first one.
    pub fn find(path: &str, headers: &HeaderMap) -> Option<(Self, Format)> {
        if path == "/metrics" {
            return Some((Self::Metrics, Format::Json));
        }
        let path = path.strip_prefix("/report")?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let (stem, ending) = match path.rsplit_once('.') {
            Some((stem, "json")) => (stem, Some(Format::Json)),
            Some((stem, "csv")) => (stem, Some(Format::Csv)),
            Some(_) | None => (path, None),
        };
        let form = |offered: &[Format]| match ending {
            Some(format) => offered.contains(&format).then_some(format),
            None => negotiate(headers, offered).or_else(|| offered.first().copied()),
        };
        let page = [Format::Html, Format::Json];
        match stem {
            "" | "/overview" => Some((Self::Overview, form(&page)?)),
            "/accounts" => Some((Self::Accounts, form(&ALL)?)),
            "/plan" => Some((Self::NewestPlan, form(&[Format::Html])?)),
            "/policy" => Some((Self::Policy, form(&[Format::Html])?)),
            "/runs" => Some((Self::Runs, form(&ALL)?)),
            "/handover" => Some((Self::Handover, form(&ALL)?)),
            "/exemptions" => Some((Self::Exemptions, form(&ALL)?)),
            "/populations" => Some((Self::Populations, form(&ALL)?)),
            "/reports" => Some((Self::Reports, form(&page)?)),
            "/reports/usage" => Some((Self::UsageFile, form(&[Format::Csv])?)),
            "/reports/reclaims" => Some((Self::Reclaims, form(&[Format::Csv])?)),
            "/reports/restores" => Some((Self::Restores, form(&[Format::Csv])?)),
            "/directories" => Some((Self::Directories, form(&ALL)?)),
            "/alerts" => Some((Self::Alerts, form(&ALL)?)),
            "/audit" => Some((Self::Audit, form(&ALL)?)),
            "/style.css" => Some((Self::Style, Format::Html)),
            "/console.js" => Some((Self::Script, Format::Html)),
            _ => {
                // Two words for the same: people look for an account, programs ask for an explanation.
                if let Some(who) = path.strip_prefix("/accounts/").or_else(|| path.strip_prefix("/explain/")) {
                    // A user name may contain dots; of all endings only `.json` is taken off it.
                    let (who, format) = match who.strip_suffix(".json") {
                        Some(who) => (who, Format::Json),
                        None => (who, negotiate(headers, &page).unwrap_or(Format::Html)),
                    };
                    let who = percent_decode_str(who).decode_utf8().ok()?.into_owned();
                    return (!who.is_empty()).then_some((Self::Account(who), format));
                }
                let id = SweepId::parse(stem.strip_prefix("/plans/")?).ok()?;
                Some((Self::Plan(id), form(&ALL)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header;

    fn find(path: &str, accept: &str) -> Option<(Route, Format)> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
        Route::find(path, &headers)
    }

    #[test]
    fn a_path_names_a_page_and_its_ending_a_form() {
        for (path, route, format) in [
            ("/report", Route::Overview, Format::Html),
            ("/report/", Route::Overview, Format::Html),
            ("/report/overview.json", Route::Overview, Format::Json),
            ("/report/accounts", Route::Accounts, Format::Html),
            ("/report/accounts.csv", Route::Accounts, Format::Csv),
            ("/report/accounts.json", Route::Accounts, Format::Json),
            ("/report/accounts/J%C3%BCrgen%20x%2Fy", Route::Account("Jürgen x/y".into()), Format::Html),
            ("/report/accounts/j.doe@example.com", Route::Account("j.doe@example.com".into()), Format::Html),
            ("/report/accounts/j.doe.json", Route::Account("j.doe".into()), Format::Json),
            ("/report/plans/20261122-1.csv", Route::Plan(SweepId::parse("20261122-1").unwrap()), Format::Csv),
            ("/report/plans/20261122-1.json", Route::Plan(SweepId::parse("20261122-1").unwrap()), Format::Json),
            ("/report/runs", Route::Runs, Format::Html),
            ("/report/explain/j.doe.json", Route::Account("j.doe".into()), Format::Json),
            ("/report/handover.csv", Route::Handover, Format::Csv),
            ("/report/exemptions.json", Route::Exemptions, Format::Json),
            ("/metrics", Route::Metrics, Format::Json),
            ("/report/plan", Route::NewestPlan, Format::Html),
            ("/report/policy", Route::Policy, Format::Html),
            ("/report/populations.json", Route::Populations, Format::Json),
            ("/report/reports", Route::Reports, Format::Html),
            ("/report/reports.json", Route::Reports, Format::Json),
            ("/report/reports/usage.csv", Route::UsageFile, Format::Csv),
            ("/report/reports/reclaims.csv", Route::Reclaims, Format::Csv),
            ("/report/reports/restores.csv", Route::Restores, Format::Csv),
            ("/report/directories", Route::Directories, Format::Html),
            ("/report/alerts.json", Route::Alerts, Format::Json),
            ("/report/audit", Route::Audit, Format::Html),
            ("/report/runs.csv", Route::Runs, Format::Csv),
            ("/report/populations.csv", Route::Populations, Format::Csv),
            ("/report/directories.csv", Route::Directories, Format::Csv),
            ("/report/alerts.csv", Route::Alerts, Format::Csv),
            ("/report/audit.csv", Route::Audit, Format::Csv),
        ] {
            assert_eq!(find(path, "text/html,*/*;q=0.8"), Some((route, format)), "{path}");
        }
    }

    #[test]
    fn without_an_ending_the_header_decides() {
        assert_eq!(find("/report", "application/json"), Some((Route::Overview, Format::Json)));
        assert_eq!(find("/report/accounts", "text/csv"), Some((Route::Accounts, Format::Csv)));
        assert_eq!(find("/report/accounts/x", "application/json"), Some((Route::Account("x".into()), Format::Json)));
        assert_eq!(find("/report", "image/png"), Some((Route::Overview, Format::Html)));
    }

    #[test]
    fn everything_else_is_not_found() {
        for path in [
            "/",
            "/reports",
            "/report/x",
            "/report/overview.csv",
            "/report/reports.csv",
            "/report/explain/",
            "/report/plans/",
            "/report/plans/A_B",
            "/report/accounts/%ff",
        ] {
            assert_eq!(find(path, "*/*"), None, "{path}");
        }
    }
}
