//! What is on the page.

use crate::{
    page,
    store::{self, put, rich},
};
use seatkeeper_engine::testing::{MemoryStore, block_on};
use seatkeeper_metrics::{MetricsError, catalogue::ALL};
use serde_json::json;

#[test]
fn a_full_store_gives_these_numbers() {
    let page = page(&rich());
    for line in [
        "seatkeeper_last_success_timestamp_seconds{job=\"sweep\"} 1795349340",
        "seatkeeper_last_success_timestamp_seconds{job=\"restore\"} 1795365000",
        "seatkeeper_sweep_period_seconds 86400",
        "seatkeeper_run_duration_seconds 630",
        "seatkeeper_run_outcome{outcome=\"quarantined\"} 1",
        "seatkeeper_run_outcome{outcome=\"applied\"} 0",
        "seatkeeper_snapshot_complete 1",
        "seatkeeper_users{state=\"licensed\"} 940",
        "seatkeeper_users{state=\"inactive\"} 150",
        "seatkeeper_users{state=\"never\"} 33",
        "seatkeeper_users{state=\"exempt\"} 40",
        "seatkeeper_users{state=\"unknown\"} 39",
        "seatkeeper_decisions{decision=\"keep/administrator\"} 5",
        "seatkeeper_decisions{decision=\"other\"} 1",
        "seatkeeper_license_seats{kind=\"limit\"} 1000",
        "seatkeeper_license_seats{kind=\"used\"} 945",
        "seatkeeper_plan_size 192",
        "seatkeeper_plan_waiting{reason=\"quarantine\"} 1",
        "seatkeeper_plan_waiting{reason=\"approval\"} 0",
        "seatkeeper_cap_accounts 50",
        "seatkeeper_cap_exceeded_total 2",
        "seatkeeper_actions_total{action=\"remove-group\",result=\"done\"} 321",
        "seatkeeper_actions_total{action=\"rename\",result=\"failed\"} 0",
        "seatkeeper_skipped_total{reason=\"logged-in\"} 17",
        "seatkeeper_restores_total{result=\"restored\"} 30",
        "seatkeeper_webhook_total{result=\"restored\"} 25",
        "seatkeeper_webhook_total{result=\"rejected\"} 8",
        "seatkeeper_upstream_requests_total{code=\"200\",system=\"confluence\"} 12445",
        "seatkeeper_upstream_requests_total{code=\"503\",system=\"scim\"} 6",
        "seatkeeper_messages_total{result=\"failed\"} 1",
        "seatkeeper_directory_people{directory=\"workforce\",presence=\"present\"} 900",
        "seatkeeper_directory_doubted{directory=\"workforce\"} 1",
        "seatkeeper_stopped 1",
        "seatkeeper_trouble{code=\"unreachable\"} 1",
        "seatkeeper_trouble{code=\"throttled\"} 0",
        "seatkeeper_policy_mode{mode=\"enforce\"} 1",
        "seatkeeper_policy_version 7",
    ] {
        assert!(page.lines().any(|written| written == line), "there is no line {line} in\n{page}");
    }
}

#[test]
fn every_metric_of_the_catalogue_is_on_a_full_page_with_its_kind_and_meaning() {
    let page = page(&rich());
    for metric in ALL {
        let kind = format!("{:?}", metric.kind).to_lowercase();
        assert!(page.contains(&format!("# TYPE {} {kind}\n", metric.name)), "{}", metric.name);
        assert!(page.contains(&format!("# HELP {} {}\n", metric.name, metric.help)), "{}", metric.name);
    }
}

#[test]
fn no_person_is_on_the_page() {
    let page = page(&rich());
    assert!(!page.contains(store::SECRET_NAME) && !page.contains("confluence-users"), "{page}");
}

#[test]
fn an_empty_store_gives_a_page_with_zeros_and_claims_nothing_it_does_not_know() {
    let page = page(&MemoryStore::default());
    assert!(page.contains("seatkeeper_cap_exceeded_total 0\n") && page.contains("seatkeeper_stopped 0\n"));
    for unknown in ["last_success", "users", "license_seats", "snapshot_complete", "plan_size", "run_outcome"] {
        assert!(!page.contains(&format!("seatkeeper_{unknown}")), "{unknown} in\n{page}");
    }
}

#[test]
fn a_run_that_gave_up_is_no_complete_snapshot_and_no_success() {
    let store = rich();
    put(&store, "checkpoint", &json!({ "work": null, "opened": null, "rehearsed": [], "ledger": null, "garbage": [] }));
    let failed = json!({
        "id": "20261122-120000", "opened": "2026-11-22T12:00:00Z", "at": "2026-11-22T12:10:30Z", "mode": "enforce",
        "outcome": { "is": "failed", "code": "unreachable", "message": "m" }, "report": null, "plan": null, "planned": 0,
        "tally": { "reclaimed": 0, "skipped": 0, "failed": 0 }, "before": null, "after": null, "diagnosis": null,
    });
    put(&store, "run:20261122-120000", &failed);
    let page = page(&store);
    assert!(page.contains("seatkeeper_snapshot_complete 0\n"), "{page}");
    assert!(!page.contains("seatkeeper_last_success_timestamp_seconds{job=\"sweep\"}"), "{page}");
}

#[test]
fn an_unlimited_licence_has_no_limit_rather_than_a_limit_of_nothing() {
    let store = rich();
    let point = json!([{ "at": "2026-11-22T12:08:00Z", "seats": { "used": 945, "max": null } }]);
    put(&store, "usage:2026-11", &point);
    let page = page(&store);
    assert!(page.contains("seatkeeper_license_seats{kind=\"used\"} 945") && !page.contains("kind=\"limit\""), "{page}");
}

#[test]
fn a_policy_that_cannot_be_read_any_more_does_not_take_the_page_away() {
    let store = rich();
    let record = json!({ "version": 8, "text": "nonsense", "rules": "r", "saved": "2026-11-01T00:00:00Z", "by": "x" });
    put(&store, "policy", &record);
    let page = page(&store);
    assert!(page.contains("seatkeeper_policy_version 8\n") && !page.contains("seatkeeper_policy_mode{"), "{page}");
}

#[test]
fn a_damaged_record_is_named_instead_of_shown_as_zero() {
    let store = rich();
    store.put("tallies:restore", b"{");
    let error = block_on(seatkeeper_metrics::render(&store, store::now())).unwrap_err();
    assert!(matches!(&error, MetricsError::State(_)) && error.to_string().contains("`tallies:restore`"), "{error}");
}

#[test]
fn the_page_stays_small_however_many_totals_there_are() {
    let page = page(&rich());
    assert!(page.lines().filter(|line| !line.starts_with('#')).count() < 200, "{page}");
    assert!(page.len() < 32_000, "{} bytes", page.len());
}
