//! `log=lookups`: a line of JSON for each lookup.

use crate::harness::Geo;
use http::Request;
use serde_json::Value;
use stand_in::Fault;

async fn start(variables: &[(&str, &str)]) -> Geo {
    Geo::with(&[variables, &[("trusted_hops", "1")]].concat()).await
}

/// Returns the lines of JSON in the log.
async fn lines(geo: &Geo) -> Vec<Value> {
    geo.idle().await;
    let log = geo.log();
    let lines = log.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

#[tokio::test]
async fn a_line_has_time_status_and_cache_status() {
    let geo = start(&[("log", "lookups"), ("lookup", "any")]).await;
    let miss = geo.get_as("9.9.9.9").await;
    let hit = geo.get_as("9.9.9.9").await;
    let other = geo.get("/1.1.1.1/json").await;
    let no_value = geo.send(Request::get("/vpn").header("x-forwarded-for", "9.9.9.9"));
    let no_value = no_value.await;
    assert_eq!(no_value.status, 404);
    geo.set_fault(Fault::Status(500));
    let failure = geo.get("/8.8.4.4").await;
    let lines = lines(&geo).await;
    assert_eq!(lines.len(), 5, "{lines:?}");
    for (line, (answer, asked)) in lines.iter().zip([
        (&miss, "client"),
        (&hit, "client"),
        (&other, "other"),
        (&no_value, "client"),
        (&failure, "other"),
    ]) {
        assert_eq!(line["asked"], asked, "{line}");
        assert_eq!(line["status"], answer.status.as_u16(), "{line}");
        // 2026-11-18 11:06:40 UTC, where the clock of the tests is.
        assert_eq!(line["time_ms"], 1_795_000_000_000_u64, "{line}");
        let mut status = answer.header("cache-status");
        if answer.status == 404 {
            // A problem is no answer of the cache.
            status = line["cache_status"].as_str().unwrap();
        }
        assert_eq!(line["cache_status"], status, "{line}");
        let was_asked = !status.contains("hit");
        assert_eq!(line["ipify_ms"].is_u64(), was_asked, "{line}");
    }
    let log = geo.log();
    for address in ["9.9.9.9", "1.1.1.1", "8.8.4.4"] {
        assert!(!log.contains(address), "{log}");
    }
}

#[cfg(feature = "spin")]
#[tokio::test]
async fn the_refresh_of_a_stale_answer_has_a_line() {
    let geo = start(&[("log", "lookups")]).await;
    geo.get_as("9.9.9.9").await;
    geo.set_time(86_400);
    let stale = geo.get_as("9.9.9.9").await;
    assert_eq!(stale.header("cache-status"), "geo; hit; ttl=0");
    let lines = lines(&geo).await;
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines[1]["cache_status"], "geo; hit; ttl=0");
    assert!(lines[1]["ipify_ms"].is_null());
    assert_eq!(lines[2]["asked"], "refresh");
    assert!(lines[2]["ipify_ms"].is_u64(), "{lines:?}");
}

#[tokio::test]
async fn nothing_else_has_a_line() {
    let geo = start(&[("log", "lookups")]).await;
    for path in [
        "/healthz",
        "/readyz",
        "/openapi.json",
        "/elbonia",
        "/1.1.1.1",
        "/?domain=x",
    ] {
        geo.get(path).await;
    }
    assert!(lines(&geo).await.is_empty(), "{}", geo.log());
    let geo = start(&[]).await;
    geo.get_as("9.9.9.9").await;
    assert!(geo.log().is_empty(), "{}", geo.log());
}
