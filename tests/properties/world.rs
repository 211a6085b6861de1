//! What geo runs on here: a host that records what it is asked for.

use geo::host::{self, Failure, Get, Headers, Host};
use geo::http::{Method, Request, Response, answer};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// Two keys of ipify. An answer is the same with either, and so is the log: so they
/// have nothing of the key. (To search them for it would prove nothing: a fuzzer
/// learns what is searched for, and sends it.)
const API_KEYS: [&str; 2] = ["at_Elbonia", "at_Mud"];

/// The one place that geo may ask.
const ORIGIN: &str = "https://ipify.example";
const PATH: &str = "/api/v2/country,city";

/// A host.
#[derive(Default)]
pub struct World {
    variables: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    /// What is in every slot of the cache at first.
    stored: Option<Vec<u8>>,
    /// What has been written, `None` where it was deleted.
    written: RefCell<BTreeMap<String, Option<Vec<u8>>>>,
    elapsed: Cell<Duration>,
    asked: RefCell<Vec<Option<IpAddr>>>,
    log: RefCell<Vec<String>>,
    api_key: Cell<&'static str>,
}

impl World {
    /// One with these variables.
    pub fn with(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        Self {
            variables: variables.iter().map(owned).collect(),
            ..Self::default()
        }
    }

    /// Lets ipify answer with this body.
    pub fn with_body(self, body: &[u8]) -> Self {
        let body = Some(body.to_vec());
        Self { body, ..self }
    }

    /// Lets the store have this value in every slot of the cache.
    pub fn with_stored(self, value: &[u8]) -> Self {
        let stored = Some(value.to_vec());
        Self { stored, ..self }
    }

    /// Returns what geo answers to a request.
    pub fn answer(&self, method: Method, target: &str, lines: &[(String, Vec<u8>)]) -> Response {
        self.answer_at("geo.example", method, target, lines)
    }

    /// Returns what geo answers to a request to this host, whatever its key is.
    pub fn answer_at(
        &self,
        authority: &str,
        method: Method,
        target: &str,
        lines: &[(String, Vec<u8>)],
    ) -> Response {
        let [first, second] = API_KEYS.map(|key| {
            self.api_key.set(key);
            self.asked.take();
            self.log.take();
            self.written.take();
            self.elapsed.take();
            let response = self.answer_with_key(authority, method, target, lines);
            (response, self.log.borrow().clone())
        });
        let (answer, log) = &first;
        let (other, other_log) = &second;
        assert_eq!(answer.status, other.status);
        assert_eq!(answer.headers, other.headers);
        assert!(answer.body == other.body, "the content depends on the key");
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
        let lines = Lines(lines);
        let request = Request::new(method, false, authority, target, &lines);
        let host = Host {
            variables: self,
            client: self,
            store: Some(self),
            clock: self,
            log: self,
            client_address_header: Some("spin-client-addr"),
        };
        let mut response = None;
        answer(&request, &host, |sent| response = Some(sent));
        response.expect("a response is sent")
    }

    /// Returns the addresses that ipify was asked about, `None` for geo's own.
    pub fn asked(&self) -> Vec<Option<IpAddr>> {
        self.asked.borrow().clone()
    }

    /// Returns the lines of the log.
    pub fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }
}

struct Lines<'a>(&'a [(String, Vec<u8>)]);

impl Headers for Lines<'_> {
    fn get(&self, name: &str) -> Vec<Vec<u8>> {
        let lines = self.0.iter().filter(|line| line.0 == name);
        lines.map(|line| line.1.clone()).collect()
    }
}

impl host::Variables for World {
    fn get(&self, name: &str) -> Result<Option<String>, anyhow::Error> {
        let own = [
            ("ipify_api_key", self.api_key.get()),
            ("ipify_origin", ORIGIN),
            ("ipify_path", PATH),
        ];
        let set = self
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let mut all = set.chain(own);
        Ok(all
            .find(|variable| variable.0 == name)
            .map(|variable| variable.1.to_owned()))
    }
}

/// An ipify that knows nothing of any address, unless it is given a body.
impl host::Client for World {
    fn get(&self, request: &Get) -> Result<host::Response, Failure> {
        assert!(request.https);
        assert_eq!(request.authority, "ipify.example");
        let query = format!("{PATH}?apiKey={}", self.api_key.get());
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
        self.asked.borrow_mut().push(address);
        let ip = address.map_or("8.8.8.8".to_owned(), |address| address.to_string());
        let known = self.body.clone();
        Ok(host::Response {
            status: 200,
            retry_after: None,
            body: known
                .unwrap_or_else(|| format!(r#"{{"ip":"{ip}","isp":"Elbonian Mud"}}"#).into()),
        })
    }
}

impl host::Store for World {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, anyhow::Error> {
        let written = self.written.borrow().get(key).cloned();
        let number = key.strip_prefix("geo:").expect("it is one of geo's own");
        let is_slot = number.parse::<u64>().is_ok();
        let stored = || self.stored.clone().filter(|_| is_slot);
        Ok(written.unwrap_or_else(stored))
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), anyhow::Error> {
        let value = Some(value.to_vec());
        self.written.borrow_mut().insert(key.to_owned(), value);
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), anyhow::Error> {
        self.written.borrow_mut().insert(key.to_owned(), None);
        Ok(())
    }
}

/// Time goes on while geo sleeps, and only then.
impl host::Clock for World {
    fn now(&self) -> Duration {
        Duration::from_secs(1_795_000_000) + self.elapsed.get()
    }

    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn sleep(&self, time: Duration) {
        self.elapsed.set(self.elapsed.get() + time);
    }
}

impl host::Log for World {
    fn line(&self, line: &str) {
        self.log.borrow_mut().push(line.to_owned());
    }
}
