//! Outside directories of a lab: people by identity, in pages, behind the tap.

use crate::{Lab, Tap};
use seatkeeper_engine::{
    directories::{Directories, DirectoryPerson, PeoplePage, not_configured},
    ports::{ErrorClass, PortError},
};
use seatkeeper_policy::{Directory, Presence, account::Sighting};
use std::{cell::RefCell, collections::BTreeMap};

/// People on a page: few, so that every lab has several pages.
const PAGE: usize = 25;

/// One directory.
#[derive(Debug, Clone, Default)]
pub struct LabDirectory {
    /// Everybody in it.
    pub people: BTreeMap<String, (Presence, Option<Sighting>)>,
    /// Every question fails so.
    pub fault: Option<ErrorClass>,
    /// Every page but the first fails so.
    pub last_page: Option<ErrorClass>,
    /// Questions about these people fail so.
    pub silent_about: BTreeMap<String, ErrorClass>,
}

/// The directories of a lab behind a tap.
pub struct LabDirectories<'a> {
    all: &'a RefCell<BTreeMap<String, LabDirectory>>,
    tap: &'a Tap,
}

impl Lab {
    /// A directory that knows every account of the site as active, by its user name.
    pub fn directory(&self, name: &str) {
        let world = self.world();
        let people = world.users().map(|(_, user)| (user.username.to_string(), (Presence::Active, None))).collect();
        self.directories.borrow_mut().insert(name.to_owned(), LabDirectory { people, ..LabDirectory::default() });
    }

    /// What a directory says of somebody from now on; absent people are taken out.
    pub fn says(&self, directory: &str, who: &str, presence: Presence) {
        let mut all = self.directories.borrow_mut();
        let people = &mut all.get_mut(directory).unwrap().people;
        if presence == Presence::Absent {
            people.remove(who);
        } else {
            people.insert(who.to_owned(), (presence, None));
        }
    }
}

impl<'a> LabDirectories<'a> {
    /// The directories of a lab behind a tap.
    pub fn of(lab: &'a Lab, tap: &'a Tap) -> Self {
        Self { all: &lab.directories, tap }
    }

    fn get(&self, directory: &Directory) -> Result<LabDirectory, PortError> {
        let found = self.all.borrow().get(&directory.name).cloned().ok_or_else(|| not_configured(directory))?;
        match found.fault {
            Some(class) => Err(fault(class)),
            None => Ok(found),
        }
    }
}

fn fault(class: ErrorClass) -> PortError {
    PortError { class, operation: "read a directory".to_owned(), detail: "as ordered".to_owned() }
}

impl Directories for LabDirectories<'_> {
    async fn people(&self, directory: &Directory, cursor: Option<&str>) -> Result<PeoplePage, PortError> {
        let read = async {
            let found = self.get(directory)?;
            if let Some(class) = found.last_page.filter(|_| cursor.is_some()) {
                return Err(fault(class));
            }
            let rest = found.people.iter().skip_while(|(name, _)| cursor.is_some_and(|after| name.as_str() <= after));
            let mut people: Vec<_> = rest
                .take(PAGE + 1)
                .map(|(name, (presence, seen))| DirectoryPerson {
                    identity: name.clone(),
                    presence: *presence,
                    seen: *seen,
                })
                .collect();
            let more = people.len() > PAGE;
            people.truncate(PAGE);
            let next = people.last().filter(|_| more).map(|person| person.identity.clone());
            Ok(PeoplePage { people, next })
        };
        self.tap.call("read directory".to_owned(), read).await
    }

    async fn person(&self, directory: &Directory, identity: &str) -> Result<DirectoryPerson, PortError> {
        let read = async {
            let found = self.get(directory)?;
            if let Some(class) = found.silent_about.get(&identity.to_lowercase()) {
                return Err(fault(*class));
            }
            let known = found.people.iter().find(|(name, _)| name.to_lowercase() == identity.to_lowercase());
            let (presence, seen) = known.map_or((Presence::Absent, None), |(_, found)| *found);
            Ok(DirectoryPerson { identity: identity.to_owned(), presence, seen })
        };
        self.tap.call("ask directory".to_owned(), read).await
    }
}
