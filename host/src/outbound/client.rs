//! The HTTP client behind every component: pooled connections, no redirects, timeouts.

use std::error::Error as StdError;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Pooled;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::blocked::BlockedNetworks;
use super::connect::{CONNECT_TIMEOUT, Connector};
use super::target::Target;

/// WASI's own default for each of the three timeouts.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(10);
/// Servers close idle connections; letting go first avoids most races.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How the client is set up.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientOptions {
    pub(crate) blocked: BlockedNetworks,
    pub(crate) pooling: bool,
    pub(crate) extra_roots: Vec<CertificateDer<'static>>,
}

/// Sends requests whose target has been allowed.
#[derive(Clone)]
pub(crate) struct Client(Pooled<Connector, WasiBody>);

impl Client {
    pub(crate) fn new(options: ClientOptions) -> Result<Self, String> {
        let mut tls = tls_config(options.extra_roots).map_err(|error| format!("--ca-file: {error}"))?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut builder = Pooled::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(POOL_IDLE_TIMEOUT);
        if !options.pooling {
            builder.pool_max_idle_per_host(0);
        }
        Ok(Self(builder.build(Connector::new(options.blocked, Arc::new(tls)))))
    }

    /// Sends one request. The URI is rebuilt from the checked target, so that what is connected to is what was checked.
    pub(crate) async fn send(
        &self,
        mut request: Request<WasiBody>,
        target: &Target,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, Error> {
        *request.uri_mut() = checked_uri(request.uri(), target)?;
        // The client writes Host from the URI; a second one would be at best redundant.
        request.headers_mut().remove(header::HOST);
        let connect = options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let first_byte = options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let between_bytes = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let answer = CONNECT_TIMEOUT.scope(connect, self.0.request(request));
        let answer = tokio::time::timeout(first_byte, answer)
            .await
            .map_err(|_| Error::ConnectionReadTimeout)?
            .map_err(|error| classify(&error))?;
        Ok(answer.map(|body| TimedBody::new(body, between_bytes).boxed_unsync()))
    }
}

fn checked_uri(uri: &Uri, target: &Target) -> Result<Uri, Error> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Uri::builder()
        .scheme(target.scheme())
        .authority(target.authority())
        .path_and_query(path)
        .build()
        .map_err(|_| Error::HttpRequestUriInvalid)
}

/// Finds our own error or hyper's in the chain that the pooled client wraps around it.
fn classify(error: &hyper_util::client::legacy::Error) -> Error {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(own) = current.downcast_ref::<Error>() {
            return copy(own);
        }
        if let Some(hyper) = current.downcast_ref::<hyper::Error>() {
            return copy_hyper(hyper);
        }
        cause = current.source();
    }
    if error.is_connect() { Error::ConnectionRefused } else { Error::HttpProtocolError }
}

/// The error type cannot be cloned; these are the cases that the connector makes.
fn copy(error: &Error) -> Error {
    match error {
        Error::DnsError { rcode, info_code } => Error::DnsError { rcode: rcode.clone(), info_code: *info_code },
        Error::DestinationIpProhibited => Error::DestinationIpProhibited,
        Error::ConnectionTimeout => Error::ConnectionTimeout,
        Error::HttpRequestUriInvalid => Error::HttpRequestUriInvalid,
        Error::TlsProtocolError => Error::TlsProtocolError,
        Error::TlsCertificateError => Error::TlsCertificateError,
        Error::HttpRequestBodySize(size) => Error::HttpRequestBodySize(*size),
        Error::InternalError(message) => Error::InternalError(message.clone()),
        _ => Error::ConnectionRefused,
    }
}

fn copy_hyper(error: &hyper::Error) -> Error {
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        Error::ConnectionTerminated
    } else if error.is_timeout() {
        Error::HttpResponseTimeout
    } else {
        Error::HttpProtocolError
    }
}

/// Trusts Mozilla's roots and some more; the protocol inside is up to the caller.
pub(crate) fn tls_config(extra_roots: Vec<CertificateDer<'static>>) -> Result<rustls::ClientConfig, String> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    for root in extra_roots {
        roots.add(root).map_err(|error| format!("a certificate is not usable as a root: {error}"))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Reads the certificates of a PEM file.
pub(crate) fn read_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let refuse = |why: String| format!("--ca-file {}: {why}", path.display());
    let roots: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(|error| refuse(format!("cannot be read: {error}")))?
        .collect::<Result<_, _>>()
        .map_err(|error| refuse(format!("is not a PEM file: {error}")))?;
    if roots.is_empty() { Err(refuse("it holds no certificate".into())) } else { Ok(roots) }
}

/// A response body that fails when the server is silent for too long.
struct TimedBody {
    inner: Incoming,
    limit: Duration,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

impl TimedBody {
    fn new(inner: Incoming, limit: Duration) -> Self {
        Self { inner, limit, sleep: Box::pin(tokio::time::sleep(limit)) }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            if let Some(deadline) = tokio::time::Instant::now().checked_add(this.limit) {
                this.sleep.as_mut().reset(deadline);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(|error| copy_hyper(&error))));
        }
        ready!(this.sleep.as_mut().poll(cx));
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Headers that a response may not carry into a component because they describe one connection.
pub(crate) fn strip_connection_headers(headers: &mut HeaderMap) {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
