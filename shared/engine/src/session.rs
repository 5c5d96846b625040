//! Who signed in to the console. A browser holds a random text and nothing else; what it stands for is in the store, so a
//! session ends at once when it is closed, when its time is over, or when its credential is gone.

use crate::{
    ports::Store,
    state::{self, StateError},
};
use chrono::TimeDelta;
use seatkeeper_policy::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How long a session lasts: a working day, after which people sign in again.
pub const LENGTH: TimeDelta = TimeDelta::hours(10);

/// Sessions at a time; the oldest gives way.
const MOST: usize = 500;

/// Sessions of one credential at a time; the oldest gives way, so that nobody ends those of others by signing in often.
const MOST_EACH: usize = 20;

/// A session that may be open: hash, end, and the credential where it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened(pub String, pub Instant, #[serde(default)] pub String);

/// What somebody may do. Each may do what those before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Read everything.
    Viewer,
    /// Stop everything, start a sweep, strike accounts off a plan, exempt accounts, import evidence.
    Operator,
    /// Approve, reject, undo.
    Approver,
    /// Change the policy and accounts, order an emergency.
    Admin,
}

/// All roles, weakest first.
pub const ROLES: [Role; 4] = [Role::Viewer, Role::Operator, Role::Approver, Role::Admin];

impl Role {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }

    /// The role of this word.
    pub fn parse(word: &str) -> Option<Self> {
        ROLES.into_iter().find(|role| role.word() == word)
    }
}

/// Somebody whom we know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Person {
    /// The name that goes into the audit.
    pub name: String,
    /// What proved who it is, such as a token's fingerprint; two people have two of these.
    pub credential: String,
    /// What they may do.
    pub role: Role,
}

/// The credential of whoever holds the variable `report_token`.
pub const REPORT_TOKEN: &str = "token:report_token";

/// The credential of whoever holds the variable `admin_token`.
pub const ADMIN_TOKEN: &str = "token:admin_token";

impl Person {
    /// Whether only one person has the credential.
    pub fn is_personal(&self) -> bool {
        ![REPORT_TOKEN, ADMIN_TOKEN].contains(&self.credential.as_str())
    }
}

/// Somebody who signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Session {
    /// Who.
    pub person: Person,
    /// When.
    pub since: Instant,
    /// Until when.
    pub until: Instant,
}

/// What the browser of somebody who signed in holds: 256 random bits in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionId(String);

impl std::fmt::Debug for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionId(redacted)")
    }
}

impl SessionId {
    /// From random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self(hex::encode(random))
    }

    /// From what a browser sent; none if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let ours = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        ours.then(|| Self(text.to_owned()))
    }

    /// The text for the cookie. Never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Its hash: the store never holds what a browser could use.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }

    /// What a form of this session has to contain, so that no other site can send it. It follows from the id, which no
    /// other site can read, and does not tell it.
    pub fn form_token(&self) -> String {
        hex::encode(Sha256::new().chain_update(b"form of the session ").chain_update(self.0.as_bytes()).finalize())
    }
}

/// Opens a session, and removes those whose time is over.
pub async fn open(store: &impl Store, id: &SessionId, person: Person, now: Instant) -> Result<Session, StateError> {
    let session = Session { person, since: now, until: now + LENGTH };
    let mut known = state::load(store, &state::sessions()).await?.unwrap_or_default();
    known.push(Opened(id.hash(), session.until, session.person.credential.clone()));
    let of_them = |opened: &&Opened| opened.2 == session.person.credential && opened.1 > now;
    let mut too_many_each = known.iter().filter(of_them).count().saturating_sub(MOST_EACH);
    let surplus = known.len().saturating_sub(MOST);
    let mut kept = Vec::new();
    for (number, opened) in known.into_iter().enumerate() {
        let gives_way = of_them(&&opened) && too_many_each > 0;
        too_many_each -= usize::from(gives_way);
        if number < surplus || opened.1 <= now || gives_way {
            state::remove(store, &state::session_by_hash(&opened.0)).await?;
        } else {
            kept.push(opened);
        }
    }
    state::save(store, &state::sessions(), &kept).await?;
    state::save(store, &state::session(id), &session).await?;
    Ok(session)
}

/// The session of an id, if it is open.
pub async fn find(store: &impl Store, id: &SessionId, now: Instant) -> Result<Option<Session>, StateError> {
    let session = state::load(store, &state::session(id)).await?;
    // A session of the future was opened by a wrong clock; letting it in would let it in for ever.
    Ok(session.filter(|session| session.since <= now + TimeDelta::minutes(5) && now < session.until))
}

/// Closes a session. Closing it twice changes nothing.
pub async fn close(store: &impl Store, id: &SessionId) -> Result<(), StateError> {
    state::remove(store, &state::session(id)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryStore, block_on};
    use seatkeeper_policy::testing::at;

    fn id(byte: u8) -> SessionId {
        SessionId::new([byte; 32])
    }

    fn person() -> Person {
        Person { name: "Ada".into(), credential: "token:ada".into(), role: Role::Approver }
    }

    #[test]
    fn a_session_lasts_to_the_second_and_ends_at_once_when_it_is_closed() {
        let store = MemoryStore::default();
        let now = at("2026-11-23T08:00:00Z");
        let session = block_on(open(&store, &id(1), person(), now)).unwrap();
        let found = |id: &SessionId, now| block_on(find(&store, id, now)).unwrap();
        let second = TimeDelta::seconds(1);
        assert_eq!(found(&id(1), now), Some(session.clone()));
        assert_eq!(found(&id(1), now + LENGTH - second), Some(session));
        assert_eq!(found(&id(1), now + LENGTH), None);
        assert_eq!(found(&id(1), now - TimeDelta::minutes(6)), None, "the clock went backwards");
        assert_eq!(found(&id(2), now), None);
        block_on(close(&store, &id(1))).unwrap();
        assert_eq!(found(&id(1), now), None);
    }

    #[test]
    fn the_store_never_holds_what_a_browser_could_use() {
        let store = MemoryStore::default();
        block_on(open(&store, &id(7), person(), at("2026-11-23T08:00:00Z"))).unwrap();
        for (key, value) in store.entries() {
            let value = String::from_utf8(value).unwrap();
            assert!(!key.contains(id(7).expose()) && !value.contains(id(7).expose()), "{key}");
            assert!(!value.contains(&id(7).form_token()), "{key}");
        }
        assert_ne!(id(7).hash(), id(7).form_token());
    }

    #[test]
    fn sessions_whose_time_is_over_are_removed_and_there_are_never_too_many() {
        let store = MemoryStore::default();
        let now = at("2026-11-23T08:00:00Z");
        block_on(open(&store, &id(0), person(), now)).unwrap();
        for n in 0..=MOST {
            let mut random = [9; 32];
            random[..8].copy_from_slice(&n.to_be_bytes());
            let person = Person { credential: format!("token:{}", n / MOST_EACH), ..person() };
            block_on(open(&store, &SessionId::new(random), person, now + LENGTH)).unwrap();
        }
        let sessions = store.entries().keys().filter(|key| key.starts_with("session:")).count();
        assert_eq!(sessions, MOST);
        assert!(!store.entries().contains_key(state::session(&id(0)).name()));
    }

    #[test]
    fn of_one_credential_the_newest_stay_open_and_nobody_elses_is_touched() {
        let store = MemoryStore::default();
        let now = at("2026-11-23T08:00:00Z");
        // As an earlier version wrote them down.
        block_on(open(&store, &id(200), Person { credential: "token:bert".into(), ..person() }, now)).unwrap();
        let old = serde_json::json!({"v": 1, "d": [[id(200).hash(), now + LENGTH]]}).to_string();
        store.put(state::sessions().name(), old.as_bytes());
        for n in 0..25 {
            block_on(open(&store, &id(n), person(), now + TimeDelta::minutes(n.into()))).unwrap();
        }
        let open = |n: u8| block_on(find(&store, &id(n), now + TimeDelta::minutes(30))).unwrap().is_some();
        let of_ada: Vec<u8> = (0..25).filter(|n| open(*n)).collect();
        assert_eq!(of_ada, (5..25).collect::<Vec<u8>>());
        assert!(open(200));
    }

    #[test]
    fn only_what_we_gave_out_is_an_id() {
        assert_eq!(SessionId::parse(id(3).expose()), Some(id(3)));
        for wrong in ["", "abc", &"A".repeat(64), &"g".repeat(64), &"0".repeat(65), "../../../etc/passwd"] {
            assert_eq!(SessionId::parse(wrong), None, "{wrong}");
        }
    }
}
