//! geo answers "where is this IP address?": it asks ipify's geolocation API
//! and returns all of what ipify says.
//!
//! One way through, no way back: a [`Request`] finds its [`route`], the route
//! asks who the [`caller`] is, [`ipify`] looks the address up, and the answer
//! or the [`problem`] becomes a [`Response`]. All of that is plain Rust, built
//! and unit-tested natively. What needs a host (variables, HTTP) is behind the
//! traits of [`edge`]; `wasi` implements them for the component.

pub mod address;
pub mod caller;
pub mod cors;
pub mod edge;
pub mod ipify;
pub mod json;
pub mod problem;
pub mod request;
pub mod response;
pub mod route;
pub mod settings;

#[cfg(target_family = "wasm")]
mod wasi;

use edge::Edge;
use problem::Problem;
use request::Request;
use response::Response;
use route::Route;
use settings::Settings;

/// Answers one request. Never fails: what goes wrong becomes a problem
/// response, and a line in the log where it is the operator's to mend.
pub fn answer(request: &Request, edge: &Edge) -> Response {
    let cors = cors::Policy::load(edge.variables);
    let response = route::of(request).and_then(|route| match route {
        // Health is geo's own, and a preflight costs nothing: neither waits
        // for the operator to set things right.
        Route::Health => Ok(Response::text("ok\n")),
        Route::Preflight => Ok(cors::preflight()),
        Route::Lookup => {
            cors.as_ref().map_err(Problem::clone)?;
            lookup(request, edge)
        }
    });
    let mut response = response.unwrap_or_else(|problem| {
        if problem.is_for_the_operator() {
            edge.log.line(&problem.to_string());
        }
        problem.into()
    });
    if let Ok(cors) = cors {
        cors.apply(request, &mut response);
    }
    response
}

/// Where the caller is, in ipify's words.
fn lookup(request: &Request, edge: &Edge) -> Result<Response, Problem> {
    let settings = Settings::load(edge.variables)?;
    let caller = caller::address(request.headers, &settings.client)?;
    let subject = caller.filter(|address| !address::is_special(*address));
    let record = ipify::look_up(&settings.ipify, subject, edge.upstream)?;
    Ok(Response::json(record.into_json(), settings.cache.ttl))
}
