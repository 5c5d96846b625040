//! What the sweep counts and lists once beside a snapshot, so that the pages about exemptions, populations and the
//! hand-over list read one record and the few pages they show, however many accounts there are.

use crate::{
    ports::Store,
    state::{self, Counts, Judged, Lists, SnapshotHead, StateError},
    sweep::SNAPSHOT_PAGE,
};
use seatkeeper_policy::{Decision, HoldReason, Policy, SweepId};

/// Adds the accounts of the next part. Writing a part again has the same result: it begins with what the part before
/// left, which stays as long as the snapshot, because a runner that lost its lease may write an older part again. Where
/// the part before is gone, nothing is counted from then on: half a count would be a wrong one, and judging goes on.
pub async fn write(
    store: &impl Store,
    sweep: &SweepId,
    lists: Lists,
    rules: &Policy,
    judged: &[Judged],
) -> Result<Lists, StateError> {
    let Lists { parts, .. } = lists;
    let mut counts = match parts.checked_sub(1) {
        Some(before) => match state::load(store, &state::counts(sweep, before)).await? {
            Some(counts) => counts,
            None => return Ok(lists),
        },
        None => Counts::default(),
    };
    for account in judged {
        counts.add(rules, account);
    }
    let handed: Vec<&Judged> = judged.iter().filter(|judged| is_handed_over(judged)).collect();
    for page in handed.chunks(SNAPSHOT_PAGE) {
        let number = u32::try_from(counts.handover.len()).unwrap_or(u32::MAX);
        let page: Vec<Judged> = page.iter().map(|judged| (*judged).clone()).collect();
        state::save(store, &state::handover(sweep, number), &page).await?;
        counts.hand_over(&page);
    }
    state::save(store, &state::counts(sweep, parts), &counts).await?;
    Ok(Lists { parts: parts + 1, handover: u32::try_from(counts.handover.len()).unwrap_or(u32::MAX) })
}

/// Whether somebody else has to free the seat.
fn is_handed_over(judged: &Judged) -> bool {
    matches!(judged.decision, Decision::Hold(HoldReason::CannotFree { .. }))
}

/// The counts of a snapshot; none if there is no snapshot, or an older Seatkeeper wrote it.
pub async fn counts(store: &impl Store, head: Option<&SnapshotHead>) -> Result<Option<Counts>, StateError> {
    let last = head.and_then(|head| Some((head, head.lists.parts.checked_sub(1)?)));
    match last {
        Some((head, last)) => load(store, &head.pages.sweep, last).await.map(Some),
        None => Ok(None),
    }
}

async fn load(store: &impl Store, sweep: &SweepId, part: u32) -> Result<Counts, StateError> {
    let key = state::counts(sweep, part);
    state::load(store, &key).await?.ok_or_else(|| state::missing(&key))
}

/// One stored page of the hand-over list.
pub async fn handover_page(store: &impl Store, head: &SnapshotHead, page: u32) -> Result<Vec<Judged>, StateError> {
    let key = state::handover(&head.pages.sweep, page);
    state::load(store, &key).await?.ok_or_else(|| state::missing(&key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryStore, block_on};
    use seatkeeper_policy::{
        ExemptBy, KeepReason, Obstacle, ReclaimReason, Source,
        testing::{account, at, policy},
    };

    fn sweep() -> SweepId {
        SweepId::parse("20261122-110000").unwrap()
    }

    fn judged(number: usize) -> Judged {
        let now = at("2026-11-22T12:00:00Z");
        let mut account = account(&format!("user{number:04}"), now);
        account.obstacles = vec![Obstacle::Individual];
        let decision = if number.is_multiple_of(2) {
            let reason = ReclaimReason::Inactive { since: now, source: Source::LastLogin };
            Decision::Hold(HoldReason::CannotFree { reason, obstacles: account.obstacles.clone() })
        } else {
            let by = ExemptBy::Pattern("user*".into());
            Decision::Keep(KeepReason::Exempt { by, why: "w".into(), owner: "o".into(), until: None })
        };
        Judged { account, decision }
    }

    #[test]
    fn parts_add_up_and_a_part_that_is_written_again_counts_once() {
        let all: Vec<Judged> = (0..2_000).map(judged).collect();
        let store = MemoryStore::default();
        let mut lists = Lists::default();
        for part in all.chunks(700) {
            // A crash before the checkpoint moved: the same part again.
            block_on(write(&store, &sweep(), lists, &policy(), part)).unwrap();
            lists = block_on(write(&store, &sweep(), lists, &policy(), part)).unwrap();
        }
        assert_eq!(lists, Lists { parts: 3, handover: 3 });
        let counts = block_on(load(&store, &sweep(), 2)).unwrap();
        assert_eq!(counts.handover.iter().map(|page| page["individual-grant"]).collect::<Vec<_>>(), [350, 350, 300]);
        assert_eq!(counts.exempt.values().sum::<u32>(), 1_000);
        assert_eq!(counts.populations[""].values().sum::<u32>(), 2_000);
        let stored: usize = (0..3)
            .map(|page| block_on(state::load(&store, &state::handover(&sweep(), page))).unwrap().unwrap().len())
            .sum();
        assert_eq!(stored, 1_000);
        // A runner that lost its lease long ago writes its part once more.
        let late =
            block_on(write(&store, &sweep(), Lists { parts: 1, handover: 1 }, &policy(), &all[700..1_400])).unwrap();
        assert_eq!(late, Lists { parts: 2, handover: 2 });
        assert_eq!(block_on(load(&store, &sweep(), 2)).unwrap(), counts);
        block_on(state::remove(&store, &state::counts(&sweep(), 2))).unwrap();
        assert_eq!(block_on(write(&store, &sweep(), lists, &policy(), &all)).unwrap(), lists, "nothing is counted");
    }
}
