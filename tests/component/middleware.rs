//! The middleware in front of `examples/headers`, which shows the headers of a request.
//!
//! `make test` builds both first.

use crate::harness::{Answer, Geo, MEMORY_LIMIT, ONE_REQUEST, Setup, Store, root};
use geo_host::Manifest;
use http::Request;
use stand_in::{Fault, Gate};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const APPLICATION: Option<&str> = Some("examples/headers/spin-rules.toml");

async fn start(variables: &[(&str, &str)]) -> Geo {
    set_up(Setup {
        variables,
        ..Setup::default()
    })
    .await
}

async fn set_up(setup: Setup<'_>) -> Geo {
    Geo::set_up(Setup {
        application: APPLICATION,
        variables: &[setup.variables, &[("geo_trusted_hops", "1")]].concat(),
        ..setup
    })
    .await
}

fn from(address: &str) -> http::request::Builder {
    Request::get("/").header("x-forwarded-for", address)
}

/// Returns the lines that the application shows whose name begins with this.
fn lines<'a>(answer: &'a Answer, start: &str) -> Vec<&'a str> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let lines = answer.text().lines();
    lines.filter(|line| line.starts_with(start)).collect()
}

fn status(answer: &Answer) -> &str {
    lines(answer, "geo-status")[0]
        .strip_prefix("geo-status: ")
        .unwrap()
}

#[tokio::test]
async fn the_application_gets_the_location() {
    let geo = start(&[]).await;
    let expected = [
        "geo-status: miss",
        "geo-ip: 8.8.8.8",
        "geo-country: US",
        "geo-country-name: United States",
        "geo-region: California",
        "geo-city: Mountain View",
        "geo-postal-code: 94043",
        "geo-latitude: 37.40599",
        "geo-longitude: -122.078514",
        "geo-timezone: -08:00",
        "geo-asn: AS15169",
        "geo-as-name: Google LLC",
        "geo-isp: Google LLC",
    ];
    assert_eq!(lines(&geo.send(from("8.8.8.8")).await, "geo-"), expected);
    assert_eq!(status(&geo.send(from("8.8.8.8")).await), "hit");
    geo.set_time(86_400);
    assert_eq!(status(&geo.send(from("8.8.8.8")).await), "stale");
}

#[tokio::test]
async fn names_of_other_services() {
    for (set, expected) in [
        (
            "cloudflare",
            [
                "cf-ipcountry: US",
                "cf-ipcity: Mountain View",
                "cf-timezone: -08:00",
            ],
        ),
        (
            "vercel",
            [
                "x-vercel-ip-country: US",
                "x-vercel-ip-city: Mountain View",
                "x-vercel-ip-timezone: -08:00",
            ],
        ),
    ] {
        let geo = start(&[("geo_headers", set)]).await;
        let forged = expected.map(|line| line.split_once(": ").unwrap().0);
        let mut request = from("8.8.8.8").header("geo-city", "forged");
        for name in forged {
            request = request.header(name, "forged");
        }
        let answer = geo.send(request).await;
        for line in expected {
            assert!(answer.text().lines().any(|found| found == line), "{line}");
        }
        assert!(!answer.text().contains("forged"), "{}", answer.text());
    }
}

/// In any case of letters, on skipped paths, and where nothing is known.
#[tokio::test]
async fn forged_headers_are_removed() {
    let geo = start(&[("geo_headers", "geo")]).await;
    for (path, client) in [
        ("/", "8.8.8.8"),
        ("/.well-known/a", "8.8.8.8"),
        ("/", "240.0.0.1"),
    ] {
        let request = Request::get(path)
            .header("x-forwarded-for", client)
            .header("GEO-Country", "forged")
            .header("geo-country", "forged")
            .header("Geo-IP", "forged")
            .header("geo-status", "forged")
            .header("cf-ipcountry", "kept");
        let answer = geo.send(request).await;
        assert!(!answer.text().contains("forged"), "{}", answer.text());
        assert_eq!(lines(&answer, "cf-ipcountry"), ["cf-ipcountry: kept"]);
    }
    let answer = geo.send(Request::get("/.well-known/a")).await;
    assert_eq!(lines(&answer, "geo-"), [""; 0]);
}

/// The stand-in places 8.8.8.8 in the US, and 9.9.9.9 in Switzerland.
#[tokio::test]
async fn country_rules() {
    let blocked = [
        ("geo_allow_countries", ""),
        ("geo_block_countries", "us, KP"),
    ];
    let allowed = [("geo_allow_countries", "CH"), ("geo_block_countries", "")];
    let strict = [
        ("geo_unknown_country", "block"),
        ("geo_block_countries", "US"),
    ];
    let both = [("geo_allow_countries", "CH"), ("geo_block_countries", "US")];
    for (variables, american, swiss, unknown) in [
        (blocked, 451, 200, 200),
        (allowed, 451, 200, 200),
        (strict, 451, 200, 451),
        (both, 200, 200, 200),
    ] {
        let geo = start(&variables).await;
        for (client, expected) in [
            ("8.8.8.8", american),
            ("9.9.9.9", swiss),
            ("240.0.0.1", unknown),
        ] {
            let answer = geo.send(from(client)).await;
            assert_eq!(answer.status, expected, "{variables:?} {client}");
        }
        // A client of the same network is where the server is: in the US.
        assert_eq!(geo.send(from("10.0.0.1")).await.status, american);
        // The proxy named none.
        assert_eq!(geo.get("/").await.status, unknown);
        let skipped = Request::get("/.well-known/a").header("x-forwarded-for", "8.8.8.8");
        assert_eq!(geo.send(skipped).await.status, 200);
    }
}

#[tokio::test]
async fn a_blocked_client_gets_the_form_that_it_prefers() {
    let variables = [("geo_block_countries", "US"), ("geo_blocked_status", "403")];
    let geo = start(&variables).await;
    let answer = geo.send(from("8.8.8.8")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem()),
        (403, "country-blocked".to_owned())
    );
    for (accept, expected) in [
        ("text/html", "<!doctype html>"),
        ("text/plain", "Not available"),
    ] {
        let answer = geo.send(from("8.8.8.8").header("accept", accept)).await;
        assert_eq!(answer.status, 403);
        assert!(answer.text().starts_with(expected), "{}", answer.text());
        assert!(answer.header("content-type").starts_with(accept));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let head = from("8.8.8.8").method("HEAD");
    assert_eq!(geo.send(head).await.text(), "");
}

#[tokio::test]
async fn a_failing_ipify_does_not_stop_the_application() {
    for fault in [Fault::Status(500), Fault::Status(403), Fault::Status(429)] {
        let geo = start(&[]).await;
        geo.set_fault(fault);
        let answer = geo.send(from("8.8.8.8")).await;
        assert_eq!(
            lines(&answer, "geo-"),
            ["geo-status: error", "geo-ip: 8.8.8.8"]
        );
        geo.idle().await;
        assert_eq!(status(&geo.send(from("8.8.8.8")).await), "resting");
        assert!(geo.log().contains("geo: upstream-"), "{}", geo.log());
    }
}

#[tokio::test]
async fn an_empty_budget_does_not_stop_the_application() {
    let geo = start(&[]).await;
    geo.set_fault(Fault::None);
    // The rules' manifest has no budget, so the setting is added.
    let geo = Geo::set_up(Setup {
        application: APPLICATION,
        variables: &[("geo_trusted_hops", "1")],
        manifest: Some(|manifest| {
            let variables = &mut manifest.component_variables;
            variables.insert("geo_lookups_per_day".to_owned(), "1".to_owned());
        }),
        key_value: Some(Arc::clone(&geo.key_value)),
        ..Setup::default()
    })
    .await;
    assert_eq!(status(&geo.send(from("8.8.8.8")).await), "miss");
    geo.idle().await;
    assert_eq!(status(&geo.send(from("9.9.9.9")).await), "budget-spent");
}

#[tokio::test]
async fn an_invalid_setting_does_not_stop_the_application() {
    for (name, value) in [
        ("geo_wait_ms", "1s"),
        ("geo_headers", "akamai"),
        ("geo_block_countries", "UK"),
        ("geo_blocked_status", "500"),
        ("geo_trusted_hops", "one"),
        ("ipify_api_key", "\"quoted\""),
    ] {
        let geo = start(&[(name, value)]).await;
        let answer = geo.send(from("9.9.9.9")).await;
        assert_eq!(answer.status, 200, "{name}");
        if name != "geo_blocked_status" {
            let log = geo.log();
            assert!(
                log.contains(&format!("The variable {name} is invalid")),
                "{name}: {log}"
            );
        }
    }
}

/// The request of a new client goes on without its location, which is there for the
/// next one.
#[tokio::test]
async fn a_new_client_does_not_wait_longer_than_it_may() {
    for wait in ["0", "50"] {
        let geo = start(&[("geo_wait_ms", wait)]).await;
        let gate = Gate::shut();
        geo.set_fault(gate.before(Fault::None));
        let answer = geo.send(from("9.9.9.9")).await;
        assert_eq!(
            lines(&answer, "geo-"),
            ["geo-status: pending", "geo-ip: 9.9.9.9"]
        );
        gate.open();
        geo.idle().await;
        assert_eq!(status(&geo.send(from("9.9.9.9")).await), "hit");
        assert_eq!(geo.stand_in.calls().len(), 1);
    }
}

#[tokio::test]
async fn a_failing_store_does_not_stop_the_application() {
    let geo = set_up(Setup {
        key_value: Some(Arc::new(Store::failing(|_, _| true))),
        ..Setup::default()
    })
    .await;
    for expected in ["miss", "hit"] {
        let answer = geo.send(from("9.9.9.9")).await;
        assert_eq!(status(&answer), expected);
    }
}

#[tokio::test]
async fn a_hanging_store_does_not_hold_up_the_application() {
    let store = Arc::new(Store::default());
    let geo = set_up(Setup {
        key_value: Some(store.clone()),
        ..Setup::default()
    })
    .await;
    let hanging = store.hang();
    for (address, expected) in [("9.9.9.9", "miss"), ("9.9.9.9", "hit"), ("1.1.1.1", "miss")] {
        // `geo_wait_ms` and a second.
        let answer = tokio::time::timeout(Duration::from_secs(2), geo.send(from(address))).await;
        assert_eq!(status(&answer.expect("in time")), expected, "{address}");
    }
    drop(hanging);
}

/// ipify never answers, so each request waits as long as it may.
#[tokio::test]
async fn a_hanging_ipify_does_not_stop_the_application() {
    let geo = start(&[("geo_wait_ms", "50")]).await;
    geo.set_fault(Fault::Delay(Duration::from_secs(3600)));
    assert_eq!(status(&geo.send(from("9.9.9.9")).await), "pending");
    geo.idle().await;
    // The circuit breaker is open after the timeout.
    assert_eq!(status(&geo.send(from("9.9.9.9")).await), "resting");
    assert_eq!(geo.stand_in.calls().len(), 1);
}

/// The application sends a body back. Each part of it arrives before the next is sent.
#[tokio::test]
async fn bodies_are_passed_on_as_they_come() {
    let geo = start(&[]).await;
    let mut stream = TcpStream::connect(geo.address()).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: a.example\r\nx-forwarded-for: 9.9.9.9\r\n\
                transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    for part in ["first part", "second part"] {
        let chunk = format!("{:x}\r\n{part}\r\n", part.len());
        stream.write_all(chunk.as_bytes()).await.unwrap();
        while !String::from_utf8_lossy(&received).contains(part) {
            assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0, "{part}");
        }
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    while !received.ends_with(b"0\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0);
    }
    // More than an instance may have in memory.
    let large = vec![b'x'; 2 * MEMORY_LIMIT];
    let request = from("9.9.9.9").method("POST");
    let answer = geo.connect().await.send_body(request, large.clone()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body == large, "{} bytes", answer.body.len());
}

/// The application gets all other headers as it does without the middleware, those of an
/// upgrade among them.
#[tokio::test]
async fn other_headers_are_passed_on() {
    let request = || {
        from("9.9.9.9")
            .header("accept", "text/html")
            .header("authorization", "Bearer abc")
            .header("connection", "upgrade")
            .header("cookie", "a=1; b=2")
            .header("cookie", "c=3")
            .header("geometry", "flat")
            .header("if-none-match", "\"x\"")
            .header("te", "trailers")
            .header("upgrade", "websocket")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    let behind = start(&[]).await.send(request()).await;
    let without = set_up(Setup {
        manifest: Some(|manifest| manifest.middleware.clear()),
        ..Setup::default()
    });
    let without = without.await.send(request()).await;
    // The ports of client and server differ.
    let of_client = |answer: &Answer| {
        let lines = lines(answer, "").into_iter();
        let own = lines.filter(|line| !line.starts_with("geo-") && !line.starts_with("spin-"));
        own.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of_client(&behind), of_client(&without));
    assert!(of_client(&behind).contains(&"cookie: c=3".to_owned()));
}

/// geo-p3.wasm is the application here, because it sends all kinds of responses.
#[tokio::test]
async fn responses_are_passed_on() {
    let application = |manifest| {
        Geo::set_up(Setup {
            application: Some("spin-p3.toml"),
            manifest: Some(manifest),
            ..Setup::default()
        })
    };
    let behind = application(|manifest| {
        let example = root().join("examples/headers/spin.toml");
        manifest.middleware = Manifest::read(&example).unwrap().middleware;
    });
    let (behind, without) = (behind.await, application(|_| {}).await);
    for (method, path, header, status) in [
        ("OPTIONS", "/json", "accept", 204),
        ("GET", "/openapi.json", "if-none-match", 304),
        ("GET", "/openapi.json", "accept", 200),
        ("HEAD", "/openapi.json", "accept", 200),
        ("HEAD", "/elbonia", "accept", 404),
        ("GET", "/elbonia", "accept", 404),
        ("DELETE", "/healthz", "accept", 405),
        ("GET", "/readyz", "accept", 200),
    ] {
        let request = || {
            Request::builder()
                .method(method)
                .uri(path)
                .header(header, "*")
        };
        let (behind, without) = (behind.send(request()).await, without.send(request()).await);
        assert_eq!(behind.status, status, "{method} {path}");
        assert_eq!(without.status, status, "{method} {path}");
        let headers = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            headers.remove("date");
            headers
        };
        assert_eq!(headers(&behind), headers(&without), "{method} {path}");
        assert_eq!(behind.body, without.body, "{method} {path}");
    }
}

/// Line breaks, characters that are not ASCII, and what is longer than a header may be.
#[tokio::test]
async fn values_that_are_no_headers() {
    let geo = start(&[]).await;
    let isp = "x".repeat(60_000);
    let json = format!(
        r#"{{"ip":"9.9.9.9","location":{{"country":"CH","city":"Z\u00fcrich\r\nx: y","region":"100%"}},"isp":"{isp}"}}"#
    );
    geo.set_fault(Fault::Body(json.into()));
    let answer = geo.send(from("9.9.9.9")).await;
    let expected = [
        "geo-status: miss",
        "geo-ip: 9.9.9.9",
        "geo-country: CH",
        "geo-country-name: Switzerland",
        "geo-region: 100%25",
        "geo-city: Z%C3%BCrich  x: y",
    ];
    assert_eq!(lines(&answer, "geo-"), expected);
}

#[tokio::test]
async fn two_middlewares_in_a_row() {
    let geo = Geo::set_up(Setup {
        application: APPLICATION,
        variables: &[("geo_trusted_hops", "1")],
        manifest: Some(|manifest| manifest.middleware.push(manifest.middleware[0].clone())),
        ..Setup::default()
    })
    .await;
    let answer = geo.send(from("9.9.9.9").header("geo-isp", "forged")).await;
    assert_eq!(lines(&answer, "geo-isp"), ["geo-isp: Quad9"]);
    assert_eq!(geo.stand_in.calls().len(), 1);
}

/// One instance answers many requests at a time: nothing of one client reaches another.
#[tokio::test(flavor = "multi_thread")]
async fn simultaneous_clients_get_their_own_location() {
    let geo = Arc::new(start(&[]).await);
    geo.set_fault(Fault::Delay(Duration::from_millis(20)));
    let requests = (1..=100).map(|number| {
        let geo = Arc::clone(&geo);
        tokio::spawn(async move {
            let address = format!("89.0.0.{number}");
            let answer = geo.send(from(&address)).await;
            assert_eq!(lines(&answer, "geo-ip"), [format!("geo-ip: {address}")]);
        })
    });
    for request in requests.collect::<Vec<_>>() {
        request.await.unwrap();
    }
}

/// Under a policy of one instance a request, the store alone has the answer.
#[tokio::test]
async fn an_answer_comes_from_the_store_too() {
    let geo = set_up(Setup {
        instance_reuse: Some(ONE_REQUEST),
        ..Setup::default()
    })
    .await;
    assert_eq!(status(&geo.send(from("9.9.9.9")).await), "miss");
    geo.idle().await;
    assert_eq!(status(&geo.send(from("9.9.9.9")).await), "hit");
    assert_eq!(geo.stand_in.calls().len(), 1);
}
