//! People with tokens of their own, from the variable `people`: `Ada Lovelace:approver:<SHA-256 of the token>`, separated
//! by semicolons or line breaks. Only hashes are configured, so whoever reads the configuration cannot sign in with it.

use seatkeeper_engine::session::{Person, ROLES, Role};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, fmt};
use subtle::ConstantTimeEq;

/// The longest name.
const NAME: usize = 80;

/// Somebody with a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Named {
    name: String,
    role: Role,
    digest: [u8; 32],
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Named({}, {})", self.name, self.role.word())
    }
}

impl Named {
    /// Whether a token is this person's, in a time that does not tell how close it came.
    pub fn matches(&self, presented: &str) -> bool {
        bool::from(self.digest.ct_eq(&Sha256::digest(presented.as_bytes())))
    }

    /// Who it is.
    pub fn person(&self) -> Person {
        Person { name: self.name.clone(), credential: self.credential(), role: self.role }
    }

    /// Names the token without telling it: another token has another name.
    fn credential(&self) -> String {
        let fingerprint = Sha256::new().chain_update(b"fingerprint ").chain_update(self.digest).finalize();
        format!("token:{}", fingerprint.iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
    }
}

/// Reads the variable. All problems are told at once, and none repeats a hash.
pub fn parse(text: &str) -> Result<Vec<Named>, Vec<String>> {
    let (mut people, mut problems): (Vec<Named>, Vec<String>) = (Vec::new(), Vec::new());
    let entries = text.split([';', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
    for (number, entry) in (1..).zip(entries) {
        match named(entry) {
            Ok(named) => people.push(named),
            Err(why) => problems.push(format!("variable `people`, entry {number}: {why}")),
        }
    }
    let (mut names, mut digests) = (BTreeSet::new(), BTreeSet::new());
    for named in &people {
        if !names.insert(named.name.to_lowercase()) {
            problems.push(format!("variable `people`: `{}` is there twice; give each person one entry", named.name));
        }
        if !digests.insert(named.digest) {
            problems.push(format!("variable `people`: `{}` has somebody else's token; give each its own", named.name));
        }
    }
    if problems.is_empty() { Ok(people) } else { Err(problems) }
}

fn named(entry: &str) -> Result<Named, String> {
    const SHAPE: &str = "write `name:role:hash`, such as `Ada Lovelace:approver:` and then the 64 digits of \
                         `printf %s \"$TOKEN\" | sha256sum`";
    let mut parts = entry.rsplitn(3, ':');
    let (Some(hash), Some(role), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("it has not three parts; {SHAPE}"));
    };
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(format!("the name must have 1 to {NAME} characters; {SHAPE}"));
    }
    let words = || ROLES.map(Role::word).join(", ");
    let role = Role::parse(role.trim()).ok_or_else(|| format!("`{name}` has no role; it is one of: {}", words()))?;
    let bytes = hex::decode(hash.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let digest = bytes.ok_or_else(|| format!("the hash of `{name}` is not a SHA-256; {SHAPE}"))?;
    if digest == <[u8; 32]>::from(Sha256::digest(b"")) {
        return Err(format!("the hash of `{name}` is that of an empty token; {SHAPE}"));
    }
    Ok(Named { name: name.to_owned(), role, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, role: &str, token: &str) -> String {
        format!("{name}:{role}:{}", hex::encode(Sha256::digest(token)))
    }

    #[test]
    fn people_are_read_with_their_roles_and_known_by_their_tokens() {
        let text = format!("{};\n {} ;;", entry("Ada: L.", "approver", "token-a"), entry("Bert", "viewer", "token-b"));
        let people = parse(&text).unwrap();
        let roles: Vec<_> = people.iter().map(|named| (named.person().name, named.person().role)).collect();
        assert_eq!(roles, [("Ada: L.".into(), Role::Approver), ("Bert".into(), Role::Viewer)]);
        assert!(people[0].matches("token-a") && !people[0].matches("token-b") && !people[0].matches(""));
        assert_ne!(people[0].person().credential, people[1].person().credential);
        assert_eq!(parse("  "), Ok(vec![]));
    }

    #[test]
    fn every_problem_is_named_with_its_entry_and_no_hash_is_repeated() {
        let hash = hex::encode(Sha256::digest("x"));
        for (text, told) in [
            ("Ada".to_owned(), "entry 1: it has not three parts"),
            (format!("Ada:boss:{hash}"), "one of: viewer, operator, approver, admin"),
            (format!(":viewer:{hash}"), "the name must have 1 to 80 characters"),
            (format!("{};Ada:viewer:zz", entry("Bert", "admin", "b")), "entry 2: the hash of `Ada`"),
            (entry("Ada", "viewer", ""), "empty token"),
            ([entry("Ada", "viewer", "a"), entry("ada", "viewer", "b")].join(";"), "`ada` is there twice"),
            ([entry("Ada", "viewer", "a"), entry("Bert", "admin", "a")].join(";"), "somebody else's token"),
        ] {
            let problems = parse(&text).unwrap_err().join("\n");
            assert!(problems.contains(told), "{problems}");
            assert!(!problems.contains(&hash), "{problems}");
        }
    }

    #[test]
    fn nobody_can_be_printed_with_a_hash() {
        let people = parse(&entry("Ada", "viewer", "a")).unwrap();
        assert_eq!(format!("{people:?}"), "[Named(Ada, viewer)]");
    }
}
