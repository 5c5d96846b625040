//! Whatever a stranger calls himself: nobody is called, nothing becomes a link, nothing is too long.

use crate::notices::{endless_notices, every_notice, hostile_notices};
use seatkeeper_chat::{Kind, Message, message, payload};
use serde_json::Value;

/// Every string of a body, keys left out.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().flat_map(strings).collect(),
        Value::Object(map) => map.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn width(text: &str) -> usize {
    text.encode_utf16().count()
}

fn all() -> Vec<Message> {
    let notices = every_notice().into_iter().chain(hostile_notices()).map(|(_, notice)| notice);
    notices.chain(endless_notices()).map(|notice| message(&notice, None)).collect()
}

const CHATS: [Kind; 5] = [Kind::Slack, Kind::Teams, Kind::Mattermost, Kind::GoogleChat, Kind::Discord];

#[test]
fn no_text_calls_anybody_breaks_its_line_or_turns_around() {
    for message in all() {
        for kind in CHATS {
            for text in strings(&payload(kind, &message)) {
                let lower = text.to_lowercase();
                for call in ["@everyone", "@here", "@channel", "<!", "<users/", "<@", "<at>"] {
                    // Behind a backslash it is text in Markdown.
                    let found = lower.replace("\\<", "‹").contains(call);
                    // A plain run of Teams shows angle brackets as they are; it needs an entity to call.
                    let inert = kind == Kind::Teams && call.starts_with('<');
                    assert!(!found || inert, "{}: {text}", kind.name());
                }
                let broken = |c: char| c != '\n' && c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
                assert!(!text.contains(broken), "{}: {text:?}", kind.name());
            }
        }
    }
}

#[test]
fn every_channel_says_in_its_own_way_that_nobody_is_called() {
    for message in all() {
        assert_eq!(payload(Kind::Discord, &message)["allowed_mentions"]["parse"], serde_json::json!([]));
        let card = &payload(Kind::Teams, &message)["attachments"][0]["content"];
        assert_eq!(card["msteams"], serde_json::json!({"width": "Full"}), "no entities, so no mentions");
        let kinds: Vec<_> = card["body"].as_array().unwrap().iter().map(|part| part["type"].clone()).collect();
        assert!(kinds.iter().all(|kind| kind == "RichTextBlock" || kind == "ColumnSet"), "no Markdown: {kinds:?}");
        assert_eq!(payload(Kind::GoogleChat, &message).get("text"), None, "only `text` can call");
    }
}

#[test]
fn no_name_is_a_link() {
    for message in all() {
        for kind in CHATS {
            for text in strings(&payload(kind, &message)) {
                let markdown = matches!(kind, Kind::Mattermost | Kind::Discord);
                let linked = markdown && text.replace("\\](", "").contains("](") || text.contains("<a ");
                assert!(!linked, "{}: {text}", kind.name());
                let bare = text.contains("://evil") || text.to_lowercase().contains("www.evil");
                assert!(!bare, "{}: {text}", kind.name());
            }
        }
    }
}

#[test]
fn nothing_is_too_long_for_its_channel_and_a_cut_is_marked() {
    for message in all() {
        let slack = payload(Kind::Slack, &message);
        assert!(slack["blocks"].as_array().unwrap().len() <= 50);
        for block in slack["blocks"].as_array().unwrap() {
            assert!(block["text"]["text"].as_str().is_none_or(|text| width(text) <= 3000));
        }
        assert!(payload(Kind::Teams, &message).to_string().len() <= 28_000);
        assert!(width(&payload(Kind::Mattermost, &message).to_string()) <= 7_900);
        assert!(payload(Kind::GoogleChat, &message).to_string().len() <= 32_000);
        let embed = &payload(Kind::Discord, &message)["embeds"][0];
        let fields = embed["fields"].as_array().unwrap();
        assert!(width(embed["title"].as_str().unwrap()) <= 256 && fields.len() <= 25);
        assert!(width(embed["description"].as_str().unwrap()) <= 4096);
        for field in fields {
            let (name, value) = (width(field["name"].as_str().unwrap()), width(field["value"].as_str().unwrap()));
            assert!((1..=256).contains(&name) && (1..=1024).contains(&value));
        }
        let all: usize = ["name", "value"]
            .iter()
            .flat_map(|part| fields.iter().map(move |field| width(field[part].as_str().unwrap())))
            .chain(["title", "description"].iter().map(|part| width(embed[part].as_str().unwrap())))
            .sum();
        assert!(all <= 6000, "{all}");
    }
    for notice in endless_notices() {
        for kind in CHATS {
            let body = payload(kind, &message(&notice, None)).to_string();
            assert!(body.contains('…'), "{}: {body}", kind.name());
        }
    }
}

#[test]
fn no_text_that_a_provider_refuses_when_it_is_empty_is_empty() {
    let empty = Message {
        title: " ".into(),
        level: seatkeeper_chat::Level::Info,
        text: vec![String::new(), "\n".into()],
        facts: vec![(String::new(), String::new())],
        link: None,
        dedup_key: "k".into(),
    };
    for kind in [Kind::Teams, Kind::Discord, Kind::GoogleChat] {
        let body = payload(kind, &empty);
        let blank: Vec<_> = strings(&body).into_iter().filter(|text| text.trim().is_empty()).collect();
        // Google Chat takes an empty label.
        assert!(blank.is_empty() || kind == Kind::GoogleChat, "{}: {body}", kind.name());
    }
}
