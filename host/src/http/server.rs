//! The server: accepts connections, answers what the host answers itself, and hands the rest to components.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use wasmtime_wasi_http::{Error, WasiBody};

use super::body::{self, Admitted};
use super::dispatch::Dispatcher;
use super::headers;
use super::router::{Router, WELL_KNOWN_PREFIX};
use crate::manifest::check::RouteTarget;
use crate::manifest::trigger::StaticResponse;

/// How long a client may take to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long open requests may go on after the order to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// Pause after a failed accept, which usually means that the process has too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The HTTP side of an application.
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) router: Router<RouteTarget>,
    pub(crate) dispatchers: BTreeMap<String, Dispatcher>,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) access_log: bool,
}

impl Server {
    /// Serves until told to stop, then lets open requests end.
    pub(crate) async fn serve(self: &Arc<Self>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let (stream, client) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    eprintln!("A connection could not be accepted: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            // Responses are small; waiting to fill a packet only adds delay.
            let _ = stream.set_nodelay(true);
            let server = Arc::clone(self);
            let service = service_fn(move |request| {
                let server = Arc::clone(&server);
                async move { Ok::<_, Infallible>(server.answer(request, client).await) }
            });
            let mut builder = Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            // A connection that breaks is the client's affair.
            tokio::spawn(graceful.watch(connection));
        }
        drop(listener);
        if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
            eprintln!("Some requests were still open after {} seconds and have been cut off.", DRAIN.as_secs());
        }
    }

    async fn answer(&self, request: Request<Incoming>, client: SocketAddr) -> Response<WasiBody> {
        if !self.access_log {
            return self.route(request, client).await;
        }
        let start = Instant::now();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.route(request, client).await;
        log_access(&method, &path, response.status(), start.elapsed(), client);
        response
    }

    async fn route(&self, mut request: Request<Incoming>, client: SocketAddr) -> Response<WasiBody> {
        let path = request.uri().path().to_owned();
        if let Some(name) = path.strip_prefix(WELL_KNOWN_PREFIX) {
            return self.well_known(name);
        }
        let Some(found) = self.router.find(&path) else {
            return status(StatusCode::NOT_FOUND);
        };
        let id = match found.target {
            RouteTarget::Static(response) => return fixed(response),
            RouteTarget::Component(id) => id,
        };
        let Some(dispatcher) = self.dispatchers.get(id) else {
            return status(StatusCode::INTERNAL_SERVER_ERROR);
        };
        if headers::absolute_uri(&mut request).is_err() {
            return status(StatusCode::BAD_REQUEST);
        }
        let uri = request.uri().clone();
        headers::prepare(request.headers_mut(), &uri, &found, client);
        // Requests beyond the limit wait here, unread, instead of being refused.
        let Ok(permit) = Arc::clone(&self.places).acquire_owned().await else {
            return status(StatusCode::SERVICE_UNAVAILABLE);
        };
        let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
        dispatcher.handle(request).await.map(|body| Admitted::tie(body, permit))
    }

    fn well_known(&self, name: &str) -> Response<WasiBody> {
        match name {
            "health" => Response::new(body::text("OK")),
            "info" => {
                let info = json!({ "name": self.name, "version": self.version });
                let mut response = Response::new(body::text(format!("{info:#}")));
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
            _ => status(StatusCode::NOT_FOUND),
        }
    }
}

fn status(status: StatusCode) -> Response<WasiBody> {
    let mut response = Response::new(body::text(""));
    *response.status_mut() = status;
    response
}

/// A response from the manifest; it was checked at the start.
fn fixed(fixed: &StaticResponse) -> Response<WasiBody> {
    let mut response = Response::new(body::text(fixed.body.clone().unwrap_or_default()));
    if let Some(code) = fixed.status_code.and_then(|code| StatusCode::from_u16(code).ok()) {
        *response.status_mut() = code;
    }
    for (name, value) in &fixed.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// One line of JSON. The query is left out: it may hold what should not be in a log.
fn log_access(method: &Method, path: &str, status: StatusCode, took: Duration, client: SocketAddr) {
    let line = json!({
        "time": chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).to_rfc3339(),
        "method": method.as_str(),
        "path": path,
        "status": status.as_u16(),
        "ms": took.as_secs_f64() * 1000.0,
        "client": client.to_string(),
    });
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
