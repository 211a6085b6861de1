//! A client with one connection, for requests that are looked at one by one.

use crate::case::CALLER;
use anyhow::{Result, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// A connection that is kept open.
pub struct Client(SendRequest<Empty<Bytes>>);

impl Client {
    /// Connects to a server.
    ///
    /// # Errors
    ///
    /// If it does not listen.
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Sends a request as one caller, and reads the whole answer.
    ///
    /// # Errors
    ///
    /// If the answer has another status than that.
    pub async fn get(&mut self, path: &str, accept: &str, caller: &str, status: u16) -> Result<()> {
        let request = Request::get(path)
            .header("host", "geo.example")
            .header("accept", accept)
            .header(CALLER.0, caller)
            .body(Empty::new())?;
        self.0.ready().await?;
        let response = self.0.send_request(request).await?;
        let found = response.status();
        response.into_body().collect().await?;
        ensure!(found == status, "{path}: {found}, not {status}");
        Ok(())
    }
}
