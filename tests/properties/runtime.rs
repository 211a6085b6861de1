//! A runtime for geo that records lookups and the log.

use geo::http::{Method, Request, Response, answer};
use geo::runtime::{self, Failure, Get, Headers, Runtime};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Two API keys. Response and log are the same with either, so they do not contain
/// the key. (Searching for the key would prove less: a fuzzer learns what is searched
/// for, and sends it.)
const API_KEYS: [&str; 2] = ["at_Elbonia", "at_Mud"];

/// The only origin that geo may send requests to.
const ORIGIN: &str = "https://ipify.example";
const PATH: &str = "/api/v2/country,city";

/// A runtime. Clones share its state.
#[derive(Clone, Default)]
pub struct TestRuntime(Rc<State>);

#[derive(Default)]
struct State {
    variables: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    /// The initial value of every slot of the cache.
    stored: Option<Vec<u8>>,
    /// The values that were written; `None` where one was deleted.
    written: RefCell<BTreeMap<String, Option<Vec<u8>>>>,
    counters: RefCell<BTreeMap<String, i64>>,
    elapsed: Cell<Duration>,
    lookups: RefCell<Vec<Option<IpAddr>>>,
    log: RefCell<Vec<String>>,
    api_key: Cell<&'static str>,
}

impl TestRuntime {
    /// Returns a runtime with these variables.
    pub fn with(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        Self(Rc::new(State {
            variables: variables.iter().map(owned).collect(),
            ..State::default()
        }))
    }

    /// Sets the body of ipify's responses.
    pub fn with_body(mut self, body: &[u8]) -> Self {
        self.state().body = Some(body.to_vec());
        self
    }

    /// Sets the initial value of every slot of the cache.
    pub fn with_stored(mut self, value: &[u8]) -> Self {
        self.state().stored = Some(value.to_vec());
        self
    }

    fn state(&mut self) -> &mut State {
        Rc::get_mut(&mut self.0).expect("it has no clones yet")
    }

    /// Returns geo's response to a request.
    pub fn answer(&self, method: Method, target: &str, lines: &[(String, Vec<u8>)]) -> Response {
        self.answer_at("geo.example", method, target, lines)
    }

    /// Returns geo's response to a request to this host, after checking that it does
    /// not depend on the API key.
    pub fn answer_at(
        &self,
        authority: &str,
        method: Method,
        target: &str,
        lines: &[(String, Vec<u8>)],
    ) -> Response {
        let [first, second] = API_KEYS.map(|key| {
            self.0.api_key.set(key);
            self.0.lookups.take();
            self.0.log.take();
            self.0.written.take();
            self.0.counters.take();
            self.0.elapsed.take();
            let response = self.answer_with_key(authority, method, target, lines);
            (response, self.log())
        });
        let (answer, log) = &first;
        let (other, other_log) = &second;
        assert_eq!(answer.status, other.status);
        assert_eq!(answer.headers, other.headers);
        assert!(answer.body == other.body, "the body depends on the key");
        assert_eq!(log, other_log);
        first.0
    }

    fn answer_with_key(
        &self,
        authority: &str,
        method: Method,
        target: &str,
        lines: &[(String, Vec<u8>)],
    ) -> Response {
        // Spin appends its own lines.
        let path = target.split('?').next().unwrap_or_default();
        let url = format!("http://{authority}{target}");
        let spin = [("spin-path-info", path), ("spin-full-url", &url)];
        let spin = spin.map(|(name, value)| (name.to_owned(), value.into()));
        let lines = [lines, &spin].concat();
        let lines = Lines(&lines);
        let request = Request::new(method, false, authority, target, &lines);
        let (response, after) = block_on(answer(&request, self));
        if let Some(after) = after {
            block_on(after.run());
        }
        response
    }

    /// Returns the addresses in requests to ipify; `None` is a request without one.
    pub fn lookups(&self) -> Vec<Option<IpAddr>> {
        self.0.lookups.borrow().clone()
    }

    /// Returns the lines of the log.
    pub fn log(&self) -> Vec<String> {
        self.0.log.borrow().clone()
    }
}

struct Lines<'a>(&'a [(String, Vec<u8>)]);

impl Headers for Lines<'_> {
    fn get(&self, name: &str) -> Vec<Vec<u8>> {
        let lines = self.0.iter().filter(|line| line.0 == name);
        lines.map(|line| line.1.clone()).collect()
    }
}

/// Polls a future once. Nothing here waits, so it is ready.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// Without a body, ipify answers with the address and an ISP. Time passes only while
/// geo sleeps.
impl Runtime for TestRuntime {
    const HAS_SPIN_HEADERS: bool = true;
    const HAS_STORE: bool = true;
    const HAS_MEMORY: bool = false;

    fn variable(&self, name: &str) -> anyhow::Result<Option<String>> {
        let own = [
            ("ipify_api_key", self.0.api_key.get()),
            ("ipify_origin", ORIGIN),
            ("ipify_path", PATH),
        ];
        let set = self.0.variables.iter();
        let set = set.map(|(name, value)| (name.as_str(), value.as_str()));
        let mut all = set.chain(own);
        Ok(all
            .find(|variable| variable.0 == name)
            .map(|variable| variable.1.to_owned()))
    }

    fn now(&self) -> Duration {
        Duration::from_secs(1_795_000_000) + self.0.elapsed.get()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed.get()
    }

    fn log(&self, line: &str) {
        self.0.log.borrow_mut().push(line.to_owned());
    }

    fn print(&self, line: &str) {
        Runtime::log(self, line);
    }

    async fn sleep(&self, time: Duration) {
        self.0.elapsed.set(self.0.elapsed.get() + time);
    }

    async fn fetch(&self, request: &Get) -> Result<runtime::Response, Failure> {
        assert!(request.https);
        assert_eq!(request.authority, "ipify.example");
        let query = format!("{PATH}?apiKey={}", self.0.api_key.get());
        let rest = request
            .path_with_query
            .strip_prefix(&query)
            .expect("it starts with the key");
        let address: Option<IpAddr> = match rest.strip_prefix("&ipAddress=") {
            Some(address) => Some(address.parse().expect("it is an address")),
            None => {
                assert_eq!(rest, "");
                None
            }
        };
        self.0.lookups.borrow_mut().push(address);
        let ip = address.map_or("8.8.8.8".to_owned(), |address| address.to_string());
        let body = self.0.body.clone();
        Ok(runtime::Response {
            status: 200,
            retry_after: None,
            body: body.unwrap_or_else(|| format!(r#"{{"ip":"{ip}","isp":"Elbonian Mud"}}"#).into()),
        })
    }

    async fn get(&self, key: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let written = self.0.written.borrow().get(key).cloned();
        let number = key.strip_prefix("geo:").expect("it is one of geo's own");
        let is_slot = number.parse::<u64>().is_ok();
        let stored = || self.0.stored.clone().filter(|_| is_slot);
        Ok(written.unwrap_or_else(stored))
    }

    async fn set(&self, key: &str, value: &[u8]) -> anyhow::Result<()> {
        let value = Some(value.to_vec());
        self.0.written.borrow_mut().insert(key.to_owned(), value);
        Ok(())
    }

    async fn delete(&self, key: &str) -> anyhow::Result<()> {
        self.0.written.borrow_mut().insert(key.to_owned(), None);
        self.0.counters.borrow_mut().remove(key);
        Ok(())
    }

    async fn increment(&self, key: &str, delta: i64) -> anyhow::Result<i64> {
        let mut counters = self.0.counters.borrow_mut();
        let count = counters.entry(key.to_owned()).or_default();
        *count += delta;
        Ok(*count)
    }
}
