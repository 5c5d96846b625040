//! `--strict-kv`: the narrowest limits of all hosts that Spin components run on, to find a key or value that would only
//! work here.

/// Longest key, in bytes.
const MAX_KEY: usize = 200;
/// Largest value, in bytes.
const MAX_VALUE: usize = 400_000;

/// Checks a key.
pub(crate) fn check_key(key: &str) -> Result<(), String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b":._-".contains(&b);
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(format!("strict limits: the key {key:?} has {} bytes; 1 to {MAX_KEY} are portable", key.len()));
    }
    if !key.bytes().all(allowed) {
        return Err(format!("strict limits: the key {key:?} may hold only a-z, 0-9 and : . _ -"));
    }
    Ok(())
}

/// Checks a value.
pub(crate) fn check_value(key: &str, value: &[u8]) -> Result<(), String> {
    if value.len() > MAX_VALUE {
        let length = value.len();
        return Err(format!("strict limits: the value of {key:?} has {length} bytes; {MAX_VALUE} are portable"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portable_keys_pass_and_others_are_named() {
        let longest = "k".repeat(MAX_KEY);
        for good in ["a", "state:sweep.1_2-3", &longest] {
            assert_eq!(check_key(good), Ok(()), "{good}");
        }
        let long = "k".repeat(MAX_KEY + 1);
        for bad in ["", "A", "a/b", "a b", "ä", "a#", &long] {
            assert!(check_key(bad).unwrap_err().contains("strict limits"), "{bad}");
        }
    }

    #[test]
    fn values_pass_up_to_the_limit() {
        assert!(check_value("k", &vec![0; MAX_VALUE]).is_ok());
        assert!(check_value("k", &vec![0; MAX_VALUE + 1]).unwrap_err().contains("\"k\""));
    }
}
