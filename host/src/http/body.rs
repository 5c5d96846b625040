//! Bodies on their way out.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi_http::{Error, WasiBody};

/// A body from text.
pub(crate) fn text(text: impl Into<Bytes>) -> WasiBody {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}

/// A body that keeps its place in the queue until it has been sent or given up.
pub(crate) struct Admitted {
    body: WasiBody,
    _permit: OwnedSemaphorePermit,
}

impl Admitted {
    /// Ties a body to a place.
    pub(crate) fn tie(body: WasiBody, permit: OwnedSemaphorePermit) -> WasiBody {
        Self { body, _permit: permit }.boxed_unsync()
    }
}

impl Body for Admitted {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
