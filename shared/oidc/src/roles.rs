//! Which claim gives which role: `groups:seatkeeper-admins=admin`, entries separated by semicolons or line breaks.
//!
//! The value is compared exactly. Where several entries fit, the strongest role counts; where none does, nobody is let in.

use seatkeeper_engine::session::{ROLES, Role};
use serde_json::{Map, Value};

/// Claims that people usually can choose for themselves, so that they prove nothing.
const CHOSEN: [&str; 8] =
    ["name", "given_name", "family_name", "middle_name", "nickname", "profile", "picture", "website"];

/// All entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    claim: String,
    value: String,
    role: Role,
}

impl Roles {
    /// Reads the variable; all problems are told at once.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let (mut entries, mut problems) = (Vec::new(), Vec::new());
        let texts = text.split([';', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
        for (number, text) in (1..).zip(texts) {
            match entry(text) {
                Ok(entry) => entries.push(entry),
                Err(why) => problems.push(format!("variable `oidc_roles`, entry {number}: {why}")),
            }
        }
        if entries.is_empty() && problems.is_empty() {
            problems.push(
                "variable `oidc_roles` is empty, so nobody could sign in; set it to entries such as \
                 `groups:seatkeeper-admins=admin`"
                    .to_owned(),
            );
        }
        if problems.is_empty() { Ok(Self(entries)) } else { Err(problems) }
    }

    /// The strongest role that the claims give.
    pub fn of(&self, claims: &Map<String, Value>) -> Option<Role> {
        self.0.iter().filter(|entry| entry.fits(claims)).map(|entry| entry.role).max()
    }
}

impl Entry {
    fn fits(&self, claims: &Map<String, Value>) -> bool {
        // Some providers let people write any address there; only a checked one is theirs.
        if self.claim == "email" && !verified(claims) {
            return false;
        }
        match find(claims, &self.claim) {
            Some(Value::String(text)) => *text == self.value,
            Some(Value::Array(values)) => values.iter().any(|value| value.as_str() == Some(self.value.as_str())),
            _ => false,
        }
    }
}

fn verified(claims: &Map<String, Value>) -> bool {
    match claims.get("email_verified") {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

/// A claim by its name, or by the way to it such as `realm_access.roles`.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let mut steps = name.split('.');
    let first = claims.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.as_object()?.get(step))
}

fn entry(text: &str) -> Result<Entry, String> {
    const SHAPE: &str = "write `claim:value=role`, such as `groups:seatkeeper-admins=admin`";
    let (rest, word) = text.rsplit_once('=').ok_or_else(|| format!("`{text}` has no `=`; {SHAPE}"))?;
    let words = || ROLES.map(Role::word).join(", ");
    let role = Role::parse(word.trim()).ok_or_else(|| format!("`{word}` is no role; it is one of: {}", words()))?;
    // Claims of one's own are often named by an address.
    let colon =
        rest.match_indices(':').map(|(at, _)| at).find(|at| !rest.get(*at..).is_some_and(|r| r.starts_with("://")));
    let (claim, value) =
        colon.and_then(|at| Some((rest.get(..at)?.trim(), rest.get(at + 1..)?.trim()))).unwrap_or(("", ""));
    if claim.is_empty() || value.is_empty() {
        return Err(format!("`{text}` has not both a claim and a value; {SHAPE}"));
    }
    if CHOSEN.contains(&claim) {
        return Err(format!(
            "people can choose the claim `{claim}` themselves, so it gives no role; use groups or roles"
        ));
    }
    Ok(Entry { claim: claim.to_owned(), value: value.to_owned(), role })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn role(mapping: &str, claims: Value) -> Option<Role> {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        Roles::parse(mapping).unwrap().of(&claims)
    }

    const GROUPS: &str = "groups:sk-admins=admin; groups:sk-viewers=viewer\ngroups:sk-viewers=operator";

    #[test]
    fn the_strongest_role_that_fits_counts_and_without_one_nobody_is_let_in() {
        assert_eq!(role(GROUPS, json!({"groups": ["a", "sk-viewers", "sk-admins"]})), Some(Role::Admin));
        assert_eq!(role(GROUPS, json!({"groups": "sk-viewers"})), Some(Role::Operator));
        for none in [
            json!({}),
            json!({"groups": []}),
            json!({"groups": ["SK-ADMINS", "sk-admins ", "sk-admin"]}),
            json!({"groups": "a,sk-admins"}),
            json!({"groups": {"sk-admins": true}}),
            json!({"groups": [["sk-admins"]]}),
            json!({"roles": ["sk-admins"]}),
        ] {
            assert_eq!(role(GROUPS, none.clone()), None, "{none}");
        }
    }

    #[test]
    fn a_claim_may_lie_deeper_be_an_address_or_hold_equals_signs() {
        let deep = json!({"realm_access": {"roles": ["x", "boss"]}});
        assert_eq!(role("realm_access.roles:boss=admin", deep), Some(Role::Admin));
        let own = json!({"https://example.com/groups": ["g:1"]});
        assert_eq!(role("https://example.com/groups:g:1=approver", own), Some(Role::Approver));
        let dn = json!({"memberOf": ["CN=Admins,OU=IT"]});
        assert_eq!(role("memberOf:CN=Admins,OU=IT=admin", dn), Some(Role::Admin));
    }

    #[test]
    fn an_address_gives_a_role_only_when_the_provider_has_checked_it() {
        let mapping = "email:ada@example.com=admin";
        for (verified, expected) in [
            (json!(true), Some(Role::Admin)),
            (json!("true"), Some(Role::Admin)),
            (json!(false), None),
            (json!("yes"), None),
            (Value::Null, None),
        ] {
            let claims = json!({"email": "ada@example.com", "email_verified": verified});
            assert_eq!(role(mapping, claims.clone()), expected, "{claims}");
        }
        assert_eq!(role(mapping, json!({"email": "ada@example.com"})), None);
    }

    #[test]
    fn every_problem_is_told_with_its_entry() {
        for (text, told) in [
            ("", "nobody could sign in"),
            (" ;\n;", "nobody could sign in"),
            ("groups:a", "entry 1: `groups:a` has no `=`"),
            ("groups:a=boss", "one of: viewer, operator, approver, admin"),
            ("groups=admin", "not both a claim and a value"),
            (":a=admin", "not both a claim and a value"),
            ("groups:=admin", "not both a claim and a value"),
            ("groups:a=admin;name:Ada=admin", "entry 2: people can choose the claim `name`"),
        ] {
            let problems = Roles::parse(text).unwrap_err().join("\n");
            assert!(problems.contains(told), "{text:?}: {problems}");
        }
        assert_eq!(Roles::parse("a;b").unwrap_err().len(), 2);
    }
}
