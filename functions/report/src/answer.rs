//! From a request that was let in to its answer.

use crate::{
    alerts, audit,
    desk::Desk,
    directories, exemptions, explain, export, files,
    filter::Filter,
    handover,
    json::{OverviewShape, PlanJson, RunsShape},
    page::{
        AccountPage, AccountsPage, AlertsPage, AuditPage, DirectoriesPage, ExemptionsPage, HandoverPage, Listing,
        NoPlanPage, OverviewPage, PlanPage, PolicyPage, PopulationsPage, ReportsPage, RunsPage,
    },
    plan, policy, populations, read,
    reports::{self, Kind},
    route::Route,
};
use askama::Template;
use chrono::TimeDelta;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use seatkeeper_console::{Banner, Caller, Nav, frame};
use seatkeeper_engine::{
    ports::{Clock, Store},
    state::{self, StateError},
    trouble::Trouble,
    view as engine,
};
use seatkeeper_metrics::MetricsError;
use seatkeeper_policy::{Instant, SweepId};
use seatkeeper_spin::{Answer, SpinClock, edge, respond as send, shapes};
use seatkeeper_web::{Format, Problem, Query, QueryError, respond};
use serde::Serialize;

/// Checking the whole audit trail goes on with the next request after so long.
const CHECKING: TimeDelta = TimeDelta::seconds(15);

/// The page of reports counts acts of the audit trail for so long.
const COUNTING: TimeDelta = TimeDelta::seconds(10);

/// Months of seat usage in the JSON overview.
const MONTHS: u32 = 12;

/// Accounts of a plan on its page.
const PLANNED: usize = 300;

/// Accounts of a list on its page at most.
const SHOWN: usize = 200;

/// Why there is no page.
enum Failure {
    /// The state could not be read.
    State(StateError),
    /// The query is not valid.
    Query(QueryError),
    /// A defect of ours.
    Fault(String),
    /// There is no such account or plan.
    Nothing { what: &'static str, name: String },
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

/// Answers a request for a page.
pub async fn answer<S: Store + 'static>(
    store: S,
    route: Route,
    format: Format,
    query: &str,
    caller: Caller,
    now: Instant,
) -> Answer {
    let banner = match format {
        Format::Html => Banner::load(&store).await,
        Format::Json | Format::Csv => Banner::default(),
    };
    let nav = Nav::new("", Some(caller), banner, now);
    match found(store, route, format, query, nav.clone(), now).await {
        Ok(answer) => answer,
        Err(failure) => send::whole(failed(failure, format, nav)),
    }
}

/// The answer when there is no store to read.
pub fn failed_to_open(error: StateError, format: Format, now: Instant) -> Answer {
    send::whole(failed(Failure::State(error), format, Nav::new("", None, Banner::default(), now)))
}

async fn found<S: Store + 'static>(
    store: S,
    route: Route,
    format: Format,
    query: &str,
    nav: Nav,
    now: Instant,
) -> Result<Answer, Failure> {
    let nav = move |here| nav.at(here);
    let response = match (route, format) {
        (Route::Overview, Format::Html) => {
            let view = &read::overview(&store, now).await?;
            frame::page(StatusCode::OK, &OverviewPage { nav: nav("/report"), view })
        }
        (Route::Overview, Format::Json | Format::Csv) => {
            let overview = engine::overview(&store, read::ALL_RUNS, MONTHS, now).await?;
            respond::json(StatusCode::OK, &OverviewShape::new(overview, now))
        }
        (Route::Accounts, Format::Csv) => {
            let filter = Filter::parse(query)?;
            let head = read::head(&store).await?;
            let headers = csv_headers("accounts", now);
            return Ok(send::streamed(headers, export::accounts(store, head, &filter, now)));
        }
        (Route::Accounts, Format::Html | Format::Json) => {
            let mut filter = Filter::parse(query)?;
            if format == Format::Html {
                filter.size = filter.size.min(SHOWN);
            } else if filter.all {
                let head = read::head(&store).await?;
                let mut headers = respond::json_headers();
                let file = respond::attachment(&format!("accounts-{}.json", now.format("%Y%m%d")));
                headers.insert(header::CONTENT_DISPOSITION, file);
                return Ok(send::streamed(headers, export::accounts_json(store, head, &filter, now)));
            }
            let (head, list) = &engine::steadily(async || {
                let head = read::head(&store).await?;
                let list = read::accounts(&store, head.as_ref(), &filter, now).await?;
                Ok((head, list))
            })
            .await?;
            let codes = head.iter().flat_map(|head| head.report.decisions.keys().cloned());
            let view = Listing::new(&filter, list, codes);
            shown(format, list, &AccountsPage { nav: nav("/report/accounts"), view })
        }
        (Route::Account(who), _) => {
            let found = engine::steadily(async || explain::explain(&store, &who, now).await).await?;
            let view = &found.ok_or(Failure::Nothing { what: "account", name: who })?;
            let version = state::load(&store, &state::policy()).await?.map_or(0, |record| record.version);
            let nav = nav("/report/accounts");
            shown(format, view, &AccountPage { nav, view, exempting: &view.username, version })
        }
        (Route::Plan(id), Format::Csv) => {
            let head = state::load(&store, &state::plan(&id)).await?.ok_or_else(|| no_plan(&id))?;
            let headers = respond::csv_headers(&format!("plan-{id}.csv"));
            let owned = state::load(&store, &state::owned(&id)).await?.unwrap_or_default();
            return Ok(send::streamed(headers, export::plan(store, head, owned)));
        }
        (Route::Plan(id), Format::Html | Format::Json) => {
            // A page for people stays small enough to be read and loaded; programs may have more at once.
            let most = if format == Format::Html { PLANNED } else { shapes::MOST_PLANNED };
            let (page, size) = part(query, most)?;
            let shape = shapes::plan(&store, &id, page, size).await?.ok_or_else(|| no_plan(&id))?;
            let beside = plan::beside(&store, &shape.plan).await?;
            if format == Format::Json {
                respond::json(StatusCode::OK, &PlanJson::new(shape, beside))
            } else {
                let desk = &Desk::read(&store, &shape.plan, now).await?;
                let view = &plan::detail(shape, beside, now);
                // Between an approval and the next tick, and while it is carried out, something will change by itself.
                let live = desk.progress.is_some() || (desk.waits && desk.answered.is_some());
                frame::page(StatusCode::OK, &PlanPage { nav: nav("/report/plan").live(live), view, desk })
            }
        }
        (Route::Metrics, _) => {
            let page = seatkeeper_metrics::render(&store, now).await.map_err(|error| match error {
                MetricsError::State(error) => Failure::State(error),
                MetricsError::Library(error) => Failure::Fault(error.to_string()),
            })?;
            let mut answer = respond::text(StatusCode::OK, page);
            let kind = HeaderValue::from_static(seatkeeper_metrics::CONTENT_TYPE);
            answer.headers_mut().insert(header::CONTENT_TYPE, kind);
            answer
        }
        (Route::NewestPlan, _) => match read::newest_plan(&store).await? {
            Some(id) => respond::see_other(&format!("/report/plans/{id}")),
            None => frame::page(StatusCode::OK, &NoPlanPage { nav: nav("/report/plan") }),
        },
        (Route::Policy, _) => {
            let view = &policy::read(&store, policy::wanted(query)?).await?;
            frame::page(StatusCode::OK, &PolicyPage { nav: nav("/report/policy"), view })
        }
        (Route::Runs, Format::Html) => {
            let view = &read::runs(&store, now).await?;
            let live = view.progress.is_some();
            frame::page(StatusCode::OK, &RunsPage { nav: nav("/report/runs").live(live), view })
        }
        (Route::Runs, Format::Csv) => {
            return Ok(saved("runs", files::runs(&read::runs(&store, now).await?.runs), now));
        }
        (Route::Runs, Format::Json) => {
            let runs = engine::runs(&store, read::ALL_RUNS).await?;
            respond::json(StatusCode::OK, &RunsShape { left: runs.iter().flat_map(plan::left).collect(), runs })
        }
        (Route::Handover, Format::Csv) => {
            let wanted = handover::Wanted::parse(query, false)?;
            let head = read::head(&store).await?;
            let headers = csv_headers("handover", now);
            return Ok(send::streamed(headers, handover::export(store, head, wanted)));
        }
        (Route::Handover, Format::Html | Format::Json) => {
            let wanted = &handover::Wanted::parse(query, format == Format::Html)?;
            let view =
                &engine::steadily(async || handover::read(&store, read::head(&store).await?.as_ref(), wanted).await)
                    .await?;
            shown(format, view, &HandoverPage { nav: nav(handover::PATH), wanted, view })
        }
        (Route::Exemptions, _) => {
            let policy = read::policy(&store).await?;
            let view = &engine::steadily(async || {
                exemptions::read(&store, read::head(&store).await?.as_ref(), &policy, now).await
            })
            .await?;
            if format == Format::Csv {
                return Ok(saved("exemptions", view.csv(), now));
            }
            let version = policy.policy.as_ref().map_or(0, |(version, _)| *version);
            shown(format, view, &ExemptionsPage { nav: nav(exemptions::PATH), view, exempting: "", version })
        }
        (Route::Populations, _) => {
            let policy = read::policy(&store).await?;
            let view = &engine::steadily(async || {
                populations::read(&store, read::head(&store).await?.as_ref(), &policy).await
            })
            .await?;
            if format == Format::Csv {
                return Ok(saved("populations", files::populations(view), now));
            }
            shown(format, view, &PopulationsPage { nav: nav(populations::PATH), view })
        }
        (Route::Reports, _) => {
            let span = reports::Span::parse(query, now)?;
            let (head, policy) = (read::head(&store).await?, read::policy(&store).await?);
            let rules = policy.policy.as_ref().map(|(_, policy)| policy);
            let end = SpinClock.now() + COUNTING;
            let view = &reports::read(&store, head.as_ref(), rules, span, now, || SpinClock.now() >= end).await?;
            shown(format, view, &ReportsPage { nav: nav(reports::PATH), charts: ReportsPage::charts(view), view })
        }
        (Route::UsageFile, _) => {
            let span = reports::Span::parse(query, now)?;
            let file = reports::usage_file(&reports::usage_of(&store, span).await?);
            return Ok(saved("usage", file, now));
        }
        (Route::Reclaims, _) => {
            let span = reports::Span::parse(query, now)?;
            let headers = csv_headers("reclaims", now);
            return Ok(send::streamed(headers, reports::export(store, Kind::Reclaims, span).await?));
        }
        (Route::Restores, _) => {
            let span = reports::Span::parse(query, now)?;
            let headers = csv_headers("restores", now);
            return Ok(send::streamed(headers, reports::export(store, Kind::Restores, span).await?));
        }
        (Route::Directories, _) => {
            let (head, policy) = (read::head(&store).await?, read::policy(&store).await?);
            let view = &directories::read(&store, head.as_ref(), &policy).await?;
            if format == Format::Csv {
                return Ok(saved("directories", files::directories(view), now));
            }
            shown(format, view, &DirectoriesPage { nav: nav(directories::PATH), view })
        }
        (Route::Alerts, _) => {
            let view = &alerts::read(&store, now).await?;
            if format == Format::Csv {
                return Ok(saved("alerts", files::alerts(view), now));
            }
            shown(format, view, &AlertsPage { nav: nav(alerts::PATH), view })
        }
        (Route::Audit, Format::Html) => {
            let wanted = &audit::Wanted::parse(query)?;
            let end = SpinClock.now() + CHECKING;
            let view = &audit::read(&store, wanted, || SpinClock.now() >= end).await?;
            frame::page(StatusCode::OK, &AuditPage { nav: nav(audit::PATH), wanted, view })
        }
        (Route::Audit, Format::Json | Format::Csv) => {
            let merge = audit::Merge::open(&store, &audit::Wanted::parse(query)?).await?;
            let (file, headers) = if format == Format::Csv {
                (audit::File::Csv, csv_headers("audit", now))
            } else {
                (audit::File::Json, respond::json_headers())
            };
            return Ok(send::streamed(headers, audit::export(store, merge, file)));
        }
        // These were answered before anybody was asked for a token.
        (Route::Style | Route::Script, _) => respond::empty(StatusCode::NOT_FOUND),
    };
    Ok(send::whole(response))
}

/// Headers of a CSV file with the date in its name.
fn csv_headers(list: &str, now: Instant) -> HeaderMap {
    respond::csv_headers(&format!("{list}-{}.csv", now.format("%Y%m%d")))
}

/// A list that is in memory, as a file with the date in its name.
fn saved(list: &str, file: Vec<u8>, now: Instant) -> Answer {
    send::streamed(csv_headers(list, now), futures::stream::iter([Ok(file)]))
}

fn no_plan(id: &SweepId) -> Failure {
    Failure::Nothing { what: "plan", name: id.to_string() }
}

/// Page and size of a plan's accounts.
fn part(query: &str, most: usize) -> Result<(usize, usize), QueryError> {
    let query = Query::parse(query, &["page", "size"])?;
    let number = |name| query.parsed::<usize>(name, "a whole number from 1");
    let size = number("size")?.unwrap_or(most).clamp(1, most);
    Ok((number("page")?.unwrap_or(1).max(1), size))
}

fn shown(format: Format, view: &impl Serialize, template: &impl Template) -> Response<Vec<u8>> {
    match format {
        Format::Html => frame::page(StatusCode::OK, template),
        Format::Json | Format::Csv => respond::json(StatusCode::OK, view),
    }
}

fn failed(failure: Failure, format: Format, nav: Nav) -> Response<Vec<u8>> {
    let problem = match failure {
        Failure::Query(error) if format != Format::Html => return error.into_response(),
        Failure::Query(error) => Problem::new(StatusCode::BAD_REQUEST, "query-invalid", "The query is not valid")
            .detail(error.to_string())
            .next_step("Correct the address, or start again from the list of accounts."),
        Failure::Nothing { what, name } => Problem::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here")
            .detail(format!("the newest sweep knows no {what} `{name}`"))
            .next_step("Check the spelling, or look for it in the list."),
        Failure::Fault(detail) => {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The answer could not be written")
                .detail(detail)
                .next_step("Report this as a defect of Seatkeeper.")
        }
        Failure::State(error) => {
            let trouble = Trouble::from(error);
            let fields =
                [("error.code", trouble.code.as_str().into()), ("error.message", trouble.message.as_str().into())];
            seatkeeper_spin::log("the state cannot be read", &fields);
            edge::trouble(&trouble)
        }
    };
    match format {
        Format::Html => seatkeeper_console::problem(&problem, nav, "/report"),
        Format::Json | Format::Csv => problem.into_response(),
    }
}

#[cfg(test)]
mod tests;
