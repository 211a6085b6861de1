//! `/openapi.json` describes the actual responses, and no others.

use crate::harness::{Answer, Geo, root};
use http::Request;
use serde_json::{Value, json};
use stand_in::Fault;
use std::collections::BTreeSet;
use std::time::Duration;

async fn description(geo: &Geo) -> Value {
    geo.get("/openapi.json").await.json()
}

/// Resolves a reference within the description.
fn resolve<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => description.pointer(&reference[1..]).expect(reference),
        None => value,
    }
}

/// Returns the path template in the description that a path matches.
fn template(description: &Value, path: &str) -> String {
    let path = path.split('?').next().unwrap();
    if !description["paths"][path].is_null() {
        return path.to_owned();
    }
    match path.split('/').collect::<Vec<_>>()[..] {
        [_, _] => "/{address}".to_owned(),
        [_, _, "json"] => "/{address}/json".to_owned(),
        _ => "/{address}/{value}".to_owned(),
    }
}

/// Checks status, headers, content type and body of a response against the
/// description of its path.
fn check(description: &Value, path: &str, answer: &Answer) {
    let path = template(description, path);
    let status = answer.status.as_str();
    let responses = &description["paths"][&path]["get"]["responses"];
    let response = match &responses[status] {
        Value::Null => &responses[format!("{}XX", &status[..1])],
        response => response,
    };
    assert!(!response.is_null(), "{path} {status} is not described");
    let response = resolve(description, response);

    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let value = answer.header(name);
        let is_optional = match name.as_str() {
            "Retry-After" => true,
            "Allow" => answer.status != 405,
            "WWW-Authenticate" => answer.status != 401,
            _ => false,
        };
        assert!(is_optional || !value.is_empty(), "{path} {status} {name}");
        if !value.is_empty() {
            let schema = &resolve(description, header)["schema"];
            let value = if schema["type"] == "integer" {
                json!(value.parse::<u64>().unwrap())
            } else {
                json!(value)
            };
            validate(description, schema, &value);
        }
    }
    if answer.status == 304 {
        return;
    }
    let content_type = answer.header("content-type").split(';').next().unwrap();
    let content = &response["content"][content_type];
    assert!(
        !content.is_null(),
        "{path} {status} {content_type} is not described"
    );
    let value = if content_type.ends_with("json") {
        answer.json()
    } else {
        json!(answer.text())
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
async fn the_description_is_valid() {
    let geo = Geo::start().await;
    let answer = geo.get("/openapi.json").await;
    let spec = oas3::from_json(answer.text()).unwrap();
    assert_eq!(spec.openapi, "3.1.0");
    assert_eq!(spec.info.version, env!("CARGO_PKG_VERSION"));
    assert!(spec.validate_version().is_ok());
}

#[tokio::test]
async fn every_path_is_described_and_answers() {
    // This tier has all values.
    let path = ("ipify_path", "/api/v2/country,city,vpn");
    let geo = Geo::with(&[("lookup", "any"), path]).await;
    let description = description(&geo).await;
    let described: BTreeSet<&str> = description["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let own = ["/healthz", "/readyz", "/robots.txt", "/openapi.json"];
    let mut there: BTreeSet<String> = ["/", "/json"]
        .into_iter()
        .chain(own)
        .chain(["/{address}", "/{address}/json", "/{address}/{value}"])
        .map(str::to_owned)
        .collect();
    // The plain text of this answer lists all values by name.
    let listed = geo.send(Request::get("/").header("accept", "text/plain"));
    let listed = listed.await;
    let names: Vec<_> = listed
        .text()
        .lines()
        .map(|line| line.split(':').next().unwrap())
        .collect();
    there.extend(names.iter().map(|name| format!("/{name}")));
    assert_eq!(described, there.iter().map(String::as_str).collect());

    let values = &description["components"]["parameters"]["value"]["schema"]["enum"];
    assert_eq!(values, &json!(names));

    let about_another = names.iter().map(|name| format!("/8.8.8.8/{name}"));
    let paths = described.into_iter().filter(|path| !path.contains('{'));
    let paths: Vec<String> = paths.map(str::to_owned).chain(about_another).collect();
    for path in ["/8.8.8.8", "/8.8.8.8/json", "/2001:4860:4860::8888"]
        .into_iter()
        .chain(paths.iter().map(String::as_str))
    {
        for accept in FORMS {
            let answer = geo.send(Request::get(path).header("accept", accept)).await;
            assert_eq!(answer.status, 200, "{path}");
            check(&description, path, &answer);
        }
    }
}

#[tokio::test]
async fn every_problem_is_described_and_occurs() {
    let any = &[("lookup", "any"), ("timeout_ms", "300"), ("cache_ttl", "0")];
    let geo = Geo::with(any).await;
    let description = description(&geo).await;
    let mut seen = BTreeSet::new();
    for (query, fault) in [
        ("?ip=elbonia", Fault::None),
        ("?domain=elbonia.example", Fault::None),
        ("?ip=127.0.0.1", Fault::None),
        ("", Fault::Status(403)),
        ("", Fault::Status(500)),
        ("", Fault::CutBeforeHead),
        ("", Fault::Busy("7")),
        ("", Fault::Delay(Duration::from_secs(3600))),
    ] {
        geo.set_fault(fault);
        for path in ["/", "/json", "/city", "/8.8.8.8/city"] {
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
    geo.set_fault(Fault::None);
    for path in [
        "/city?ip=89.0.142.86",
        "/89.0.142.86/city",
        "/8.8.8.8/elbonia",
    ] {
        let answer = geo.get(path).await;
        check(&description, path, &answer);
        seen.insert(answer.problem());
    }
    for path in ["/9.9.9", "/127.0.0.1/city", "/9.9.9.9/json?ip=9.9.9.9"] {
        check(&description, path, &geo.get(path).await);
    }
    for path in [
        "/",
        "/json",
        "/city",
        "/8.8.8.8/city",
        "/healthz",
        "/openapi.json",
    ] {
        let answer = geo.request("POST", path).await;
        check(&description, path, &answer);
        seen.insert(answer.problem());
    }
    let geo = Geo::start().await;
    let answer = geo.get("/json?ip=9.9.9.9").await;
    check(&description, "/json", &answer);
    seen.insert(answer.problem());
    let token = ("lookup_token", "sixteen-letters-");
    let geo = Geo::with(&[("lookup", "token"), token]).await;
    for path in ["/json?ip=9.9.9.9", "/9.9.9.9", "/9.9.9.9/city"] {
        let answer = geo.get(path).await;
        check(&description, path, &answer);
        seen.insert(answer.problem());
    }
    let current = Request::get("/openapi.json").header("if-none-match", "*");
    check(&description, "/openapi.json", &geo.send(current).await);
    let geo = Geo::with(&[("ipify_api_key", "")]).await;
    let answer = geo.get("/").await;
    check(&description, "/", &answer);
    seen.insert(answer.problem());

    let geo = Geo::with(&[("lookups_per_day", "1"), ("cache_ttl", "0")]).await;
    geo.get("/").await;
    let answer = geo.get("/").await;
    if cfg!(feature = "spin") {
        check(&description, "/", &answer);
        seen.insert(answer.problem());
    } else {
        // The plain build has no store to count in.
        assert_eq!(answer.status, 200);
        seen.insert("budget-spent".to_owned());
    }

    // All described problems have occurred.
    let text = description.to_string();
    let described: BTreeSet<String> = text
        .split("urn:problem-type:geo:")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(seen, described);
    let api = std::fs::read_to_string(root().join("docs/api.md")).unwrap();
    for problem in &described {
        assert!(api.contains(&format!("| `{problem}` |")), "{problem}");
    }
}

/// Generators name functions after them.
#[tokio::test]
async fn operation_ids_and_summaries_are_unique() {
    let geo = Geo::start().await;
    let description = description(&geo).await;
    let mut seen = BTreeSet::new();
    let paths = description["paths"].as_object().unwrap();
    for (path, item) in paths {
        let name = item["get"]["operationId"].as_str().expect(path);
        assert!(seen.insert(name), "{path}: {name}");
        let summary = item["get"]["summary"].as_str().expect(path);
        assert!(seen.insert(summary), "{path}: {summary}");
    }
}
