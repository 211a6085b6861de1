//! `lookup=token`: other addresses for requests with a bearer token.

use crate::harness::{Answer, Geo};
use http::Request;

const TOKEN: &str = "mF_9.B5f-4.1JqM~";
const VARIABLES: &[(&str, &str)] = &[
    ("lookup", "token"),
    ("lookup_token", TOKEN),
    ("trusted_hops", "1"),
];

/// Asks as a client at 9.9.9.9.
async fn get(geo: &Geo, path: &str, authorization: &[&str]) -> Answer {
    let mut request = Request::get(path).header("x-forwarded-for", "9.9.9.9");
    for line in authorization {
        request = request.header("authorization", *line);
    }
    geo.send(request).await
}

#[tokio::test]
async fn other_addresses_need_the_token() {
    let geo = Geo::with(VARIABLES).await;
    let valid = format!("Bearer {TOKEN}");
    for path in ["/1.1.1.1", "/json?ip=1.1.1.1", "/1.1.1.1/city"] {
        for authorization in [&[valid.as_str()][..], &[&valid.replace("Bearer", "bearer")]] {
            assert_eq!(get(&geo, path, authorization).await.status, 200, "{path}");
        }
        for authorization in [
            &[][..],
            &["Bearer"],
            &["Bearer mF_9.B5f-4.1JqMx"],
            &["Bearer mF_9.B5f-4.1JqM"],
            &["Basic bUZfOS5CNWYtNC4xSnFNfg=="],
            &[TOKEN],
            &[&valid, &valid],
        ] {
            let answer = get(&geo, path, authorization).await;
            assert_eq!(answer.status, 401, "{path} {authorization:?}");
            assert_eq!(answer.problem(), "token-required");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    let answer = get(&geo, "/1.1.1.1", &[&valid]).await;
    assert_eq!(answer.json()["ip"], "1.1.1.1");
    let problem = get(&geo, "/elbonia:", &[&valid]).await.problem();
    assert_eq!(problem, "invalid-address");
}

#[tokio::test]
async fn the_clients_own_address_needs_no_token() {
    let geo = Geo::with(VARIABLES).await;
    for path in ["/json", "/9.9.9.9/json", "/json?ip=9.9.9.9"] {
        for authorization in [&[][..], &["Bearer of-another-service"]] {
            let answer = get(&geo, path, authorization).await;
            assert_eq!(answer.status, 200, "{path} {authorization:?}");
            assert_eq!(answer.json()["ip"], "9.9.9.9");
        }
    }
}

#[tokio::test]
async fn the_token_is_in_no_response_request_or_log_line() {
    let geo = Geo::with(VARIABLES).await;
    let valid = format!("Bearer {TOKEN}");
    geo.set_fault(stand_in::Fault::Status(500));
    for (path, authorization) in [("/1.1.1.1", valid.as_str()), ("/1.1.1.1", "Bearer x")] {
        let answer = get(&geo, path, &[authorization]).await;
        assert!(!answer.text().contains(TOKEN), "{}", answer.text());
        assert!(!format!("{:?}", answer.headers).contains(TOKEN));
    }
    assert!(geo.log().contains("upstream-invalid"), "{}", geo.log());
    assert!(!geo.log().contains(TOKEN), "{}", geo.log());
    let calls = geo.stand_in.calls();
    assert!(!calls.is_empty() && !format!("{calls:?}").contains(TOKEN));
}

#[tokio::test]
async fn the_page_has_no_form() {
    let geo = Geo::with(VARIABLES).await;
    let request = Request::get("/").header("accept", "text/html");
    let page = geo.send(request).await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("<form"), "{}", page.text());
}

#[tokio::test]
async fn a_short_or_missing_token_is_misconfigured() {
    for token in ["", "fifteen-chars-x", "sixteen chars xx"] {
        let variables = [("lookup", "token"), ("lookup_token", token)];
        let geo = Geo::with(&variables).await;
        for path in ["/1.1.1.1", "/readyz"] {
            let authorization = format!("Bearer {token}");
            let answer = get(&geo, path, &[&authorization]).await;
            assert_eq!(answer.problem(), "misconfigured", "{token:?} {path}");
            assert!(answer.text().contains("lookup_token"), "{}", answer.text());
            assert!(token.is_empty() || !answer.text().contains(token));
        }
        // It is not needed for the client itself.
        assert_eq!(get(&geo, "/", &[]).await.status, 200);
    }
    // It is not needed either where no token is asked for.
    let geo = Geo::with(&[("lookup", "any"), ("lookup_token", "short")]).await;
    assert_eq!(geo.get("/readyz").await.status, 200);
}
