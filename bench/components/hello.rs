//! Answers every request with the same text.

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::wasi::http::types::IncomingRequest;

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../wit/deps/io", "../../wit/deps/clocks", "../../wit/deps/cli", "../../wit/deps/http",
            "../../wit/deps/spin", "../../wit/lookup", "wit",
        ],
        world: "bench:components/hello",
        generate_all,
    });
    export!(Component);
    use super::Component;
}

include!("answer.rs");

struct Component;

impl Guest for Component {
    fn handle(_: IncomingRequest, response_out: ResponseOutparam) {
        answer(response_out, "text/plain", b"ok\n");
    }
}
