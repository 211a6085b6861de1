//! The component: the world of `wit/world.wit` around the plain Rust.

mod client;
mod clock;
mod incoming;
mod log;
#[cfg_attr(feature = "spin", path = "spin.rs")]
#[cfg_attr(not(feature = "spin"), path = "plain.rs")]
mod platform;

use crate::host::Host;
use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};

mod bindings {
    #![allow(missing_docs, unsafe_code)] // generated
    #[cfg(feature = "spin")]
    wit_bindgen::generate!({ path: "wit", world: "geo-spin", generate_all });
    #[cfg(not(feature = "spin"))]
    wit_bindgen::generate!({ path: "wit", world: "geo", generate_all });
    export!(Component);
    use super::Component;
}

struct Component;

impl Guest for Component {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let store = platform::store();
        let host = Host {
            variables: &platform::Variables,
            client: &client::Http,
            store: store.as_ref().map(|store| store as _),
            clock: &clock::Wall,
            log: &log::Stderr,
            client_address_header: platform::CLIENT_ADDRESS_HEADER,
        };
        incoming::handle(&request, response_out, &host);
    }
}
