//! The order in which names are given: a name that another row gives up is free only after that row. Where names go
//! round in a circle, one account gets a temporary name first.

use super::{file::Line, rules};
use crate::state::{AttributeRow, RowState, Wish};
use seatkeeper_policy::{SweepId, Username};
use std::collections::{BTreeMap, BTreeSet};

/// Brings the lines of a file into the order of their execution. What is wrong with a line whatever the site looks
/// like is already said in its state.
pub(super) fn rows(id: &SweepId, lines: Vec<Line>) -> Vec<AttributeRow> {
    let mut rows: Vec<AttributeRow> = lines.into_iter().map(row).collect();
    let by_name = told_twice(
        &mut rows,
        |row| Some(row.username.to_lowercase()),
        "username",
        |line| format!("the same account is in line {line}; put all changes of an account into one row"),
    );
    told_twice(
        &mut rows,
        |row| target(&row.wish),
        "new-username",
        |line| format!("is the new name of another account too, in line {line}"),
    );
    // Which row gives up the name that a row wants.
    let frees: Vec<Option<usize>> = rows
        .iter()
        .map(|row| target(&row.wish).and_then(|name| by_name.get(&name).copied()))
        .map(|index| index.filter(|index| rows.get(*index).is_some_and(|row| !row.wish.new_username.is_empty())))
        .collect();
    let mut order: Vec<AttributeRow> = Vec::with_capacity(rows.len());
    let mut placed = vec![false; rows.len()];
    let mut circles = 0_u32;
    for first in 0..rows.len() {
        let mut path: Vec<usize> = Vec::new();
        let mut on_path = BTreeSet::new();
        let mut at = Some(first);
        while let Some(index) = at.filter(|index| placed.get(*index) == Some(&false)) {
            if !on_path.insert(index) {
                break;
            }
            path.push(index);
            at = frees.get(index).copied().flatten();
        }
        let circle = at.filter(|index| on_path.contains(index)).and_then(|start| path.iter().position(|i| *i == start));
        let mut last = None;
        if let Some(start) = circle.and_then(|position| path.get(position).copied())
            && path.len() - circle.unwrap_or_default() > 1
        {
            circles += 1;
            let name = Username::parse(format!("sk-{id}-{circles}")).ok();
            if let (Some(row), Some(name)) = (rows.get(start), name) {
                let wish = Wish { new_username: name.to_string(), ..Wish::default() };
                order.push(AttributeRow { temporary: true, wish, ..row.clone() });
                last = Some((start, name));
            }
        }
        for index in path.into_iter().rev() {
            let freeing = frees.get(index).copied().flatten().and_then(|other| rows.get(other)).map(|row| row.line);
            if let (Some(row), Some(done)) = (rows.get(index), placed.get_mut(index)) {
                *done = true;
                let after = freeing.filter(|line| *line != row.line);
                match &last {
                    Some((start, _)) if *start == index => {}
                    Some(_) | None => order.push(AttributeRow { after, ..row.clone() }),
                }
            }
            if let Some((start, name)) = last.take_if(|(start, _)| *start == index)
                && let Some(row) = rows.get(start)
            {
                let after = freeing.filter(|line| *line != row.line);
                order.push(AttributeRow { after, via: Some(name), ..row.clone() });
            }
        }
    }
    order
}

fn row(line: Line) -> AttributeRow {
    let Line { line, username, wish } = line;
    let objections = rules::syntax(&username, &wish);
    let state = if objections.is_empty() { RowState::Unchecked } else { RowState::Refused { objections } };
    AttributeRow {
        line,
        username,
        key: None,
        wish,
        via: None,
        temporary: false,
        after: None,
        changes: Vec::new(),
        seat: false,
        notes: Vec::new(),
        looked: false,
        state,
        tries: 0,
    }
}

fn target(wish: &Wish) -> Option<String> {
    (!wish.new_username.is_empty()).then(|| wish.new_username.to_lowercase())
}

/// Refuses rows that say the same as an earlier one, and that one too. Gives the first row of each.
fn told_twice(
    rows: &mut [AttributeRow],
    what: impl Fn(&AttributeRow) -> Option<String>,
    field: &str,
    problem: impl Fn(u32) -> String,
) -> BTreeMap<String, usize> {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut pairs = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let Some(text) = what(row) else { continue };
        match first.get(&text) {
            None => {
                first.insert(text, index);
            }
            Some(other) => pairs.push((index, *other)),
        }
    }
    for (a, b) in pairs {
        for (index, other) in [(a, b), (b, a)] {
            let line = rows.get(other).map_or(0, |row| row.line);
            if let Some(row) = rows.get_mut(index) {
                let value = if field == "username" { row.username.clone() } else { row.wish.new_username.clone() };
                refuse(row, field, &value, problem(line));
            }
        }
    }
    first
}

/// Says one more thing against a row.
pub(super) fn refuse(row: &mut AttributeRow, field: &str, value: &str, problem: impl Into<String>) {
    let objection = rules::objection(field, value, problem);
    match &mut row.state {
        RowState::Refused { objections } if objections.contains(&objection) => {}
        RowState::Refused { objections } => objections.push(objection),
        state => *state = RowState::Refused { objections: vec![objection] },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(pairs: &[(&str, &str)]) -> Vec<AttributeRow> {
        let lines = pairs.iter().zip(2..).map(|((from, to), line)| Line {
            line,
            username: (*from).to_owned(),
            wish: Wish { new_username: (*to).to_owned(), ..Wish::default() },
        });
        rows(&SweepId::parse("20261123-060000").unwrap(), lines.collect())
    }

    /// Carries the rows out one after the other and says who is called what; a name that is taken ends the test.
    fn carried_out(rows: &[AttributeRow]) -> BTreeMap<String, String> {
        let mut names: BTreeMap<String, String> =
            rows.iter().map(|row| (row.username.clone(), row.username.clone())).collect();
        for row in rows {
            let to = row.wish.new_username.clone();
            let now = row.via.as_ref().map_or_else(|| row.username.clone(), ToString::to_string);
            assert_eq!(names.get(&row.username), Some(&now), "{row:?}");
            assert!(!names.values().any(|taken| *taken == to), "{to} is taken: {names:?}");
            names.insert(row.username.clone(), to);
        }
        names
    }

    fn check(pairs: &[(&str, &str)], extra: usize) {
        let rows = ordered(pairs);
        assert!(rows.iter().all(|row| row.state == RowState::Unchecked), "{rows:?}");
        let wanted: BTreeMap<String, String> =
            pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        assert_eq!(carried_out(&rows), wanted);
        assert_eq!(rows.len(), pairs.len() + extra);
    }

    #[test]
    fn chains_begin_at_their_free_end() {
        check(&[("a", "b"), ("b", "c"), ("c", "d"), ("x", "y")], 0);
        check(&[("c", "d"), ("a", "b"), ("b", "c")], 0);
    }

    #[test]
    fn circles_are_opened_by_one_temporary_name_each() {
        check(&[("a", "b"), ("b", "a")], 1);
        check(&[("a", "b"), ("x", "y"), ("b", "c"), ("c", "a"), ("p", "q"), ("q", "p")], 2);
        let rows = ordered(&[("a", "b"), ("b", "a")]);
        assert!(rows[0].temporary && rows[0].wish.new_username == "sk-20261123-060000-1");
        assert_eq!(rows[2].via.as_ref().map(Username::as_str), Some("sk-20261123-060000-1"));
    }

    #[test]
    fn the_same_account_and_the_same_new_name_are_refused_in_both_rows() {
        let rows = ordered(&[("a", "x"), ("A", "y"), ("b", "z"), ("c", "Z"), ("d", "e")]);
        let refused: Vec<_> = rows.iter().filter(|row| row.state != RowState::Unchecked).map(|row| row.line).collect();
        assert_eq!(refused, [2, 3, 4, 5]);
    }

    /// Visits every permutation.
    fn all(order: &mut Vec<usize>, from: usize, visit: &mut impl FnMut(&[usize])) {
        if from == order.len() {
            return visit(order);
        }
        for other in from..order.len() {
            order.swap(from, other);
            all(order, from + 1, visit);
            order.swap(from, other);
        }
    }

    #[test]
    fn any_exchange_of_names_comes_out_as_wished() {
        // All permutations of five names.
        let names = ["a", "b", "c", "d", "e"];
        let mut order: Vec<usize> = (0..5).collect();
        all(&mut order, 0, &mut |order| {
            let pairs: Vec<_> =
                order.iter().enumerate().filter(|(i, to)| i != *to).map(|(i, to)| (names[i], names[*to])).collect();
            let rows = ordered(&pairs);
            let done = carried_out(&rows);
            assert!(pairs.iter().all(|(from, to)| done.get(*from).is_some_and(|name| name == to)), "{pairs:?}");
        });
    }
}
