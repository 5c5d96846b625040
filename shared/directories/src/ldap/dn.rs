//! Distinguished names: whether one is below another, however both are spelled.

use std::fmt::Write as _;

/// A name, from the leaf to the root; each part with its attributes in order, all in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(Vec<Vec<(String, String)>>);

impl Name {
    /// Reads a name (RFC 4514). An empty text is the root.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        split(text, &[',', ';'])
            .iter()
            .map(|part| relative(part))
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(|part| format!("`{text}` is not a distinguished name: `{part}` has to be like `ou=people`"))
    }

    /// Whether this is the other name or below it.
    pub(super) fn is_within(&self, base: &Self) -> bool {
        self.0.ends_with(&base.0)
    }
}

fn relative(part: &str) -> Result<Vec<(String, String)>, String> {
    let mut values = Vec::new();
    for value in split(part, &['+']) {
        let (name, value) = value.split_once('=').ok_or_else(|| part.to_owned())?;
        let name = name.trim().to_lowercase();
        if name.is_empty() {
            return Err(part.to_owned());
        }
        values.push((name, plain(value)));
    }
    values.sort();
    Ok(values)
}

/// The parts of a text between separators that are not escaped.
fn split<'t>(text: &'t str, separators: &[char]) -> Vec<&'t str> {
    let (mut parts, mut from, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if !escaped && separators.contains(&c) {
            parts.extend(text.get(from..at));
            from = at + c.len_utf8();
        }
        escaped = c == '\\' && !escaped;
    }
    parts.extend(text.get(from..));
    parts
}

/// A value without escapes, in lower case, with single spaces: how directories compare names.
fn plain(value: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), value.trim());
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let hex = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let taken = match (hex, after.chars().next()) {
            (Some(byte), _) => {
                bytes.push(byte);
                2
            }
            (None, Some(c)) => {
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                c.len_utf8()
            }
            (None, None) => 0,
        };
        rest = after.get(taken..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest.as_bytes());
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    let mut words = String::new();
    for word in text.split_whitespace() {
        // Writing to a text does not fail.
        let _ = write!(words, "{}{word}", if words.is_empty() { "" } else { " " });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(name: &str, base: &str) -> bool {
        Name::parse(name).unwrap().is_within(&Name::parse(base).unwrap())
    }

    #[test]
    fn a_name_is_below_a_base_however_both_are_spelled() {
        for (name, base, expected) in [
            ("uid=a,ou=Leavers,dc=example,dc=com", "ou=leavers,dc=example,dc=com", true),
            ("uid=a, OU = leavers , DC=Example,dc=com", "ou=leavers,dc=example,dc=com", true),
            ("uid=a,ou=left  people,dc=x", "ou=Left People,dc=x", true),
            ("cn=M\\C3\\BCller,ou=l\\2ceft,dc=x", "ou=l\\,eft,dc=x", true),
            ("cn=a+uid=b,ou=x", "uid=B+cn=A,ou=x", true),
            ("cn=a,ou=b\\+12", "ou=b\\2b12", true),
            ("uid=a,dc=x", "", true),
            ("uid=a,ou=notleavers,dc=x", "ou=leavers,dc=x", false),
            ("uid=a\\,ou=leavers,dc=x", "ou=leavers,dc=x", false),
            ("dc=x", "ou=leavers,dc=x", false),
            ("uid=a,ou=leavers,dc=xx", "ou=leavers,dc=x", false),
        ] {
            assert_eq!(within(name, base), expected, "{name} below {base}");
        }
    }

    #[test]
    fn what_is_no_name_is_told() {
        for text in ["people", "ou=people,example", "=x", "ou=a,,dc=x"] {
            assert!(Name::parse(text).unwrap_err().contains("is not a distinguished name"), "{text}");
        }
    }
}
