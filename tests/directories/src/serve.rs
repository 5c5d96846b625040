//! The stand-in as a service, and on a socket.

use crate::stand_in::{Silence, StandIn};
use axum::{Router, body::Body, extract::Request, response::Response};
use http_body_util::BodyExt as _;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use std::{io, time::Duration};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// So long a connection stays open on which no answer comes.
const SILENCE: Duration = Duration::from_mins(2);

impl StandIn {
    /// The stand-in as a tower service. An answer that never comes has status 504 and the extension that the socket
    /// waits upon.
    pub fn router(&self) -> Router {
        let stand_in = self.clone();
        Router::new().fallback(move |request: Request| {
            let stand_in = stand_in.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
                match stand_in.answer(http::Request::from_parts(parts, body)).await {
                    Some(answer) => answer.map(Body::from),
                    None => silence(),
                }
            }
        })
    }

    /// Serves on a socket until the task is cancelled.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        let router = self.router();
        loop {
            let (stream, _) = listener.accept().await?;
            // Small answers must not wait for a full packet.
            stream.set_nodelay(true)?;
            let router = router.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let router = router.clone();
                    async move {
                        let response = match router.oneshot(request.map(Body::new)).await {
                            Ok(response) => response,
                            Err(never) => match never {},
                        };
                        if response.extensions().get::<Silence>().is_some() {
                            tokio::time::sleep(SILENCE).await;
                            return Err(io::Error::from(io::ErrorKind::ConnectionReset));
                        }
                        Ok(response)
                    }
                });
                // A client that goes away is the client's business.
                let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }
}

fn silence() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = http::StatusCode::GATEWAY_TIMEOUT;
    response.extensions_mut().insert(Silence);
    response
}
