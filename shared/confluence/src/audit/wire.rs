//! What the audit log sends. Nearly everything is optional, and fields for keys may hold plain text.

use super::{circle, nowhere};
use crate::{
    answer::{Failure, printable},
    wire::{instant, malformed},
};
use percent_encoding::percent_decode_str;
use seatkeeper_engine::sources::{AuditLogin, AuditPage};
use seatkeeper_policy::{UserKey, Username};
use serde::Deserialize;
use serde_json::Value;

/// The key of a successful login, on servers of every language.
const LOGIN_KEY: &str = "audit.logging.summary.login.success";

/// What an English server calls a successful login where it writes text instead of the key.
const LOGIN_TEXTS: [&str; 4] = ["User login successful", "User logged in", "Login successful", "Successful login"];

/// The authors that are nobody: the system and the visitor without an account.
const NOBODY: [&str; 2] = ["-1", "-2"];

/// One page as it came.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventsWire {
    entities: Vec<EventWire>,
    paging_info: Option<PagingWire>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PagingWire {
    last_page: Option<bool>,
    next_page_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventWire {
    timestamp: Option<Value>,
    author: Option<PartyWire>,
    #[serde(rename = "type")]
    kind: Option<KindWire>,
    affected_objects: Option<Vec<PartyWire>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KindWire {
    #[serde(rename = "actionI18nKey")]
    action_key: Option<String>,
    action: Option<String>,
}

/// An author or an affected object.
#[derive(Debug, Deserialize)]
struct PartyWire {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<Value>,
    name: Option<String>,
    uri: Option<String>,
}

impl EventsWire {
    /// The page without what is no login. `asked` is the cursor it was asked with.
    pub(super) fn page(self, asked: Option<&str>, texts: &[String]) -> Result<AuditPage, Failure> {
        let entries = self.entities.len() as u64;
        let next = self.next(asked)?;
        let is_login = |event: &&EventWire| event.kind.as_ref().is_some_and(|kind| kind.is_login(texts));
        let logins = self.entities.iter().filter(is_login).filter_map(|event| event.login().transpose());
        Ok(AuditPage { logins: logins.collect::<Result<_, _>>()?, entries, next })
    }

    fn next(&self, asked: Option<&str>) -> Result<Option<String>, Failure> {
        let paging = self.paging_info.as_ref().ok_or_else(|| malformed("the audit log came without `pagingInfo`"))?;
        if paging.last_page == Some(true) {
            return Ok(None);
        }
        let Some(next) = paging.next_page_cursor.as_deref().filter(|cursor| !cursor.trim().is_empty()) else {
            return Err(nowhere());
        };
        if asked == Some(next) {
            return Err(circle(&format!("the cursor `{}` leads to itself", printable(next, 60))));
        }
        // Cursors begin with the time of the oldest entry, and the log is read backwards.
        if let (Some(before), Some(behind)) = (asked.and_then(time_of), time_of(next))
            && behind > before
        {
            return Err(circle(&format!("the cursor `{}` leads back to newer entries", printable(next, 60))));
        }
        if self.entities.is_empty() {
            return Err(circle("a page without entries says that there are more"));
        }
        Ok(Some(next.to_owned()))
    }
}

fn time_of(cursor: &str) -> Option<i64> {
    cursor.split_once(',')?.0.parse().ok()
}

impl KindWire {
    fn is_login(&self, texts: &[String]) -> bool {
        let told = [self.action_key.as_deref(), self.action.as_deref()];
        told.into_iter().flatten().map(str::trim).any(|told| {
            let same = |text: &str| text.trim().to_lowercase() == told.to_lowercase();
            told == LOGIN_KEY || LOGIN_TEXTS.into_iter().any(same) || texts.iter().any(|text| same(text))
        })
    }
}

impl EventWire {
    /// Who logged in and when; nothing when the entry names nobody.
    fn login(&self) -> Result<Option<AuditLogin>, Failure> {
        let objects = self.affected_objects.iter().flatten().filter(|object| object.is("user"));
        // At the moment of the login the author is still anonymous, so the affected account goes first.
        let Some((key, username)) =
            objects.chain(self.author.iter().filter(|author| author.is_somebody())).find_map(PartyWire::person)
        else {
            return Ok(None);
        };
        let at = self.timestamp.as_ref().and_then(instant).ok_or_else(|| {
            let told = self.timestamp.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
            malformed(format!("a login came with `timestamp` {}, which is no instant", printable(&told, 60)))
        })?;
        Ok(Some(AuditLogin { key, username, at }))
    }
}

impl PartyWire {
    fn is(&self, kind: &str) -> bool {
        self.kind.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(kind))
    }

    fn id(&self) -> Option<String> {
        let id = match self.id.as_ref()? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        (!id.is_empty()).then_some(id)
    }

    fn is_somebody(&self) -> bool {
        !(self.is("system") || self.is("anonymous") || self.id().is_some_and(|id| NOBODY.contains(&id.as_str())))
    }

    /// Key and user name, as far as they are told. Some versions put the full name into `name`; the address has the user
    /// name, so `name` only counts where nothing else does.
    fn person(&self) -> Option<(Option<UserKey>, Option<Username>)> {
        let key = self.id().filter(|id| !NOBODY.contains(&id.as_str())).and_then(|id| UserKey::parse(id).ok());
        let from_address = self.uri.as_deref().and_then(username_of).and_then(|name| Username::parse(name).ok());
        let username = match (&key, from_address) {
            (_, Some(name)) => Some(name),
            (Some(_), None) => None,
            (None, None) => self.name.as_deref().and_then(|name| Username::parse(name.trim()).ok()),
        };
        (key.is_some() || username.is_some()).then_some((key, username))
    }
}

/// The parameter `username` of an address.
fn username_of(uri: &str) -> Option<String> {
    let query = uri.split_once('?')?.1.split('#').next()?;
    let value = query.split('&').find_map(|pair| pair.strip_prefix("username="))?;
    // A plus may be itself or a blank, and the wrong name could be somebody else's.
    let name = percent_decode_str(value).decode_utf8().ok().filter(|_| !value.contains('+'))?;
    (!name.trim().is_empty()).then(|| name.into_owned())
}
