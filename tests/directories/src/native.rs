//! The ports on this machine: HTTP without encryption over real sockets, and the real clock. For tests and measurements;
//! nothing here is part of the product.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use seatkeeper_engine::ports::{Clock, Http, HttpError};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// HTTP over real sockets, with connections that are used again. Copies share connections and the count.
#[derive(Clone)]
pub struct NativeHttp {
    client: Client<HttpConnector, Full<Bytes>>,
    time_out: Duration,
    sent: Arc<AtomicU64>,
}

impl NativeHttp {
    /// A client that gives up after this time.
    pub fn new(time_out: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { client: Client::builder(TokioExecutor::new()).build(connector), time_out, sent: Arc::default() }
    }

    /// Requests so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Http for NativeHttp {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let exchange = async {
            let broken = |error: &dyn std::fmt::Display| HttpError::Connection(error.to_string());
            let request = request.map(|body| Full::new(Bytes::from(body)));
            let (parts, body) = self.client.request(request).await.map_err(|error| broken(&error))?.into_parts();
            let body = body.collect().await.map_err(|error| broken(&error))?.to_bytes().to_vec();
            Ok(Response::from_parts(parts, body))
        };
        tokio::time::timeout(self.time_out, exchange).await.unwrap_or(Err(HttpError::Timeout))
    }
}

/// The real clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }
}
