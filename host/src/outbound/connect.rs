//! Connections: resolve, drop blocked addresses, connect to an address that was checked, TLS.
//!
//! The name is resolved once and the connection goes to one of the addresses of that answer, so that a name server
//! cannot show one address to the check and another one to the connection.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use wasmtime_wasi_http::Error;

use super::blocked::BlockedNetworks;

/// WASI's own default; a component that wants less says so in its request options.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_mins(10);

tokio::task_local! {
    /// The connect timeout of the request that asks for a connection; the pooled client has no parameter for it.
    pub(crate) static CONNECT_TIMEOUT: Duration;
}

/// Makes connections for the pooled client.
#[derive(Clone)]
pub(crate) struct Connector {
    blocked: Arc<BlockedNetworks>,
    tls: TlsConnector,
}

impl Connector {
    pub(crate) fn new(blocked: BlockedNetworks, tls: Arc<rustls::ClientConfig>) -> Self {
        Self { blocked: Arc::new(blocked), tls: TlsConnector::from(tls) }
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<Stream>, Error> {
        let tls = uri.scheme_str() == Some("https");
        let host = uri.host().ok_or(Error::HttpRequestUriInvalid)?;
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let addresses = addresses(&self.blocked, host, port).await?;
        let tcp = TcpStream::connect(addresses.as_slice()).await.map_err(|_| Error::ConnectionRefused)?;
        // Requests are small and answered at once; waiting to fill a packet only adds delay.
        tcp.set_nodelay(true).map_err(Error::Connect)?;
        if !tls {
            return Ok(TokioIo::new(Stream::Plain(tcp)));
        }
        let name = server_name(host)?;
        let stream = self.tls.connect(name, tcp).await.map_err(|error| tls_error(&error))?;
        Ok(TokioIo::new(Stream::Tls(Box::new(stream))))
    }
}

/// The addresses of a host that may be connected to.
pub(crate) async fn addresses(blocked: &BlockedNetworks, host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    let host = unbracketed(host);
    let mut addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => tokio::net::lookup_host((host, port)).await.map_err(|_| not_resolved())?.collect(),
    };
    if addresses.is_empty() {
        return Err(not_resolved());
    }
    addresses.retain(|address| !blocked.blocks(address.ip()));
    if addresses.is_empty() { Err(Error::DestinationIpProhibited) } else { Ok(addresses) }
}

fn not_resolved() -> Error {
    Error::DnsError { rcode: Some("address not available".into()), info_code: Some(0) }
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn server_name(host: &str) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(unbracketed(host)).map(|name| name.to_owned()).map_err(Error::from)
}

/// Tells a certificate that was not trusted from any other failure, because the remedy differs.
fn tls_error(error: &std::io::Error) -> Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(_)) => Error::TlsCertificateError,
        _ => Error::TlsProtocolError,
    }
}

impl tower::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        let timeout = CONNECT_TIMEOUT.try_with(|timeout| *timeout).unwrap_or(DEFAULT_CONNECT_TIMEOUT);
        Box::pin(async move {
            tokio::time::timeout(timeout, connector.connect(uri)).await.map_err(|_| Error::ConnectionTimeout)?
        })
    }
}

/// A connection, with or without TLS.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
