//! The pages and files of a published snapshot: until the first byte, and until the last.

use super::{
    Stand,
    table::{Results, percentile},
};
use anyhow::Result;
use std::time::Duration;

/// How often a page is opened. The first time is told by itself: it is what somebody who just came sees.
const TIMES: usize = 7;

/// Accounts on a page of the list.
const SIZE: u64 = 50;

/// Opens every page that grows with the number of accounts.
pub fn measure(results: &mut Results, stand: &Stand, users: u32, judged: u64) -> Result<()> {
    let last = judged.div_ceil(SIZE).clamp(1, 1_000);
    for (name, path) in [
        ("overview", "/report".to_owned()),
        ("users, page 1", "/report/accounts".to_owned()),
        ("users, search", "/report/accounts?text=user0001".to_owned()),
        ("users, search without a match", "/report/accounts?text=nobody-has-this".to_owned()),
        ("users, filter", "/report/accounts?decision=reclaim&idle-days=120".to_owned()),
        ("users, by last sight", "/report/accounts?sort=seen&order=desc".to_owned()),
        (if last == 1_000 { "users, page 1,000" } else { "users, last page" }, format!("/report/accounts?page={last}")),
        ("users, by last sight, far down", format!("/report/accounts?sort=seen&page={last}")),
        ("exemptions", "/report/exemptions".to_owned()),
        ("populations", "/report/populations".to_owned()),
        ("hand-over", "/report/handover".to_owned()),
        ("reports", "/report/reports".to_owned()),
        ("metrics", "/metrics".to_owned()),
    ] {
        let (mut first, mut whole, mut bytes) = (Vec::new(), Vec::new(), 0);
        for _ in 0..TIMES {
            let timed = stand.install.report.timed(&path, "text/html")?;
            first.push(timed.first);
            whole.push(timed.whole);
            bytes = timed.bytes;
        }
        tell(results, &format!("{name}, {users} users"), &mut first, &mut whole, bytes);
    }
    let timed = stand.install.report.timed("/report/accounts.csv", "text/csv")?;
    tell(results, &format!("CSV of all, {users} users"), &mut [timed.first], &mut [timed.whole], timed.bytes);
    Ok(())
}

fn tell(results: &mut Results, name: &str, first: &mut [Duration], whole: &mut [Duration], bytes: u64) {
    let note =
        format!("first byte {:.1} ms, {} KiB", percentile(first, 50).as_secs_f64() * 1_000.0, bytes.div_ceil(1_024));
    results.time(name.to_owned(), percentile(whole, 50), note);
}
