//! Counts what a component asks of its host: the bindings of the engine and of
//! geo-host trace each call.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// How often each function was called.
pub type Calls = BTreeMap<String, u64>;

/// Counts the calls that are made on the thread on which it is the subscriber.
/// What an instance gives back (resources that are dropped) is not traced.
#[derive(Clone, Default)]
pub struct HostCalls(Arc<Mutex<Calls>>);

impl HostCalls {
    /// Returns the calls since this was last called.
    pub fn take(&self) -> Calls {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Subscriber for HostCalls {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.is_span() && metadata.name() == "wit-bindgen import"
    }

    fn new_span(&self, span: &Attributes) -> Id {
        let mut name = Name::default();
        span.record(&mut name);
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let module = name.module.split('@').next().unwrap_or_default();
        let function = name.function;
        *calls.entry(format!("{module} {function}")).or_default() += 1;
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The fields of a span.
#[derive(Default)]
struct Name {
    module: String,
    function: String,
}

impl Visit for Name {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "module" => self.module = value.to_owned(),
            "function" => self.function = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
