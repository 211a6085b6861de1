//! A stand-in for ipify: its HTTP interface, with sample answers.
//!
//! `make run` uses it when there is no API key. The tests use it with [`Fault`]s.

mod fault;
mod samples;
mod server;

pub use fault::{Fault, Gate};

use anyhow::{Context, Result};
use bytes::Bytes;
use fault::{Body, Cut};
use http::{Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The default API key of the stand-in.
pub const API_KEY: &str = "at_sample_key_of_the_stand_in";

/// The path that returns how many credits the account has left.
const BALANCE_PATH: &str = "/service/account-balance";

/// A running stand-in. Dropping it stops it.
pub struct StandIn {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    api_key: String,
    fault: Mutex<Fault>,
    /// The fault of responses about the balance, where it differs.
    balance_fault: Mutex<Option<Fault>>,
    calls: watch::Sender<Vec<String>>,
    balance_calls: AtomicUsize,
}

impl StandIn {
    /// Starts a stand-in that accepts [`API_KEY`], on a free port of the loopback
    /// interface.
    ///
    /// # Errors
    ///
    /// If the system has no free port.
    pub async fn start() -> Result<Self> {
        Self::start_with_key(API_KEY).await
    }

    /// Starts a stand-in that accepts `api_key`, on a free port of the loopback
    /// interface.
    ///
    /// # Errors
    ///
    /// If the system has no free port.
    pub async fn start_with_key(api_key: &str) -> Result<Self> {
        Self::listen(([127, 0, 0, 1], 0).into(), api_key).await
    }

    /// Starts a stand-in that accepts `api_key`, on `address`.
    ///
    /// # Errors
    ///
    /// If it cannot listen there.
    pub async fn listen(address: SocketAddr, api_key: &str) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            api_key: api_key.to_owned(),
            fault: Mutex::new(Fault::None),
            balance_fault: Mutex::new(None),
            balance_calls: AtomicUsize::new(0),
            calls: watch::Sender::default(),
        });
        let for_answers = Arc::clone(&shared);
        let answer = move |request: Request<Incoming>| {
            let shared = Arc::clone(&for_answers);
            async move { answer(request.uri(), &shared).await }
        };
        Ok(Self {
            address,
            shared,
            task: tokio::spawn(server::serve(listener, answer)),
        })
    }

    /// Stops the stand-in. When this returns, its port and its connections are
    /// closed.
    pub async fn stop(&mut self) {
        self.task.abort();
        if !self.task.is_finished() {
            // An error means that the task was aborted.
            let _ = (&mut self.task).await;
        }
    }

    /// Returns the origin of the stand-in, a value for `ipify_origin`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Responds with this fault from now on.
    pub fn set_fault(&self, fault: Fault) {
        *lock(&self.shared.fault) = fault;
    }

    /// Responds with this fault to requests for the account's balance from now on.
    pub fn set_balance_fault(&self, fault: Fault) {
        *lock(&self.shared.balance_fault) = Some(fault);
    }

    /// Returns how many requests for the account's balance there were.
    pub fn balance_calls(&self) -> usize {
        self.shared.balance_calls.load(Ordering::Relaxed)
    }

    /// Returns the path and query of every request for a lookup so far.
    pub fn calls(&self) -> Vec<String> {
        self.shared.calls.borrow().clone()
    }

    /// Waits until there have been this many requests.
    pub async fn wait_for_calls(&self, times: usize) {
        let mut calls = self.shared.calls.subscribe();
        // An error would mean that the sender was dropped, but it is in `self`.
        let _ = calls.wait_for(|calls| calls.len() >= times).await;
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(fault: &Mutex<T>) -> MutexGuard<'_, T> {
    fault.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(uri: &Uri, shared: &Shared) -> Result<Response<Body>, Cut> {
    let balance_fault = if uri.path() == BALANCE_PATH {
        shared.balance_calls.fetch_add(1, Ordering::Relaxed);
        lock(&shared.balance_fault).clone()
    } else {
        let call = uri.to_string();
        shared.calls.send_modify(|calls| calls.push(call));
        None
    };
    let fault = if let Some(fault) = balance_fault {
        fault
    } else {
        let mut fault = lock(&shared.fault);
        match *fault {
            Fault::CutOnce => std::mem::replace(&mut *fault, Fault::None),
            _ => fault.clone(),
        }
    };
    fault.apply(valid_response(uri, &shared.api_key)).await
}

/// Returns ipify's response.
fn valid_response(uri: &Uri, api_key: &str) -> Response<Bytes> {
    let query = query(uri);
    let is_balance = uri.path() == BALANCE_PATH;
    if !is_balance && !uri.path().starts_with("/api/v") {
        return error(StatusCode::NOT_FOUND, "Not found.");
    }
    if query.get("apiKey").is_none_or(|key| key != api_key) {
        return error(
            StatusCode::FORBIDDEN,
            "Access restricted. Check credits balance or enter the correct API key.",
        );
    }
    if is_balance {
        return json(StatusCode::OK, r#"{"credits":998}"#.to_owned());
    }
    let address = query.get("ipAddress").map(|text| text.parse::<IpAddr>());
    match address.transpose() {
        Ok(address) => {
            let has_vpn = uri.path().ends_with(",vpn");
            json(StatusCode::OK, samples::answer(address, has_vpn))
        }
        Err(_) => error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Input correct IPv4 or IPv6 address.",
        ),
    }
}

fn error(status: StatusCode, messages: &str) -> Response<Bytes> {
    let code = status.as_u16();
    json(
        status,
        format!(r#"{{"code":{code},"messages":"{messages}"}}"#),
    )
}

fn json(status: StatusCode, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let content_type = http::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, content_type);
    response
}

/// Parses a query.
fn query(uri: &Uri) -> HashMap<String, String> {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}
