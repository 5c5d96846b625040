//! Reading bodies that come from outside, never more of them than we are willing to hold.

use ::http::{HeaderMap, Response, StatusCode, header};
use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use seatkeeper_web::Problem;
use spin_sdk::{http::Request, wasip3::http::types::ErrorCode};
use std::pin::pin;

/// The largest event that is accepted: real ones are a few hundred bytes.
pub const MAX_EVENT_BODY: usize = 1024 * 1024;

/// Why a body was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// There is more than we hold.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// Bytes accepted at most.
        limit: usize,
    },
    /// The other side broke off.
    #[error("the body broke off: {0}")]
    Broken(ErrorCode),
}

impl BodyError {
    /// The answer to send.
    pub fn into_response(self) -> Response<Vec<u8>> {
        self.problem().into_response()
    }

    /// The same as a problem.
    pub fn problem(&self) -> Problem {
        match self {
            Self::TooLarge { limit } => Problem::too_large(*limit),
            Self::Broken(_) => Problem::new(StatusCode::BAD_REQUEST, "body-incomplete", "The body is not complete")
                .detail(self.to_string())
                .next_step("Send the request again."),
        }
    }
}

/// The body of a request, at most `limit` bytes.
pub async fn read_body(request: Request, limit: usize) -> Result<Vec<u8>, BodyError> {
    let (parts, body) = request.into_parts();
    collect(&parts.headers, body, limit).await
}

/// Reads a body frame by frame and stops as soon as it is too large, whatever its announced length.
pub(crate) async fn collect<B>(headers: &HeaderMap, body: B, limit: usize) -> Result<Vec<u8>, BodyError>
where
    B: Body<Data = Bytes, Error = ErrorCode>,
{
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(BodyError::TooLarge { limit });
    }
    let mut body = pin!(body);
    // An announcement costs the sender nothing, so memory is not set aside for all of it.
    let mut collected = Vec::with_capacity(announced.unwrap_or_default().min(64 * 1024));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(BodyError::Broken)?;
        // Trailers are not data; nobody here needs them.
        let Ok(data) = frame.into_data() else { continue };
        if collected.len() + data.len() > limit {
            return Err(BodyError::TooLarge { limit });
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{executor::block_on, stream};
    use http_body::Frame;
    use http_body_util::StreamBody;

    fn read(announced: Option<&str>, frames: Vec<Result<&'static [u8], ErrorCode>>) -> Result<Vec<u8>, BodyError> {
        let mut headers = HeaderMap::new();
        headers.extend(announced.map(|length| (header::CONTENT_LENGTH, length.parse().unwrap())));
        let frames = frames.into_iter().map(|frame| frame.map(|data| Frame::data(Bytes::from_static(data))));
        block_on(collect(&headers, StreamBody::new(stream::iter(frames)), 8))
    }

    #[test]
    fn a_body_up_to_the_limit_is_read_whole() {
        assert_eq!(read(None, vec![Ok(b"1234"), Ok(b""), Ok(b"5678")]).unwrap(), b"12345678");
        assert_eq!(read(Some("0"), vec![]).unwrap(), b"");
    }

    #[test]
    fn a_larger_body_is_refused_whether_or_not_it_announces_its_length() {
        for announced in [None, Some("9"), Some("2"), Some("nonsense")] {
            let error = read(announced, vec![Ok(b"1234"), Ok(b"56789")]).unwrap_err();
            assert!(matches!(error, BodyError::TooLarge { limit: 8 }), "{announced:?}: {error}");
            assert_eq!(error.into_response().status(), 413);
        }
    }

    #[test]
    fn a_body_that_breaks_off_is_an_error_and_not_a_shorter_body() {
        let error = read(Some("8"), vec![Ok(b"1234"), Err(ErrorCode::ConnectionTerminated)]).unwrap_err();
        assert!(matches!(error, BodyError::Broken(_)), "{error}");
        assert_eq!(error.into_response().status(), 400);
    }
}
