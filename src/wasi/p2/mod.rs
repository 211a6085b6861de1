//! The WASI 0.2 component: the worlds of `wit/world.wit` around the core.

mod client;
mod dependency;
mod incoming;
#[cfg_attr(feature = "spin", path = "spin.rs")]
#[cfg_attr(not(feature = "spin"), path = "plain.rs")]
mod platform;
mod runtime;

use bindings::exports::geo::lookup::lookup;
use bindings::exports::wasi::http::incoming_handler;
use bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};
use runtime::Platform;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

mod bindings {
    #![allow(missing_docs, unsafe_code)] // generated
    #[cfg(not(feature = "spin"))]
    wit_bindgen::generate!({ path: ["wit/lookup", "wit"], world: "geo:geo/geo", generate_all });
    #[cfg(all(feature = "spin", feature = "atomics"))]
    wit_bindgen::generate!({ path: ["wit/lookup", "wit"], world: "geo:geo/geo-spin", generate_all });
    #[cfg(all(feature = "spin", not(feature = "atomics")))]
    wit_bindgen::generate!({ path: ["wit/lookup", "wit"], world: "geo:geo/geo-spin-without-atomics", generate_all });
    export!(Component);
    use super::Component;
}

struct Component;

impl incoming_handler::Guest for Component {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        block_on(incoming::handle(
            &request,
            response_out,
            &Platform::default(),
        ));
    }
}

impl lookup::Guest for Component {
    fn look_up(address: Option<String>) -> Result<lookup::Answer, lookup::Problem> {
        block_on(dependency::look_up(
            address.as_deref(),
            &Platform::default(),
        ))
    }
}

/// Runs a future of the core. The functions of the runtime block, so it has
/// nothing to wait for, and is ready when it is polled once.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the runtime blocks"),
    }
}
