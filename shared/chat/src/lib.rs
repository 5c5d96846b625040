//! Chat messages: Slack and a generic signed webhook. Warnings to single people: a signed mail gateway.
//!
//! A message is a value without any markup. Each channel turns it into its own form and escapes what came from
//! outside, because names in a directory are chosen by strangers. Sending tells whether a failure may pass, so that
//! the caller can keep the message and try again later.
//!
//! Addresses of channels are credentials (whoever has a Slack webhook address can post), so they appear in no error
//! and no debug output.

mod channel;
mod deliver;
pub mod generic;
pub mod mail;
mod message;
pub mod slack;
mod text;

pub use channel::{Channel, ChannelError};
pub use deliver::{DeliveryClass, DeliveryError, SIGNATURE_HEADER, TIMESTAMP_HEADER, deliver};
pub use mail::MailGateway;
pub use message::{Level, Message};
