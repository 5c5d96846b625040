//! Hashes over several texts, so that no two lists of texts run together into the same bytes.

use sha2::{Digest, Sha256};

/// SHA-256 over texts, each with its length before it in four bytes: a component writes what a host reads and checks,
/// and their words have different sizes.
pub(crate) fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// The first bytes of it, as text: a name that is short and still nobody else's.
pub(crate) fn short<'a>(parts: impl IntoIterator<Item = &'a str>, bytes: usize) -> String {
    hex::encode(of(parts).get(..bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_four_bytes_on_every_machine() {
        let expected: [u8; 32] = Sha256::digest(b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01c").into();
        assert_eq!(of(["ab", "", "c"]), expected);
        assert_eq!(short(["ab", "", "c"], 6), hex::encode(&expected[..6]));
        assert_ne!(of(["ab", "c"]), of(["a", "bc"]));
    }
}
