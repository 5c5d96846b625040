//! Microsoft Teams: an Adaptive Card for a webhook of Teams Workflows (Power Automate).
//!
//! The template *Send webhook alerts to a channel* runs over `attachments` and posts the `content` of each as a card; a
//! body without that list lets the flow fail although the request was answered with 202. The library behind the flow
//! refuses a card with an empty text, a null fact or a `version` that it does not know, so there is none of these, and
//! the version is 1.2, the first with everything that is used here.
//!
//! All text stands in `TextRun`s: `TextBlock` and `FactSet` read Markdown, in which a name could be a link, and a
//! `TextRun` does not (<https://learn.microsoft.com/adaptive-cards/schema-explorer/text-run>). A mention needs an entry in
//! `msteams.entities`, and there is none.
//!
//! Limits: 28 KB for a message and four requests a second,
//! <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook>; people
//! measured errors from 21 KB on.

use crate::{
    Level, Message,
    text::{first, left_out, plain, web_link, within},
};
use serde_json::{Value, json};

/// Bytes of a whole message.
const MAX_BYTES: usize = 20_000;
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
    within(MAX_BYTES, |payload: &Value| payload.to_string().len(), |line| envelope(&card(message, line)))
}

/// The flow wants cards in a list; `contentUrl` has to be there and null.
fn envelope(card: &Value) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

fn card(message: &Message, line: usize) -> Value {
    let Message { title, level, text, facts, link, dedup_key: _ } = message;
    let title = plain(&format!("{level}: {title}"), MAX_TITLE.min(line * 4));
    let mut body = vec![rich(&[json!({
        "type": "TextRun", "text": title, "weight": "Bolder", "size": "Medium", "color": colour(*level),
    })])];
    let (lines, more) = first(text, MAX_LINES);
    let lines = lines.iter().cloned().chain(left_out(more));
    let lines = lines.map(|text| plain(&text, line)).filter(|text| !text.trim().is_empty());
    body.extend(lines.map(|text| rich(&[run(&text)])));
    let (facts, more) = first(facts, MAX_FACTS);
    body.extend(facts.iter().map(|(name, value)| row(&plain(name, MAX_NAME), &plain(value, line))));
    body.extend(left_out(more).map(|text| rich(&[run(&text)])));
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "fallbackText": title,
        "msteams": { "width": "Full" },
        "body": body,
    });
    if let Some((link, card)) =
        link.as_deref().and_then(web_link).filter(|link| link.len() <= MAX_LINK).zip(card.as_object_mut())
    {
        let open = json!([{ "type": "Action.OpenUrl", "title": "Open the console", "url": link }]);
        card.insert("actions".into(), open);
    }
    card
}

/// A row of the table, without Markdown.
fn row(name: &str, value: &str) -> Value {
    let name = json!({ "type": "TextRun", "text": filled(name), "weight": "Bolder" });
    json!({
        "type": "ColumnSet",
        "spacing": "Small",
        "columns": [
            { "type": "Column", "width": "150px", "items": [rich(&[name])] },
            { "type": "Column", "width": "stretch", "items": [rich(&[run(filled(value))])] },
        ],
    })
}

fn rich(inlines: &[Value]) -> Value {
    json!({ "type": "RichTextBlock", "inlines": inlines })
}

fn run(text: &str) -> Value {
    json!({ "type": "TextRun", "text": text })
}

/// An empty text would let the whole card be refused.
fn filled(text: &str) -> &str {
    if text.trim().is_empty() { "-" } else { text }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::Info => "Accent",
        Level::Warning => "Warning",
        Level::Critical => "Attention",
    }
}
