//! The generic webhook: plain JSON without markup, for whoever can receive HTTP.
//!
//! Every request carries `X-Seatkeeper-Timestamp` (seconds since 1970) and `X-Seatkeeper-Signature`
//! (`sha256=<hexadecimal HMAC-SHA256>` over timestamp, a dot and the exact body). A receiver computes the same,
//! compares in constant time, refuses timestamps more than five minutes off, and drops a `dedup_key` it has seen.
//! With `openssl`:
//!
//! ```sh
//! printf '%s.%s' "$timestamp" "$body" | openssl dgst -sha256 -hmac "$secret"
//! ```

use crate::{Message, text::web_link};
use serde_json::{Value, json};

/// The body for a message. `version` grows when a field changes its meaning; fields may be added without that.
/// Names come as they are and have to be escaped by whoever shows them; a link is only sent when it is a web address.
pub fn payload(message: &Message) -> Value {
    let Message { title, level, text, facts, link, dedup_key } = message;
    let facts: Vec<Value> = facts.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({
        "version": 1,
        "source": "seatkeeper",
        "title": title,
        "level": level,
        "text": text,
        "facts": facts,
        "link": link.as_deref().and_then(web_link),
        "dedup_key": dedup_key,
    })
}
