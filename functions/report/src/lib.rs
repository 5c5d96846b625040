//! The report component.
