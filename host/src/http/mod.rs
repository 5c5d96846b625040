//! The HTTP trigger: routes, headers, dispatch to components, and the server.

pub(crate) mod body;
pub(crate) mod dispatch;
pub(crate) mod headers;
pub(crate) mod router;
pub(crate) mod server;
