//! A native server with hyper that returns the same answer. It sends every request on
//! to the upstream, as the first versions of this API did.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::env;
use std::sync::Arc;
use tokio::net::TcpListener;

struct Upstream {
    client: Client<HttpConnector, Empty<Bytes>>,
    /// All of the URL but the address.
    prefix: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let (origin, key) = (env::var("IPIFY_ORIGIN")?, env::var("IPIFY_API_KEY")?);
    let upstream = Arc::new(Upstream {
        client: Client::builder(TokioExecutor::new()).build_http(),
        prefix: format!("{origin}/api/v2/country,city?apiKey={key}&ipAddress="),
    });
    let listener = TcpListener::bind(env::var("LISTEN")?).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let upstream = Arc::clone(&upstream);
        let service = service_fn(move |request| {
            let upstream = Arc::clone(&upstream);
            async move { upstream.answer(&request).await }
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

impl Upstream {
    async fn answer(&self, request: &Request<Incoming>) -> Result<Response<Full<Bytes>>> {
        let address = request.headers().get("x-forwarded-for");
        let address = address.context("no X-Forwarded-For")?.to_str()?;
        let url: Uri = format!("{}{address}", self.prefix).parse()?;
        let answer = self.client.get(url).await?;
        let json = answer.into_body().collect().await?.to_bytes();
        let response = Response::builder().header("content-type", "application/json");
        Ok(response.body(Full::new(json))?)
    }
}
