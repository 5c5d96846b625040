//! Mattermost: one line of text, and everything else as an attachment.
//!
//! Text and attachments are Markdown, and both can call people by `@name`, `@all`, `@channel` and `@here`, which a webhook
//! cannot switch off; so every `@` that could call is broken by an invisible joiner.
//!
//! Limits: 16,383 characters for a post (`PostMessageMaxRunesV2` of its server); attachments were limited to 7,900 and
//! later to the same in older versions, so everything together stays below it. Pace: where the administrator switched it
//! on, ten requests a second by default, 429 with `X-Ratelimit-Reset` in seconds,
//! <https://docs.mattermost.com/administration-guide/configure/rate-limiting-configuration-settings.html>.

use crate::{
    Level, Message,
    text::{first, left_out, markdown, web_link, width, within},
};
use serde_json::{Value, json};

/// Characters of a whole message, with its field names.
const MAX_MESSAGE: usize = 7_900;
/// Lines of text.
const MAX_LINES: usize = 25;
/// Rows of the table.
const MAX_FACTS: usize = 20;
/// Characters of the title.
const MAX_TITLE: usize = 300;
/// Characters of a name in the table.
const MAX_NAME: usize = 60;
/// Characters of a link; beyond it the message is sent without.
const MAX_LINK: usize = 2000;

/// The body for a message.
pub fn payload(message: &Message) -> Value {
    within(MAX_MESSAGE, |payload: &Value| width(&payload.to_string()), |line| post(message, line))
}

fn post(message: &Message, line: usize) -> Value {
    let Message { title, level, text, facts, link, dedup_key: _ } = message;
    let title = markdown(title, MAX_TITLE.min(line * 4));
    let (lines, more) = first(text, MAX_LINES);
    let mut paragraphs: Vec<String> = lines.iter().map(|text| markdown(text, line)).collect();
    paragraphs.retain(|text| !text.trim().is_empty());
    let (facts, more_facts) = first(facts, MAX_FACTS);
    paragraphs.extend(left_out(more + more_facts));
    let link = link.as_deref().and_then(web_link).filter(|link| link.len() <= MAX_LINK);
    // A parenthesis would end the address too early.
    paragraphs.extend(link.map(|link| format!("[Open the console]({})", link.replace('(', "%28").replace(')', "%29"))));
    let field = |(name, value): &(String, String)| json!({ "short": true, "title": markdown(name, MAX_NAME), "value": markdown(value, line) });
    json!({
        "text": format!("{} **{level}: {title}**", symbol(*level)),
        "attachments": [{
            "fallback": format!("{level}: {title}"),
            "color": colour(*level),
            "text": paragraphs.join("\n\n"),
            "fields": facts.iter().map(field).collect::<Vec<_>>(),
        }],
    })
}

fn symbol(level: Level) -> &'static str {
    match level {
        Level::Info => ":information_source:",
        Level::Warning => ":warning:",
        Level::Critical => ":rotating_light:",
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::Info => "#2b6cb0",
        Level::Warning => "#b7791f",
        Level::Critical => "#c53030",
    }
}
