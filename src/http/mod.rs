//! How geo is asked and answers over HTTP.

mod accept;
mod cache_headers;
pub(crate) mod client;
mod cors;
mod openapi;
mod page;
pub(crate) mod problem;
mod representation;
mod request;
mod response;
mod route;
mod target;
mod token;

pub use request::{Method, Request};
pub use response::Response;

use crate::lookup::{self, After, Asked, Lookup, Outcome, Stale};
use crate::origin::AllowedOrigins;
use crate::problem::Problem;
use crate::runtime::Runtime;
use crate::settings;
use page::Page;
use representation::Representation;
use route::Route;
use target::{Address, Target};

/// Answers a request. Returns what is left to do when the response was sent,
/// too. What goes wrong becomes a problem response, and a line in the log where
/// it is the operator's concern.
pub async fn answer<R: Runtime>(
    request: &Request<'_>,
    runtime: &R,
) -> (Response, Option<After<R>>) {
    let on_spin;
    let request = if R::HAS_SPIN_HEADERS {
        on_spin = request.on_spin();
        &on_spin
    } else {
        request
    };
    // First, because a page has to be able to read a problem too.
    let cors = settings::CORS_ORIGIN.read(runtime);
    let respond =
        |status, problem: &Problem| problem::respond(status, problem, None, None, request, runtime);
    let failed = |problem: &Problem| respond(problem::status(problem.kind), problem);
    let (mut response, after) = match (Route::find(request), &cors) {
        (Ok(Route::Lookup(representation, address)), Ok(_)) => {
            look_up(request, representation, address, runtime).await
        }
        (Ok(Route::Lookup(..)), Err(problem)) => (failed(problem), None),
        // These work whatever the settings are.
        (Ok(Route::OpenApi), _) => (openapi::respond(request), None),
        (Ok(Route::Health), _) => (ok(), None),
        (Ok(Route::Readiness), Ok(_)) => match check(runtime).await {
            Ok(()) => (ok(), None),
            Err(problem) => (respond(503, &problem), None),
        },
        (Ok(Route::Readiness), Err(problem)) => (respond(503, problem), None),
        (Ok(Route::Robots), _) => (Response::text(200, "User-agent: *\nDisallow: /\n"), None),
        (Ok(Route::Preflight), _) => (cors::preflight(request.headers), None),
        (Err(problem), _) => (failed(&problem), None),
    };
    response.header("vary", "accept");
    response.header("x-robots-tag", "noindex");
    // Where the setting is invalid, any page may read that.
    let allowed = cors.unwrap_or(AllowedOrigins::Any);
    cors::apply(&allowed, request, &mut response);
    (response, after)
}

async fn look_up<R: Runtime>(
    request: &Request<'_>,
    representation: Representation,
    address: Option<String>,
    runtime: &R,
) -> (Response, Option<After<R>>) {
    let respond = |problem: &Problem, cache_status, form| {
        let status = problem::status(problem.kind);
        problem::respond(status, problem, cache_status, form, request, runtime)
    };
    let is_page = representation == Representation::Html;
    let target = match Target::read(request, address, is_page, runtime) {
        Ok(target) => target,
        Err(problem) => return (respond(&problem, None, None), None),
    };
    let form = target.form();
    let prepared = target.address(request, runtime).and_then(|address| {
        let asked = match address {
            Address::Client(_) => Asked::Client,
            Address::Other(_) => Asked::Other,
        };
        let lookup = Lookup::new(address.ip(), asked, runtime)?;
        Ok((address, lookup))
    });
    let (address, lookup) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => return (respond(&problem, None, form), None),
    };
    let Outcome {
        result,
        cache_status,
        line,
        after,
    } = lookup.answer(Stale::WhileRevalidate).await;
    let response = result.and_then(|answer| {
        let max_age = match address {
            Address::Client(_) => None,
            Address::Other(_) => Some(answer.fresh_for),
        };
        let is_other = max_age.is_some();
        let page = Page {
            request,
            form,
            is_other,
        };
        let mut response = representation.respond(answer, cache_status, page)?;
        cache_headers::add(&mut response, cache_status, max_age);
        Ok(response)
    });
    let response = response.unwrap_or_else(|problem| respond(&problem, cache_status, form));
    if let Some(line) = line {
        line.write(Some(response.status), runtime);
    }
    (response, after)
}

/// Checks that geo can answer: the settings, of which `cors_origin` has been read,
/// and the store.
async fn check<R: Runtime>(runtime: &R) -> Result<(), Problem> {
    settings::check_others(settings::CORS_ORIGIN.name, runtime)?;
    lookup::check_store(runtime).await
}

fn ok() -> Response {
    let mut response = Response::text(200, "ok\n");
    response.header("cache-control", "no-store");
    response
}
