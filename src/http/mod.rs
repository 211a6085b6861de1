//! HTTP: requests in, answers and problems out.

pub mod accept;
pub mod address;
pub mod caller;
pub mod cors;
pub mod openapi;
pub mod page;
pub mod representation;
pub mod request;
pub mod response;
pub mod route;
pub mod value;

use crate::host::Edge;
use crate::lookup::cache::{self, Found};
use crate::lookup::problem::Problem;
use crate::lookup::settings::Settings;
use accept::Form;
use representation::View;
use request::Request;
use response::Response;
use route::Route;

/// Answers one request. Never fails: what goes wrong becomes a problem
/// response, and a line in the log where it is the operator's to mend.
pub fn answer(request: &Request, edge: &Edge) -> Response {
    let form = Form::preferred(request.headers);
    let cors = cors::Policy::load(edge.variables);
    let response = route::of(request).and_then(|route| match route {
        // Health is geo's own, and the rest of these costs nothing: none waits
        // for the operator to set things right.
        Route::Health => Ok(Response::text("ok\n")),
        Route::OpenApi => Ok(openapi::description()),
        Route::Preflight => Ok(cors::preflight()),
        Route::Lookup(view) => {
            cors.as_ref().map_err(Problem::clone)?;
            lookup(request, view, form, edge)
        }
    });
    let mut response = response.unwrap_or_else(|problem| {
        if problem.is_for_the_operator() {
            edge.log.line(&problem.to_string());
        }
        representation::of_problem(problem, form)
    });
    response.header("vary", "accept");
    if let Ok(cors) = cors {
        cors.apply(request, &mut response);
    }
    response
}

/// What is known of an address.
fn lookup(request: &Request, view: View, form: Form, edge: &Edge) -> Result<Response, Problem> {
    let settings = Settings::load(edge.variables)?;
    let subject = address::of(request, &settings)?;
    let Found { record, status } = cache::look_up(&settings, subject, edge)?;
    let is_kept = status != cache::Status::Bypass;
    let ttl = settings.cache.ttl;
    let (name, value) = status.header(ttl);
    let response = representation::of(record, view, form, request.authority, is_kept);
    let mut response = response.map_err(|problem| problem.with_header(name, value.clone()))?;
    // Private: the answer is about whoever asks.
    let max_age = status.freshness(ttl);
    response.header("cache-control", format!("private, max-age={max_age}"));
    if let Some(age) = status.age() {
        response.header("age", age.to_string());
    }
    response.header(name, value);
    Ok(response)
}
