//! Chat messages: Slack, Microsoft Teams, Mattermost, Google Chat, Discord and a generic signed webhook. Warnings to
//! single people: a signed mail gateway.
//!
//! A message is a value without any markup. Each channel turns it into its own form and escapes what came from
//! outside, because names in a directory are chosen by strangers: nobody can be called, and nothing becomes a link.
//! Sending tells whether a failure may pass, so that the caller can keep the message and try again later.
//!
//! Addresses of channels are credentials (whoever has a Slack webhook address can post), so they appear in no error
//! and no debug output.

mod advice;
mod channel;
mod deliver;
pub mod discord;
pub mod generic;
pub mod google_chat;
pub mod mail;
pub mod mattermost;
mod message;
pub mod slack;
pub mod teams;
mod template;
mod text;

pub use channel::{Channel, ChannelError, Console, Kind};
pub use deliver::{DeliveryClass, DeliveryError, SIGNATURE_HEADER, TIMESTAMP_HEADER, deliver, payload};
pub use mail::MailGateway;
pub use message::{Level, Message};
pub use template::message;
