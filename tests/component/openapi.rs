//! `/openapi.json` is true: what it describes is what comes, and nothing else.

use crate::harness::{Answer, Geo};
use geo_host::stand_in::Fault;
use http::Request;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

async fn description(geo: &Geo) -> Value {
    geo.get("/openapi.json").await.json()
}

/// Follows a reference within the description.
fn resolve<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => description.pointer(&reference[1..]).expect(reference),
        None => value,
    }
}

/// Holds an answer against the description of its path: status, headers,
/// content type and content.
fn check(description: &Value, path: &str, answer: &Answer) {
    let item = resolve(description, &description["paths"][path]);
    let status = answer.status.as_str();
    let responses = &item["get"]["responses"];
    assert!(
        !responses[status].is_null(),
        "{path} {status} is not described"
    );
    let response = resolve(description, &responses[status]);

    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let value = answer.header(name);
        let is_optional = name == "Retry-After";
        assert!(is_optional || !value.is_empty(), "{path} {status} {name}");
        if !value.is_empty() {
            let schema = &resolve(description, header)["schema"];
            let value = match schema["type"] == "integer" {
                true => json!(value.parse::<u64>().unwrap()),
                false => json!(value),
            };
            validate(description, schema, &value);
        }
    }
    let content_type = answer.header("content-type").split(';').next().unwrap();
    let content = &response["content"][content_type];
    assert!(
        !content.is_null(),
        "{path} {status} {content_type} is not described"
    );
    let value = match content_type.ends_with("json") {
        true => answer.json(),
        false => json!(answer.text()),
    };
    validate(description, &content["schema"], &value);
}

fn validate(description: &Value, schema: &Value, value: &Value) {
    let mut schema = schema.clone();
    schema["components"] = description["components"].clone();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{value}: {errors:?}");
}

const FORMS: [&str; 3] = ["application/json", "text/html", "text/plain"];

#[tokio::test]
async fn it_is_openapi() {
    let geo = Geo::start().await;
    let answer = geo.get("/openapi.json").await;
    let spec = oas3::from_json(answer.text()).unwrap();
    assert_eq!(spec.openapi, "3.1.0");
    assert_eq!(spec.info.version, env!("CARGO_PKG_VERSION"));
    assert!(spec.validate_version().is_ok());
}

#[tokio::test]
async fn every_path_is_described_and_there() {
    let geo = Geo::with(&[("lookup", "any")]).await;
    let description = description(&geo).await;
    let described: BTreeSet<&str> = description["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut there: BTreeSet<String> = ["/", "/json", "/healthz", "/openapi.json"]
        .map(str::to_owned)
        .into();
    // As plain text, this address's answer lists all values by name.
    let listed = geo.send(Request::get("/").header("accept", "text/plain"));
    let listed = listed.await;
    let names = listed.text().lines().map(|line| line.split(':').next());
    there.extend(names.map(|name| format!("/{}", name.unwrap())));
    assert_eq!(described, there.iter().map(String::as_str).collect());

    for path in described {
        for accept in FORMS {
            let answer = geo.send(Request::get(path).header("accept", accept)).await;
            assert_eq!(answer.status, 200, "{path}");
            check(&description, path, &answer);
        }
    }
}

#[tokio::test]
async fn every_problem_is_described_and_comes() {
    let any = &[("lookup", "any"), ("timeout_ms", "300"), ("cache_ttl", "0")];
    let geo = Geo::with(any).await;
    let description = description(&geo).await;
    let mut seen = BTreeSet::new();
    for (query, fault) in [
        ("?ip=elbonia", Fault::None),
        ("?ip=127.0.0.1", Fault::None),
        ("", Fault::Status(403)),
        ("", Fault::Status(500)),
        ("", Fault::CutBeforeHead),
        ("", Fault::Busy("7")),
        ("", Fault::Delay(Duration::from_secs(3600))),
    ] {
        geo.fault(fault);
        for path in ["/", "/json", "/city"] {
            for accept in FORMS {
                geo.clear_store();
                let request = Request::get(format!("{path}{query}")).header("accept", accept);
                let answer = geo.send(request).await;
                check(&description, path, &answer);
                if accept == "application/json" {
                    seen.insert(answer.problem());
                }
            }
        }
    }
    geo.clear_store();
    geo.fault(Fault::None);
    let answer = geo.get("/city?ip=89.0.142.86").await;
    check(&description, "/city", &answer);
    seen.insert(answer.problem());
    for path in ["/", "/json", "/city", "/healthz", "/openapi.json"] {
        let answer = geo.request("POST", path).await;
        check(&description, path, &answer);
        seen.insert(answer.problem());
    }
    let geo = Geo::start().await;
    let answer = geo.get("/json?ip=9.9.9.9").await;
    check(&description, "/json", &answer);
    seen.insert(answer.problem());
    let geo = Geo::with(&[("ipify_api_key", "")]).await;
    let answer = geo.get("/").await;
    check(&description, "/", &answer);
    seen.insert(answer.problem());

    let geo = Geo::with(&[("lookups_per_day", "1"), ("cache_ttl", "0")]).await;
    geo.get("/").await;
    let answer = geo.get("/").await;
    match cfg!(feature = "spin") {
        true => {
            check(&description, "/", &answer);
            seen.insert(answer.problem());
        }
        // Nothing is counted where nothing outlives a request.
        false => {
            assert_eq!(answer.status, 200);
            seen.insert("budget-spent".to_owned());
        }
    }

    // All that is described has come.
    let text = description.to_string();
    let described: BTreeSet<String> = text
        .split("urn:problem-type:geo:")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(seen, described);
    assert!(
        text.contains("not-found"),
        "that of any other path is described in words"
    );
}
