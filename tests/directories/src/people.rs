//! The people a directory knows, made from a seed.

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};

/// How somebody stands in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Works here.
    Active,
    /// Too many wrong passwords.
    Locked,
    /// Switched off.
    Disabled,
    /// Has left: known by number, and not in the directory.
    Left,
}

/// Somebody, with everything that any directory knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The directory's own identifier.
    pub id: String,
    /// User name.
    pub username: String,
    /// Mail addresses, the first one is the main one.
    pub mails: Vec<String>,
    /// Principal name.
    pub upn: String,
    /// Employee number.
    pub employee_id: String,
    /// How they stand.
    pub state: State,
    /// Last sign-in.
    pub last_sign_in: Option<DateTime<Utc>>,
    /// Laid over the record that the directory shows: odd types and missing members. `null` removes a member.
    pub odd: Map<String, Value>,
}

/// Shares of a population in thousandths; the rest is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mix {
    /// Have left and are not there any more.
    pub left: u32,
    /// Switched off.
    pub disabled: u32,
    /// Locked.
    pub locked: u32,
}

impl Default for Mix {
    fn default() -> Self {
        Self { left: 50, disabled: 40, locked: 10 }
    }
}

impl Person {
    /// Somebody active with this user name, and everything else made from it.
    pub fn named(number: usize, username: &str, state: State) -> Self {
        Self {
            // In the shape of an object id, which other kinds accept as well.
            id: format!("{number:08x}-5eed-4000-8000-{:012x}", number.wrapping_mul(0x9e37_79b9) & 0xffff_ffff_ffff),
            username: username.to_owned(),
            mails: vec![format!("{username}@example.com")],
            upn: format!("{username}@corp.example.com"),
            employee_id: format!("{:06}", 100_000 + number),
            state,
            last_sign_in: None,
            odd: Map::new(),
        }
    }

    /// The same, with a member of the record replaced; `null` removes it.
    #[must_use]
    pub fn odd(mut self, member: &str, value: Value) -> Self {
        self.odd.insert(member.to_owned(), value);
        self
    }

    /// The record with the odd members.
    pub(crate) fn finish(&self, mut record: Value) -> Value {
        if let Some(object) = record.as_object_mut() {
            for (member, value) in &self.odd {
                if value.is_null() {
                    object.remove(member);
                } else {
                    object.insert(member.clone(), value.clone());
                }
            }
        }
        record
    }
}

/// Made from the seed: exactly the shares of the mix, spread at random. The same seed gives the same people, whatever the
/// kind of directory; sign-ins lie in the 400 days before `now`.
pub fn population(users: usize, seed: u64, mix: Mix, now: DateTime<Utc>) -> Vec<Person> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let share = |thousandths: u32| users * thousandths as usize / 1000;
    let mut states = vec![State::Active; users];
    let kinds = [(State::Left, mix.left), (State::Disabled, mix.disabled), (State::Locked, mix.locked)];
    let mut next = states.iter_mut();
    for (state, thousandths) in kinds {
        next.by_ref().take(share(thousandths)).for_each(|slot| *slot = state);
    }
    // Shuffled by hand (Fisher and Yates), so that the order depends on nothing but the seed.
    for at in (1..users).rev() {
        states.swap(at, random.random_range(0..=at));
    }
    states
        .into_iter()
        .enumerate()
        .map(|(number, state)| {
            let mut person = Person::named(number, &format!("user{number:06}"), state);
            let hours = random.random_range(0..400 * 24);
            // One in twenty has never signed in.
            person.last_sign_in = (random.random_range(0..20) != 0).then(|| now - TimeDelta::hours(hours));
            person
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_people_with_exactly_the_shares_of_the_mix() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let people = population(1000, 7, Mix::default(), now);
        assert_eq!(people, population(1000, 7, Mix::default(), now));
        let count = |state| people.iter().filter(|person| person.state == state).count();
        let counts = [State::Left, State::Disabled, State::Locked, State::Active].map(count);
        assert_eq!(counts, [50, 40, 10, 900]);
        assert_ne!(people, population(1000, 8, Mix::default(), now));
        assert!(people.iter().any(|person| person.last_sign_in.is_none()));
    }
}
