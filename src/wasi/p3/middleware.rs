//! `wasi:http/handler`, imported and exported: passes a request on to the application,
//! with the headers of the middleware.

use super::outgoing::{method, outgoing};
use super::runtime::Platform;
use super::within_or_later;
use crate::http;
use crate::middleware::{self, Location, Progress, Verdict};
use crate::runtime::Headers;
use bindings::wasi::http::handler as application;
use spin_sdk::wasip3::exports::http::handler::Guest;
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Request, Response};
use spin_sdk::wasip3::{spawn, wit_future};

mod bindings {
    #![allow(missing_docs, unsafe_code)] // generated
    use spin_sdk::wit_bindgen;
    wit_bindgen::generate!({
        path: "wit/middleware",
        world: "geo:middleware/application",
        runtime_path: "spin_sdk::wit_bindgen::rt",
        with: { "wasi:http/types@0.3.0": spin_sdk::wasip3::http::types },
        generate_all,
    });
}

pub(super) struct Component;

impl Guest for Component {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let platform = Platform::new().await;
        let headers = request.get_headers();
        let lines = Lines(headers.copy_all());
        let method = method(&request.get_method());
        let path_with_query = request.get_path_with_query().unwrap_or_default();
        let visit = http::Request::new(method, false, "", &path_with_query, &lines);

        let location = match middleware::locate(&visit, &platform).await {
            Progress::Skipped => None,
            Progress::Located(location, after) => {
                if let Some(after) = after {
                    spawn(after.run());
                }
                Some(location)
            }
            Progress::Missed { miss, client, wait } => {
                let platform = platform.clone();
                let asked = async move {
                    let outcome = miss.ask().await;
                    let (location, after) = Location::of(outcome, client, &platform);
                    if let Some(after) = after {
                        spawn(after.run());
                    }
                    location
                };
                let located = within_or_later(wait, asked).await;
                Some(located.unwrap_or_else(|| Location::pending(client)))
            }
        };
        let verdict = location.map(|location| middleware::decide(&visit, &location, &platform));
        let added = match verdict {
            None => Vec::new(),
            Some(Verdict::Pass(added)) => added,
            Some(Verdict::Block(response)) => return Ok(outgoing(response, method)),
        };

        // As the client sent them, also those that a component may not set.
        let changed = headers.clone();
        let names = lines.0.iter().map(|line| line.0.as_str());
        for name in middleware::own(names, &platform) {
            let _ = changed.delete(name);
        }
        for (name, value) in added {
            // The values are ASCII without controls.
            let _ = changed.append(name, value.as_bytes());
        }
        // spin-sdk's `next` would parse the headers of the response, which costs 80 kB.
        application::handle(with_headers(request, changed)).await
    }
}

/// Returns the request with other headers. The body and the trailers are passed on as
/// they come.
fn with_headers(request: Request, headers: Fields) -> Request {
    let method = request.get_method();
    let scheme = request.get_scheme();
    let authority = request.get_authority();
    let path_with_query = request.get_path_with_query();
    let options = request.get_options();
    let (_, handled) = wit_future::new(|| Ok(()));
    let (body, trailers) = Request::consume_body(request, handled);
    let (changed, _) = Request::new(headers, Some(body), trailers, options);
    // What the host accepted once.
    let _ = changed.set_method(&method);
    let _ = changed.set_scheme(scheme.as_ref());
    let _ = changed.set_authority(authority.as_deref());
    let _ = changed.set_path_with_query(path_with_query.as_deref());
    changed
}

/// The header lines of a request, which are read all at once.
struct Lines(Vec<(String, Vec<u8>)>);

impl Headers for Lines {
    fn get(&self, name: &str) -> Vec<Vec<u8>> {
        let lines = self
            .0
            .iter()
            .filter(|line| line.0.eq_ignore_ascii_case(name));
        lines.map(|line| line.1.clone()).collect()
    }
}
