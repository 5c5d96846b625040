//! `spin:key-value@3.0.0` as components call it.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::{mpsc, oneshot};
use wasmtime::component::{
    Access, Accessor, Destination, FutureReader, Resource, StreamProducer, StreamReader, StreamResult,
};
use wasmtime::{Result, StoreContextMut};

use super::{Store, limits};
use crate::bindings::SpinInterfaces;
use crate::bindings::key_value::{self, Error};
use crate::state::State;

/// Stores that one instance may have open at once, as in Spin.
const MAX_OPEN_STORES: usize = 256;
/// Keys on the way from the database to a component.
const KEYS_IN_FLIGHT: usize = 64;

/// A store that a component has opened.
pub struct OpenStore {
    store: Store,
    strict: bool,
}

impl key_value::Host for State {}
impl key_value::HostStore for State {}

type Calls<T> = Accessor<T, SpinInterfaces>;

/// The open store behind a handle, taken out so that nothing is borrowed while the database works.
fn opened<T>(accessor: &Calls<T>, handle: &Resource<OpenStore>) -> Result<(Store, bool)> {
    accessor.with(|mut access| {
        let open = access.get().table.get(handle)?;
        Ok((open.store.clone(), open.strict))
    })
}

/// Applies the strict limits where they are asked for.
fn checked(strict: bool, check: impl FnOnce() -> Result<(), String>) -> Result<(), Error> {
    if strict { check().map_err(Error::Other) } else { Ok(()) }
}

impl<T: Send> key_value::HostStoreWithStore<T> for SpinInterfaces {
    async fn open(accessor: &Calls<T>, label: String) -> Result<Result<Resource<OpenStore>, Error>> {
        accessor.with(|mut access| {
            let state = access.get();
            if !state.component.grants_store(&label) {
                return Ok(Err(Error::AccessDenied));
            }
            let Some(store) = state.component.store(&label) else {
                return Ok(Err(Error::NoSuchStore));
            };
            if state.open_stores >= MAX_OPEN_STORES {
                return Ok(Err(Error::StoreTableFull));
            }
            let strict = state.component.strict_kv;
            let handle = state.table.push(OpenStore { store, strict })?;
            state.open_stores += 1;
            Ok(Ok(handle))
        })
    }

    async fn get(
        accessor: &Calls<T>,
        handle: Resource<OpenStore>,
        key: String,
    ) -> Result<Result<Option<Vec<u8>>, Error>> {
        let (store, strict) = opened(accessor, &handle)?;
        if let Err(error) = checked(strict, || limits::check_key(&key)) {
            return Ok(Err(error));
        }
        Ok(store.get(key).await.map_err(Error::Other))
    }

    async fn set(
        accessor: &Calls<T>,
        handle: Resource<OpenStore>,
        key: String,
        value: Vec<u8>,
    ) -> Result<Result<(), Error>> {
        let (store, strict) = opened(accessor, &handle)?;
        let check = || limits::check_key(&key).and_then(|()| limits::check_value(&key, &value));
        if let Err(error) = checked(strict, check) {
            return Ok(Err(error));
        }
        Ok(store.set(key, value).await.map_err(Error::Other))
    }

    async fn delete(accessor: &Calls<T>, handle: Resource<OpenStore>, key: String) -> Result<Result<(), Error>> {
        let (store, strict) = opened(accessor, &handle)?;
        if let Err(error) = checked(strict, || limits::check_key(&key)) {
            return Ok(Err(error));
        }
        Ok(store.delete(key).await.map_err(Error::Other))
    }

    async fn exists(accessor: &Calls<T>, handle: Resource<OpenStore>, key: String) -> Result<Result<bool, Error>> {
        let (store, strict) = opened(accessor, &handle)?;
        if let Err(error) = checked(strict, || limits::check_key(&key)) {
            return Ok(Err(error));
        }
        Ok(store.exists(key).await.map_err(Error::Other))
    }

    async fn get_keys(
        accessor: &Calls<T>,
        handle: Resource<OpenStore>,
    ) -> Result<(StreamReader<String>, FutureReader<Result<(), Error>>)> {
        let (store, _) = opened(accessor, &handle)?;
        let (keys, receiver) = mpsc::channel(KEYS_IN_FLIGHT);
        let (done, outcome) = oneshot::channel();
        tokio::spawn(async move {
            // The component may have let go of either end.
            let _ = done.send(store.keys(keys).await);
        });
        accessor.with(|mut access| {
            let stream = StreamReader::new(&mut access, Keys(receiver))?;
            let future = FutureReader::new(&mut access, async move {
                let outcome = outcome.await.unwrap_or_else(|_| Err("the scan was given up".into()));
                Ok::<_, wasmtime::Error>(outcome.map_err(Error::Other))
            })?;
            Ok((stream, future))
        })
    }

    fn drop(mut access: Access<'_, T, Self>, handle: Resource<OpenStore>) -> Result<()> {
        let state = access.get();
        state.table.delete(handle)?;
        state.open_stores = state.open_stores.saturating_sub(1);
        Ok(())
    }
}

/// The writing end of the stream of keys.
struct Keys(mpsc::Receiver<String>);

impl<D> StreamProducer<D> for Keys {
    type Item = String;
    type Buffer = Option<String>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, String, Option<String>>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.get_mut().0.poll_recv(cx) {
            Poll::Ready(Some(key)) => {
                destination.set_buffer(Some(key));
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}
