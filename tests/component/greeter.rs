//! geo as a dependency of `examples/greeter`, over HTTP.
//!
//! `make test` builds the greeter first.

use crate::harness::{Answer, Geo, Setup, artifact};
use geo_host::Manifest;
use stand_in::Fault;

/// Starts the greeter with the build of geo under test.
async fn start(variables: &[(&str, &str)]) -> Geo {
    set_up(variables, |manifest| {
        manifest.dependencies[0].path = artifact();
    })
    .await
}

async fn set_up(variables: &[(&str, &str)], change: fn(&mut Manifest)) -> Geo {
    Geo::set_up(Setup {
        application: Some("examples/greeter/spin.toml"),
        variables,
        manifest: Some(change),
        ..Setup::default()
    })
    .await
}

fn assert_greeting(answer: &Answer, status: u16, text: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().starts_with(text), "{}", answer.text());
}

#[tokio::test]
async fn the_greeting_names_the_city() {
    let greeter = start(&[]).await;
    // The client is on loopback, which geo never sends to ipify, so the greeter
    // asks about geo's own address.
    assert_greeting(
        &greeter.get("/").await,
        200,
        "Hello, visitor from Mountain View\n",
    );
    let calls = greeter.stand_in.calls();
    assert_eq!(calls.len(), 1);
    assert!(!calls[0].contains("ipAddress"), "{calls:?}");
}

/// The record of the interface has no field for them.
#[tokio::test]
async fn further_values_have_names() {
    let greeter = start(&[]).await;
    for (country, notice) in [("NO", "The GDPR applies to you.\n"), ("CH", "")] {
        let json = format!(r#"{{"ip":"9.9.9.9","location":{{"country":"{country}"}}}}"#);
        greeter.set_fault(Fault::Body(json.into()));
        greeter.clear_store();
        let greeting = format!("Hello, visitor from {country}\n{notice}");
        assert_eq!(greeter.get("/").await.text(), greeting);
    }
}

/// Spin appends its own header after that of the client.
#[cfg(feature = "spin")]
#[tokio::test]
async fn a_client_cannot_forge_its_address() {
    let greeter = start(&[]).await;
    let forged = http::Request::get("/").header("spin-client-addr", "9.9.9.9:1");
    assert_greeting(
        &greeter.send(forged).await,
        200,
        "Hello, visitor from Mountain View\n",
    );
}

#[cfg(feature = "spin")]
#[tokio::test]
async fn answers_are_cached_as_over_http() {
    let greeter = start(&[]).await;
    for _ in 0..3 {
        assert_greeting(
            &greeter.get("/").await,
            200,
            "Hello, visitor from Mountain View\n",
        );
    }
    assert_eq!(greeter.stand_in.calls().len(), 1);
    // A stale answer is served while ipify fails.
    greeter.set_time(7200);
    greeter.set_fault(Fault::Status(500));
    assert_greeting(
        &greeter.get("/").await,
        200,
        "Hello, visitor from Mountain View\n",
    );
    assert_eq!(greeter.stand_in.calls().len(), 2);
    let log = greeter.log();
    assert!(log.starts_with("geo: upstream-invalid: "), "{log}");
}

#[tokio::test]
async fn problems_come_with_advice() {
    let greeter = start(&[("ipify_api_key", "at_wrong")]).await;
    assert_greeting(
        &greeter.get("/").await,
        503,
        "Hello, visitor. The API key is wrong",
    );
    assert!(
        greeter.log().contains("upstream-refused"),
        "{}",
        greeter.log()
    );
    assert!(!greeter.log().contains("at_wrong"), "{}", greeter.log());

    let greeter = start(&[("ipify_api_key", "")]).await;
    let answer = greeter.get("/").await;
    assert_greeting(
        &answer,
        503,
        "Hello, visitor. The variable ipify_api_key is missing",
    );

    let mut greeter = start(&[]).await;
    greeter.stand_in.stop().await;
    let answer = greeter.get("/").await;
    assert_greeting(
        &answer,
        503,
        "Hello, visitor. The connection to ipify_origin failed",
    );
}
