//! The page of reports: how the licence was used, what was taken and given back, who left, and what that saved. Every
//! number comes from what the sweep and the other functions wrote down at the time.

mod acts;

pub use acts::{Kind, Restored, Taken, export};

use crate::charts::{self, DayPoint, Flow, Month};
use acts::Acts;
use chrono::{Datelike, Months, NaiveDate};
use seatkeeper_console::Moment;
use seatkeeper_engine::{
    ports::Store,
    state::{self, SnapshotHead, StateError, UsagePoint},
    view as engine,
};
use seatkeeper_policy::{
    DirectoryTally, Instant, Policy,
    forecast::{Forecast, forecast},
    price::Period as Per,
    report::Activity,
};
use seatkeeper_web::{Query, QueryError, csv};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Where it is.
pub const PATH: &str = "/report/reports";

/// Months that one report covers at most.
const LONGEST: u32 = 36;
/// Months that it covers if the request does not say, the present one included.
const USUAL: u32 = 12;
/// The sweep remembers so many runs.
const RUNS: usize = 200;
/// Acts in the JSON.
const LISTED: usize = 200;
/// Acts of each list on the page: both lists and all charts stay below 200 kB.
const SHOWN: usize = 100;

/// The columns of the file of usage.
const USAGE: [&str; 5] = ["day", "seats-used", "highest", "seats-bought", "people-seen"];

/// Which days a report is about, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The first day, in UTC.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

impl Span {
    /// Reads a query string: the last twelve months if it does not say.
    pub fn parse(query: &str, now: Instant) -> Result<Self, QueryError> {
        let query = Query::parse(query, &["from", "to"])?;
        let day = |name| query.parsed::<NaiveDate>(name, "a day such as 2026-11-22");
        let to = day("to")?.unwrap_or_else(|| now.date_naive());
        let from = day("from")?.unwrap_or_else(|| months_back(to, USUAL - 1));
        let invalid = |expected: String| QueryError::Invalid { name: "from".into(), value: from.to_string(), expected };
        if from > to {
            return Err(invalid(format!("not later than {to}")));
        }
        let earliest = months_back(to, LONGEST - 1);
        if from < earliest {
            return Err(invalid(format!("{earliest} or later: a report covers {LONGEST} months at most")));
        }
        Ok(Self { from, to })
    }

    /// Whether an instant is within it.
    pub fn has(self, at: Instant) -> bool {
        (self.from..=self.to).contains(&at.date_naive())
    }

    /// The first days of its months, oldest first.
    fn months(self) -> Vec<NaiveDate> {
        let first = months_back(self.from, 0);
        let every = (0..LONGEST).map_while(|count| first.checked_add_months(Months::new(count)));
        every.take_while(|month| *month <= self.to).collect()
    }

    /// An address with the same days.
    pub fn link(self, path: &str) -> String {
        format!("{path}?from={}&to={}", self.from, self.to)
    }
}

/// The first day of the month so many months before.
fn months_back(day: NaiveDate, months: u32) -> NaiveDate {
    day.with_day(1).and_then(|first| first.checked_sub_months(Months::new(months))).unwrap_or(day)
}

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Savings {
    /// Seats taken back.
    pub reclaimed: u32,
    /// Seats given back.
    pub restored: u32,
    /// The difference; negative when more were given back.
    pub net: i64,
    /// What that costs; none without a price.
    pub worth: Option<Worth>,
}

/// What so many seats cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Worth {
    /// The price of one seat, as in the policy.
    pub seat_price: String,
    /// `month` or `year`.
    pub per: &'static str,
    /// Currency.
    pub currency: String,
    /// What the seats cost in a month.
    pub a_month: String,
    /// What they cost in a year.
    pub a_year: String,
}

/// Everything on the page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The days it is about.
    #[serde(flatten)]
    pub span: Span,
    /// Usage by month, oldest first.
    pub usage: Vec<Month>,
    /// Usage by day, oldest first; thinned when there are many.
    pub days: Vec<DayPoint>,
    /// When the last seat will be taken, as of now.
    pub forecast: Option<Forecast>,
    /// How long ago people were seen, as of the newest sweep.
    pub activity: Option<Activity>,
    /// Seats taken and given back by month, oldest first.
    pub months: Vec<Flow>,
    /// The difference, and what it costs.
    pub savings: Savings,
    /// The newest seats taken back, newest first.
    pub reclaims: Vec<Taken>,
    /// The newest seats given back, newest first.
    pub restores: Vec<Restored>,
    /// The first day whose acts were counted, where not all of the period could be.
    pub counted_since: Option<NaiveDate>,
    /// People who left, by directory, as of the newest sweep.
    pub leavers: BTreeMap<String, DirectoryTally>,
    /// Accounts that the newest sweep would take a seat from because the person left.
    pub to_reclaim: u32,
    /// When the newest sweep judged.
    pub as_of: Option<Moment>,
}

impl Report {
    /// The newest reclaims, for people.
    pub fn reclaims_shown(&self) -> impl Iterator<Item = &Taken> {
        self.reclaims.iter().take(SHOWN)
    }

    /// The newest restores, for people.
    pub fn restores_shown(&self) -> impl Iterator<Item = &Restored> {
        self.restores.iter().take(SHOWN)
    }
}

/// Counts of seats within a period.
pub async fn usage_of(store: &impl Store, span: Span) -> Result<Vec<UsagePoint>, StateError> {
    let mut points = Vec::new();
    for month in span.months() {
        let Some(at) = month.and_hms_opt(0, 0, 0) else { continue };
        let stored = state::load(store, &state::usage(at.and_utc())).await?.unwrap_or_default();
        points.extend(stored.into_iter().filter(|point| span.has(point.at)));
    }
    Ok(points)
}

/// The forecast from the newest counts.
pub async fn forecast_now(store: &impl Store, now: Instant) -> Result<Option<Forecast>, StateError> {
    let span = Span { from: months_back(now.date_naive(), 1), to: now.date_naive() };
    Ok(forecast(usage_of(store, span).await?.into_iter().map(|point| (point.at, point.seats)), now))
}

/// Days drawn and listed at most.
const DRAWN: usize = 180;

/// Reads everything. `enough` says that the time for reading the trail is over.
pub async fn read(
    store: &impl Store,
    head: Option<&SnapshotHead>,
    policy: Option<&Policy>,
    span: Span,
    now: Instant,
    enough: impl Fn() -> bool,
) -> Result<Report, StateError> {
    let points = usage_of(store, span).await?;
    let runs = engine::runs(store, RUNS).await?;
    let mut months: BTreeMap<String, Flow> = BTreeMap::new();
    let name = |day: NaiveDate| day.format("%Y-%m").to_string();
    for month in span.months() {
        months.insert(name(month), Flow { month: name(month), reclaimed: 0, restored: 0 });
    }
    let mut add = |at: Instant, reclaimed: u32, restored: u32| {
        if let Some(flow) = months.get_mut(&name(at.date_naive())).filter(|_| span.has(at)) {
            flow.reclaimed += reclaimed;
            flow.restored += restored;
        }
    };
    for run in &runs {
        add(run.at, run.tally.reclaimed, 0);
    }
    // The sweep remembers the newest runs; what older ones took is counted act by act.
    let known: BTreeSet<_> = runs.iter().map(|run| run.id.clone()).collect();
    let older = runs.iter().map(|run| run.at.date_naive()).min().filter(|_| runs.len() >= RUNS);
    let mut taken =
        acts::newest(store, Kind::Reclaims, span, LISTED, |day| older.is_some_and(|older| day <= older), &enough)
            .await?;
    for (at, run) in &taken.counted {
        if older.is_some() && !known.contains(run) {
            add(*at, 1, 0);
        }
    }
    let given = acts::newest(store, Kind::Restores, span, LISTED, |_| true, &enough).await?;
    for (at, _) in &given.counted {
        add(*at, 0, 1);
    }
    if older.is_none() {
        // All runs are known, so it does not matter how far the list of acts was read.
        taken.since = None;
    }
    let Acts { entries: reclaims, since: taken_since, .. } = taken;
    let Acts { entries: restores, since: given_since, .. } = given;
    let flows: Vec<Flow> = months.into_values().collect();
    Ok(Report {
        span,
        usage: charts::months(&points),
        days: charts::thinned(&charts::days(&points), DRAWN),
        // A period that ended before today has no future to show.
        forecast: if span.to < now.date_naive() { None } else { forecast_now(store, now).await? },
        activity: head.map(|head| head.report.activity),
        savings: savings(&flows, policy),
        months: flows,
        reclaims: acts::taken(store, &reclaims).await?,
        restores: acts::restored(store, &restores).await?,
        counted_since: taken_since.max(given_since),
        leavers: head.map(|head| head.report.directories.clone()).unwrap_or_default(),
        to_reclaim: head.and_then(|head| head.report.decisions.get("reclaim/left").copied()).unwrap_or_default(),
        as_of: head.map(|head| Moment(head.at)),
    })
}

fn savings(months: &[Flow], policy: Option<&Policy>) -> Savings {
    let reclaimed = months.iter().map(|flow| flow.reclaimed).sum();
    let restored = months.iter().map(|flow| flow.restored).sum();
    let net = i64::from(reclaimed) - i64::from(restored);
    let price = policy.and_then(|policy| policy.seat_price.as_ref());
    let worth = price.map(|price| Worth {
        seat_price: price.amount(),
        per: price.per.word(),
        currency: price.currency.clone(),
        a_month: price.of(net, Per::Month),
        a_year: price.of(net, Per::Year),
    });
    Savings { reclaimed, restored, net, worth }
}

/// The days of a period as a file.
pub fn usage_file(points: &[UsagePoint]) -> Vec<u8> {
    let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let mut file = csv::header(&USAGE);
    for DayPoint { day, used, highest, max, seen } in charts::days(points) {
        let row = [day.to_string(), used.to_string(), highest.to_string(), number(max), number(seen)];
        file.extend(csv::row(&row));
    }
    file
}
