//! One call that changes a row's account, and joining a group that takes a seat: one at a time, counted before and after,
//! exactly as seats are given back.

use super::{conclude::LEAST_ADMINISTRATORS, desk::Desk};
use crate::{
    ports::{Clock, ConfluenceRead, ConfluenceWrite, ErrorClass, Person, PortError, Rename, Store, UpdateAttributes},
    seats,
    trouble::Trouble,
};
use seatkeeper_policy::{GroupName, restore::WaitReason};
use std::collections::BTreeSet;

/// Why a call did not happen or failed.
pub(super) enum Miss {
    /// Nothing is known about the account now; it is tried again.
    Again(Trouble),
    /// This is how it is.
    Final(String),
}

impl From<Trouble> for Miss {
    fn from(trouble: Trouble) -> Self {
        Self::Again(trouble)
    }
}

impl From<crate::state::StateError> for Miss {
    fn from(error: crate::state::StateError) -> Self {
        Self::Again(error.into())
    }
}

impl<S, X, N, U, C> Desk<'_, S, X, N, U, C>
where
    S: Store,
    X: ConfluenceRead + ConfluenceWrite,
    N: Rename,
    U: UpdateAttributes,
    C: Clock,
{
    /// Sorts a failed call: whether it says something about this account, or nothing at all.
    pub(super) async fn missed(&self, error: PortError) -> Miss {
        match error.class {
            ErrorClass::Unauthorized | ErrorClass::Throttled | ErrorClass::Retryable | ErrorClass::Endless => {
                Miss::Again(error.into())
            }
            // A refusal may be about the whole site.
            ErrorClass::Refused => match self.ports.confluence.read_only().await {
                Ok(true) => Miss::Again(Trouble::read_only_site()),
                Ok(false) => Miss::Final(error.to_string()),
                Err(error) => Miss::Again(error.into()),
            },
            ErrorClass::Gone | ErrorClass::Malformed => Miss::Final(error.to_string()),
        }
    }

    /// Takes the account out of a group.
    pub(super) async fn leave(&self, person: &Person, group: &GroupName) -> Result<(), Miss> {
        if person.key == self.own && self.gives_seat(group) {
            return Err(Miss::Final(format!("our own account needs group `{group}`")));
        }
        if self.administers(group) {
            let mut left = self.administrators().await?;
            if left.remove(&person.key) && left.len() < LEAST_ADMINISTRATORS {
                return Err(Miss::Final(format!("fewer than {LEAST_ADMINISTRATORS} active administrators would stay")));
            }
        }
        match self.ports.confluence.remove_from_group(&person.username, group).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.missed(error).await),
        }
    }

    /// Puts the account into a group.
    pub(super) async fn join(&self, person: &Person, group: &GroupName, now: &BTreeSet<GroupName>) -> Result<(), Miss> {
        if !self.takes_seat(group, person.status, now) {
            return self.add(person, group).await;
        }
        let (store, clock) = (self.ports.store, self.ports.clock);
        let Some(lock) = seats::lock(store, clock, self.runner).await? else {
            return Err(Miss::Again(Trouble::new("store-failed", "seats are being given back at present; try again")));
        };
        let result = self.join_locked(person, group, &lock).await;
        // A lock that cannot be given back ends by itself.
        let _ = seats::unlock(store, lock).await;
        result
    }

    async fn join_locked(&self, person: &Person, group: &GroupName, lock: &seats::SeatLock) -> Result<(), Miss> {
        let (store, clock, confluence) = (self.ports.store, self.ports.clock, self.ports.confluence);
        let buffer = self.policy.restore.seat_buffer;
        let in_use = seats::in_use(store, confluence, clock, &person.key, lock).await?;
        if let Some(free) = in_use.free().filter(|free| *free <= buffer) {
            return Err(Miss::Final(WaitReason::NoSeat { free, buffer }.to_string()));
        }
        let before = confluence.seats().await.map_err(Trouble::from)?;
        seats::reserve(store, clock, &person.key, lock).await?;
        self.add(person, group).await?;
        let counted = confluence.seats().await.map_err(Trouble::from)?;
        if counted.max.is_some_and(|max| counted.used > max) {
            if let Err(error) = confluence.remove_from_group(&person.username, group).await {
                return Err(self.missed(error).await);
            }
            seats::forget(store, clock, &person.key, lock).await?;
            return Err(Miss::Final(WaitReason::NoSeat { free: 0, buffer }.to_string()));
        }
        if counted.used > before.used {
            seats::forget(store, clock, &person.key, lock).await?;
        }
        Ok(())
    }

    async fn add(&self, person: &Person, group: &GroupName) -> Result<(), Miss> {
        match self.ports.confluence.add_to_group(&person.username, group).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.missed(error).await),
        }
    }
}
