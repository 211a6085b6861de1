//! `Retry-After` (RFC 9110, 10.2.3).

use super::decimal;

/// Parses a number of seconds or an HTTP date. Returns seconds from `now`,
/// which is in seconds since 1970.
pub(crate) fn seconds(value: &str, now: u64) -> Option<u64> {
    decimal::parse(value, 0..=u64::MAX).or_else(|| Some(http_date(value)?.saturating_sub(now)))
}

/// Parses a date like `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7, without
/// the two obsolete forms). Returns seconds since 1970.
///
/// The crate httpdate would cost 10 kB, most of it the standard library's time
/// types.
fn http_date(value: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut fields = value.split([' ', ':']);
    let _weekday = fields.next()?;
    let day = decimal::parse(fields.next()?, 1..=31)?;
    let name = fields.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64;
    let year = decimal::parse(fields.next()?, 1970..=9999)?;
    let hour = decimal::parse(fields.next()?, 0..=23)?;
    let minute = decimal::parse(fields.next()?, 0..=59)?;
    let second = decimal::parse(fields.next()?, 0..=60)?;
    if fields.next() != Some("GMT") || fields.next().is_some() {
        return None;
    }
    // Years start in March here, so that a leap day is the last day of one.
    let (year, month) = match month {
        0 | 1 => (year - 1, month + 10),
        _ => (year, month - 2),
    };
    // 1970 started 719,468 days after March of the year 0.
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Some((((days - 719_468) * 24 + hour) * 60 + minute) * 60 + second)
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
            ("Tue, 23 Nov 2027 10:00:00 GMT", Some(365 * 86_400)),
            ("Wed, 01 Mar 2028 10:00:00 GMT", Some(464 * 86_400)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Mon, 23 Nov 2026 10:00:00 CET", None),
            ("Mon, 23 Nov 2026 10:00:+7 GMT", None),
            ("Mon, 23 Nov 2026 10:61:00 GMT", None),
            ("Mon, 32 Nov 2026 10:00:00 GMT", None),
            ("Mon, 23 XXX 2026 10:00:00 GMT", None),
            ("Mon, 23 Nov 99999999999 10:00:00 GMT", None),
            ("Monday, 23-Nov-26 10:01:00 GMT", None),
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
