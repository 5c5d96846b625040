//! Cross-crate tests of Seatkeeper.
