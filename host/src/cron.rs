//! The cron trigger: six fields, UTC, a fresh instance for each tick. Ticks may overlap and none is made up for, as in
//! Spin.

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use wasmtime::Store;
use wasmtime::component::{ComponentType, InstancePre, Lift, Lower};

use crate::state::State;

/// The export that a component of a cron trigger has.
const EXPORT: &str = "handle-cron-event";

/// Parses an expression of six fields: second, minute, hour, day of month, month, day of week.
pub(crate) fn parse(expression: &str) -> Result<Cron, String> {
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Disallowed).dom_and_dow(true).build();
    parser.parse(expression).map_err(|error| {
        format!(
            "[[trigger.cron]] cron_expression {expression:?}: {error}; \
             the fields are second, minute, hour, day of month, month, day of week"
        )
    })
}

/// The next time after `now`, or nothing for an expression that never matches again.
pub(crate) fn next(cron: &Cron, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    cron.find_next_occurrence(&now, false).ok()
}

#[derive(ComponentType, Lift, Lower)]
#[component(record)]
struct Metadata {
    timestamp: u64,
}

#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum CronError {
    #[component(name = "other")]
    Other(String),
}

type Input = (Metadata,);
type Output = (Result<(), CronError>,);

/// Whether a component can be woken by a cron trigger.
pub(crate) fn check(pre: &InstancePre<State>) -> Result<(), String> {
    match pre.component().get_export(None, EXPORT) {
        Some(_) => Ok(()),
        None => Err(format!("it does not export {EXPORT}, which a cron trigger needs")),
    }
}

/// Runs one event in a fresh instance.
pub(crate) async fn fire(pre: &InstancePre<State>, mut store: Store<State>, timestamp: u64) -> Result<(), String> {
    let run = async {
        let instance = pre.instantiate_async(&mut store).await?;
        let function = instance.get_typed_func::<Input, Output>(&mut store, EXPORT)?;
        let call = async |accessor: &wasmtime::component::Accessor<State>| {
            function.call_concurrent(accessor, (Metadata { timestamp },)).await
        };
        store.run_concurrent(call).await?
    };
    match run.await {
        Ok((Ok(()),)) => Ok(()),
        Ok((Err(CronError::Other(why)),)) => Err(why),
        Err(error) => Err(format!("{error:#}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn six_fields_are_read_and_matched_in_utc() {
        for (expression, now, expected) in [
            ("0 * * * * *", "2026-11-22T10:00:00Z", "2026-11-22T10:01:00Z"),
            ("0 * * * * *", "2026-11-22T10:00:59.5Z", "2026-11-22T10:01:00Z"),
            ("30 */5 * * * *", "2026-11-22T10:00:30Z", "2026-11-22T10:05:30Z"),
            ("0 0 3 1 * *", "2026-11-22T10:00:00Z", "2026-12-01T03:00:00Z"),
            // Day of month and day of week must both match: the next Friday the thirteenth.
            ("0 0 0 13 * FRI", "2026-11-22T10:00:00Z", "2027-08-13T00:00:00Z"),
        ] {
            assert_eq!(next(&parse(expression).unwrap(), at(now)), Some(at(expected)), "{expression} after {now}");
        }
    }

    #[test]
    fn other_numbers_of_fields_and_bad_values_are_refused() {
        for bad in ["* * * * *", "0 * * * * * 2027", "", "61 * * * * *", "a * * * * *", "0 0 0 32 * *"] {
            let error = parse(bad).unwrap_err();
            assert!(error.contains(&format!("{bad:?}")) && error.contains("second, minute"), "{error}");
        }
    }
}
