//! Ports, and the flows over them: each trigger of a component is one call into this crate.
#![forbid(unsafe_code)]

pub mod ports;
