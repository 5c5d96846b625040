//! `allowed_outbound_hosts`: the grammar of an entry and the decision whether it covers a request.
//!
//! An entry is `scheme://host[:port]`. The scheme is letters or `*`; the host is `*`, a name, `*.suffix`, an address or
//! a network; the port is empty for the scheme's own, `*`, a number, or `from..to` without the end.

use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;
use url::Host;

use super::target::Target;
use crate::variables::{Template, Values};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AllowedHost {
    scheme: Option<String>,
    host: HostRule,
    port: PortRule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostRule {
    Any,
    /// Ends with this, dot included.
    Suffix(String),
    Exact(Host),
    Network(IpNet),
    /// `self`: the application's own address.
    Own,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PortRule {
    Any,
    Range(Range<u32>),
}

const FORM: &str = "the form is <scheme>://<host>[:<port>], where each part may be '*'";

impl AllowedHost {
    /// Parses an entry that has no templates left.
    pub(crate) fn parse(entry: &str) -> Result<Self, String> {
        let refuse = |why: &str| format!("allowed_outbound_hosts entry {entry:?}: {why}");
        let text = entry.trim();
        if text == "insecure:allow-all" {
            return Err(refuse("this is no longer accepted; write '*://*:*' to allow everything"));
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| refuse(&format!("it has no scheme; {FORM}")))?;
        let (host, port) = split_port(rest);
        let port = port.strip_suffix('/').unwrap_or(port);
        if port.contains('/') {
            return Err(refuse("a path is not allowed; grants are for a scheme, a host and a port"));
        }
        Ok(Self {
            scheme: parse_scheme(scheme).map_err(|why| refuse(&why))?,
            host: parse_host(host).map_err(|why| refuse(&why))?,
            port: parse_port(port, scheme).map_err(|why| refuse(&why))?,
        })
    }

    /// Whether the entry covers a request.
    fn covers(&self, target: &Target) -> bool {
        self.scheme.as_ref().is_none_or(|scheme| scheme == target.scheme())
            && self.host.covers(target.host())
            && self.port.covers(target.port())
    }

    /// Whether the entry is for another component of the same application.
    pub(crate) fn is_service_chaining(&self) -> bool {
        match &self.host {
            HostRule::Exact(Host::Domain(name)) => name.ends_with(".spin.internal"),
            HostRule::Suffix(suffix) => suffix == ".spin.internal",
            _ => false,
        }
    }

    /// Whether the entry is for the application itself.
    pub(crate) fn is_own(&self) -> bool {
        self.host == HostRule::Own
    }
}

/// Splits off `:port`; a colon inside a bare IPv6 network is not one.
fn split_port(rest: &str) -> (&str, &str) {
    match rest.rsplit_once(':') {
        None => (rest, ""),
        Some((host, "")) => (host, ""),
        Some(_) if parse_host(rest).is_ok() => (rest, ""),
        Some(split) => split,
    }
}

fn parse_scheme(scheme: &str) -> Result<Option<String>, String> {
    match scheme {
        "*" => Ok(None),
        _ if scheme.starts_with('{') => Err("lists of schemes are not supported; write one entry for each".into()),
        _ if scheme.is_empty() || !scheme.chars().all(char::is_alphabetic) => {
            Err(format!("the scheme {scheme:?} may hold only letters"))
        }
        _ => Ok(Some(scheme.into())),
    }
}

fn parse_host(host: &str) -> Result<HostRule, String> {
    let host = host.trim();
    match host {
        "*" => return Ok(HostRule::Any),
        "self" | "self.alt" => return Ok(HostRule::Own),
        _ if host.starts_with('{') => return Err("lists of hosts are not supported; write one entry for each".into()),
        _ => {}
    }
    if let Ok(network) = host.parse::<IpNet>() {
        return Ok(HostRule::Network(network.trunc()));
    }
    let host = host.strip_suffix('/').unwrap_or(host);
    if host.contains('/') {
        return Err("a path is not allowed; grants are for a scheme, a host and a port".into());
    }
    if let Some(suffix) = host.strip_prefix("*.") {
        if suffix.contains('*') {
            return Err("'*' is allowed only at the start of a host".into());
        }
        return match Host::parse(suffix) {
            Ok(Host::Domain(name)) => Ok(HostRule::Suffix(format!(".{name}"))),
            Ok(_) => Err("'*.' must be followed by a name, not an address".into()),
            Err(error) => Err(format!("invalid host {host:?}: {error}")),
        };
    }
    if host.contains('*') {
        return Err("'*' is allowed only as a whole host or as '*.' at its start".into());
    }
    Host::parse(host).map(HostRule::Exact).map_err(|error| format!("invalid host {host:?}: {error}"))
}

fn parse_port(port: &str, scheme: &str) -> Result<PortRule, String> {
    let number = |text: &str| text.parse::<u16>().map_err(|_| format!("the port {port:?} is not a number"));
    match port {
        "" => {
            let known = default_port(scheme)
                .ok_or_else(|| format!("the scheme {scheme:?} has no usual port, so the entry needs one"))?;
            Ok(one_port(known))
        }
        "*" => Ok(PortRule::Any),
        _ if port.starts_with('{') => Err("lists of ports are not supported; write one entry for each".into()),
        _ => match port.split_once("..") {
            Some((from, to)) => Ok(PortRule::Range(number(from)?.into()..number(to)?.into())),
            None => Ok(one_port(number(port)?)),
        },
    }
}

fn one_port(port: u16) -> PortRule {
    let port = u32::from(port);
    PortRule::Range(port..port + 1)
}

/// The usual port of a scheme.
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" => 80,
        "https" => 443,
        "postgres" => 5432,
        "mysql" => 3306,
        "redis" => 6379,
        "mqtt" => 1883,
        _ => return None,
    })
}

impl HostRule {
    fn covers(&self, host: &Host<String>) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Suffix(suffix), Host::Domain(name)) => name.ends_with(suffix),
            (Self::Exact(exact), host) => exact == host,
            (Self::Network(network), Host::Ipv4(address)) => network.contains(&IpAddr::V4(*address)),
            (Self::Network(network), Host::Ipv6(address)) => network.contains(&IpAddr::V6(*address)),
            // A network is about addresses in the URL; a name is never resolved for this decision.
            (Self::Network(_) | Self::Own, _) | (Self::Suffix(_), Host::Ipv4(_) | Host::Ipv6(_)) => false,
        }
    }
}

impl PortRule {
    fn covers(&self, port: u16) -> bool {
        match self {
            Self::Any => true,
            Self::Range(range) => range.contains(&u32::from(port)),
        }
    }
}

/// The entries of one component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AllowedHosts(Vec<AllowedHost>);

impl AllowedHosts {
    /// Parses the entries of a manifest. Entries whose template comes out empty are left out, so that an empty variable
    /// switches an optional endpoint off.
    pub(crate) fn parse(entries: &[String], values: &Values) -> Result<Self, Vec<String>> {
        let mut hosts = Vec::new();
        let mut problems = Vec::new();
        for entry in entries {
            match parse_entry(entry, values) {
                Ok(host) => hosts.extend(host),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self(hosts)) } else { Err(problems) }
    }

    /// Whether any entry covers a request.
    pub(crate) fn allow(&self, target: &Target) -> bool {
        self.0.iter().any(|host| host.covers(target))
    }

    /// The entries.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &AllowedHost> {
        self.0.iter()
    }
}

fn parse_entry(entry: &str, values: &Values) -> Result<Option<AllowedHost>, String> {
    let template = Template::parse(entry).map_err(|why| format!("allowed_outbound_hosts: {why}"))?;
    if template.is_literal() {
        return AllowedHost::parse(entry).map(Some);
    }
    if let Some(unknown) = template.names().find(|name| !values.declares(name)) {
        return Err(format!("allowed_outbound_hosts entry {entry:?}: unknown variable {unknown:?}"));
    }
    match template.resolve(values) {
        // A missing required variable is reported by its own name already.
        Err(_) => Ok(None),
        Ok(text) if matches!(text.as_str(), "" | "http://" | "https://") => Ok(None),
        Ok(text) => AllowedHost::parse(&text).map(Some).map_err(|why| format!("{why} (from the template {entry:?})")),
    }
}

#[cfg(test)]
#[path = "allowed_tests.rs"]
mod tests;
