//! The person behind the claims of an ID token.

use crate::{SignOnError, settings::Settings};
use seatkeeper_engine::session::Person;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The longest name, in characters.
const LONGEST: usize = 80;

/// Claims that tell a name, best first, where the configuration names none.
const NAMES: [&str; 4] = ["preferred_username", "email", "name", "sub"];

/// Who somebody is by the claims of a verified token.
pub(crate) fn person(settings: &Settings, subject: &str, claims: &Map<String, Value>) -> Result<Person, SignOnError> {
    let credential = credential(settings.issuer.as_str(), subject);
    let name = name(settings, claims).unwrap_or_else(|| credential.clone());
    let Some(role) = settings.roles.of(claims) else {
        let overflow = claims.get("_claim_names").is_some_and(|names| names.get("groups").is_some());
        let hint = if overflow {
            "You are in so many groups that your provider leaves them out; let it send the groups of this application only."
        } else {
            "Ask whoever runs Seatkeeper; the variable `oidc_roles` decides."
        };
        return Err(SignOnError::NoRole { name, hint });
    };
    Ok(Person { name, credential, role })
}

/// Names the account without telling it. It follows from what never changes about the account, so that a new name or a
/// second session is no second person.
fn credential(issuer: &str, subject: &str) -> String {
    let hash = Sha256::new().chain_update(issuer).chain_update([0]).chain_update(subject).finalize();
    format!("oidc:{}", hash.iter().take(16).fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

fn name(settings: &Settings, claims: &Map<String, Value>) -> Option<String> {
    let named = settings.name_claim.as_deref();
    let mut candidates = named.into_iter().chain(NAMES).filter_map(|claim| claims.get(claim)?.as_str());
    candidates.find_map(shown)
}

/// A name as pages and the audit show it.
fn shown(text: &str) -> Option<String> {
    let seen: String = text.chars().filter(|c| !unseen(*c)).collect();
    let name: String = seen.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
    (!name.is_empty()).then_some(name)
}

/// Control characters, and those that change what is seen around them.
pub(crate) fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_follows_from_issuer_and_subject_and_tells_neither() {
        let one = credential("https://login.example.com", "00u1");
        assert_eq!(one, credential("https://login.example.com", "00u1"));
        assert_ne!(one, credential("https://login.example.com", "00u2"));
        assert_ne!(one, credential("https://login.example.com0", "0u1"));
        assert!(one.starts_with("oidc:") && one.len() == 37 && !one.contains("00u1"), "{one}");
    }

    #[test]
    fn a_name_is_short_and_holds_nothing_unseen() {
        assert_eq!(shown(" Ada\u{202e}\u{200b}  Lovelace\n").as_deref(), Some("Ada Lovelace"));
        assert_eq!(shown("\u{feff} \t"), None);
        assert_eq!(shown(&"ä".repeat(500)).unwrap().chars().count(), LONGEST);
    }
}
