//! The admin component.
