//! geo returns ipify's JSON byte for byte.

use crate::harness::Geo;
use stand_in::Fault;

#[tokio::test]
async fn json_is_returned_unchanged() {
    let geo = Geo::with(&[("cache_ttl", "0")]).await;
    let deep = format!(
        r#"{{"ip":"8.8.8.8","deep":{}1{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    for json in [
        // digits
        r#"{"ip":"8.8.8.8","location":{"lat":37.405990,"lng":-122.078510}}"#,
        r#"{"ip":"8.8.8.8","n":[1e-7,1E+07,-0.0,0.10,12345678901234567890,-1e400]}"#,
        // text
        r#"{"ip":"9.9.9.9","location":{"city":"Z\u00fcrich","region":"Zürich"}}"#,
        r#"{"ip":"9.9.9.9","city":"\ud83d\ude00 😀 \u0000 \/ \" \\ العربية"}"#,
        r#"{"ip":"9.9.9.9","location":{"city":"\ud83d"},"half":"\udc00 \ud83d"}"#,
        // order, duplicates of unknown fields, empty strings
        r#"{"zzz":0,"ip":"8.8.8.8","aaa":null,"":{},"proxy":{"vpn":false}}"#,
        r#"{"a":1,"ip":"8.8.8.8","a":2,"a":"","isp":""}"#,
        // white space
        " {\n  \"ip\" :\t\"8.8.8.8\" ,\r\n  \"domains\": [ ] }\n",
        // other addresses
        r#"{"ip":"2001:4860:4860::8888"}"#,
        r#"{"ip":"2001:4860:4860:0:0:0:0:8888"}"#,
        &deep,
    ] {
        geo.set_fault(Fault::Body(json.to_owned().into()));
        let answer = geo.get("/").await;
        assert_eq!(answer.status, 200, "{json}");
        assert_eq!(answer.text(), json);
    }
}

/// serde refuses duplicates of a member that geo reads.
#[tokio::test]
async fn duplicate_members() {
    let geo = Geo::with(&[("cache_ttl", "0")]).await;
    let json = r#"{"ip":"1.1.1.1","ip":"8.8.8.8"}"#;
    geo.set_fault(Fault::Body(json.into()));
    assert_eq!(geo.get("/").await.problem(), "upstream-invalid");
    // Of any other member, only the single value is missing.
    let json = r#"{"ip":"8.8.8.8","isp":"a","isp":"b",
        "location":{"city":"b","city":"c","region":"d"}}"#;
    geo.set_fault(Fault::Body(json.into()));
    assert_eq!(geo.get("/").await.text(), json);
    assert_eq!(geo.get("/isp").await.problem(), "no-value");
    assert_eq!(geo.get("/city").await.problem(), "no-value");
    assert_eq!(geo.get("/region").await.text(), "d\n");
}

#[tokio::test]
async fn nesting_of_64_kib() {
    let geo = Geo::with(&[("cache_ttl", "0")]).await;
    for member in ["unknown", "isp", "location", "as"] {
        let depth = 32 * 1024 - 20;
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let json = format!(r#"{{"ip":"8.8.8.8","{member}":{open}{close}}}"#);
        geo.set_fault(Fault::Body(json.clone().into()));
        assert_eq!(geo.get("/").await.text(), json, "{member}");
        assert_eq!(geo.get("/ip").await.text(), "8.8.8.8\n", "{member}");
        assert_eq!(geo.get("/isp").await.status, 404, "{member}");
    }
}

/// JSON allows half of a surrogate pair, UTF-8 does not.
#[tokio::test]
async fn halves_of_surrogate_pairs() {
    let geo = Geo::with(&[("cache_ttl", "0")]).await;
    let json = r#"{"ip":"8.8.8.8","location":{"city":"a \ud83d b"}}"#;
    geo.set_fault(Fault::Body(json.into()));
    assert_eq!(geo.get("/").await.text(), json);
    assert_eq!(geo.get("/city").await.problem(), "no-value");
}
