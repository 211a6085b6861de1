//! Answers every request with a value that it reads from the key-value store.

use bindings::exports::wasi::http::incoming_handler::Guest;
use bindings::fermyon::spin::key_value::Store;
use bindings::wasi::http::types::IncomingRequest;

mod bindings {
    wit_bindgen::generate!({
        path: [
            "../../wit/deps/io", "../../wit/deps/clocks", "../../wit/deps/cli", "../../wit/deps/http",
            "../../wit/deps/spin", "../../wit/lookup", "wit",
        ],
        world: "bench:components/store-read",
        generate_all,
    });
    export!(Component);
    use super::Component;
}

include!("answer.rs");

struct Component;

/// As long as an answer of ipify.
const CONTENT: &[u8] = br#"{"ip":"8.8.8.8","location":{"country":"US","region":"California","city":"Mountain View","lat":37.40599,"lng":-122.078514,"postalCode":"94043","timezone":"-08:00","geonameId":5375481},"domains":["dns.google"],"as":{"asn":15169,"name":"Google LLC","route":"8.8.8.0/24","domain":"https://about.google/","type":"Content"},"isp":"Google LLC"}"#;

impl Guest for Component {
    fn handle(_: IncomingRequest, response_out: ResponseOutparam) {
        let store = Store::open("default").unwrap();
        let content = store.get("content").unwrap().unwrap_or_else(|| {
            store.set("content", CONTENT).unwrap();
            CONTENT.to_vec()
        });
        answer(response_out, "application/json", &content);
    }
}
