//! What the pages of all components share: who may do what, sessions, forms, and the frame of a page.
//!
//! Reading order: [`access`], [`people`], [`cookie`], [`form`], [`frame`], [`banner`], [`moment`].
#![forbid(unsafe_code)]

pub mod access;
pub mod banner;
pub mod cookie;
pub mod form;
pub mod frame;
pub mod moment;
pub mod people;

pub use access::{Caller, Credentials, Denied};
pub use banner::Banner;
pub use frame::{Nav, page, problem};
pub use moment::Moment;
