//! The restore component.
