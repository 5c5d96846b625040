//! Judging without the components: the same engine, natively, on a simulator in the same process.

use super::table::Results;
use crate::{Lab, Tap};
use anyhow::Result;
use chrono::TimeDelta;
use std::time::{Duration, Instant};

/// The share of accounts that are idle, so that the plan has some size.
const IDLE_OF: usize = 10;

const POLICY: &str = r#"version = 1
mode = "dry-run"
licence-groups = ["confluence-users", "confluence-contractors"]
inactive.after-days = 90
never-logged-in.after-days = 60
"#;

/// Reading, judging and publishing a site of so many accounts.
pub fn native(results: &mut Results, users: u32) -> Result<f64> {
    let lab = Lab::of(users, &[]);
    {
        let mut world = lab.world();
        let long_ago = world.now_ms() - TimeDelta::days(200).num_milliseconds();
        let idle: Vec<_> = world.users().map(|(id, _)| id).step_by(IDLE_OF).collect();
        for id in idle {
            world.set_last_login(id, Some(long_ago));
        }
    }
    lab.policy(POLICY);
    let (mut reading, mut judging) = (Duration::ZERO, Duration::ZERO);
    let mut phase = "gather".to_owned();
    // A tick without time takes a single step, so that each step can be timed by itself.
    loop {
        let started = Instant::now();
        let report = lab.tick_with(&Tap::default(), TimeDelta::zero(), false).done();
        let took = started.elapsed();
        match phase.as_str() {
            "gather" | "none" => reading += took,
            _ => judging += took,
        }
        anyhow::ensure!(report.error.is_none(), "{:?}", report.error);
        if report.phase == "none" {
            break;
        }
        phase = report.phase;
    }
    let judged = lab.run().report.map_or(0, |report| report.accounts);
    let rate = f64::from(judged) / judging.as_secs_f64();
    let note = format!(
        "{judged} accounts in {:.2} s, after {:.2} s of reading from the simulator in the same process",
        judging.as_secs_f64(),
        reading.as_secs_f64()
    );
    results.add(format!("judging natively, {users} users"), rate, "users/s", note);
    Ok(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_native_judgement_counts_the_accounts_it_judged() {
        let mut results = Results::default();
        assert!(native(&mut results, 300).unwrap() > 0.0);
        assert!(results.table().contains("judging natively, 300 users"));
    }
}
