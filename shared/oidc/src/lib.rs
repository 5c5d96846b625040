//! Signing in with a company account: OpenID Connect, authorization code with PKCE, state and nonce.
//!
//! [`begin`] sends the browser to the provider, [`finish`] judges what it comes back with. The protocol and the check of
//! the ID token are the library's; what is ours is where requests may go, what the browser keeps meanwhile, and which
//! claim gives which role. Nothing is written before the provider has told who it is.
//!
//! Reading order: [`settings`], [`roles`], [`ticket`], [`flow`], [`person`], [`error`].
#![forbid(unsafe_code)]

pub mod error;
pub mod flow;
mod line;
pub mod person;
pub mod roles;
pub mod settings;
pub mod ticket;

pub use error::SignOnError;
pub use flow::{Begun, Finished, begin, finish};
pub use roles::Roles;
pub use settings::{Raw, Settings};
