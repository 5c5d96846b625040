//! Discord: one embed.
//!
//! `allowed_mentions` with an empty list lets nobody be called, whatever the text says. Embeds read Markdown with links
//! behind words, so names are escaped.
//!
//! Limits: title 256, description 4096, 25 fields with 256 and 1024, all together 6000 characters,
//! <https://docs.discord.com/developers/resources/message#embed-object-embed-limits>. Pace: told in `X-RateLimit-…`
//! headers, and in the JSON of a 429, <https://docs.discord.com/developers/topics/rate-limits>.

use crate::{
    Level, Message,
    text::{first, left_out, markdown, web_link, width, within},
};
use serde_json::{Map, Value, json};

/// Characters of all texts together.
const MAX_EMBED: usize = 6000;
/// Characters of the description.
const MAX_DESCRIPTION: usize = 4096;
/// Characters of the title.
const MAX_TITLE: usize = 256;
/// Lines of text.
const MAX_LINES: usize = 25;
/// Rows of the table.
const MAX_FACTS: usize = 25;
/// Characters of a name in the table.
const MAX_NAME: usize = 60;
/// Characters of a value in the table.
const MAX_VALUE: usize = 1024;
/// Characters of a link; beyond it the message is sent without.
const MAX_LINK: usize = 2000;

/// The body for a message.
pub fn payload(message: &Message) -> Value {
    let fits = |embed: &Value| {
        let description = embed.get("description").and_then(Value::as_str).map_or(0, width);
        // Too long a description is as bad as too much of everything.
        if description > MAX_DESCRIPTION { usize::MAX } else { texts(embed) }
    };
    let embed = within(MAX_EMBED, fits, |line| embed(message, line));
    json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } })
}

/// Characters of all texts that count.
fn texts(embed: &Value) -> usize {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map_or(0, width);
    let fields = embed.get("fields").and_then(Value::as_array).into_iter().flatten();
    let fields: usize = fields.map(|field| text(field, "name") + text(field, "value")).sum();
    text(embed, "title") + text(embed, "description") + fields
}

fn embed(message: &Message, line: usize) -> Value {
    let Message { title, level, text, facts, link, dedup_key: _ } = message;
    let (lines, more) = first(text, MAX_LINES);
    let mut lines: Vec<String> = lines.iter().map(|text| markdown(text, line)).collect();
    lines.retain(|text| !text.trim().is_empty());
    let (facts, more_facts) = first(facts, MAX_FACTS);
    lines.extend(left_out(more + more_facts));
    let field = |(name, value): &(String, String)| {
        let (name, value) = (markdown(name, MAX_NAME), markdown(value, line.min(MAX_VALUE)));
        json!({ "name": filled(&name), "value": filled(&value), "inline": true })
    };
    let mut embed = Map::new();
    embed.insert("title".into(), markdown(&format!("{level}: {title}"), MAX_TITLE.min(line * 4)).into());
    embed.insert("color".into(), colour(*level).into());
    if !lines.is_empty() {
        embed.insert("description".into(), lines.join("\n").into());
    }
    if !facts.is_empty() {
        embed.insert("fields".into(), facts.iter().map(field).collect());
    }
    if let Some(link) = link.as_deref().and_then(web_link).filter(|link| link.len() <= MAX_LINK) {
        embed.insert("url".into(), link.into());
    }
    Value::Object(embed)
}

/// An empty text would let the whole message be refused.
fn filled(text: &str) -> &str {
    if text.trim().is_empty() { "-" } else { text }
}

fn colour(level: Level) -> u32 {
    match level {
        Level::Info => 0x002b_6cb0,
        Level::Warning => 0x00b7_791f,
        Level::Critical => 0x00c5_3030,
    }
}
