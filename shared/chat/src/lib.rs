//! Chat messages: Slack and a generic signed webhook.
