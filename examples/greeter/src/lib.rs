//! Greets clients with their city: "Hello, visitor from Zürich".

use bindings::geo::lookup::lookup::{ProblemKind, look_up};
use spin_sdk::http::{IntoResponse, Request, Response};
use spin_sdk::http_component;

mod bindings {
    wit_bindgen::generate!({ path: ["../../wit/lookup", "wit"], world: "example:greeter/greeter", generate_all });
}

#[http_component]
fn greet(request: Request) -> impl IntoResponse {
    let address = client_address(&request);
    let answer = match look_up(address.as_deref()) {
        // On a laptop, the client has no public address: look up geo's own.
        Err(problem) if problem.kind == ProblemKind::SpecialAddress => look_up(None),
        answer => answer,
    };
    let (status, text) = match answer {
        Ok(answer) => {
            let place = answer.city.or(answer.country);
            let place = place.unwrap_or_else(|| "somewhere".to_owned());
            let is_in_eea = answer.further.contains(&("eea".to_owned(), "true".to_owned()));
            let notice = if is_in_eea {
                "The GDPR applies to you.\n"
            } else {
                ""
            };
            (200, format!("Hello, visitor from {place}\n{notice}"))
        }
        Err(problem) => (503, format!("Hello, visitor. {}\n", problem.advice)),
    };
    Response::builder()
        .status(status)
        .header("content-type", "text/plain; charset=utf-8")
        .body(text)
        .build()
}

/// Returns the client's address without the port, from the last header. Any before
/// it are the client's own, after which Spin appends this one.
fn client_address(request: &Request) -> Option<String> {
    let (_, value) = request
        .headers()
        .filter(|(name, _)| *name == "spin-client-addr")
        .last()?;
    let (address, _port) = value.as_str()?.rsplit_once(':')?;
    Some(address.trim_matches(['[', ']']).to_owned())
}
