//! The scheme, host and port of an outbound request, read once and used for the decision and for the connection.

use std::net::Ipv6Addr;

use http::Uri;
use url::Host;

use super::allowed::default_port;

/// Where a request wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    scheme: String,
    host: Host<String>,
    port: u16,
}

/// Why a request has no usable target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadTarget;

impl Target {
    /// Reads the target of an absolute URI.
    ///
    /// A user name or password in the URI is refused: it ends up in logs of proxies, and two parsers that disagree
    /// about where it ends are a classic way round a host check.
    pub(crate) fn of(uri: &Uri) -> Result<Self, BadTarget> {
        let scheme = uri.scheme_str().unwrap_or("https").to_ascii_lowercase();
        let authority = uri.authority().ok_or(BadTarget)?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(BadTarget);
        }
        let host = Host::parse(authority.host()).map_err(|_| BadTarget)?;
        let port = match authority.port() {
            Some(port) => port.as_str().parse().map_err(|_| BadTarget)?,
            None => default_port(&scheme).ok_or(BadTarget)?,
        };
        Ok(Self { scheme, host, port })
    }

    /// The target of a protocol that has no URIs of its own.
    pub(crate) fn new(scheme: &str, host: &str, port: u16) -> Result<Self, BadTarget> {
        let host = match host.parse::<Ipv6Addr>() {
            Ok(address) => Host::Ipv6(address),
            Err(_) => Host::parse(host).map_err(|_| BadTarget)?,
        };
        Ok(Self { scheme: scheme.into(), host, port })
    }

    /// The scheme, in lower case.
    pub(crate) fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host as the URL standard reads it.
    pub(crate) fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port, explicit or usual.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Host and port for the URI that the client gets; the port is left out when it is the usual one.
    pub(crate) fn authority(&self) -> String {
        if default_port(&self.scheme) == Some(self.port) {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The entry that would allow this target.
    pub(crate) fn as_entry(&self) -> String {
        format!("{}://{}", self.scheme, self.authority())
    }
}
