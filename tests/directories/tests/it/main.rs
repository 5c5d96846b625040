//! The stand-ins on sockets, and the SCIM client against a server that other people wrote.

mod over_tcp;
mod real_scim;
