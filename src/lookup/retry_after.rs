//! `Retry-After` (RFC 9110, 10.2.3).

use std::time::UNIX_EPOCH;

/// Parses a number of seconds or an HTTP date. Returns seconds from `now`,
/// which is in seconds since 1970.
pub(crate) fn seconds(value: &str, now: u64) -> Option<u64> {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    let date = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(date.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_or_a_date() {
        // Mon, 23 Nov 2026 10:00:00 GMT
        let now = 1_795_428_000;
        for (value, expected) in [
            ("0", Some(0)),
            ("120", Some(120)),
            ("Mon, 23 Nov 2026 10:00:07 GMT", Some(7)),
            ("Mon, 23 Nov 2026 09:59:59 GMT", Some(0)),
            ("Monday, 23-Nov-26 10:01:00 GMT", Some(60)),
            ("Mon Nov 23 10:00:01 2026", Some(1)),
            ("", None),
            ("+1", None),
            ("-1", None),
            ("1.5", None),
            ("99999999999999999999", None),
            ("soon", None),
        ] {
            assert_eq!(seconds(value, now), expected, "{value:?}");
        }
    }
}
