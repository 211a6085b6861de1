//! ipify's JSON comes back byte for byte.

use crate::harness::Geo;
use geo_host::stand_in::Fault;

#[tokio::test]
async fn json_comes_back_as_ipify_wrote_it() {
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
        // order, duplicates, unknown fields, empty strings
        r#"{"zzz":0,"ip":"8.8.8.8","aaa":null,"":{},"proxy":{"vpn":false}}"#,
        r#"{"ip":"1.1.1.1","ip":"8.8.8.8","isp":"a","isp":"b","isp":""}"#,
        // space
        " {\n  \"ip\" :\t\"8.8.8.8\" ,\r\n  \"domains\": [ ] }\n",
        // other addresses
        r#"{"ip":"2001:4860:4860::8888"}"#,
        r#"{"ip":"2001:4860:4860:0:0:0:0:8888"}"#,
        &deep,
    ] {
        geo.fault(Fault::Body(json.to_owned().into()));
        let answer = geo.get("/").await;
        assert_eq!(answer.status, 200, "{json}");
        assert_eq!(answer.text(), json);
    }
}
