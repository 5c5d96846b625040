//! Confluence Data Center REST client on the Http port.
