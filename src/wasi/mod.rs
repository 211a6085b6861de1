//! The component: the world of `wit/world.wit` around the plain Rust.

mod client;
mod clock;
mod dependency;
mod incoming;
mod log;
#[cfg_attr(feature = "spin", path = "spin.rs")]
#[cfg_attr(not(feature = "spin"), path = "plain.rs")]
mod platform;

use crate::host::Host;
use bindings::exports::geo::lookup::lookup;
use bindings::exports::wasi::http::incoming_handler;
use bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};

mod bindings {
    #![allow(missing_docs, unsafe_code)] // generated
    #[cfg(feature = "spin")]
    wit_bindgen::generate!({ path: ["wit/lookup", "wit"], world: "geo:geo/geo-spin", generate_all });
    #[cfg(not(feature = "spin"))]
    wit_bindgen::generate!({ path: ["wit/lookup", "wit"], world: "geo:geo/geo", generate_all });
    export!(Component);
    use super::Component;
}

struct Component;

impl incoming_handler::Guest for Component {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        with_host(|host| incoming::handle(&request, response_out, host));
    }
}

impl lookup::Guest for Component {
    fn look_up(address: Option<String>) -> Result<lookup::Answer, lookup::Problem> {
        with_host(|host| dependency::look_up(address.as_deref(), host))
    }
}

/// Calls a function with what geo runs on.
fn with_host<T>(call: impl FnOnce(&Host) -> T) -> T {
    let store = platform::store();
    call(&Host {
        variables: &platform::Variables,
        client: &client::Http,
        store: store.as_ref().map(|store| store as _),
        clock: &clock::Clocks,
        log: &log::Stderr,
        client_address_header: platform::CLIENT_ADDRESS_HEADER,
    })
}
