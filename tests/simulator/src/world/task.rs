//! Long tasks: deleting an account is one.

/// A long task; it runs for as long as the clock says.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its number.
    pub id: String,
    /// What it does.
    pub name: String,
    /// When it began.
    pub started_ms: i64,
    /// When it is done.
    pub done_ms: i64,
}

impl Task {
    /// How much is done, in percent.
    pub fn percent(&self, now_ms: i64) -> i64 {
        let whole = self.done_ms.saturating_sub(self.started_ms).max(1);
        now_ms.saturating_sub(self.started_ms).saturating_mul(100).checked_div(whole).unwrap_or(100).clamp(0, 100)
    }
}
