//! The server: plain HTTP/1.1 on a socket, with connections that can be dropped on purpose.

use std::io;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::Simulator;

/// Marks a response that must never be written: the connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dropped;

impl Simulator {
    /// Serves the site on a socket until the task is cancelled.
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
                        let response = match router.oneshot(request.map(axum::body::Body::new)).await {
                            Ok(response) => response,
                            Err(never) => match never {},
                        };
                        if response.extensions().get::<Dropped>().is_some() {
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
