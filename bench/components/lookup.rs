//! Answers every request with the answer of `geo:lookup` about 8.8.8.8.

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::geo::lookup::lookup::look_up;
use bindings::wasi::http::types::IncomingRequest;

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../wit/deps/io", "../../wit/deps/clocks", "../../wit/deps/cli", "../../wit/deps/http",
            "../../wit/deps/spin", "../../wit/lookup", "wit",
        ],
        world: "bench:components/lookup",
        generate_all,
    });
    export!(Component);
    use super::Component;
}

include!("answer.rs");

struct Component;

impl Guest for Component {
    fn handle(_: IncomingRequest, response_out: ResponseOutparam) {
        let json = look_up(Some("8.8.8.8")).map(|answer| answer.json).unwrap();
        answer(response_out, "application/json", json.as_bytes());
    }
}
