//! Rows on their way from the server to a component, one at a time.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_postgres::RowStream;
use wasmtime::component::{Destination, StreamProducer, StreamResult};
use wasmtime::{Result, StoreContextMut};

use super::{MAX_RESULT_BYTES, answer, values};
use crate::bindings::postgres::{DbValue, Error};

/// Rows that wait for the component; the server is slowed down when it does not keep up.
pub(super) const IN_FLIGHT: usize = 64;

type Row = Vec<DbValue>;

/// Reads rows until the end, until one is too many, or until nobody wants them any more.
pub(super) async fn read(rows: RowStream, wanted: mpsc::Sender<Row>) -> Result<(), Error> {
    let mut rows = pin!(rows);
    let mut bytes = 0_usize;
    loop {
        let Some(row) = answer(async { rows.next().await.transpose() }).await? else { return Ok(()) };
        bytes = bytes.saturating_add(row.raw_size_bytes());
        if bytes > MAX_RESULT_BYTES {
            return Err(Error::Other(format!(
                "the result has more than {MAX_RESULT_BYTES} bytes; read it in smaller pages"
            )));
        }
        let row = values::row(&row).map_err(Error::ValueConversionFailed)?;
        // A component that stopped listening is within its rights.
        if wanted.send(row).await.is_err() {
            return Ok(());
        }
    }
}

/// The writing end of a component's stream of rows.
pub(super) struct Rows(pub(super) mpsc::Receiver<Row>);

impl<D> StreamProducer<D> for Rows {
    type Item = Row;
    type Buffer = Option<Row>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Row, Option<Row>>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.get_mut().0.poll_recv(cx) {
            Poll::Ready(Some(row)) => {
                destination.set_buffer(Some(row));
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}
