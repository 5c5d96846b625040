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
use std::collections::BTreeSet;

/// Accounts asked about between two checkpoints.
const BATCH: usize = 200;
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
        let wanted: BTreeSet<String> =
            people.iter().skip(from).take(BATCH).filter_map(|person| wanted(directory, person)).collect();
        let asked = wanted.len();
        let questions = wanted.iter().map(|identity| self.outside.person(directory, identity));
        let answers: Vec<_> = futures::stream::iter(questions).buffered(AT_ONCE).collect().await;
        let mut heard = Vec::with_capacity(asked);
        let mut failed = Vec::new();
        for (identity, answer) in wanted.iter().zip(answers) {
            let told = match answer {
                Ok(person) => DirectoryPerson { identity: identity.clone(), ..person },
                Err(error) if about_all(&error) => return Err(error.into()),
                Err(error) => {
                    failed.push(error);
                    DirectoryPerson { identity: identity.clone(), presence: Presence::Unknown, seen: None }
                }
            };
            heard.push(words::stored(&told));
        }
        // Nothing but failures says something about the directory, not about these people.
        if failed.len() == asked
            && let Some(error) = failed.pop()
        {
            return Err(error.into());
        }
        self.keep(&Gathered::People { directory: name.to_owned(), people: heard }, gather).await?;
        gather.entries += u64::try_from(asked).unwrap_or_default();
        gather.cursor = Some(if until == people.len() { format!("{}:0", page + 1) } else { format!("{page}:{until}") });
        Ok(())
    }
}

fn place(cursor: &str) -> Option<(u32, usize)> {
    let (page, from) = cursor.split_once(':')?;
    Some((page.parse().ok()?, from.parse().ok()?))
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
    directory.identity_of(person.u.as_str(), person.e.as_deref())
}
