//! WASI 0.3 components, whose instances serve many requests.
//!
//! Spin 4 does this in `crates/trigger-http/src/server.rs`, with the same part of the
//! engine.

use crate::component::{CALL_LIMIT, Kind};
use crate::handler::without_body;
use crate::instance::{AppState, InstanceState};
use crate::instance_reuse::InstanceReuse;
use crate::log::Log;
use crate::usage::Usage;
use http::{Request, Response, StatusCode};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tokio_util::task::task_tracker::TaskTrackerToken;
use wasmtime::component::GuestTaskId;
use wasmtime::{Result, Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ProxyHandler, ShouldAccept, TrapOrPanicError, WorkerExpiration,
    WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{WasiBody, WasiHttpView};

/// Passes requests to instances that accept them, and makes new ones.
pub type Service = ProxyHandler<Factory>;

/// What makes instances of a WASI 0.3 component.
pub struct Factory {
    pre: ServicePre<InstanceState>,
    pub app: AppState,
    permits: Arc<Semaphore>,
}

/// Returns a service without instances. Each takes a permit.
pub fn start(pre: ServicePre<InstanceState>, app: AppState, permits: Arc<Semaphore>) -> Service {
    Service::new(Factory { pre, app, permits })
}

/// Answers a request with an instance, which may answer others at the same time.
///
/// # Errors
///
/// If there is no instance, or it gives up. A trap in one of its requests fails all of
/// them, and is logged once.
pub async fn answer(
    service: &Service,
    request: Request<WasiBody>,
) -> anyhow::Result<Response<WasiBody>> {
    let token = service.state().app.calls.token();
    match service.handle(token, request).await {
        Err(error) if error.is::<TrapOrPanicError>() => {
            Ok(without_body(StatusCode::INTERNAL_SERVER_ERROR))
        }
        answer => Ok(answer?),
    }
}

impl HandlerState for Factory {
    type StoreData = InstanceState;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> Result<Instance<InstanceState, Expiration, Worker>> {
        let permit = Arc::clone(&self.permits).acquire_owned().await?;
        let mut store = InstanceState::store(self.pre.engine(), &self.app, Kind::Spin);
        let proxy = Proxy::P3(self.pre.instantiate_async(&mut store).await?);
        let busy = Busy::default();
        Ok(Instance {
            store,
            proxy,
            view: InstanceState::http,
            expiration: Expiration {
                busy: Arc::clone(&busy),
                permits: Arc::clone(&self.permits),
                reuse: self.app.instance_reuse,
                sleep: Box::pin(tokio::time::sleep(CALL_LIMIT)),
            },
            state: Worker {
                busy,
                reuse: self.app.instance_reuse,
                log: self.app.log.clone(),
                _permit: permit,
            },
        })
    }
}

/// What keeps [`Calls::idle`](crate::Calls::idle) waiting for an instance: there from a
/// request until the instance is idle or dropped.
type Busy = Arc<Mutex<Option<TaskTrackerToken>>>;

fn set(busy: &Busy, token: Option<TaskTrackerToken>) {
    *busy.lock().unwrap_or_else(PoisonError::into_inner) = token;
}

/// When an instance is dropped.
pub struct Expiration {
    busy: Busy,
    permits: Arc<Semaphore>,
    reuse: InstanceReuse,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        let limit = match status {
            WorkerStatus::Idle => {
                set(&self.busy, None);
                if self.permits.available_permits() == 0 {
                    // A request may wait for it.
                    return Poll::Ready(());
                }
                self.reuse.idle_instance_timeout
            }
            WorkerStatus::Requests | WorkerStatus::PostReturn => CALL_LIMIT,
        };
        let deadline = (since + limit).into();
        if deadline != self.sleep.deadline() {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}

/// An instance and how long it accepts requests.
pub struct Worker {
    busy: Busy,
    reuse: InstanceReuse,
    log: Log,
    _permit: OwnedSemaphorePermit,
}

impl WorkerState for Worker {
    type StoreData = InstanceState;
    type RequestData = TaskTrackerToken;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.reuse.max_instance_reuse_count {
            ShouldAccept::Never
        } else if concurrent >= self.reuse.max_instance_concurrent_reuse_count {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, InstanceState>,
        token: TaskTrackerToken,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        set(&self.busy, Some(token));
        // A request has no timeout besides that of the instance.
        Box::pin(std::future::pending())
    }

    fn drop(&self, store: Store<InstanceState>, result: Result<()>) {
        if let Err(error) = result {
            self.log
                .line(format_args!("the component failed: {error:#}"));
        }
        store.data().hooks.ended(Usage::of(&store));
    }
}
