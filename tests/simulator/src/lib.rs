//! A faithful simulator of Confluence Data Center.
