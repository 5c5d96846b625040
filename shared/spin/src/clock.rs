//! The engine's clock on the clocks of the host.

use chrono::{DateTime, Utc};
use seatkeeper_engine::ports::Clock;
use std::time::{Duration, SystemTime};

/// Wall clock of the host, and waiting that lets other requests of the same instance run.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpinClock;

impl Clock for SpinClock {
    fn now(&self) -> DateTime<Utc> {
        SystemTime::now().into()
    }

    async fn sleep(&self, how_long: Duration) {
        spin_sdk::time::sleep(how_long).await;
    }
}
