//! WASI 0.2 components, with a new instance for each request.

use crate::component::{CALL_LIMIT, Kind};
use crate::instance::{AppState, InstanceState};
use crate::usage::Usage;
use anyhow::{Result, anyhow, bail};
use http::{Request, Response};
use std::sync::Arc;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{WasiBody, WasiHttpView};

/// A WASI 0.2 component.
pub struct Proxy {
    pub pre: ProxyPre<InstanceState>,
    pub kind: Kind,
    pub app: AppState,
    /// One for each instance that may exist at the same time.
    pub permits: Arc<Semaphore>,
}

impl Proxy {
    /// Answers a request with a new instance. The instance may go on after its
    /// response. A failure after that is only logged.
    pub async fn answer(&self, request: Request<WasiBody>) -> Result<Response<WasiBody>> {
        let permit = Arc::clone(&self.permits).acquire_owned().await?;
        let mut store = InstanceState::store(self.pre.engine(), &self.app, self.kind);
        let (answered, answer) = oneshot::channel();
        let mut http = store.data_mut().http();
        let request = http.new_incoming_request(Scheme::Http, request)?;
        let response_out = http.new_response_outparam(answered)?;

        // In a task, because the call goes on after the response, and after the
        // client has disconnected.
        let pre = self.pre.clone();
        let call = self.app.calls.spawn(async move {
            // Locals are dropped in reverse order: the instance before the permit.
            let _permit = permit;
            let mut store = store;
            let proxy = pre.instantiate_async(&mut store).await?;
            let handler = proxy.wasi_http_incoming_handler();
            let call = handler.call_handle(&mut store, request, response_out);
            let ended = timeout(CALL_LIMIT, call).await;
            store.data().hooks.ended(Usage::of(&store));
            match ended {
                Ok(ended) => Ok(ended?),
                Err(_) => bail!("it did not end within {} s", CALL_LIMIT.as_secs()),
            }
        });
        let Ok(response) = answer.await else {
            // The sender was dropped, so the call has ended.
            call.await??;
            bail!("it returned without an answer");
        };
        let log = self.app.log.clone();
        self.app.calls.spawn(async move {
            if let Err(error) = call.await.map_err(anyhow::Error::from).flatten() {
                log.line(format_args!(
                    "the component failed after its answer: {error:#}"
                ));
            }
        });
        response.map_err(|code| anyhow!("it gave up: {code}"))
    }
}
