//! Login events a second.

use super::table::{Results, percentile};
use crate::stage::{Install, install::sign};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

/// What a measurement of events found.
struct Measured {
    times: Vec<Duration>,
    took: Duration,
}

/// Logins of accounts with nothing to give back, from so many connections at once.
pub fn nothing(results: &mut Results, install: &Install, keys: &[String], seconds: u64) -> Result<()> {
    for connections in [1, 16, 64] {
        let until = Duration::from_secs(seconds);
        let mut measured = events(install, connections, |number, started| {
            (started.elapsed() < until).then(|| keys.get(number % keys.len().max(1)).map(String::as_str)).flatten()
        })?;
        tell(results, &format!("logins, nothing to restore, {connections} connections"), &mut measured);
    }
    Ok(())
}

/// Logins of accounts that get their seat back, each once: one after the other, and several at once.
pub fn restores(results: &mut Results, install: &Install, keys: &[String]) -> Result<()> {
    let (alone, together) = keys.split_at(keys.len() / 2);
    for (connections, keys) in [(1, alone), (16, together)] {
        let mut measured = events(install, connections, |number, _| keys.get(number).map(String::as_str))?;
        tell(results, &format!("logins with a restore, {connections} connections"), &mut measured);
    }
    Ok(())
}

fn tell(results: &mut Results, name: &str, measured: &mut Measured) {
    let count = measured.times.len();
    let rate = count as f64 / measured.took.as_secs_f64();
    results.add(name, rate, "1/s", format!("{count} signed events"));
    results.time(format!("{name}, p50"), percentile(&mut measured.times, 50), "");
    results.time(format!("{name}, p99"), percentile(&mut measured.times, 99), "");
}

/// Sends events until `next` has no more. An event that is to be repeated is, and its time is that of all attempts.
fn events<'k>(
    install: &Install,
    connections: usize,
    next: impl Fn(usize, Instant) -> Option<&'k str> + Sync,
) -> Result<Measured> {
    let (next, counter, started) = (&next, &AtomicUsize::new(0), Instant::now());
    let work = || -> Result<Vec<Duration>> {
        // A client of its own, so that each thread has its own connection.
        let install = Install::at(install.anyone.base(), install.tokens.clone());
        let mut times = Vec::new();
        while let Some(key) = next(counter.fetch_add(1, Ordering::Relaxed), started) {
            let body = json!({"event": "login", "userKey": key}).to_string();
            let signature = sign(&install.tokens.hook, body.as_bytes())?;
            let begun = Instant::now();
            send(&install, body.as_bytes(), &signature)?;
            times.push(begun.elapsed());
        }
        Ok(times)
    };
    let ends: Vec<Result<Vec<Duration>>> = thread::scope(|scope| {
        let senders: Vec<_> = (0..connections).map(|_| scope.spawn(work)).collect();
        senders.into_iter().map(|sender| sender.join().unwrap_or_else(|_| bail!("a sender panicked"))).collect()
    });
    let took = started.elapsed();
    let times: Vec<Duration> = ends.into_iter().collect::<Result<Vec<_>>>()?.concat();
    ensure!(!times.is_empty(), "no event was sent");
    Ok(Measured { times, took })
}

fn send(install: &Install, body: &[u8], signature: &str) -> Result<()> {
    for _ in 0..200 {
        let answer = install.signed(body, signature)?;
        if answer.status == 200 {
            let handled = answer.json()?;
            handled.pointer("/outcome/is").and_then(Value::as_str).context("the event was not handled")?;
            return Ok(());
        }
        ensure!(answer.status == 503, "an event was answered with {}", answer.status);
        thread::sleep(Duration::from_millis(50));
    }
    bail!("an event was not accepted in 200 attempts")
}
