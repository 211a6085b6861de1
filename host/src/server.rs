//! The HTTP/1.1 server.

use crate::app::App;
use crate::component::Component;
use crate::handler::Handler;
use crate::instance::AppState;
use crate::runtime_config::RuntimeConfig;
use anyhow::{Context, Result};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

/// How long calls may go on after the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// The calls of a component.
#[derive(Clone)]
pub struct Calls(TaskTracker);

impl Calls {
    /// Waits until no call is running.
    pub async fn idle(&self) {
        // `wait` requires a closed tracker. Calls can still start in it.
        self.0.close();
        self.0.wait().await;
    }
}

/// A server that listens. It answers requests once it runs.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    handler: Arc<Handler>,
}

impl Server {
    /// Listens on an address; port 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// If it cannot listen on the address.
    pub async fn bind(
        address: SocketAddr,
        app: App,
        component: &Component,
        config: RuntimeConfig,
    ) -> Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}: choose another with LISTEN=address:port")
        })?;
        let address = listener.local_addr()?;
        let handler = Handler {
            kind: component.kind(),
            route: app.route.clone(),
            instances: component.start(AppState::new(app, config)),
        };
        Ok(Self {
            listener,
            address,
            handler: Arc::new(handler),
        })
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the calls of the component, which may go on after their responses.
    pub fn calls(&self) -> Calls {
        Calls(self.handler.instances.app().calls.clone())
    }

    /// Answers requests until `stop` is ready. Then the server stops listening, and
    /// waits some seconds for the calls in progress.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let calls = self.calls();
        let connections = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = &mut stop => break,
            };
            let Ok((stream, client)) = accepted else {
                // Most likely there are no file descriptors left. Some may be closed
                // soon.
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Nagle's algorithm would delay responses of several small writes.
            let _ = stream.set_nodelay(true);
            let handler = Arc::clone(&self.handler);
            let service = service_fn(move |request| {
                let handler = Arc::clone(&handler);
                async move { handler.answer(request, client).await }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            let connection = connections.watch(connection);
            // The client sees the errors of its connection.
            tokio::spawn(async move { drop(connection.await) });
        }
        drop(self.listener);
        let idle = async {
            connections.shutdown().await;
            calls.idle().await;
        };
        let _ = timeout(GRACE, idle).await;
    }
}
