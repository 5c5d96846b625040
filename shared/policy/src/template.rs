//! The text of a warning: fixed words with a few names in braces. Values come from outside, so control characters are
//! taken out of them; each channel escapes for its own format.

/// The names that a template may use.
pub const NAMES: [&str; 5] = ["name", "username", "last-seen", "days-left", "date"];

/// A name in braces that does not exist, or a brace without its partner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// An unknown name.
    #[error("`{{{0}}}` is not known; use {{name}}, {{username}}, {{last-seen}}, {{days-left}} or {{date}}")]
    UnknownName(String),
    /// An opening brace without a closing one.
    #[error("a `{{` has no `}}`")]
    Open,
}

/// Fills a template. `value` gives the text for each of [`NAMES`].
pub fn fill(template: &str, value: impl Fn(&str) -> String) -> Result<String, TemplateError> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (name, after) = after.split_once('}').ok_or(TemplateError::Open)?;
        if !NAMES.contains(&name) {
            return Err(TemplateError::UnknownName(name.to_owned()));
        }
        text.extend(value(name).chars().filter(|letter| !letter.is_control()));
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_once_and_values_are_never_templates() {
        let text = fill("Dear {name}, {days-left} days", |name| match name {
            "name" => "{username}\r\nBcc: x".into(),
            _ => "14".into(),
        });
        assert_eq!(text.unwrap(), "Dear {username}Bcc: x, 14 days");
    }

    #[test]
    fn unknown_names_and_open_braces_are_errors() {
        let text = |_: &str| String::new();
        assert_eq!(fill("{nmae}", text).unwrap_err(), TemplateError::UnknownName("nmae".into()));
        assert_eq!(fill("a {name", text).unwrap_err(), TemplateError::Open);
    }
}
