//! Names in addresses. Groups and users may be called almost anything, so every name is percent-encoded, and a name that
//! no encoding carries through is refused before it becomes another path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the characters that RFC 3986 leaves alone.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes a name as one segment of a path. The error says why it cannot be one.
pub fn segment(name: &str) -> Result<String, String> {
    if let Some(bad) = name.chars().find(|c| matches!(c, '/' | '\\')) {
        return Err(format!(
            "`{name}` contains `{bad}`, and Confluence's web server (Tomcat) refuses an encoded `{bad}` in a path; \
             rename it, or leave it out of the policy"
        ));
    }
    if matches!(name, "." | "..") {
        return Err(format!("`{name}` cannot be part of a path; rename it, or leave it out of the policy"));
    }
    Ok(encoded(name))
}

/// Encodes a value of a query.
pub fn encoded(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_byte_by_byte() {
        for (name, path) in [
            ("confluence-users", "confluence-users"),
            ("Sales & Marketing", "Sales%20%26%20Marketing"),
            ("Jörg", "J%C3%B6rg"),
            ("a+b@example.com", "a%2Bb%40example.com"),
            ("50%;x?y#z", "50%25%3Bx%3Fy%23z"),
            ("...", "..."),
        ] {
            assert_eq!(segment(name).unwrap(), path);
        }
    }

    #[test]
    fn a_name_that_would_become_another_path_is_refused_with_the_reason() {
        for name in ["a/b", "a\\b"] {
            assert!(segment(name).unwrap_err().contains("Tomcat"), "{name}");
        }
        assert!(segment("..").is_err());
        assert!(segment(".").is_err());
        assert_eq!(encoded("a/b"), "a%2Fb");
    }
}
