//! Asking an outside directory about each account, where it has no list of everybody. The accounts are those that the
//! licence groups named; a few are asked about at once, and the checkpoint moves after each batch.

use super::{Tick, judge::licence_pages, words};
use crate::{
    directories::DirectoryPerson,
    ports::{Clock, ErrorClass, PortError, Rename, Store},
    sources::{Outside, Site},
    state::{Gather, Gathered, StoredPerson},
    trouble::Trouble,
};
use futures::StreamExt as _;
use seatkeeper_policy::{Directory, Presence, Status};
use std::collections::HashSet;

/// Accounts asked about between two checkpoints.
const BATCH: usize = 80;
/// Questions on their way at once.
const AT_ONCE: usize = 8;

impl<S: Store, X: Site, N: Rename, C: Clock, D: Outside> Tick<'_, S, X, N, C, D> {
    /// Asks about the next accounts.
    pub(super) async fn ask(&self, name: &str, gather: &mut Gather) -> Result<(), Trouble> {
        let (first, end) = licence_pages(gather);
        if gather.first_pages.len() <= gather.listing {
            gather.first_pages.push(gather.pages);
        }
        let (page, from) = gather.cursor.as_deref().and_then(place).unwrap_or((first, 0));
        let directory = self.policy.directory(name).filter(|_| page < end);
        let Some(directory) = directory else {
            gather.listing += 1;
            gather.cursor = None;
            return Ok(());
        };
        let Gathered::Members { people, .. } = self.page(gather, page).await? else {
            gather.cursor = Some(format!("{}:0", page + 1));
            return Ok(());
        };
        let until = people.len().min(from + BATCH);
        let mut met = HashSet::new();
        let batch = people.iter().enumerate().skip(from).take(BATCH);
        let wanted: Vec<(usize, String)> = batch
            .filter_map(|(place, person)| Some((place, wanted(directory, person)?)))
            .filter(|(_, identity)| met.insert(identity.to_lowercase()))
            .collect();
        let questions = wanted.iter().map(|(_, identity)| self.outside.person(directory, identity));
        let answers: Vec<_> = futures::stream::iter(questions).buffered(AT_ONCE).collect().await;
        let silent = answers.iter().filter(|answer| answer.is_err()).count();
        let mut heard = Vec::with_capacity(wanted.len());
        let mut next = if until == people.len() { (page + 1, 0) } else { (page, until) };
        for ((place, identity), answer) in wanted.iter().zip(answers) {
            let unknown = || DirectoryPerson { identity: identity.clone(), presence: Presence::Unknown, seen: None };
            let told = match answer {
                Ok(person) => DirectoryPerson { identity: identity.clone(), ..person },
                // Nothing but failures says something about the directory, not about these people.
                Err(error) if about_all(&error) || may_pass(&error) && silent == wanted.len() && silent > 1 => {
                    if heard.is_empty() {
                        return Err(error.into());
                    }
                    // What was answered before is kept; the rest is asked by the next tick.
                    next = (page, *place);
                    break;
                }
                Err(_) => unknown(),
            };
            heard.push(words::stored(&told));
        }
        gather.entries += u64::try_from(heard.len()).unwrap_or_default();
        self.keep(&Gathered::People { directory: name.to_owned(), people: heard }, gather).await?;
        gather.cursor = Some(format!("{}:{}", next.0, next.1));
        Ok(())
    }
}

fn place(cursor: &str) -> Option<(u32, usize)> {
    let (page, from) = cursor.split_once(':')?;
    Some((page.parse().ok()?, from.parse().ok()?))
}

/// Whether a failure may be over when it is asked again.
fn may_pass(error: &PortError) -> bool {
    error.class == ErrorClass::Retryable
}

/// Whether a failure is about the directory as a whole.
fn about_all(error: &PortError) -> bool {
    matches!(error.class, ErrorClass::Unauthorized | ErrorClass::Refused | ErrorClass::Throttled)
}

/// What to ask about an account for, unless the directory certainly does not speak about it.
fn wanted(directory: &Directory, person: &StoredPerson) -> Option<String> {
    let spoken =
        directory.responsible.as_ref().is_none_or(|members| !members.excludes(person.u.as_str(), person.e.as_deref()));
    if person.s != Status::Current || !spoken {
        return None;
    }
    directory.asked_by(person.u.as_str(), person.e.as_deref())
}
