//! The chat sinks: they keep what the product sent.

use serde::Serialize;

/// One message that a chat sink received, accepted or not.
#[derive(Clone, Debug, Serialize)]
pub struct ChatPost {
    /// When it came, in milliseconds of the site.
    pub at_ms: i64,
    /// Which sink: the rest of the path after `/_sim/chat/`.
    pub sink: String,
    /// The request headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: String,
    /// What was answered.
    pub status: u16,
}
