//! What a refusal means, and what somebody should do about it.

use crate::Kind;
use http::StatusCode;

/// The advice for a status that means no. Words of the answer are not repeated: they come from outside.
pub(crate) fn advice(kind: Kind, status: StatusCode, body: &[u8]) -> &'static str {
    match (kind, status.as_u16()) {
        (Kind::Slack, _) => slack(body),
        (Kind::Teams, 400) => {
            "the workflow does not take the message; make it from the template *Send webhook alerts to a channel*"
        }
        (Kind::Teams, 401 | 403) => {
            "the workflow does not let us in; set its trigger to `Anyone` and copy the address again into `teams_path`"
        }
        (Kind::Teams, 404 | 410) => "the workflow was removed or switched off; create a new one and set `teams_path`",
        (Kind::Mattermost, 400) => {
            "Mattermost does not know the webhook or does not understand the message; check `mattermost_path`"
        }
        (Kind::Mattermost, 401 | 403 | 404 | 410) => {
            "the webhook or its channel was removed; create a new one and set `mattermost_path`"
        }
        (Kind::Mattermost, 501) => "incoming webhooks are switched off; an administrator of Mattermost can allow them",
        (Kind::GoogleChat, 400) => {
            "Google Chat does not understand the message (a defect of Seatkeeper; please report it)"
        }
        (Kind::GoogleChat, 401 | 403) => {
            "key or token are wrong, or webhooks are not allowed in this organisation; set `google_chat_path`"
        }
        (Kind::GoogleChat, 404 | 410) => {
            "the space or its webhook was removed; create a new one and set `google_chat_path`"
        }
        (Kind::Discord, 400) => "Discord does not understand the message (a defect of Seatkeeper; please report it)",
        (Kind::Discord, 401 | 403 | 404 | 410) => {
            "the Discord webhook was removed; create a new one and set `discord_path`"
        }
        (Kind::Webhook, 401 | 403) => {
            "the receiver does not accept the signature; compare `webhook_secret` on both sides"
        }
        (Kind::Webhook, 404 | 410) => "nothing listens at this path; check `webhook_path`",
        (_, 413) => "the message is too large for the receiver; raise its limit",
        (Kind::Webhook, _) => "the receiver does not accept the message; see its log",
        (Kind::Teams | Kind::Mattermost | Kind::GoogleChat | Kind::Discord, _) => {
            "no reason that is known; check the variables of this channel"
        }
    }
}

/// What Slack's one-word errors mean. Unknown words are not repeated: they come from outside.
fn slack(body: &[u8]) -> &'static str {
    match body.trim_ascii() {
        b"invalid_payload"
        | b"invalid_blocks"
        | b"invalid_blocks_format"
        | b"no_text"
        | b"missing_text_or_fallback_or_attachments" => {
            "Slack does not understand the message (a defect of Seatkeeper; please report it)"
        }
        b"invalid_token" | b"no_service" | b"no_active_hooks" | b"no_service_id" | b"no_team" | b"team_disabled" => {
            "the Slack webhook was removed or switched off; create a new one and set `slack_path`"
        }
        b"channel_not_found" => "the Slack channel no longer exists; create a new webhook and set `slack_path`",
        b"channel_is_archived" => "the Slack channel is archived; restore it or create a new webhook",
        b"user_not_found" => "the Slack user that this webhook writes to no longer exists; create a new webhook",
        b"action_prohibited" | b"posting_to_general_channel_denied" => {
            "an administrator of the Slack workspace does not allow this webhook to write there; ask them"
        }
        _ => "Slack gave no reason that is known; check `slack_origin` and `slack_path`",
    }
}
