//! What the pages say about one part of the accounts, joined by user key.

use super::words::{self, Words};
use crate::state::{Gather, Gathered, ImportedLogin, LedgerEntry, Listing, StoredLogin, StoredPerson, StoredRow};
use chrono::{DateTime, TimeDelta};
use seatkeeper_policy::{
    Account, Evidence, GroupName, Instant, Obstacle, Policy, Source, Status, UserKey, account::Sighting,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A source moved somebody's activity backwards only if it did so by more than this.
const REGRESSION: TimeDelta = TimeDelta::days(1);

/// One part of the accounts while its pages are read.
pub(super) struct Part<'a> {
    gather: &'a Gather,
    accounts: HashMap<UserKey, Account>,
    names: HashMap<String, UserKey>,
    from: Option<&'a str>,
    to: Option<&'a str>,
    /// Active administrators, in this part or not.
    pub administrators: BTreeSet<UserKey>,
    ledger: BTreeMap<UserKey, LedgerEntry>,
    words: Words<'a>,
}

/// The name by which accounts are sorted and split into parts.
pub(super) fn folded(person: &StoredPerson) -> String {
    person.u.as_str().to_lowercase()
}

fn instant(millis: i64) -> Option<Instant> {
    DateTime::from_timestamp_millis(millis)
}

impl<'a> Part<'a> {
    /// The accounts whose lower-case names lie between two bounds.
    pub fn new(
        gather: &'a Gather,
        policy: &'a Policy,
        doubted: &'a BTreeSet<String>,
        bounds: &'a [String],
        number: usize,
    ) -> Self {
        Self {
            gather,
            accounts: HashMap::new(),
            names: HashMap::new(),
            from: number.checked_sub(1).and_then(|before| bounds.get(before)).map(String::as_str),
            to: bounds.get(number).map(String::as_str),
            administrators: BTreeSet::new(),
            ledger: BTreeMap::new(),
            words: Words::new(policy, doubted),
        }
    }

    fn holds(&self, name: &str) -> bool {
        self.from.is_none_or(|from| from <= name) && self.to.is_none_or(|to| name < to)
    }

    /// Takes in one page. Pages of licence groups come first, because they say whom the other pages are about.
    pub fn add(&mut self, page: Gathered) {
        match page {
            Gathered::Members { listing, people } => {
                let Some(Listing::Licence(group)) = self.gather.listings.get(listing) else { return };
                for person in people {
                    let name = folded(&person);
                    if self.holds(&name) {
                        self.member(person, name, group);
                    } else {
                        self.words.elsewhere(&person.k, person.e.as_deref());
                    }
                }
            }
            Gathered::Keys { listing, keys } => {
                if let Some(listing) = self.gather.listings.get(listing) {
                    for (key, active) in keys {
                        self.key(listing, &key, active);
                    }
                }
            }
            Gathered::Logins(logins) => {
                for (key, login) in logins {
                    match login {
                        StoredLogin::At(millis) => self.saw(&key, Source::LastLogin, millis),
                        StoredLogin::Never => self.never(&key, Source::LastLogin),
                    }
                }
            }
            Gathered::Audit(logins) => {
                for (key, name, millis) in logins {
                    // The key wins: names change hands.
                    let key = key.or_else(|| name.and_then(|name| self.names.get(&name).cloned()));
                    if let Some(key) = key {
                        self.saw(&key, Source::AuditLog, millis);
                    }
                }
            }
            Gathered::Database(rows) => rows.into_iter().for_each(|row| self.row(row)),
            Gathered::People { directory, people } => self.words.add(&directory, people, &mut self.accounts),
        }
    }

    fn member(&mut self, person: StoredPerson, name: String, group: &GroupName) {
        let account = self.accounts.entry(person.k.clone()).or_insert_with(|| Account {
            key: person.k.clone(),
            username: person.u,
            display_name: person.n,
            status: person.s,
            groups: BTreeSet::new(),
            marks: BTreeSet::new(),
            administrator: false,
            obstacles: Vec::new(),
            email: person.e,
            directory: None,
            created: None,
            fixed: false,
            words: Vec::new(),
            evidence: Evidence::default(),
            first_seen: self.gather.opened,
            restored: None,
            reenabled: None,
            notice: None,
        });
        account.groups.insert(group.clone());
        self.names.insert(name, person.k);
    }

    fn key(&mut self, listing: &Listing, key: &UserKey, active: bool) {
        if matches!(listing, Listing::Administrators(_)) && active {
            self.administrators.insert(key.clone());
        }
        let Some(account) = self.accounts.get_mut(key) else { return };
        match listing {
            Listing::Administrators(_) => account.administrator = true,
            Listing::Mark(group) => {
                account.marks.insert(group.clone());
            }
            Listing::OtherSeat(group) => account.obstacles.push(Obstacle::OtherGroup(group.clone())),
            Listing::Nested { group, via } if account.groups.contains(group) => {
                account.obstacles.push(Obstacle::Inherited { group: group.clone(), via: Some(via.clone()) });
            }
            Listing::Nested { .. }
            | Listing::Licence(_)
            | Listing::Active
            | Listing::Audit
            | Listing::Database
            | Listing::Directory(_)
            | Listing::Ask(_) => {}
        }
    }

    fn saw(&mut self, key: &UserKey, source: Source, millis: i64) {
        if let (Some(account), Some(at)) = (self.accounts.get_mut(key), instant(millis)) {
            account.evidence.saw(Sighting { at, source });
        }
    }

    fn never(&mut self, key: &UserKey, source: Source) {
        if let Some(account) = self.accounts.get_mut(key) {
            account.evidence.never = Some(source);
        }
    }

    fn row(&mut self, row: StoredRow) {
        let Some(account) = self.accounts.get_mut(&row.k) else {
            self.words.mail_elsewhere(&row.k, row.m.as_deref());
            return;
        };
        account.created = row.c.and_then(instant);
        account.fixed = !row.a;
        account.email = account.email.take().or(row.m);
        for directory in row.h {
            account.obstacles.push(Obstacle::Shadowed { directory });
        }
        if !row.g {
            account.obstacles.push(Obstacle::ReadOnly { directory: row.d.clone() });
        }
        for group in &account.groups {
            let known = |obstacle: &Obstacle| matches!(obstacle, Obstacle::Inherited { group: g, .. } if g == group);
            if !row.i.contains(group) && !account.obstacles.iter().any(known) {
                account.obstacles.push(Obstacle::Inherited { group: group.clone(), via: None });
            }
        }
        account.directory = Some(row.d);
        match (row.l, row.t) {
            (None, None) => self.never(&row.k, Source::LoginInfo),
            (login, authenticated) => {
                for (source, millis) in [(Source::LoginInfo, login), (Source::LastAuthenticated, authenticated)] {
                    if let Some(millis) = millis {
                        self.saw(&row.k, source, millis);
                    }
                }
            }
        }
    }

    /// Takes in one page of an imported file.
    pub fn add_import(&mut self, rows: Vec<ImportedLogin>) {
        for ImportedLogin(name, key, millis) in rows {
            let key = key.or_else(|| name.and_then(|name| self.names.get(&name).cloned()));
            if let Some(key) = key {
                self.saw(&key, Source::Import, millis);
            }
        }
    }

    /// Takes in one page of what the sweep before remembered: whatever belongs to this part by key or by name.
    pub fn add_ledger(&mut self, entries: Vec<LedgerEntry>) {
        for entry in entries {
            if self.accounts.contains_key(&entry.k) || self.holds(&entry.u) {
                match self.ledger.entry(entry.k.clone()) {
                    std::collections::btree_map::Entry::Vacant(place) => {
                        place.insert(entry);
                    }
                    std::collections::btree_map::Entry::Occupied(mut known) => merge(known.get_mut(), entry),
                }
            }
        }
    }

    /// The accounts with what is remembered of them, sorted by lower-case name, and what is remembered of them and of
    /// others from now on. A step back of a source is one only once, unless what it said then was not `believed`.
    pub fn finish(mut self, last_sweep: Option<Instant>, memory: TimeDelta, believed: bool) -> Joined {
        let opened = self.gather.opened;
        for key in &self.gather.individual {
            if let Some(account) = self.accounts.get_mut(key) {
                account.obstacles.push(Obstacle::Individual);
            }
        }
        self.words.write(&mut self.accounts, opened);
        let mut regressed = 0;
        let mut said = HashMap::new();
        for (key, account) in &mut self.accounts {
            let now_known = account.evidence.clone();
            if let Some(entry) = self.ledger.get(key) {
                remember(account, entry, last_sweep, opened);
                // Somebody who was away in between was not called gone in every sweep.
                if last_sweep.is_none_or(|last| last <= entry.l) {
                    self.words.remember(account, entry);
                }
                regressed += u32::from(moved_backwards(&now_known, entry, believed));
                let less = less_than_before(&now_known, &account.evidence);
                if !less.is_empty() {
                    said.insert(key.clone(), less);
                }
            }
            account.obstacles.sort();
            account.obstacles.dedup();
        }
        self.ledger.retain(|_, entry| opened - entry.l < memory);
        for (key, account) in &self.accounts {
            let said = said.remove(key).unwrap_or_default();
            self.ledger.insert(key.clone(), LedgerEntry { n: said, ..entry(account, opened) });
        }
        let mut accounts: Vec<Account> = self.accounts.into_values().collect();
        accounts.sort_by_cached_key(|account| (account.username.as_str().to_lowercase(), account.key.clone()));
        Joined { accounts, administrators: self.administrators, ledger: self.ledger.into_values().collect(), regressed }
    }
}

/// One part, joined.
pub(super) struct Joined {
    /// Its accounts, sorted by lower-case name.
    pub accounts: Vec<Account>,
    /// Active administrators.
    pub administrators: BTreeSet<UserKey>,
    /// What is remembered from now on.
    pub ledger: Vec<LedgerEntry>,
    /// Accounts whose activity moved backwards.
    pub regressed: u32,
}

fn merge(known: &mut LedgerEntry, other: LedgerEntry) {
    let first = known.f.min(other.f);
    if other.l > known.l {
        *known = other;
    }
    known.f = first;
}

fn remember(account: &mut Account, entry: &LedgerEntry, last_sweep: Option<Instant>, opened: Instant) {
    account.first_seen = entry.f;
    for (source, millis) in &entry.e {
        // What lay in the future then was a wrong clock, and is not worth remembering.
        if let Some(at) = instant(*millis).filter(|at| *at <= entry.l) {
            account.evidence.saw(Sighting { at, source: *source });
        }
    }
    account.reenabled = entry.r;
    let was_away = last_sweep.is_some_and(|last| entry.l < last);
    if account.status == Status::Current && (entry.s != Status::Current || was_away) {
        account.reenabled = Some(opened);
    }
}

/// Whether a source that had seen somebody now says that it was earlier, or never.
fn moved_backwards(now: &Evidence, entry: &LedgerEntry, believed: bool) -> bool {
    entry.e.iter().any(|(source, millis)| {
        // What it said when it was believed is what it has to say again.
        let millis = match entry.n.iter().find(|(known, _)| believed && known == source) {
            Some((_, None)) => return false,
            Some((_, Some(said))) => *said,
            None => *millis,
        };
        let Some(before) = instant(millis).filter(|before| repeats(*source) && *before <= entry.l) else {
            return false;
        };
        match now.of(*source) {
            Some(at) => at + REGRESSION < before,
            None => now.never == Some(*source),
        }
    })
}

/// Whether a source tells everybody's newest login anew each time.
fn repeats(source: Source) -> bool {
    matches!(source, Source::LastLogin | Source::LoginInfo | Source::LastAuthenticated)
}

/// What sources said now that is less than what is remembered of them.
fn less_than_before(now: &Evidence, remembered: &Evidence) -> Vec<(Source, Option<i64>)> {
    let known = remembered.sightings.iter().filter(|known| repeats(known.source));
    known
        .filter_map(|known| match now.of(known.source) {
            Some(at) => (at < known.at).then(|| (known.source, Some(at.timestamp_millis()))),
            None => (now.never == Some(known.source)).then_some((known.source, None)),
        })
        .collect()
}

fn entry(account: &Account, opened: Instant) -> LedgerEntry {
    LedgerEntry {
        k: account.key.clone(),
        u: account.username.as_str().to_lowercase(),
        f: account.first_seen,
        l: opened,
        s: account.status,
        e: account.evidence.sightings.iter().map(|seen| (seen.source, seen.at.timestamp_millis())).collect(),
        n: Vec::new(),
        r: account.reenabled,
        w: words::kept(account),
    }
}
