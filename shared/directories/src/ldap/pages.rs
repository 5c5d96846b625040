//! What the control for pages holds.
#![expect(clippy::no_effect_underscore_binding, reason = "rasn's derive makes them")]

use rasn::{AsnType, Decode, Decoder as _, Encode, types::OctetString};

/// `realSearchControlValue` (RFC 2696).
#[derive(AsnType, Debug, Clone, Encode, Decode)]
pub(super) struct PageControl {
    /// Entries of a page in a question; what the server guesses the whole to be in an answer.
    pub(super) size: u32,
    /// Where the server goes on; empty at the beginning and at the end.
    pub(super) cookie: OctetString,
}
