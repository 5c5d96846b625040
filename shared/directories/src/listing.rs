//! What all listings of people share: they must advance, stay at home, and say plainly what they say.

use crate::reply::Failure;
use http::Uri;
use seatkeeper_confluence::answer::printable;
use seatkeeper_engine::{
    directories::DirectoryPerson,
    ports::{ErrorClass, PortError},
};
use seatkeeper_policy::{
    Instant,
    account::{Sighting, Source},
    directory::{Directory, Match, Presence},
};
use serde_json::{Map, Value};
use std::fmt;

/// Pages after which a listing counts as endless. At 100 people a page these are five million.
const MAX_PAGES: u32 = 50_000;

/// Pages without anybody, in a row, after which a listing counts as endless.
const MAX_EMPTY: u32 = 3;

/// Where a listing is, and a mark that it left behind, so that a listing that goes in a circle is noticed although every
/// page is read by somebody who remembers nothing but the cursor. The mark moves on at each power of two (Brent's way of
/// finding a circle), so a circle of any length is noticed soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trail {
    page: u32,
    mark: u64,
    empty: u32,
}

impl Trail {
    /// Before the first page.
    pub(crate) fn new() -> Self {
        Self { page: 0, mark: 0, empty: 0 }
    }

    /// After one more page with these records.
    pub(crate) fn step<'a>(self, records: impl IntoIterator<Item = &'a str>) -> Result<Self, Failure> {
        let endless = |detail: String| Err(Failure::new(ErrorClass::Endless, detail));
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut count = 0_usize;
        for record in records {
            count += 1;
            for byte in record.bytes().chain([0]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        let page = self.page + 1;
        let empty = if count == 0 { self.empty + 1 } else { 0 };
        if count > 0 && self.page > 0 && hash == self.mark {
            return endless(format!(
                "page {page} brings the same people as an earlier one; the listing goes in a circle"
            ));
        }
        if empty >= MAX_EMPTY {
            return endless(format!("{empty} pages in a row bring nobody, and there are said to be more"));
        }
        if page >= MAX_PAGES {
            return endless(format!("no end after {page} pages"));
        }
        let mark = if count > 0 && page.is_power_of_two() { hash } else { self.mark };
        Ok(Self { page, mark, empty })
    }

    /// Reads the beginning of a cursor, and gives back the rest.
    pub(crate) fn parse(cursor: &str) -> Result<(Self, &str), Failure> {
        let parsed = || {
            let (trail, rest) = cursor.split_once(' ')?;
            let mut parts = trail.split('.');
            let page = parts.next()?.parse().ok()?;
            let mark = u64::from_str_radix(parts.next()?, 16).ok()?;
            let empty = parts.next()?.parse().ok()?;
            Some((Self { page, mark, empty }, rest))
        };
        parsed().ok_or_else(|| Failure::new(ErrorClass::Malformed, "the remembered place in the listing is damaged"))
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:x}.{}", self.page, self.mark, self.empty)
    }
}

/// Accepts a link to the next page only below the configured address: our token goes where an administrator said, not
/// where an answer says.
pub(crate) fn at_home(base: &str, link: &str) -> Result<(), Failure> {
    let refused = |why: &str| {
        let link = printable(link.split(['?', '#']).next().unwrap_or_default(), 120);
        Err(Failure::new(
            ErrorClass::Refused,
            format!("the link to the next page, `{link}`, {why} `{base}`; it is not followed"),
        ))
    };
    let (Ok(home), Ok(link)) = (base.parse::<Uri>(), link.parse::<Uri>()) else {
        return refused("is no address below");
    };
    let origin = |uri: &Uri| {
        let scheme = uri.scheme_str().unwrap_or_default().to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(if scheme == "http" { 80 } else { 443 });
        (scheme, uri.host().unwrap_or_default().to_ascii_lowercase(), port)
    };
    if origin(&home) != origin(&link) || link.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return refused("leaves");
    }
    let below = home.path().trim_end_matches('/');
    let inside = link.path().strip_prefix(below).is_some_and(|rest| rest.starts_with('/'));
    if !inside || link.path().split('/').any(|part| matches!(part, "." | "..")) {
        return refused("is not below");
    }
    Ok(())
}

/// What is done, for an error.
pub(crate) fn reading(directory: &Directory) -> String {
    format!("read a page of directory `{}`", directory.name)
}

/// What is done, for an error.
pub(crate) fn looking_up(directory: &Directory, identity: &str) -> String {
    format!("look up `{}` in directory `{}`", printable(identity, 80), directory.name)
}

/// A directory whose provider is another one; whoever chooses the adapter made a mistake.
pub(crate) fn not_ours(directory: &Directory, ours: &str) -> PortError {
    Failure::new(
        ErrorClass::Refused,
        format!("its provider is `{}`, and this client speaks `{ours}` only", directory.provider.word()),
    )
    .during(reading(directory))
}

/// A switch, also where a server writes it as a text. Any other type says nothing.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// An attribute that identifies somebody; nothing where the person has none. Numbers are taken as they are written.
pub(crate) fn identity(value: Option<&Value>, attribute: &str) -> Result<Option<String>, Failure> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok((!text.trim().is_empty()).then(|| text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Failure::new(
            ErrorClass::Malformed,
            format!("`{attribute}` of somebody is neither a text nor a number; this directory cannot be matched by it"),
        )),
    }
}

/// A member of an object whose name may be spelled in any case, as SCIM allows.
pub(crate) fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A time of a sign-in; nothing where there was none. A text that is no time is an error: evidence must not get lost.
pub(crate) fn sign_in(value: Option<&Value>, source: Source) -> Result<Option<Sighting>, Failure> {
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text,
        Some(_) => return Err(Failure::new(ErrorClass::Malformed, "the time of a sign-in is not a text")),
    };
    let at: Instant = text.parse().map_err(|_| {
        Failure::new(ErrorClass::Malformed, format!("the time of a sign-in, `{}`, is no time", printable(text, 40)))
    })?;
    // Year 1 and 1970 are ways of writing "never".
    Ok((at.timestamp() > 86_400).then_some(Sighting { at, source }))
}

/// The one among those found by a lookup who has exactly this identity.
///
/// Several may have it; whoever is present wins. While more may follow, that nobody was present so far says nothing. Only
/// others, although all that were found came: the server does not compare as we do, so its silence about the person says
/// nothing.
pub(crate) fn exactly(wanted: &str, found: Vec<DirectoryPerson>, whole: bool) -> DirectoryPerson {
    let nobody = if found.is_empty() && whole { Presence::Absent } else { Presence::Unknown };
    let folded = wanted.to_lowercase();
    let same = found.into_iter().filter(|person| person.identity.to_lowercase() == folded);
    let best = same.reduce(|a, b| {
        let seen = a.seen.into_iter().chain(b.seen).max_by_key(|sighting| sighting.at);
        let best = if rank(b.presence) > rank(a.presence) { b } else { a };
        DirectoryPerson { seen, ..best }
    });
    match best {
        None => DirectoryPerson { identity: wanted.to_owned(), presence: nobody, seen: None },
        Some(gone) if !whole && matches!(gone.presence, Presence::Disabled | Presence::Absent) => {
            DirectoryPerson { presence: Presence::Unknown, ..gone }
        }
        Some(person) => person,
    }
}

fn rank(presence: Presence) -> u8 {
    match presence {
        Presence::Active => 4,
        Presence::Locked => 3,
        Presence::Unknown => 2,
        Presence::Disabled => 1,
        Presence::Absent => 0,
    }
}

/// The spellings to ask for: some servers compare employee numbers exactly, and they may be typed differently here.
pub(crate) fn spellings(matching: Match, identity: &str) -> Vec<String> {
    let mut spellings = vec![identity.to_owned()];
    if matching == Match::EmployeeId {
        spellings.extend([identity.to_lowercase(), identity.to_uppercase()]);
        spellings.sort();
        spellings.dedup();
    }
    spellings
}

/// The other spelling to ask for where nobody was found: names are kept in lower case by some, and some of those servers
/// compare exactly.
pub(crate) fn in_lower_case(asked: &str, found: &DirectoryPerson) -> Option<String> {
    let lower = asked.to_lowercase();
    (found.presence == Presence::Absent && lower != asked).then_some(lower)
}

/// Takes back an *absent* where the server may have compared exactly and the spelling is not known to us.
pub(crate) fn careful(matching: Match, person: DirectoryPerson) -> DirectoryPerson {
    let unsure = matching == Match::EmployeeId && person.identity.chars().any(char::is_alphabetic);
    match person.presence {
        Presence::Absent if unsure => DirectoryPerson { presence: Presence::Unknown, ..person },
        _ => person,
    }
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
