//! `wasi:http/handler`: receives the request and returns the response.

use super::outgoing::{method, outgoing};
use super::runtime::Platform;
use crate::http;
use spin_sdk::wasip3::exports::http::handler::Guest;
use spin_sdk::wasip3::http::types::{ErrorCode, Request, Response, Scheme};
use spin_sdk::wasip3::spawn;

pub(super) struct Component;

impl Guest for Component {
    /// Answers a request. What is left to do then goes on after it.
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let platform = Platform::new().await;
        let method = method(&request.get_method());
        let https = matches!(request.get_scheme(), Some(Scheme::Https));
        // `OPTIONS *` has no path.
        let path_with_query = request.get_path_with_query().unwrap_or_default();
        let authority = request.get_authority().unwrap_or_default();
        let headers = request.get_headers();
        let request = http::Request::new(method, https, &authority, &path_with_query, &headers);
        let (response, after) = http::answer(&request, &platform).await;
        if let Some(after) = after {
            spawn(after.run());
        }
        Ok(outgoing(response, method))
    }
}
