//! Warnings to people whose seat is about to be taken.

use super::{AlertReport, Notify, WarnError};
use crate::{
    ports::{Clock, Store},
    state::{self, AlertState, Notified, Warning},
    trouble::Trouble,
};
use seatkeeper_policy::SweepId;

/// Sweeps whose warnings are still delivered. Beyond that the account is judged anew in any case.
const WARNING_SWEEPS: usize = 5;
/// Tries of one warning, one in a tick, before the next person's turn comes.
const WARNING_ATTEMPTS: u32 = 20;

/// Delivers the warnings of the newest sweeps. Progress is saved after each person, so that a crash repeats one
/// message at most, and a person is never told to have been warned who was not.
pub(super) async fn warn<S, C, M>(
    store: &S,
    clock: &C,
    notify: &M,
    alert: &mut AlertState,
    report: &mut AlertReport,
) -> Result<(), Trouble>
where
    S: Store,
    C: Clock,
    M: Notify,
{
    let stopped = state::load(store, &state::stop()).await?.flatten().is_some();
    if !notify.can_warn() || stopped {
        return Ok(());
    }
    let runs = state::load(store, &state::runs()).await?.unwrap_or_default();
    let recent: Vec<SweepId> = runs.into_iter().take(WARNING_SWEEPS).collect();
    alert.warned.retain(|sweep, _| recent.contains(sweep));
    alert.warn_attempts.retain(|sweep, _| recent.contains(sweep));
    for sweep in recent {
        let from = alert.warned.get(&sweep).copied().unwrap_or_default();
        let Some(warnings) = state::load(store, &state::warnings(&sweep)).await? else { continue };
        for warning in warnings.iter().skip(usize::try_from(from).unwrap_or(usize::MAX)) {
            let delivered = match one_warning(notify, warning).await {
                Ok(()) => {
                    report.warned += u32::from(!warning.quiet);
                    Some(true)
                }
                Err(WarnError::Never(_)) => {
                    report.unwarned += 1;
                    Some(false)
                }
                Err(WarnError::Later(_)) => {
                    report.unwarned += 1;
                    let attempts = alert.warn_attempts.entry(sweep.clone()).or_default();
                    *attempts += 1;
                    if *attempts < WARNING_ATTEMPTS {
                        state::save(store, &state::alert(), alert).await?;
                        return Ok(());
                    }
                    // The next person may be luckier. Nothing is noted, so this one counts as not warned yet and keeps
                    // the seat; a fault of the gateway is never a reason to act.
                    None
                }
            };
            if let Some(delivered) = delivered.filter(|_| !warning.quiet) {
                let (key, noticed) = (warning.key.clone(), warning.noticed);
                let notified = Notified { key, noticed, at: clock.now(), delivered };
                state::save(store, &state::notified(&warning.key), &notified).await?;
            }
            *alert.warned.entry(sweep.clone()).or_default() += 1;
            alert.warn_attempts.remove(&sweep);
            state::save(store, &state::alert(), alert).await?;
        }
    }
    Ok(())
}

async fn one_warning(notify: &impl Notify, warning: &Warning) -> Result<(), WarnError> {
    if warning.quiet {
        return Ok(());
    }
    if warning.email.as_ref().is_none_or(|address| !address.contains('@')) {
        return Err(WarnError::Never("no mail address is known".into()));
    }
    notify.warn(warning).await
}
