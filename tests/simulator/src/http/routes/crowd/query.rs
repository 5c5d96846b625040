//! Crowd's query language: comparisons with `=`, put together with `and`, `or` and parentheses. A `*` at either end of a
//! value stands for anything. Dates are not compared, and asking for it is refused.

/// The fields of an account that can be compared.
const FIELDS: [&str; 6] = ["name", "email", "firstName", "lastName", "displayName", "active"];

/// A restriction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Query {
    /// A field and the value it must have.
    Is(&'static str, String),
    And(Vec<Query>),
    Or(Vec<Query>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Open,
    Close,
    Equals,
    Bare(String),
    Quoted(String),
}

impl Query {
    /// Reads a restriction. `keep` is a fault of some versions: the backslash of an escaped character stays in the value.
    pub(super) fn parse(text: &str, keep: bool) -> Result<Self, String> {
        let words = words(text, keep)?;
        let mut rest = words.as_slice();
        let query = either(&mut rest)?;
        if rest.is_empty() { Ok(query) } else { Err(format!("cannot read the restriction from {:?} on", rest.first())) }
    }

    /// Whether the account with these fields is meant.
    pub(super) fn matches(&self, field: &dyn Fn(&str) -> Option<String>) -> bool {
        match self {
            Self::Is(name, value) => {
                field(name).is_some_and(|actual| like(&actual.to_lowercase(), &value.to_lowercase()))
            }
            Self::And(all) => all.iter().all(|query| query.matches(field)),
            Self::Or(any) => any.iter().any(|query| query.matches(field)),
        }
    }
}

fn like(actual: &str, value: &str) -> bool {
    let (open_start, value) = value.strip_prefix('*').map_or((false, value), |rest| (true, rest));
    let (open_end, value) = value.strip_suffix('*').map_or((false, value), |rest| (true, rest));
    match (open_start, open_end) {
        (false, false) => actual == value,
        (false, true) => actual.starts_with(value),
        (true, false) => actual.ends_with(value),
        (true, true) => actual.contains(value),
    }
}

fn words(text: &str, keep: bool) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&c) = rest.peek() {
        match c {
            c if c.is_whitespace() => drop(rest.next()),
            '(' | ')' | '=' => {
                rest.next();
                words.push(match c {
                    '(' => Word::Open,
                    ')' => Word::Close,
                    _ => Word::Equals,
                });
            }
            '"' => {
                rest.next();
                let mut value = String::new();
                loop {
                    match rest.next() {
                        Some('"') => break,
                        Some('\\') => {
                            if keep {
                                value.push('\\');
                            }
                            value.push(rest.next().ok_or("the restriction ends after a backslash")?);
                        }
                        Some(c) => value.push(c),
                        None => return Err("a quoted value does not end".to_owned()),
                    }
                }
                words.push(Word::Quoted(value));
            }
            _ => {
                let mut word = String::new();
                while let Some(c) = rest.next_if(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '=' | '"')) {
                    word.push(c);
                }
                words.push(Word::Bare(word));
            }
        }
    }
    Ok(words)
}

fn keyword(rest: &mut &[Word], word: &str) -> bool {
    match rest.split_first() {
        Some((Word::Bare(bare), behind)) if bare.eq_ignore_ascii_case(word) => {
            *rest = behind;
            true
        }
        _ => false,
    }
}

fn either(rest: &mut &[Word]) -> Result<Query, String> {
    let first = both(rest)?;
    let mut any = vec![first];
    while keyword(rest, "or") {
        any.push(both(rest)?);
    }
    Ok(Query::Or(any))
}

fn both(rest: &mut &[Word]) -> Result<Query, String> {
    let first = one(rest)?;
    let mut all = vec![first];
    while keyword(rest, "and") {
        all.push(one(rest)?);
    }
    Ok(Query::And(all))
}

fn one(rest: &mut &[Word]) -> Result<Query, String> {
    match rest {
        [Word::Open, behind @ ..] => {
            *rest = behind;
            let inner = either(rest)?;
            match rest.split_first() {
                Some((Word::Close, behind)) => {
                    *rest = behind;
                    Ok(inner)
                }
                _ => Err("a parenthesis does not end".to_owned()),
            }
        }
        [Word::Bare(name), Word::Equals, Word::Bare(value) | Word::Quoted(value), behind @ ..] => {
            let known = FIELDS.into_iter().find(|field| field.eq_ignore_ascii_case(name));
            *rest = behind;
            Ok(Query::Is(known.ok_or_else(|| format!("there is no property {name}"))?, value.clone()))
        }
        _ => Err("a restriction is of the form property = value".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(text: &str) -> Result<bool, String> {
        let field = |name: &str| {
            let value = match name {
                "name" => "jdoe",
                "email" => r#"j"d\oe@example.com"#,
                "active" => "true",
                _ => return None,
            };
            Some(value.to_owned())
        };
        Ok(Query::parse(text, false)?.matches(&field))
    }

    #[test]
    fn restrictions_are_read_as_crowd_reads_them() {
        for (text, expected) in [
            ("name = jdoe", true),
            ("name=\"JDOE\"", true),
            ("name = \"jd*\"", true),
            ("name = \"*oe\"", true),
            ("name = \"*d*\"", true),
            ("name = jd", false),
            ("name = jdoe and active = false", false),
            ("name = x or active = true", true),
            ("name = x or name = jdoe and active = false", false),
            ("(name = x or name = jdoe) AND active = true", true),
            (r#"email = "j\"d\\oe@example.com""#, true),
            (r#"email = "x\" or active = true or email = \"y""#, false),
        ] {
            assert_eq!(matches(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in
            ["", "name", "name =", "name = \"x", "(name = x", "name = x y", "shoe = 37", "createdDate > 2024-01-01"]
        {
            assert!(matches(text).is_err(), "{text}");
        }
    }

    #[test]
    fn some_versions_keep_the_backslash() {
        let is = |value: &str| Ok(Query::Or(vec![Query::And(vec![Query::Is("name", value.to_owned())])]));
        assert_eq!(Query::parse(r#"name = "a\"b""#, false), is("a\"b"));
        assert_eq!(Query::parse(r#"name = "a\"b""#, true), is("a\\\"b"));
    }
}
