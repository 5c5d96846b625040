//! What outside directories say, matched with the accounts of one part. A directory speaks only about accounts it is
//! responsible for, and only by the one attribute that the policy names, compared as a whole.

use crate::{
    directories::DirectoryPerson,
    state::{Gather, LedgerEntry, StoredWord},
};
use chrono::DateTime;
use seatkeeper_policy::{
    Account, Directory, DirectoryTally, DirectoryWord, Instant, Match, Policy, Presence, Status, UserKey,
    account::Sighting, rules::Belongs,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// Who is looked for by which lower-case text in one directory.
type Index = HashMap<String, Vec<UserKey>>;

/// Directories and what was heard of them about one part of the accounts.
pub(super) struct Words<'a> {
    policy: &'a Policy,
    /// By directory, made when the first page about people arrives: by then all accounts of the part are known.
    indices: Option<HashMap<&'a str, Index>>,
    heard: HashMap<(&'a str, UserKey), Presence>,
    /// Directories that were not believed by the sweep before.
    doubted: &'a BTreeSet<String>,
    /// Hashes of mail addresses of accounts outside this part, and of their keys.
    mails: HashSet<u64>,
    others: HashSet<u64>,
    by_mail: bool,
}

pub(super) fn stored(person: &DirectoryPerson) -> StoredWord {
    let seen = person.seen.map(|seen| (seen.source, seen.at.timestamp_millis()));
    StoredWord(person.identity.trim().to_lowercase(), person.presence, seen)
}

fn here(presence: Presence) -> bool {
    matches!(presence, Presence::Active | Presence::Locked)
}

/// Adds a page to the count of a directory's people.
pub(super) fn count(gather: &mut Gather, directory: &str, people: &[StoredWord]) {
    let (all, present) = gather.people.entry(directory.to_owned()).or_default();
    *all += u64::try_from(people.len()).unwrap_or_default();
    *present += u64::try_from(people.iter().filter(|word| here(word.1)).count()).unwrap_or_default();
}

/// The stronger of two words about the same person from the same directory: present wins, then not knowing.
fn stronger(a: Presence, b: Presence) -> Presence {
    let weight = |presence: Presence| match presence {
        Presence::Active => 4,
        Presence::Locked => 3,
        Presence::Unknown => 2,
        Presence::Disabled => 1,
        Presence::Absent => 0,
    };
    if weight(a) >= weight(b) { a } else { b }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn mail(text: &str) -> String {
    text.trim().to_lowercase()
}

impl<'a> Words<'a> {
    pub fn new(policy: &'a Policy, doubted: &'a BTreeSet<String>) -> Self {
        let by_mail = policy.directories.iter().any(|directory| directory.matching == Match::Mail);
        Self {
            policy,
            indices: None,
            heard: HashMap::new(),
            doubted,
            mails: HashSet::new(),
            others: HashSet::new(),
            by_mail,
        }
    }

    /// Notes an account of another part: two people with one mail address cannot be told apart by it.
    pub fn elsewhere(&mut self, key: &UserKey, email: Option<&str>) {
        if self.by_mail {
            self.others.insert(hash(key.as_str()));
            self.mails.extend(email.map(|text| hash(&mail(text))));
        }
    }

    /// Notes the mail address that the database tells of an account of another part.
    pub fn mail_elsewhere(&mut self, key: &UserKey, email: Option<&str>) {
        if self.by_mail && self.others.contains(&hash(key.as_str())) {
            self.mails.extend(email.map(|text| hash(&mail(text))));
        }
    }

    /// Takes in one page of a directory.
    pub fn add(&mut self, name: &str, people: Vec<StoredWord>, accounts: &mut HashMap<UserKey, Account>) {
        let Some(directory) = self.policy.directory(name) else { return };
        let policy = self.policy;
        let indices = self.indices.get_or_insert_with(|| {
            policy.directories.iter().map(|directory| (directory.name.as_str(), index(directory, accounts))).collect()
        });
        let Some(index) = indices.get(name) else { return };
        for StoredWord(identity, presence, seen) in people {
            for key in index.get(&identity).into_iter().flatten() {
                let heard = self.heard.entry((&directory.name, key.clone())).or_insert(presence);
                *heard = stronger(*heard, presence);
                let seen = seen.filter(|_| directory.sign_ins);
                if let Some((source, millis)) = seen
                    && let Some(account) = accounts.get_mut(key)
                    && let Some(at) = DateTime::from_timestamp_millis(millis)
                    && directory.speaks_about(account)
                {
                    account.evidence.saw(Sighting { at, source });
                }
            }
        }
    }

    /// Writes to each account with a seat what its directories say.
    pub fn write(&self, accounts: &mut HashMap<UserKey, Account>, opened: Instant) {
        if self.policy.directories.is_empty() {
            return;
        }
        let empty = HashMap::new();
        let sharing = |directory: &Directory, account: &Account| {
            directory.matching == Match::Mail
                && directory.identity(account).is_some_and(|identity| {
                    let index = self.indices.as_ref().and_then(|all| all.get(directory.name.as_str()));
                    index.unwrap_or(&empty).get(&identity).is_some_and(|keys| keys.len() > 1)
                        || self.mails.contains(&hash(&identity))
                })
        };
        for account in accounts.values_mut().filter(|account| account.status == Status::Current) {
            let (mut words, mut mute) = (Vec::new(), Vec::new());
            for directory in &self.policy.directories {
                let spoken = directory.responsible.as_ref().map_or(Belongs::Yes, |members| members.belongs(account));
                match spoken {
                    Belongs::No => continue,
                    Belongs::Yes if directory.identity(account).is_some() => {}
                    // It would speak about the account, perhaps, and cannot be asked.
                    Belongs::Yes | Belongs::Unknown(_) => {
                        mute.push(directory);
                        continue;
                    }
                }
                let heard = self.heard.get(&(directory.name.as_str(), account.key.clone())).copied();
                // Not in the list of everybody means not there; not asked about means not known.
                let silence = if directory.asks_each() { Presence::Unknown } else { Presence::Absent };
                let mut presence = heard.unwrap_or(silence);
                // Of two people with one address nobody can say which of them has left.
                if directory.accuses(presence) && sharing(directory, account) {
                    presence = Presence::Unknown;
                }
                words.push(DirectoryWord { directory: directory.name.clone(), presence, since: opened });
            }
            // A directory that cannot be asked could know the person whom another one calls gone.
            let accused = |word: &DirectoryWord| {
                self.policy.directory(&word.directory).is_some_and(|directory| directory.accuses(word.presence))
            };
            if words.iter().any(accused) {
                words.extend(mute.into_iter().map(|directory| DirectoryWord {
                    directory: directory.name.clone(),
                    presence: Presence::Unknown,
                    since: opened,
                }));
            }
            account.words = words;
        }
    }

    /// What is remembered of the words of the sweep before: a word that has not changed is as old as it was, unless the
    /// directory was not believed then.
    pub fn remember(&self, account: &mut Account, entry: &LedgerEntry) {
        for word in account.words.iter_mut().filter(|word| !self.doubted.contains(&word.directory)) {
            let same = entry
                .w
                .iter()
                .find(|(directory, presence, _)| *directory == word.directory && *presence == word.presence);
            if let Some(since) = same.and_then(|(_, _, millis)| DateTime::from_timestamp_millis(*millis)) {
                word.since = since.min(word.since);
            }
        }
    }
}

fn index(directory: &Directory, accounts: &HashMap<UserKey, Account>) -> Index {
    let mut index = Index::new();
    for account in accounts.values() {
        if let Some(identity) = directory.identity(account) {
            index.entry(identity).or_default().push(account.key.clone());
        }
    }
    index
}

/// The words that are worth remembering.
pub(super) fn kept(account: &Account) -> Vec<(String, Presence, i64)> {
    let words = account.words.iter().filter(|word| !here(word.presence));
    words.map(|word| (word.directory.clone(), word.presence, word.since.timestamp_millis())).collect()
}

/// Counts what the directories say about an account.
pub(super) fn tally(
    tallies: &mut BTreeMap<String, DirectoryTally>,
    policy: &Policy,
    gather: &Gather,
    account: &Account,
    now: Instant,
) {
    if account.status != Status::Current {
        return;
    }
    for directory in policy.directories.iter().filter(|directory| directory.speaks_about(account)) {
        let word = account.words.iter().find(|word| word.directory == directory.name);
        let one = |presence: Presence| u32::from(word.is_some_and(|word| word.presence == presence));
        let known = one(Presence::Active) + one(Presence::Locked);
        let absent_for_long = |word: &DirectoryWord| {
            word.presence == Presence::Absent
                && directory.absent_after.is_some_and(|after| now - word.since >= after.delta())
        };
        let gone = one(Presence::Disabled) + u32::from(word.is_some_and(absent_for_long));
        let whole = gather.people.get(&directory.name).copied();
        let entry = tallies.entry(directory.name.clone()).or_default();
        *entry = entry.and(DirectoryTally {
            people: whole.map(|(people, _)| people),
            present: whole.map_or(entry.present + u64::from(known), |(_, present)| present),
            accounts: u32::from(word.is_some()),
            known,
            disabled: one(Presence::Disabled),
            absent: one(Presence::Absent),
            left: gone,
            unknown: one(Presence::Unknown),
            unmatched: u32::from(word.is_none()),
        });
    }
}
