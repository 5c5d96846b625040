//! `spin:postgres`: PostgreSQL for components, where the manifest grants it.
//!
//! A connection belongs to the instance that opened it and ends with it. There is no pool: a component opens one
//! connection for many statements, and a session that nobody else had before needs no cleaning.
#![expect(clippy::result_large_err, reason = "the error of the interface carries all fields that the server sent")]

mod address;
pub(crate) mod bindings;
mod fault;
mod rows;
mod values;

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::net::TcpStream;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::bindings::postgres::Error;
use crate::outbound::blocked::BlockedNetworks;
use crate::outbound::client::tls_config;
use crate::outbound::connect::addresses;
use crate::outbound::hooks::OutboundPolicy;
use crate::outbound::target::Target;

/// Time for a connection with everything that belongs to it, unless the address asks for less.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Time for the server to answer, and between two rows. A component sets its own, smaller limit in the session.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);
/// Bytes of rows that one statement may return. The component has to hold them too, in 128 MiB.
const MAX_RESULT_BYTES: usize = 64 << 20;

/// How databases are reached; the same for all components.
#[derive(Clone)]
pub(crate) struct Databases(Arc<Reach>);

struct Reach {
    blocked: BlockedNetworks,
    roots: Vec<CertificateDer<'static>>,
}

impl Databases {
    pub(crate) fn new(blocked: BlockedNetworks, roots: Vec<CertificateDer<'static>>) -> Self {
        Self(Arc::new(Reach { blocked, roots }))
    }

    /// Opens a connection, if the component may have it. `authority` is a certificate in PEM form to be trusted too.
    async fn open(&self, policy: &OutboundPolicy, address: &str, authority: Option<&str>) -> Result<Client, Error> {
        let config = address::parse(address).map_err(Error::ConnectionFailed)?;
        let targets = address::targets(&config).map_err(Error::ConnectionFailed)?;
        for target in &targets {
            if !policy.allows(target) {
                let entry = format!("postgres://{}:{}", target.host(), target.port());
                return Err(Error::ConnectionFailed(format!("address {entry} is not permitted")));
            }
        }
        let tls = self.tls(authority)?;
        let limit = config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT).min(CONNECT_TIMEOUT);
        let mut last = "the address names no host".to_owned();
        for target in &targets {
            match tokio::time::timeout(limit, self.connect(&config, target, tls.clone())).await {
                Ok(Ok(client)) => return Ok(client),
                Ok(Err(why)) => last = why,
                Err(_) => last = format!("no connection within {} s", limit.as_secs()),
            }
        }
        Err(Error::ConnectionFailed(last))
    }

    /// Connects to an address that was looked up once and checked, as outbound HTTP does.
    async fn connect(&self, config: &Config, target: &Target, mut tls: MakeRustlsConnect) -> Result<Client, String> {
        let host = target.host().to_string();
        let found = addresses(&self.0.blocked, &host, target.port()).await.map_err(|error| match error {
            wasmtime_wasi_http::Error::DestinationIpProhibited => {
                format!("address postgres://{host}:{} is not permitted: its network is blocked", target.port())
            }
            _ => format!("the host {host:?} has no address"),
        })?;
        let stream = TcpStream::connect(found.as_slice()).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let handshake = MakeTlsConnect::<TcpStream>::make_tls_connect(&mut tls, &host).map_err(|e| e.to_string())?;
        let (client, connection) = config.connect_raw(stream, handshake).await.map_err(|error| fault::told(&error))?;
        // It ends with the client; what went wrong is told to whoever waits for an answer.
        tokio::spawn(connection);
        Ok(client)
    }

    fn tls(&self, authority: Option<&str>) -> Result<MakeRustlsConnect, Error> {
        let mut roots = self.0.roots.clone();
        if let Some(authority) = authority {
            roots.extend(certificates(authority).map_err(Error::BadParameter)?);
        }
        tls_config(roots).map(MakeRustlsConnect::new).map_err(Error::ConnectionFailed)
    }
}

/// Reads the certificates of a PEM text.
fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| format!("the certificate authority is not in PEM form: {error}"))?;
    if found.is_empty() { Err("the certificate authority holds no certificate".into()) } else { Ok(found) }
}

/// Waits for the server, but not for ever.
async fn answer<T>(work: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Error> {
    match tokio::time::timeout(ANSWER_TIMEOUT, work).await {
        Ok(answer) => answer.map_err(|error| fault::query_failed(&error)),
        Err(_) => Err(Error::Other(format!("the database did not answer within {} s", ANSWER_TIMEOUT.as_secs()))),
    }
}

/// A statement that the server has parsed, so that its columns are known even when it returns no row.
async fn prepare(client: &Client, statement: &str) -> Result<Statement, Error> {
    answer(client.prepare(statement)).await
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
