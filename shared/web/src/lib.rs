//! What several functions need at the edge: secrets and tokens, signatures, cookies, answers with the right
//! headers, problem+json, CSV, query strings and content negotiation.
//!
//! Pure: nothing here does I/O, reads a clock or knows the platform, so all of it is tested natively.

pub mod accept;
pub mod auth;
pub mod cookie;
pub mod csv;
pub mod problem;
pub mod query;
pub mod respond;
pub mod secret;
pub mod signature;

pub use accept::{Format, negotiate};
pub use auth::{AuthError, authorize};
pub use problem::{FieldProblem, Problem};
pub use query::{Query, QueryError};
pub use secret::{Secret, SecretError};
pub use signature::{SignatureError, Verified};
