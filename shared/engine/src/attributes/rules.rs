//! What Confluence accepts as a user name, a full name and a mail address. Asked before anything else, so that a whole
//! file can be corrected at once.

use crate::state::{Objection, Wish};
use seatkeeper_policy::{GroupName, Username};

/// Characters that Confluence refuses in a user name when an account is made (its REST documentation of `admin/user`).
const FORBIDDEN: [char; 8] = ['\\', ',', '+', '<', '>', '\'', '"', '\0'];
/// Characters of a mail address (RFC 5321).
const LONGEST_MAIL: usize = 254;
/// Bytes of a full name, as Confluence's column has them.
const LONGEST_NAME: usize = 255;

/// Something against a field.
pub(super) fn objection(field: &str, value: &str, problem: impl Into<String>) -> Objection {
    Objection { field: field.to_owned(), value: value.chars().take(80).collect(), problem: problem.into() }
}

/// Everything about a row that is wrong whatever the site looks like.
pub(super) fn syntax(username: &str, wish: &Wish) -> Vec<Objection> {
    let mut found = Vec::new();
    if let Err(error) = Username::parse(username) {
        found.push(objection("username", username, error.to_string()));
    }
    let Wish { new_username, email, full_name, add_groups, remove_groups } = wish;
    if [new_username, email, full_name].into_iter().all(String::is_empty)
        && add_groups.is_empty()
        && remove_groups.is_empty()
    {
        found.push(objection("username", username, "nothing is to be changed; leave the row out"));
    }
    let mut against = |field: &str, value: &str, problem: Option<String>| {
        found.extend(problem.map(|problem| objection(field, value, problem)));
    };
    if !new_username.is_empty() {
        against("new-username", new_username, name(new_username));
        against("new-username", new_username, renamed(username, new_username));
    }
    if !email.is_empty() {
        against("email", email, mail(email).map(str::to_owned));
    }
    if !full_name.is_empty() {
        against("full-name", full_name, person(full_name).map(str::to_owned));
    }
    for (field, groups) in [("add-groups", add_groups), ("remove-groups", remove_groups)] {
        for group in groups {
            against(field, group, GroupName::parse(group.as_str()).err().map(|error| error.to_string()));
        }
    }
    for group in add_groups {
        let both = remove_groups.iter().any(|other| same(other, group));
        against("add-groups", group, both.then(|| "is to be joined and to be left".to_owned()));
    }
    found
}

/// Whether two names are one to Confluence, which does not tell upper from lower case.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn name(text: &str) -> Option<String> {
    if let Err(error) = Username::parse(text) {
        return Some(error.to_string());
    }
    if text.chars().any(char::is_whitespace) {
        return Some("contains a blank; Confluence takes none in a user name".to_owned());
    }
    if text.to_lowercase() != text {
        return Some("contains an upper-case letter; Confluence takes lower case only".to_owned());
    }
    if let Some(bad) = text.chars().find(|letter| FORBIDDEN.contains(letter)) {
        return Some(format!("contains `{bad}`, which Confluence does not take in a user name"));
    }
    (text == "anonymous").then(|| "is reserved by Confluence".to_owned())
}

fn renamed(from: &str, to: &str) -> Option<String> {
    if same(from, to) {
        return Some("is the name that the account has".to_owned());
    }
    let stem = without_suffix(to)?;
    if without_suffix(stem).is_some() {
        return Some("has the suffix `_inactive_yyyyMMdd` twice; take one of them off".to_owned());
    }
    (without_suffix(from).is_some() && to.starts_with(from))
        .then(|| "puts a second suffix `_inactive_yyyyMMdd` behind the first".to_owned())
}

/// The name before a suffix `_inactive_yyyyMMdd`, if it has one.
pub(super) fn without_suffix(name: &str) -> Option<&str> {
    let (stem, date) = name.rsplit_once("_inactive_")?;
    let digits = date.get(..8)?;
    let rest = date.get(8..)?;
    let counted = rest.is_empty() || rest.strip_prefix(['_', '-']).is_some_and(|count| count.parse::<u32>().is_ok());
    (digits.bytes().all(|byte| byte.is_ascii_digit()) && counted).then_some(stem)
}

fn person(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        return Some("is blank");
    }
    if text.len() > LONGEST_NAME {
        return Some("is longer than 255 bytes");
    }
    if text.chars().any(char::is_control) {
        return Some("contains a control character");
    }
    if text.contains(['<', '>']) {
        return Some("contains `<` or `>`, which Confluence does not take in a full name");
    }
    text.eq_ignore_ascii_case("anonymous").then_some("is reserved by Confluence")
}

fn mail(text: &str) -> Option<&'static str> {
    const SHAPE: &str = "is no mail address; write one such as jane.doe@example.com";
    let Some((local, domain)) = text.rsplit_once('@') else { return Some(SHAPE) };
    let odd =
        |letter: char| letter.is_whitespace() || letter.is_control() || matches!(letter, '<' | '>' | ',' | ';' | '"');
    if local.is_empty() || domain.is_empty() || local.contains('@') || text.chars().any(odd) {
        return Some(SHAPE);
    }
    let part = |part: &str| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-');
    if !domain.split('.').all(part) || local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Some(SHAPE);
    }
    (text.chars().count() > LONGEST_MAIL).then_some("is longer than 254 characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_name_has_to_be_one_that_confluence_takes() {
        for good in ["jdoe", "j.doe@example.com", "j#doe", "jörg", "a/b", &"x".repeat(255)] {
            assert_eq!(name(good), None, "{good}");
        }
        for bad in
            ["", " ", "JDoe", "Äpfel", "j doe", "a\tb", "a\\b", "a,b", "a+b", "a<b", "a>b", "a'b", "a\"b", "anonymous"]
        {
            assert!(name(bad).is_some(), "{bad:?}");
        }
        assert!(name(&"x".repeat(256)).is_some() && name(&"ö".repeat(128)).is_some());
    }

    #[test]
    fn a_suffix_is_never_put_on_twice() {
        assert_eq!(without_suffix("jdoe_inactive_20261122"), Some("jdoe"));
        assert_eq!(without_suffix("jdoe_inactive_20261122_2"), Some("jdoe"));
        for other in
            ["jdoe_inactive_2026112", "jdoe_inactive_2026112x", "jdoe_inactive_", "jdoe", "jdoe_inactive_20261122x"]
        {
            assert_eq!(without_suffix(other), None, "{other}");
        }
        for (from, to) in [
            ("jdoe_inactive_20250101", "jdoe_inactive_20250101_inactive_20261122"),
            ("jdoe", "jdoe_inactive_20250101_inactive_20261122"),
            ("jdoe_inactive_20250101", "jdoe_inactive_20250101_inactive_20250101_2"),
        ] {
            assert!(renamed(from, to).is_some(), "{from} to {to}");
        }
        assert_eq!(renamed("jdoe_inactive_20250101", "john_inactive_20250101"), None);
        assert_eq!(renamed("jdoe", "jdoe_inactive_20261122"), None);
    }

    #[test]
    fn mail_addresses_and_full_names_are_looked_at() {
        for good in ["a@b", "jane.doe+x@mail.example.com", "o'neil@example.com", "jörg@example.com"] {
            assert_eq!(mail(good), None, "{good}");
        }
        for bad in
            ["", "@", "a@", "@b", "a@b@c", "a b@c", "a@b..c", "a@-b", ".a@b", "a..b@c", "<a@b>", "a@b,c@d", "a\r@b"]
        {
            assert!(mail(bad).is_some(), "{bad:?}");
        }
        assert!(mail(&format!("{}@b", "x".repeat(253))).is_some());
        for bad in ["", " ", "<b>", "Anonymous", "a\nb", &"x".repeat(256)] {
            assert!(person(bad).is_some(), "{bad:?}");
        }
        assert_eq!(person("Jörg O'Neil, Jr."), None);
    }

    #[test]
    fn all_problems_of_a_row_come_out_at_once() {
        let wish = Wish {
            new_username: "J Doe".into(),
            email: "nobody".into(),
            full_name: "<x>".into(),
            add_groups: vec!["a".into(), String::new()],
            remove_groups: vec!["A".into()],
        };
        let fields: Vec<_> = syntax("jdoe", &wish).into_iter().map(|objection| objection.field).collect();
        assert_eq!(fields, ["new-username", "email", "full-name", "add-groups", "add-groups"]);
        assert_eq!(syntax("jdoe", &Wish::default()).len(), 1);
    }
}
