//! What only shows when all rows of a job have been looked at: the same account under two names, names that never come
//! free, more seats than there are, and the last administrators. Repeating it changes nothing.

use super::order::refuse;
use crate::state::{AttributeRow, Change, ChangeState, RowState};
use seatkeeper_policy::{GroupName, SeatCount, UserKey};
use std::collections::{BTreeMap, BTreeSet};

/// Administrators that have to stay.
pub(super) const LEAST_ADMINISTRATORS: usize = 2;

/// What is known about the whole site.
pub(super) struct Whole<'a> {
    pub seats: SeatCount,
    pub buffer: u32,
    pub administrators: &'a BTreeSet<UserKey>,
}

pub(super) fn refused(row: &AttributeRow) -> bool {
    matches!(row.state, RowState::Refused { .. })
}

/// Says the rest against the rows.
pub(super) fn conclude(rows: &mut [AttributeRow], whole: &Whole<'_>, administers: impl Fn(&GroupName) -> bool) {
    same_account(rows);
    // Whoever leaves a group of administrators, as long as enough stay.
    let mut staying: BTreeSet<&UserKey> = whole.administrators.iter().collect();
    let mut free = whole.seats.free().map(|free| free.saturating_sub(whole.buffer));
    for row in rows.iter_mut().filter(|row| !refused(row)) {
        let leaves = row.changes.iter().any(|change| match &change.change {
            Change::Leave(group) => change.state == ChangeState::Planned && administers(group),
            Change::Join(_) | Change::Details { .. } | Change::Rename { .. } => false,
        });
        let key = row.key.clone();
        if leaves && let Some(key) = whole.administrators.iter().find(|known| Some(*known) == key.as_ref()) {
            if staying.contains(key) && staying.len() <= LEAST_ADMINISTRATORS {
                let value = row.wish.remove_groups.join(";");
                let problem = format!("fewer than {LEAST_ADMINISTRATORS} active administrators would stay");
                refuse(row, "remove-groups", &value, problem);
                continue;
            }
            staying.remove(key);
        }
        if row.seat
            && let Some(left) = &mut free
        {
            if *left == 0 {
                let value = row.wish.add_groups.join(";");
                let problem = format!(
                    "there is no seat for it: {} are free before this file, and {} must stay free",
                    whole.seats.free().unwrap_or_default(),
                    whole.buffer
                );
                refuse(row, "add-groups", &value, problem);
                continue;
            }
            *left -= 1;
        }
    }
    names_that_stay_taken(rows);
}

fn same_account(rows: &mut [AttributeRow]) {
    let mut first: BTreeMap<UserKey, (usize, u32)> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let Some(key) = row.key.clone() else { continue };
        match first.get(&key) {
            Some((other, line)) if *line != row.line => pairs.push((index, *other)),
            Some(_) => {}
            None => {
                first.insert(key, (index, row.line));
            }
        }
    }
    // The same name twice was told before anything was looked at.
    let named = |index: usize| rows.get(index).map(|row| row.username.to_lowercase());
    pairs.retain(|(a, b)| named(*a) != named(*b));
    for (a, b) in pairs {
        for (index, other) in [(a, b), (b, a)] {
            let line = rows.get(other).map_or(0, |row| row.line);
            if let Some(row) = rows.get_mut(index) {
                let problem = format!("is the same account as in line {line}; put all its changes into one row");
                let value = row.username.clone();
                refuse(row, "username", &value, problem);
            }
        }
    }
}

/// A row whose new name another row sets free falls with that row; so do both halves of a temporary name.
fn names_that_stay_taken(rows: &mut [AttributeRow]) {
    loop {
        let out: BTreeSet<u32> = rows.iter().filter(|row| refused(row)).map(|row| row.line).collect();
        let mut changed = false;
        for row in rows.iter_mut().filter(|row| !refused(row)) {
            let value = row.wish.new_username.clone();
            if let Some(line) = row.after.filter(|line| out.contains(line)) {
                refuse(row, "new-username", &value, format!("stays taken, because line {line} is refused"));
                changed = true;
            } else if out.contains(&row.line) {
                let username = row.username.clone();
                refuse(row, "username", &username, "another part of this line is refused");
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}
