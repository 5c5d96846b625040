//! Outbound calls: who may be called, which addresses may be connected to, and the HTTP client.

pub(crate) mod allowed;
pub(crate) mod blocked;
pub(crate) mod client;
pub(crate) mod connect;
pub(crate) mod hooks;
pub(crate) mod sockets;
pub(crate) mod target;
