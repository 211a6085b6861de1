//! geo below a path: of an application, or of a proxy that takes a prefix off.

#[cfg(feature = "spin")]
use crate::harness::Setup;
use crate::harness::{Answer, Geo};
use http::Request;

const HTML: (&str, &str) = ("accept", "text/html");

async fn get(geo: &Geo, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    geo.send(request).await
}

/// Returns the paths that a page links to or sends its form to.
fn links(page: &str) -> Vec<&str> {
    let ends = page.split([' ', '>']).filter_map(|attribute| {
        let value = attribute
            .strip_prefix("href=\"")
            .or_else(|| attribute.strip_prefix("action=\""))?;
        value.split('"').next()
    });
    ends.filter(|link| !link.contains(':') && !link.starts_with('#') && !link.is_empty())
        .collect()
}

/// Returns the URLs in the commands of a page.
fn commands(page: &str) -> Vec<&str> {
    page.split("<code>curl ")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect()
}

#[cfg(feature = "spin")]
async fn mounted() -> Geo {
    Geo::set_up(Setup {
        variables: &[("lookup", "any")],
        manifest: Some(|manifest| manifest.route = "/geo/...".to_owned()),
        ..Setup::default()
    })
    .await
}

#[cfg(feature = "spin")]
#[tokio::test]
async fn below_the_path_of_a_route_all_is_as_at_the_root() {
    let geo = mounted().await;
    for (path, content_type) in [
        ("/geo", "application/json"),
        ("/geo/", "application/json"),
        ("/geo/json", "application/json"),
        ("/geo/9.9.9.9/city", "text/plain; charset=utf-8"),
        ("/geo/healthz", "text/plain; charset=utf-8"),
        ("/geo/readyz", "text/plain; charset=utf-8"),
        ("/geo/openapi.json", "application/json"),
    ] {
        // What a client sends comes before what Spin appends.
        let answer = get(&geo, path, &[("spin-path-info", "/elbonia")]).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), content_type, "{path}");
    }
    let answer = geo.get("/geo/elbonia").await;
    assert_eq!(answer.problem(), "not-found");
    let servers = geo.get("/geo/openapi.json").await.json()["servers"].clone();
    assert_eq!(servers, serde_json::json!([{ "url": "/geo" }]));
}

#[cfg(feature = "spin")]
#[tokio::test]
async fn links_of_the_page_stay_below_the_path_of_a_route() {
    let geo = mounted().await;
    for (path, command) in [
        ("/geo", "http://geo.example/geo/json"),
        ("/geo/9.9.9.9", "http://geo.example/geo/9.9.9.9/json"),
    ] {
        let page = get(&geo, path, &[HTML]).await;
        assert_eq!(links(page.text()), ["/geo/"], "{path}");
        assert_eq!(commands(page.text())[0], command);
    }
    let page = get(&geo, "/geo/elbonia:", &[HTML]).await;
    assert_eq!(page.status, 400);
    assert_eq!(links(page.text()), ["/geo/", "/geo/"]);
}

#[tokio::test]
async fn links_of_the_page_have_the_prefix_that_a_proxy_took_off() {
    let geo = Geo::with(&[("lookup", "any")]).await;
    let prefix = ("x-forwarded-prefix", "/geo");
    for (path, command) in [
        ("/", "http://geo.example/geo/json"),
        ("/9.9.9.9/", "http://geo.example/geo/9.9.9.9/json"),
    ] {
        let page = get(&geo, path, &[HTML, prefix]).await;
        assert_eq!(links(page.text()), ["/geo/"], "{path}");
        assert_eq!(commands(page.text())[0], command);
    }
    let servers = get(&geo, "/openapi.json", &[prefix]).await.json()["servers"].clone();
    assert_eq!(servers, serde_json::json!([{ "url": "/geo" }]));
}

#[tokio::test]
async fn commands_of_the_page_have_the_scheme_of_the_client() {
    let geo = Geo::start().await;
    for (proto, expected) in [
        ("https", "https://geo.example/json"),
        ("HTTPS", "https://geo.example/json"),
        ("https,http", "https://geo.example/json"),
        ("https, http", "https://geo.example/json"),
        ("http,https", "http://geo.example/json"),
        ("elbonia", "http://geo.example/json"),
    ] {
        let page = get(&geo, "/", &[HTML, ("x-forwarded-proto", proto)]).await;
        assert_eq!(commands(page.text())[0], expected, "{proto}");
    }
}

#[tokio::test]
async fn a_forged_prefix_makes_no_link_leave_the_origin() {
    let geo = Geo::with(&[("lookup", "any")]).await;
    for prefix in [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\"><script>alert(1)</script>",
        "/geo/../..",
        "/geo?a=",
        "/geo#",
    ] {
        for name in ["x-forwarded-prefix", "spin-path-info"] {
            for path in ["/", "/elbonia"] {
                let page = get(&geo, path, &[HTML, (name, prefix)]).await;
                assert!(!page.text().contains("<script"), "{name}: {prefix}");
                for link in links(page.text()) {
                    assert!(link.starts_with('/'), "{name}: {prefix}: {link}");
                    assert!(!link.starts_with("//"), "{name}: {prefix}: {link}");
                    assert!(!link.contains("/.."), "{name}: {prefix}: {link}");
                }
                for command in commands(page.text()) {
                    assert!(command.starts_with("http://geo.example/"), "{command}");
                }
            }
            let description = get(&geo, "/openapi.json", &[(name, prefix)]).await;
            let url = description.json()["servers"][0]["url"].clone();
            let url = url.as_str().unwrap();
            assert!(url.starts_with('/') && !url.starts_with("//"), "{url}");
        }
    }
}
