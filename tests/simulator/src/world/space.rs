//! Spaces, as far as somebody has to take them over: who owns them and who administers them.

use std::collections::HashMap;

use super::{Subject, UserId, World};

/// A space.
#[derive(Clone, Debug)]
pub struct Space {
    /// Its number.
    pub id: u64,
    /// Its key; personal ones begin with `~`.
    pub key: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Whose personal space it is.
    pub owner: Option<UserId>,
    /// Who made it.
    pub creator: Option<UserId>,
    /// When it was made.
    pub created_ms: i64,
    /// Archived spaces are hidden from searches that do not ask for them.
    pub archived: bool,
    /// Who administers it.
    pub administrators: Vec<Subject>,
    /// Who else may read and write.
    pub readers: Vec<Subject>,
}

/// All spaces, in the order they were made.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    all: Vec<Space>,
    by_key: HashMap<String, usize>,
    by_creator: HashMap<UserId, Vec<usize>>,
}

impl World {
    /// Every space.
    pub fn spaces(&self) -> &[Space] {
        &self.spaces.all
    }

    /// The space with this key, in any case of letters.
    pub fn find_space(&self, key: &str) -> Option<&Space> {
        self.spaces.by_key.get(&key.to_lowercase()).and_then(|at| self.spaces.all.get(*at))
    }

    /// The space with this key, to be changed.
    pub fn space_mut(&mut self, key: &str) -> Option<&mut Space> {
        let at = *self.spaces.by_key.get(&key.to_lowercase())?;
        self.spaces.all.get_mut(at)
    }

    /// Spaces that an account made.
    pub fn spaces_made_by(&self, id: UserId) -> impl Iterator<Item = &Space> {
        let own = self.spaces.by_creator.get(&id).map_or(&[][..], Vec::as_slice);
        own.iter().filter_map(|at| self.spaces.all.get(*at))
    }

    /// Makes a space; says whether its key was free.
    pub fn add_space(&mut self, mut space: Space) -> bool {
        let lower = space.key.to_lowercase();
        if self.spaces.by_key.contains_key(&lower) {
            return false;
        }
        let at = self.spaces.all.len();
        space.id = 32_769_u64.saturating_add(at as u64);
        self.spaces.by_key.insert(lower, at);
        if let Some(creator) = space.creator {
            self.spaces.by_creator.entry(creator).or_default().push(at);
        }
        self.spaces.all.push(space);
        true
    }
}
