//! Greets visitors with their city: "Hello, visitor from Zürich".

use bindings::geo::lookup::lookup::{ProblemKind, look_up};
use spin_sdk::http::{IntoResponse, Request, Response};
use spin_sdk::http_component;

mod bindings {
    wit_bindgen::generate!({ path: ["../../wit/lookup", "wit"], world: "example:greeter/greeter", generate_all });
}

#[http_component]
fn greet(request: Request) -> impl IntoResponse {
    let visitor = visitor(&request);
    let answer = match look_up(visitor.as_deref()) {
        // On a laptop, the visitor has no public address: ask about geo's own.
        Err(problem) if problem.kind == ProblemKind::SpecialAddress => look_up(None),
        answer => answer,
    };
    let (status, text) = match answer {
        Ok(answer) => {
            let place = answer.city.or(answer.country);
            let place = place.unwrap_or_else(|| "somewhere".to_owned());
            (200, format!("Hello, visitor from {place}\n"))
        }
        Err(problem) => (503, format!("Hello, visitor. {}\n", problem.advice)),
    };
    Response::builder()
        .status(status)
        .header("content-type", "text/plain; charset=utf-8")
        .body(text)
        .build()
}

/// Returns the visitor's address as Spin tells it: the last value, after those
/// that the client may have sent, and without the port.
fn visitor(request: &Request) -> Option<String> {
    let (_, value) = request
        .headers()
        .filter(|(name, _)| *name == "spin-client-addr")
        .last()?;
    let (address, _port) = value.as_str()?.rsplit_once(':')?;
    Some(address.trim_matches(['[', ']']).to_owned())
}
