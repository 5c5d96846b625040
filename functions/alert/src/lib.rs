//! The alert component.
