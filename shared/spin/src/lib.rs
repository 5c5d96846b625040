//! Adapters from the engine's ports to the Spin SDK, and what every component needs around its one engine call.
//!
//! INVARIANT (no shared state): one instance serves many requests at a time, and a trap ends all of them. So nothing
//! here lives longer than a request: no statics, no locks, no channel between requests.
//!
//! Reading order: [`variables`], [`connect`], [`store`], [`mod@http`], [`mod@postgres`], [`tcp`], [`clock`], [`body`], [`respond`], [`mod@log`],
//! [`edge`], [`shapes`], [`mod@cron`].

pub mod access;
pub mod body;
pub mod clock;
pub mod connect;
pub mod cron;
pub mod edge;
pub mod http;
pub mod log;
pub mod postgres;
pub mod respond;
pub mod shapes;
pub mod store;
pub mod tcp;
pub mod variables;

pub use body::{BodyError, MAX_EVENT_BODY, read_body};
pub use clock::SpinClock;
pub use connect::{Client, Renamer};
pub use http::SpinHttp;
pub use log::log;
pub use postgres::Postgres;
pub use respond::Answer;
pub use store::SpinStore;
pub use tcp::{SpinStream, SpinTcp};
pub use variables::{CHANNELS, DIRECTORIES, Variables, VariablesError};
