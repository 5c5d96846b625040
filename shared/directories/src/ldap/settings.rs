//! Where the LDAP server is, how the connection is protected, and who we are there.

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use seatkeeper_confluence::SettingsError;
use std::{fmt, net::SocketAddr, sync::Arc};

/// What the six texts are called in messages.
const NAMES: [&str; 6] = ["ldap_address", "ldap_tls", "ldap_server_name", "ldap_ca", "ldap_bind_dn", "ldap_password"];

/// How the connection is protected. There is no way to encrypt without checking the certificate.
#[derive(Clone)]
pub enum Protection {
    /// TLS from the first byte (usually port 636).
    Ldaps(Tls),
    /// TLS after the first request (usually port 389). Nothing is said before it is up.
    StartTls(Tls),
    /// None. To another machine only where that was asked for by its own word.
    Off,
}

/// Whom to believe, and who has to be there.
#[derive(Clone)]
pub struct Tls {
    pub(super) config: Arc<ClientConfig>,
    pub(super) name: ServerName<'static>,
}

/// All that the client needs to know.
#[derive(Clone)]
pub struct LdapSettings {
    pub(super) address: SocketAddr,
    pub(super) protection: Protection,
    pub(super) bind_dn: String,
    pub(super) password: Password,
}

/// It is sent, and never shown.
#[derive(Clone)]
pub(super) struct Password(pub(super) String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Debug for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ldaps(tls) => write!(f, "Ldaps({:?})", tls.name),
            Self::StartTls(tls) => write!(f, "StartTls({:?})", tls.name),
            Self::Off => f.write_str("Off"),
        }
    }
}

impl fmt::Debug for LdapSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LdapSettings")
            .field("address", &self.address)
            .field("protection", &self.protection)
            .field("bind_dn", &self.bind_dn)
            .field("password", &self.password)
            .finish()
    }
}

impl LdapSettings {
    /// Checks the raw texts and tells all problems at once.
    ///
    /// * `address`: an IP address and a port, such as `10.0.0.5:636`. A component cannot look up names.
    /// * `tls`: `ldaps`, `starttls`, `off` (to this machine only), or `unencrypted` (to anywhere, on purpose).
    /// * `server_name`: the name in the server's certificate; empty: the address itself.
    /// * `ca`: certificates of the authority in PEM form; empty: the public authorities.
    /// * `bind_dn`, `password`: the account that reads. Never empty: servers take an empty password for "nobody", and
    ///   say that it was right.
    pub fn parse(
        address: &str,
        tls: &str,
        server_name: &str,
        ca: &str,
        bind_dn: &str,
        password: &str,
    ) -> Result<Self, SettingsError> {
        let [address_name, tls_name, _, ca_name, dn_name, password_name] = NAMES;
        let mut problems = Vec::new();
        let (address, tls, ca) = (address.trim(), tls.trim(), ca.trim());
        let parsed = parse_address(address).map_err(|why| problems.push(format!("{address_name} {why}"))).ok();
        let protection = match tls {
            "ldaps" | "starttls" => {
                let config = client_config(ca).map_err(|why| problems.push(format!("{ca_name} {why}"))).ok();
                let name = parse_name(server_name, parsed).map_err(|why| problems.push(why)).ok().flatten();
                config.zip(name).map(|(config, name)| {
                    let secured = Tls { config, name };
                    if tls == "ldaps" { Protection::Ldaps(secured) } else { Protection::StartTls(secured) }
                })
            }
            "off" | "unencrypted" => {
                if tls == "off" && parsed.is_some_and(|address| !address.ip().is_loopback()) {
                    problems.push(format!(
                        "{tls_name} is `off`, and {address_name} `{address}` is another machine: the password and all \
                         names would cross the network readable; use `ldaps` or `starttls`, or write `unencrypted` if \
                         that is what you want"
                    ));
                }
                if !ca.is_empty() || !server_name.trim().is_empty() {
                    problems.push(format!(
                        "{tls_name} is `{tls}`, so ldap_ca and ldap_server_name would not be looked at; set {tls_name} \
                         to `ldaps` or `starttls`, or empty both"
                    ));
                }
                Some(Protection::Off)
            }
            other => {
                problems.push(format!(
                    "{tls_name} is `{other}`; write `ldaps`, `starttls`, or `off` for a server on this machine"
                ));
                None
            }
        };
        let bind_dn = bind_dn.trim();
        if bind_dn.is_empty() {
            problems.push(format!(
                "{dn_name} is empty; give the account that reads, such as `cn=reader,dc=example,dc=com`"
            ));
        }
        // A line end comes with a file; a space may be part of a password.
        let password = password.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            problems.push(format!("{password_name} is empty, which a server takes for signing in as nobody; set it"));
        } else if password.contains('\0') {
            problems.push(format!("{password_name} holds a zero byte; copy it again"));
        }
        match (parsed, protection) {
            (Some(address), Some(protection)) if problems.is_empty() => {
                Ok(Self { address, protection, bind_dn: bind_dn.to_owned(), password: Password(password.to_owned()) })
            }
            _ => Err(SettingsError { problems }),
        }
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    if text.is_empty() {
        return Err("is empty; give IP address and port, such as `10.0.0.5:636`".to_owned());
    }
    if text.contains("://") {
        return Err(format!("is `{text}`; leave the scheme away and give IP address and port, such as `10.0.0.5:636`"));
    }
    let address: SocketAddr = text.parse().map_err(|_| {
        if text.parse::<std::net::IpAddr>().is_ok() {
            return format!("is `{text}`, without a port; write `{text}:636` (an IPv6 address in brackets)");
        }
        format!(
            "is `{text}`, which is not an IP address and a port: names cannot be looked up in a component; give the \
             address, such as `10.0.0.5:636`, and the name in ldap_server_name"
        )
    })?;
    if address.port() == 0 || address.ip().is_unspecified() {
        return Err(format!("is `{text}`, where no server can be"));
    }
    Ok(address)
}

fn parse_name(text: &str, address: Option<SocketAddr>) -> Result<Option<ServerName<'static>>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(address.map(|address| ServerName::IpAddress(address.ip().into())));
    }
    ServerName::try_from(text.to_owned())
        .map(Some)
        .map_err(|_| format!("ldap_server_name is `{text}`, which is neither a host name nor an IP address"))
}

fn client_config(ca: &str) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    if ca.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    } else {
        for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
            let certificate = certificate.map_err(|error| format!("is not in PEM form: {error}"))?;
            roots.add(certificate).map_err(|error| format!("holds a certificate that cannot be used: {error}"))?;
        }
        if roots.is_empty() {
            return Err("holds no certificate; give the authority's own, in PEM form".to_owned());
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| format!("cannot be used: {error}"))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
