//! The component: geo's world (`wit/world.wit`) around the plain Rust.

mod clock;
mod incoming;
mod log;
#[cfg_attr(feature = "spin", path = "spin.rs")]
#[cfg_attr(not(feature = "spin"), path = "plain.rs")]
mod platform;
mod upstream;

use crate::host::Edge;
use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::types::{IncomingRequest, ResponseOutparam};

mod bindings {
    #![allow(missing_docs, unsafe_code)] // generated
    wit_bindgen::generate!({ path: "wit", world: "geo", generate_all });
    export!(Component);
    use super::Component;
}

struct Component;

impl Guest for Component {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let edge = Edge {
            variables: &platform::Variables,
            upstream: &upstream::Http,
            store: platform::STORE,
            clock: &clock::Wall,
            log: &log::Stderr,
        };
        incoming::handle(&request, response_out, &edge);
    }
}
