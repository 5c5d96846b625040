//! Identifiers in the manifest, by Spin's rules.

/// Checks words joined by `delimiter`: each starts with a letter and is all lower case or all upper case.
fn words(id: &str, delimiter: char, wrong: char, lower_only: bool) -> Result<(), String> {
    if id.is_empty() {
        return Err("it is empty".into());
    }
    if id.contains(wrong) {
        return Err(format!("words must be separated with {delimiter:?}, not {wrong:?}"));
    }
    for word in id.split(delimiter) {
        let Some(first) = word.chars().next() else {
            return Err(format!("words separated with {delimiter:?} must not be empty"));
        };
        if !first.is_ascii_alphabetic() {
            return Err(format!("each word must start with a letter, and {word:?} does not"));
        }
        let upper = first.is_ascii_uppercase();
        let alike = |c: char| c.is_ascii_digit() || (c.is_ascii_alphabetic() && c.is_ascii_uppercase() == upper);
        if !word.chars().all(alike) {
            return Err(format!("{word:?} may hold only letters of one case and digits"));
        }
        if lower_only && upper {
            return Err("it must be lower case".into());
        }
    }
    Ok(())
}

/// A component id: `sweep-cron`.
pub(crate) fn kebab(id: &str) -> Result<(), String> {
    words(id, '-', '_', false)
}

/// A variable name in the manifest: `admin_token`.
pub(crate) fn lower_snake(id: &str) -> Result<(), String> {
    words(id, '_', '-', true)
}

/// A store label: words of either form.
pub(crate) fn label(id: &str) -> Result<(), String> {
    kebab(id).or_else(|kebab_error| words(id, '_', '-', false).map_err(|_| kebab_error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn component_ids_are_kebab_case() {
        for good in ["a", "sweep-cron", "SWEEP", "a1-b2"] {
            assert_eq!(kebab(good), Ok(()), "{good}");
        }
        for bad in ["", "a_b", "a--b", "1a", "a-1", "aB", "-a", "ä"] {
            assert!(kebab(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn variable_names_are_lower_snake_case() {
        for good in ["a", "admin_token", "a1_b2"] {
            assert_eq!(lower_snake(good), Ok(()), "{good}");
        }
        for bad in ["", "a-b", "a__b", "a_", "_a", "A", "a_1", "a.b"] {
            assert!(lower_snake(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn store_labels_take_either_delimiter_but_not_both() {
        assert!(label("default").is_ok() && label("my-store").is_ok() && label("my_store").is_ok());
        assert!(label("my-other_store").is_err() && label("a b").is_err());
    }
}
