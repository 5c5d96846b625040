//! The clients of SCIM, Microsoft Graph and Okta against stand-ins of those: everything that can go wrong with them, and
//! what they must understand.

mod bench;
mod cases;
mod graph;
mod lookups;
mod matrix;
mod okta;
mod plain;
mod scim;
