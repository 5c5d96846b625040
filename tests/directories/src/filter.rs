//! The little of the filter languages that lookups need: `attribute eq value`, joined by `or`. Anything else is refused, as
//! the real servers refuse what they do not understand; in particular a value that breaks out of its quotes.

/// The terms of a filter, or nothing when it cannot be understood.
pub(crate) fn parse(filter: &str, quotes: Quotes) -> Option<Vec<(String, String)>> {
    let mut terms = Vec::new();
    let mut rest = filter.trim();
    loop {
        let (attribute, after) = rest.split_once(' ')?;
        if attribute.is_empty() || !attribute.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '/')) {
            return None;
        }
        let (operator, after) = after.trim_start().split_once(' ')?;
        if !operator.eq_ignore_ascii_case("eq") {
            return None;
        }
        let (value, after) = quotes.value(after.trim_start())?;
        terms.push((attribute.to_owned(), value));
        rest = match after.trim() {
            "" => return Some(terms),
            more => more.strip_prefix("or ").or_else(|| more.strip_prefix("OR "))?.trim_start(),
        };
    }
}

/// How a language writes texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// As JSON does: SCIM and Okta.
    Json,
    /// In single quotes, which are doubled inside: OData.
    Doubled,
}

impl Quotes {
    fn value(self, text: &str) -> Option<(String, &str)> {
        match self {
            Self::Json => {
                let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
                let value = stream.next()?.ok()?;
                Some((value, text.get(stream.byte_offset()..)?))
            }
            Self::Doubled => {
                let mut rest = text.strip_prefix('\'')?;
                let mut value = String::new();
                loop {
                    let (before, after) = rest.split_once('\'')?;
                    value.push_str(before);
                    match after.strip_prefix('\'') {
                        Some(after) => {
                            value.push('\'');
                            rest = after;
                        }
                        None => return Some((value, after)),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with what a parser gives")]
    fn terms(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect())
    }

    #[test]
    fn values_are_read_back_as_they_were_quoted() {
        assert_eq!(parse(r#"userName eq "a\"b\\c""#, Quotes::Json), terms(&[("userName", "a\"b\\c")]));
        assert_eq!(parse("mail eq 'O''Brien'", Quotes::Doubled), terms(&[("mail", "O'Brien")]));
        assert_eq!(parse("a eq 'x' or b eq ''", Quotes::Doubled), terms(&[("a", "x"), ("b", "")]));
    }

    #[test]
    fn what_breaks_out_of_its_quotes_is_not_understood() {
        for filter in [r#"userName eq "a" or active eq true"#, r#"userName eq "a"b""#, "userName sw \"a\"", "x", ""] {
            assert_eq!(parse(filter, Quotes::Json), None, "{filter}");
        }
        for filter in ["mail eq 'O'Brien'", "mail eq 'a' and x eq 'b'", "mail eq 'a"] {
            assert_eq!(parse(filter, Quotes::Doubled), None, "{filter}");
        }
    }
}
