//! Slack: a message as blocks within Slack's limits.
//!
//! Limits: <https://docs.slack.dev/reference/block-kit/blocks/section-block> and
//! <https://docs.slack.dev/reference/block-kit/blocks>. Pace: one message a second for each webhook, 429 with
//! `Retry-After` in seconds, <https://docs.slack.dev/apis/web-api/rate-limits>.

use crate::{
    Level, Message,
    text::{fitted, html_of, tame, web_link, width},
};
use serde_json::{Value, json};

/// Blocks in one message. Slack refuses the whole message when there are more.
const MAX_BLOCKS: usize = 50;
/// Characters in the text of a section.
const MAX_SECTION: usize = 3000;
/// Characters in one field of a section.
const MAX_FIELD: usize = 2000;
/// Fields in one section.
const MAX_FIELDS: usize = 10;
/// Characters of the title; long enough for every title of ours, short enough for a notification.
const MAX_TITLE: usize = 300;
/// Characters in a link; beyond it the message is sent without.
const MAX_LINK: usize = 2000;

/// The body for a message. `text` is what notifications show; the blocks are what the channel shows.
pub fn payload(message: &Message) -> Value {
    let Message { title, level, text, facts, link, dedup_key: _ } = message;
    let title = escape(title, MAX_TITLE);
    let link = link.as_deref().and_then(web_link).filter(|link| link.len() <= MAX_LINK).map(link_block);

    let mut body = sections(text);
    body.extend(facts.chunks(MAX_FIELDS).map(fields));
    // The title and the link always have their place; what does not fit in between is counted.
    let room = MAX_BLOCKS - 1 - usize::from(link.is_some());
    if body.len() > room {
        let dropped = body.len() - (room - 1);
        body.truncate(room - 1);
        body.push(section(&format!("_{dropped} more parts were left out; the report has everything._")));
    }

    let mut blocks = vec![section(&format!("{} *{level}: {title}*", symbol(*level)))];
    blocks.extend(body);
    blocks.extend(link);
    json!({
        "text": format!("{level}: {title}"),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn symbol(level: Level) -> &'static str {
    match level {
        Level::Info => ":information_source:",
        Level::Warning => ":warning:",
        Level::Critical => ":rotating_light:",
    }
}

/// Lines of text in as few sections as possible. No line is torn apart unless it is longer than a section.
fn sections(lines: &[String]) -> Vec<Value> {
    let mut full = Vec::new();
    let mut current = String::new();
    for line in lines.iter().map(|line| escape(line, MAX_SECTION)).filter(|line| !line.trim().is_empty()) {
        if !current.is_empty() && width(&current) + 1 + width(&line) > MAX_SECTION {
            full.push(section(&std::mem::take(&mut current)));
        }
        if !current.is_empty() {
            current.push('\n');
        }
        current.push_str(&line);
    }
    if !current.is_empty() {
        full.push(section(&current));
    }
    full
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": markdown(text) })
}

fn fields(facts: &[(String, String)]) -> Value {
    let field = |(name, value): &(String, String)| {
        let name = escape(name, MAX_TITLE);
        // Two asterisks and a line break belong to the field, too.
        let value = escape(value, MAX_FIELD - width(&name) - 3);
        markdown(&format!("*{name}*\n{value}"))
    };
    json!({ "type": "section", "fields": facts.iter().map(field).collect::<Vec<_>>() })
}

fn link_block(link: &str) -> Value {
    section(&format!("<{}|Open the report>", link.replace('&', "&amp;")))
}

/// `verbatim` keeps Slack from turning names that look like links, channels or people into such.
fn markdown(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

/// Text from outside, escaped and cut to `limit` characters as Slack counts them after escaping. An escape sequence
/// is never cut in half.
fn escape(text: &str, limit: usize) -> String {
    let pieces: Vec<_> = tame(text).chars().map(|c| html_of(c).map_or_else(|| c.to_string(), str::to_owned)).collect();
    fitted(&pieces, limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message() -> Message {
        Message {
            title: "Seats are almost used up".into(),
            level: Level::Warning,
            text: Vec::new(),
            facts: Vec::new(),
            link: None,
            dedup_key: "k".into(),
        }
    }

    /// Every text in the payload that Slack reads as markup.
    fn texts(payload: &Value) -> Vec<String> {
        match payload {
            Value::Object(map) => {
                let own = map.get("text").and_then(Value::as_str).map(ToOwned::to_owned);
                own.into_iter().chain(map.values().flat_map(texts)).collect()
            }
            Value::Array(list) => list.iter().flat_map(texts).collect(),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
        }
    }

    fn check_limits(payload: &Value) {
        let blocks = payload["blocks"].as_array().unwrap();
        assert!(blocks.len() <= MAX_BLOCKS, "{} blocks", blocks.len());
        for block in blocks {
            if let Some(text) = block["text"]["text"].as_str() {
                assert!(!text.is_empty() && width(text) <= MAX_SECTION, "a section has {} characters", width(text));
            }
            let fields = block["fields"].as_array().map_or(&[][..], Vec::as_slice);
            assert!(fields.len() <= MAX_FIELDS);
            for field in fields {
                assert!(width(field["text"].as_str().unwrap()) <= MAX_FIELD);
            }
        }
    }

    #[test]
    fn markup_from_outside_is_text_everywhere() {
        let evil = "<!here> <@U1> <https://evil.example|Log in> & @channel @Everyone".to_owned();
        let payload = payload(&Message {
            title: evil.clone(),
            text: vec![evil.clone()],
            facts: vec![(evil.clone(), evil)],
            ..message()
        });
        for text in texts(&payload) {
            assert!(!text.contains(['<', '>']), "{text}");
            assert!(!text.contains("& "), "{text}");
            assert!(!text.to_lowercase().contains("@channel") && !text.to_lowercase().contains("@everyone"), "{text}");
        }
    }

    #[test]
    fn mail_addresses_can_still_be_copied() {
        assert_eq!(escape("anna@example.org", 100), "anna@example.org");
    }

    #[test]
    fn a_cut_falls_between_characters_and_within_the_limit() {
        assert_eq!(escape("abcdef", 6), "abcdef");
        assert_eq!(escape("abcdefg", 6), "abcde…");
        assert_eq!(escape("a&b", 7), "a&amp;b");
        assert_eq!(escape("a&bc", 7), "a&amp;…");
        assert_eq!(escape("ab&&", 7), "ab…");
        assert_eq!(escape("👍👍👍", 5), "👍👍…");
    }

    #[test]
    fn nothing_is_too_long_for_slack() {
        let payload = payload(&Message {
            title: "&".repeat(5000),
            text: (0..60).map(|_| "<".repeat(4000)).collect(),
            facts: (0..600).map(|_| ("&".repeat(3000), "👍".repeat(3000))).collect(),
            link: Some("https://wiki.example/report".into()),
            ..message()
        });
        check_limits(&payload);
        let blocks = payload["blocks"].as_array().unwrap();
        assert_eq!(blocks.len(), MAX_BLOCKS);
        // 60 sections of text and 60 of facts; 47 fit between title, note and link.
        assert_eq!(blocks[48]["text"]["text"], "_73 more parts were left out; the report has everything._");
        assert_eq!(blocks[49]["text"]["text"], "<https://wiki.example/report|Open the report>");
    }

    #[test]
    fn exactly_as_many_blocks_as_allowed_lose_nothing() {
        let full = Message { text: (0..49).map(|_| "x".repeat(MAX_SECTION)).collect(), ..message() };
        let payload = payload(&full);
        check_limits(&payload);
        assert_eq!(payload["blocks"].as_array().unwrap().len(), MAX_BLOCKS);
        assert!(!payload.to_string().contains("left out"));
    }

    #[test]
    fn short_lines_share_a_section_and_empty_ones_make_none() {
        let payload = payload(&Message { text: vec!["one".into(), " ".into(), "two".into()], ..message() });
        assert_eq!(payload["blocks"].as_array().unwrap().len(), 2);
        assert_eq!(payload["blocks"][1]["text"]["text"], "one\ntwo");
    }

    #[test]
    fn a_link_that_is_not_a_web_address_is_left_out() {
        let payload = payload(&Message { link: Some("javascript:alert(1)".into()), ..message() });
        assert_eq!(payload["blocks"].as_array().unwrap().len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_text_is_too_long_or_carries_markup(
            title in ".{0,400}", lines in prop::collection::vec("[<&>@a-z👍 ]{0,4000}", 0..4), name: String, value: String,
        ) {
            let payload = payload(&Message { title, text: lines, facts: vec![(name, value)], ..message() });
            check_limits(&payload);
            for text in texts(&payload) {
                prop_assert!(!text.contains(['<', '>']));
            }
        }
    }
}
