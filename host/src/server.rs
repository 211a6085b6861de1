//! An HTTP/1.1 server on a socket.

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

/// How long requests, and what the component does after its answers, may take
/// to end when the server has been told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// The calls of a component.
#[derive(Clone)]
pub struct Calls(TaskTracker);

impl Calls {
    /// Waits until none is running.
    pub async fn idle(&self) {
        // Closing does not keep calls from starting; it is what is waited for.
        self.0.close();
        self.0.wait().await;
    }
}

/// A server that listens, and answers as soon as it runs.
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
    /// Where the address cannot be had.
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
            component: component.clone(),
            route: app.route.clone(),
            app: AppState::new(app, config),
        };
        Ok(Self {
            listener,
            address,
            handler: Arc::new(handler),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The calls of the component, which may go on after its answers.
    pub fn calls(&self) -> Calls {
        Calls(self.handler.app.calls.clone())
    }

    /// Answers requests until `stop` is ready. Then nothing listens any more,
    /// and what is under way has some seconds to end.
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
                // Most likely no file descriptors are left: let some be closed.
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            // Small answers in several writes must not wait for each other.
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
            // What goes wrong on a connection is its client's to notice.
            tokio::spawn(async move { drop(connection.await) });
        }
        drop(self.listener);
        let ended = async {
            connections.shutdown().await;
            calls.idle().await;
        };
        let _ = timeout(GRACE, ended).await;
    }
}
