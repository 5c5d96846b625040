//! What every page says first: that the switch is pulled, or that the newest sweep was blocked.

use crate::moment::Moment;
use seatkeeper_engine::{
    ports::Store,
    state::{self, Outcome, StateError},
    view as engine,
};

/// Runs that are looked at: the newest may still be reading.
const RUNS: usize = 3;

/// What blocked a sweep. One wrong rule can show in every account, so only the first findings are spelt out.
pub fn spelt_out(findings: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<&str> = findings.iter().take(SHOWN).map(String::as_str).collect();
    match findings.len().saturating_sub(SHOWN) {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

/// What every page says first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Banner {
    /// One paragraph each.
    pub notices: Vec<String>,
    /// The plan that was blocked, if the notices are about one.
    pub blocked: Option<String>,
}

impl Banner {
    /// Reads what there is to say. A page is shown even if that fails; then this says so.
    pub async fn load(store: &impl Store) -> Self {
        match Self::read(store).await {
            Ok(banner) => banner,
            Err(error) => Self {
                notices: vec![format!("Whether everything stands still cannot be read: {error}")],
                blocked: None,
            },
        }
    }

    async fn read(store: &impl Store) -> Result<Self, StateError> {
        let mut banner = Self::default();
        if let Some(stop) = state::load(store, &state::stop()).await?.flatten() {
            let (by, at, why) = (&stop.by, Moment(stop.at), &stop.why);
            banner.notices.push(format!(
                "Everything is stopped: {by} pulled the switch on {at} ({why}). Nobody loses a seat and nobody is \
                 warned until it is released; seats are still given back."
            ));
        }
        let runs = engine::runs(store, RUNS).await?;
        // A sweep that is still reading says nothing yet about what it will find.
        let newest = runs.iter().find(|run| run.report.is_some() || run.outcome != Outcome::Running);
        if let Some(run) = newest
            && let Outcome::Blocked { findings } = &run.outcome
        {
            banner.notices.push(format!(
                "The newest sweep was blocked, so nothing was changed: {}. Correct what was found; the next sweep \
                 makes a new plan.",
                spelt_out(findings)
            ));
            banner.blocked = Some(run.id.to_string());
        }
        Ok(banner)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn many_findings_are_cut_and_counted() {
        let findings: Vec<String> = (1..=7).map(|number| number.to_string()).collect();
        assert_eq!(super::spelt_out(&findings), "1; 2; 3; 4; 5; and 2 more");
        assert_eq!(super::spelt_out(&findings[..5]), "1; 2; 3; 4; 5");
    }
}
