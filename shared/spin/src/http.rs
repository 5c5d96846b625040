//! The engine's HTTP on Spin's outbound HTTP: bounded in time and size, no redirects followed.

use crate::body::{BodyError, collect};
use ::http::{Request, Response};
use futures::future::{Either, select};
use seatkeeper_engine::ports::{Http, HttpError};
use spin_sdk::{
    http::{FullBody, send},
    wasip3::http::types::ErrorCode,
};
use std::{pin::pin, time::Duration};

/// Time for one request from its first byte to the last byte of its answer. It leaves room for a second try in a tick
/// of 20 seconds only when the first one failed early, which is what a busy server needs.
pub const TIME_OUT: Duration = Duration::from_secs(15);

/// The largest answer that is read. A page of 200 accounts is some 100 kB; a component has 128 MiB on the strictest
/// host, and several answers can be in flight.
pub const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// Outbound HTTP, to the destinations that the manifest grants.
#[derive(Debug, Clone, Copy)]
pub struct SpinHttp {
    time_out: Duration,
    max_answer: usize,
}

impl Default for SpinHttp {
    fn default() -> Self {
        Self { time_out: TIME_OUT, max_answer: MAX_ANSWER }
    }
}

impl SpinHttp {
    /// The same with another time-out.
    #[must_use]
    pub fn with_time_out(self, time_out: Duration) -> Self {
        Self { time_out, ..self }
    }

    /// The same for answers of at most so many bytes.
    #[must_use]
    pub fn with_max_answer(self, max_answer: usize) -> Self {
        Self { max_answer, ..self }
    }

    async fn exchange(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        let request = request.map(|body| FullBody::new(bytes::Bytes::from(body)));
        let (parts, body) = send(request).await.map_err(|code| error(&code))?.into_parts();
        match collect(&parts.headers, body, self.max_answer).await {
            Ok(body) => Ok(Response::from_parts(parts, body)),
            Err(BodyError::TooLarge { limit }) => Err(HttpError::TooLarge { limit }),
            Err(BodyError::Broken(code)) => Err(error(&code)),
        }
    }
}

impl Http for SpinHttp {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, HttpError> {
        let exchange = pin!(self.exchange(request));
        let time_out = pin!(spin_sdk::time::sleep(self.time_out));
        // Both futures wait for the host and belong to the task of this request, so neither can wake another request.
        match select(exchange, time_out).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => Err(HttpError::Timeout),
        }
    }
}

fn error(code: &ErrorCode) -> HttpError {
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => HttpError::Denied,
        ErrorCode::DnsTimeout
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => HttpError::Timeout,
        other => HttpError::Connection(printable(other)),
    }
}

/// Texts of a host can be long and can bring line breaks.
fn printable(code: &ErrorCode) -> String {
    code.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_destination_and_a_time_out_are_told_apart_from_a_broken_connection() {
        assert_eq!(error(&ErrorCode::HttpRequestDenied), HttpError::Denied);
        assert_eq!(error(&ErrorCode::DestinationIpProhibited), HttpError::Denied);
        assert_eq!(error(&ErrorCode::ConnectionTimeout), HttpError::Timeout);
        let HttpError::Connection(text) = error(&ErrorCode::ConnectionRefused) else { panic!("another class") };
        assert!(text.contains("ConnectionRefused"), "{text}");
    }

    #[test]
    fn the_text_of_a_host_stays_one_short_line() {
        let long = ErrorCode::InternalError(Some("a\nb".repeat(1_000)));
        let HttpError::Connection(text) = error(&long) else { panic!("another class") };
        assert_eq!(text.chars().count(), 200);
        assert!(!text.contains('\n'));
    }
}
