//! Google Chat: a card, and a plain text for where cards cannot be shown.
//!
//! Cards read a little HTML, so names are escaped as such. A mention is `<users/…>` in the field `text`, which is not
//! used; `fallbackText` is plain, and its angle brackets are replaced all the same.
//!
//! Limits: 32,000 bytes for text and cards together,
//! <https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create>, and 100 widgets in a
//! section. Pace: one message a second for each space, shared by all its webhooks, 429 without a time,
//! <https://developers.google.com/workspace/chat/limits>.

use crate::{
    Message,
    text::{first, html, left_out, plain, web_link, within},
};
use serde_json::{Value, json};

/// Bytes of a whole message.
const MAX_BYTES: usize = 30_000;
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
    within(MAX_BYTES, |payload: &Value| payload.to_string().len(), |line| card(message, line))
}

fn card(message: &Message, line: usize) -> Value {
    let Message { title, level, text, facts, link, dedup_key: _ } = message;
    let long = MAX_TITLE.min(line * 4);
    let (lines, more) = first(text, MAX_LINES);
    let mut widgets = vec![paragraph(&format!("<b>{}</b>", html(title, long)))];
    let lines = lines.iter().map(|text| html(text, line)).filter(|text| !text.trim().is_empty());
    widgets.extend(lines.map(|text| paragraph(&text)));
    let (facts, more_facts) = first(facts, MAX_FACTS);
    widgets.extend(facts.iter().map(|(name, value)| {
        json!({ "decoratedText": {
            "topLabel": html(name, MAX_NAME), "text": html(value, line), "wrapText": true,
        } })
    }));
    widgets.extend(left_out(more + more_facts).map(|text| paragraph(&text)));
    if let Some(link) = link.as_deref().and_then(web_link).filter(|link| link.len() <= MAX_LINK) {
        let open = json!({ "text": "Open the console", "onClick": { "openLink": { "url": link } } });
        widgets.push(json!({ "buttonList": { "buttons": [open] } }));
    }
    json!({
        "fallbackText": plain(&format!("{level}: {title}").replace('<', "‹").replace('>', "›"), long),
        "cardsV2": [{
            "cardId": "seatkeeper",
            "card": {
                "header": { "title": "Seatkeeper", "subtitle": level.to_string() },
                "sections": [{ "widgets": widgets }],
            },
        }],
    })
}

fn paragraph(text: &str) -> Value {
    json!({ "textParagraph": { "text": text } })
}
