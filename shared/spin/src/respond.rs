//! Answers as Spin sends them: whole, or as a stream whose parts are made while it is sent.

use ::http::{HeaderMap, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream::LocalBoxStream};
use http_body::Frame;
use http_body_util::{Either, Full, StreamBody};
use std::error::Error;

/// Why a part could not be made.
pub type StreamError = Box<dyn Error + Send + Sync>;

/// What a component answers with.
pub type Answer = Response<Either<Full<Bytes>, StreamBody<LocalBoxStream<'static, Result<Frame<Bytes>, StreamError>>>>>;

/// An answer that is complete in memory.
pub fn whole(response: Response<Vec<u8>>) -> Answer {
    response.map(|body| Either::Left(Full::new(Bytes::from(body))))
}

/// An answer whose parts are made one after the other, so that only one of them is in memory. A failure in the middle
/// breaks the transfer off, which the client can tell from a complete one.
pub fn streamed(headers: HeaderMap, parts: impl Stream<Item = Result<Vec<u8>, StreamError>> + 'static) -> Answer {
    let frames = parts.map(|part| part.map(|data| Frame::data(Bytes::from(data)))).boxed_local();
    let mut response = Response::new(Either::Right(StreamBody::new(frames)));
    *response.headers_mut() = headers;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{executor::block_on, stream};
    use http_body_util::BodyExt;

    #[test]
    fn a_stream_arrives_in_order_with_its_headers() {
        let headers = seatkeeper_web::respond::csv_headers("accounts.csv");
        let answer = streamed(headers, stream::iter([Ok(b"a,b\r\n".to_vec()), Ok(b"1,2\r\n".to_vec())]));
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let body = block_on(answer.into_body().collect()).unwrap().to_bytes();
        assert_eq!(body, "a,b\r\n1,2\r\n");
    }

    #[test]
    fn a_failure_in_the_middle_breaks_the_stream_off() {
        let failure = StreamError::from("database is locked");
        let answer = streamed(HeaderMap::new(), stream::iter([Ok(b"a\r\n".to_vec()), Err(failure)]));
        assert!(block_on(answer.into_body().collect()).is_err());
    }

    #[test]
    fn a_whole_answer_keeps_its_status() {
        let problem = seatkeeper_web::Problem::not_found("/report/x").into_response();
        let answer = whole(problem.clone());
        assert_eq!(answer.status(), 404);
        assert_eq!(block_on(answer.into_body().collect()).unwrap().to_bytes(), problem.body().as_slice());
    }
}
