//! How a lookup is asked for and answered over HTTP.

mod accept;
mod address;
mod cache_headers;
mod caller;
mod cors;
mod country;
mod node;
mod openapi;
mod page;
mod problem;
mod representation;
mod request;
mod response;
mod route;
mod settings;
mod value;

use crate::host::Host;
use crate::lookup::{Lookup, Stale};
use accept::Form;
use address::{Asked, Requested};
use problem::Problem;
use representation::Representation;
pub use request::{Method, Request};
pub use response::Response;
use route::Route;

/// For how many seconds a browser may keep the answer about its own address at
/// most: laptops change networks.
const MAX_AGE_OF_CALLER: u64 = 300;

/// Answers a request through `send`, and then does what could wait. What goes
/// wrong becomes a problem response, and a line in the log where it is the
/// operator's concern.
pub fn answer(request: &Request, host: &Host, send: impl FnOnce(Response)) {
    let mut lookup = None;
    send(respond(request, host, &mut lookup));
    if let Some(lookup) = lookup {
        lookup.finish();
    }
}

fn respond<'a>(request: &Request, host: &'a Host<'a>, lookup: &mut Option<Lookup<'a>>) -> Response {
    // Read only where the form depends on it.
    let preferred = || Form::preferred(request.headers);
    // First, because a page has to be able to read a problem too.
    let (cors, misconfigured) = match settings::cors(host.variables) {
        Ok(policy) => (Some(policy), None),
        Err(problem) => (None, Some(problem)),
    };
    let response = Route::find(request, preferred).and_then(|route| match route {
        Route::Lookup(representation, in_path) => match misconfigured {
            None => Asked::read(request, in_path, representation, host).and_then(|asked| {
                look_up(request, &asked, representation, host, lookup)
                    .map_err(|problem| problem.beside(asked.form()))
            }),
            Some(problem) => Err(problem.into()),
        },
        // These work whatever the settings are.
        Route::OpenApi => Ok(openapi::respond(request.headers)),
        Route::Health => Ok(health()),
        Route::Preflight => Ok(cors::preflight()),
    });
    let mut response = response.unwrap_or_else(|problem| {
        problem.log(host.log);
        problem.to_response(preferred())
    });
    response.header("vary", "accept");
    if let Some(policy) = cors {
        policy.apply(request, &mut response);
    }
    response
}

fn look_up<'a>(
    request: &Request,
    asked: &Asked,
    representation: Representation,
    host: &'a Host<'a>,
    lookup: &mut Option<Lookup<'a>>,
) -> Result<Response, Box<Problem>> {
    let requested = asked.requested(request, host)?;
    let lookup = lookup.insert(Lookup::new(requested.address(), host)?);
    let answer = lookup.answer(Stale::WhileRevalidate)?;
    let status = answer.status;
    let max_age = match requested {
        Requested::Callers(_) => answer.fresh_for.min(MAX_AGE_OF_CALLER),
        Requested::Other(_) => answer.fresh_for,
    };
    let mut response = representation
        .respond(answer, request, asked)
        .map_err(|problem| problem.with_cache_status(status))?;
    cache_headers::add(&mut response, status, max_age);
    Ok(response)
}

fn health() -> Response {
    let mut response = Response::text(200, "ok\n");
    response.header("cache-control", "no-store");
    response
}

#[cfg(test)]
mod tests {
    use crate::host::{Client, Clock, Failure, Get, Host, Log, Response};
    use crate::lookup::settings::tests::Table;
    use std::time::Duration;

    /// A host that has variables, and nothing else.
    struct Nothing;

    impl Client for Nothing {
        fn get(&self, _: &Get) -> Result<Response, Failure> {
            unreachable!("no test here sends a request")
        }
    }

    impl Clock for Nothing {
        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }

        fn sleep(&self, _: Duration) {}
    }

    impl Log for Nothing {
        fn line(&self, _: &str) {}
    }

    /// Calls a function with a host that has these variables.
    pub(crate) fn host<T>(variables: &[(&str, &str)], test: impl FnOnce(&Host) -> T) -> T {
        test(&Host {
            variables: &Table(variables.to_vec()),
            client: &Nothing,
            store: None,
            clock: &Nothing,
            log: &Nothing,
            client_address_header: Some("spin-client-addr"),
        })
    }
}
