//! From a request to an instance: reuse, limits on time, and places for as many requests as the pool can hold.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{Request, Response, StatusCode};
use tokio::time::Sleep;
use wasmtime::component::{GuestTaskId, InstancePre};
use wasmtime::{Engine, Result, Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    ExpirationError, HandlerState, Instance, InstantiationError, ProxyHandler, ProxyPre, ShouldAccept,
    TrapOrPanicError, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::{WasiBody, WasiHttpView};
use wasmtime_wasi_http::{p2, p3};

use super::body;
use crate::state::{ComponentShared, State};

/// How long a request waits for a slot of the pool when all are taken.
const SLOT_WAIT: Duration = Duration::from_secs(10);
/// Pause between two tries for a slot.
const SLOT_PAUSE: Duration = Duration::from_millis(20);

/// How instances are used.
#[derive(Debug, Clone)]
pub struct ReuseLimits {
    /// Requests that one instance serves before it is dropped.
    pub max_reuse: usize,
    /// Requests that one instance serves at the same time.
    pub max_concurrent: usize,
    /// How long an instance without requests is kept.
    pub idle: Duration,
    /// How long a component may take for a response, and for what it does after it.
    pub request: Option<Duration>,
}

/// Serves the requests of one component.
#[derive(Clone)]
pub(crate) struct Dispatcher(ProxyHandler<Handler>);

pub(crate) struct Handler {
    engine: Engine,
    pre: ProxyPre<State>,
    component: Arc<ComponentShared>,
    limits: ReuseLimits,
}

impl Dispatcher {
    /// Fails when the component has no HTTP handler that this host can call.
    pub(crate) fn new(
        engine: &Engine,
        pre: &InstancePre<State>,
        component: &Arc<ComponentShared>,
        limits: &ReuseLimits,
    ) -> Result<Self> {
        let mut limits = limits.clone();
        let pre = if let Ok(pre) = p3::bindings::ServicePre::new(pre.clone()) {
            ProxyPre::P3(pre)
        } else {
            // A component of the older generation was not written for more than one request.
            limits.max_reuse = 1;
            ProxyPre::P2(p2::bindings::ProxyPre::new(pre.clone())?)
        };
        let engine = engine.clone();
        Ok(Self(ProxyHandler::new(Handler { engine, pre, component: Arc::clone(component), limits })))
    }

    /// Sends one request to an instance.
    pub(crate) async fn handle(&self, mut request: Request<WasiBody>) -> Response<WasiBody> {
        let give_up = Instant::now() + SLOT_WAIT;
        loop {
            let error = match self.0.handle((), request).await {
                Ok(response) => return response,
                Err(error) => error,
            };
            let error = match error.downcast::<InstantiationError<()>>() {
                Ok(error) if Instant::now() < give_up && is_pool_full(&error.error) => {
                    request = error.request.into_inner().unwrap_or_else(PoisonError::into_inner);
                    tokio::time::sleep(SLOT_PAUSE).await;
                    continue;
                }
                Ok(error) => return self.failed(StatusCode::SERVICE_UNAVAILABLE, &format!("{:#}", error.error)),
                Err(error) => error,
            };
            if error.is::<ExpirationError>() {
                return self.failed(StatusCode::GATEWAY_TIMEOUT, "it took longer than --request-timeout");
            }
            if error.is::<TrapOrPanicError>() {
                // The instance's own message has been printed where the instance ended.
                return self.failed(StatusCode::INTERNAL_SERVER_ERROR, "its instance ended before the response");
            }
            return self.failed(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}"));
        }
    }

    fn failed(&self, status: StatusCode, why: &str) -> Response<WasiBody> {
        eprintln!("Component {} did not answer a request: {why}", self.0.state().component.id);
        let mut response = Response::new(body::text(""));
        *response.status_mut() = status;
        response
    }
}

/// Whether an instance could not be made for want of a free slot, which passes.
fn is_pool_full(error: &wasmtime::Error) -> bool {
    error.is::<wasmtime::PoolConcurrencyLimitError>()
}

impl HandlerState for Handler {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> Result<Instance<State, Expiration, Worker>> {
        let mut store = self.component.new_store(&self.engine);
        let proxy = self.pre.instantiate_async(&mut store).await?;
        let request = self.limits.request.unwrap_or(Duration::MAX);
        Ok(Instance {
            store,
            proxy,
            view: State::http,
            expiration: Expiration { idle: self.limits.idle, request, sleep: Box::pin(tokio::time::sleep(request)) },
            state: Worker { limits: self.limits.clone(), component: Arc::clone(&self.component) },
        })
    }
}

/// When an instance is dropped.
pub(crate) struct Expiration {
    idle: Duration,
    request: Duration,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, start: Instant) -> Poll<()> {
        let this = self.get_mut();
        let limit = match status {
            WorkerStatus::Idle => this.idle,
            WorkerStatus::Requests | WorkerStatus::PostReturn => this.request,
        };
        let Some(deadline) = start.checked_add(limit) else {
            return Poll::Pending;
        };
        let deadline = deadline.into();
        if this.sleep.deadline() != deadline {
            this.sleep.as_mut().reset(deadline);
        }
        this.sleep.as_mut().poll(cx)
    }
}

/// One instance at work.
pub(crate) struct Worker {
    limits: ReuseLimits,
    component: Arc<ComponentShared>,
}

impl WorkerState for Worker {
    type StoreData = State;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.limits.max_reuse {
            ShouldAccept::Never
        } else if concurrent >= self.limits.max_concurrent {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, State>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        match self.limits.request {
            Some(limit) => Box::pin(tokio::time::sleep(limit)),
            None => Box::pin(std::future::pending()),
        }
    }

    fn drop(&self, store: Store<State>, result: Result<()>) {
        // At the end of the process instances are dropped wherever they are, which is no failure.
        if let Err(error) = result
            && !self.component.stopping.load(Ordering::Relaxed)
        {
            eprintln!("An instance of component {} failed: {error:#}", self.component.id);
        }
        drop(store);
    }
}
