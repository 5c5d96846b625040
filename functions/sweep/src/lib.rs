//! The sweep component.
