//! How geo is asked and answers over HTTP.

mod accept;
mod cache_headers;
mod client;
mod cors;
mod openapi;
mod page;
mod problem;
mod representation;
mod request;
mod response;
mod route;
mod target;

pub use request::{Method, Request};
pub use response::Response;

use crate::lookup::{After, Lookup, Outcome, Stale};
use crate::problem::Problem;
use crate::runtime::Runtime;
use crate::settings;
use representation::Representation;
use route::Route;
use target::{Address, Target};

/// For how many seconds a browser may keep the answer about its own address at
/// most: laptops change networks.
const MAX_AGE_OF_CLIENT: u64 = 300;

/// Answers a request. Returns what is left to do when the response was sent,
/// too. What goes wrong becomes a problem response, and a line in the log where
/// it is the operator's concern.
pub async fn answer<R: Runtime>(
    request: &Request<'_>,
    runtime: &R,
) -> (Response, Option<After<R>>) {
    // First, because a page has to be able to read a problem too.
    let cors = settings::CORS_ORIGIN.read(runtime);
    let (mut response, after) = match (Route::find(request), &cors) {
        (Ok(Route::Lookup(representation, address)), Ok(_)) => {
            look_up(request, representation, address, runtime).await
        }
        (Ok(Route::Lookup(..)), Err(problem)) => {
            let response = problem::respond(problem, None, None, request, runtime);
            (response, None)
        }
        // These work whatever the settings are.
        (Ok(Route::OpenApi), _) => (openapi::respond(request.headers), None),
        (Ok(Route::Health), _) => (health(), None),
        (Ok(Route::Preflight), _) => (cors::preflight(), None),
        (Err(problem), _) => {
            let response = problem::respond(&problem, None, None, request, runtime);
            (response, None)
        }
    };
    response.header("vary", "accept");
    if let Ok(allowed) = cors {
        cors::apply(&allowed, request, &mut response);
    }
    (response, after)
}

async fn look_up<R: Runtime>(
    request: &Request<'_>,
    representation: Representation,
    address: Option<String>,
    runtime: &R,
) -> (Response, Option<After<R>>) {
    let respond = |problem: &Problem, cache_status, form| {
        problem::respond(problem, cache_status, form, request, runtime)
    };
    let is_page = representation == Representation::Html;
    let target = match Target::read(request, address, is_page, runtime) {
        Ok(target) => target,
        Err(problem) => return (respond(&problem, None, None), None),
    };
    let form = target.form();
    let prepared = target.address(request, runtime).and_then(|address| {
        let lookup = Lookup::new(address.ip(), runtime)?;
        Ok((address, lookup))
    });
    let (address, lookup) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => return (respond(&problem, None, form), None),
    };
    let Outcome {
        result,
        cache_status,
        after,
    } = lookup.answer(Stale::WhileRevalidate).await;
    let response = result.and_then(|answer| {
        let max_age = match address {
            Address::Client(_) => answer.fresh_for.min(MAX_AGE_OF_CLIENT),
            Address::Other(_) => answer.fresh_for,
        };
        let mut response = representation.respond(answer, cache_status, request, &target)?;
        cache_headers::add(&mut response, cache_status, max_age);
        Ok(response)
    });
    let response = response.unwrap_or_else(|problem| respond(&problem, cache_status, form));
    (response, after)
}

fn health() -> Response {
    let mut response = Response::text(200, "ok\n");
    response.header("cache-control", "no-store");
    response
}
