//! An HTTP/1.1 server.

use crate::fault::{Body, Cut};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Answers every request with `answer`. An error cuts the connection. Dropping the
/// future closes the socket and all connections.
pub async fn serve<A, F>(listener: TcpListener, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<Body>, Cut>> + Send,
{
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else {
            // Most likely there are no file descriptors left. Some may be closed soon.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Nagle's algorithm would delay responses of several small writes.
        let _ = stream.set_nodelay(true);
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service_fn(answer.clone()));
        connections.spawn(async move { drop(connection.await) });
    }
}
