//! `Retry-After`, RFC 9110, 10.2.3.

/// Whether it is a number of seconds or an HTTP date, and so nothing that
/// ipify should not have sent can be passed on in it.
pub fn is_valid(value: &str) -> bool {
    is_like(value, "Sun, 06 Nov 1994 08:49:37 GMT")
        || (1..=10).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether letters stand where the example has letters, digits where it has
/// digits, and the rest is the same.
fn is_like(value: &str, example: &str) -> bool {
    value.len() == example.len()
        && value.bytes().zip(example.bytes()).all(|(a, b)| {
            a == b
                || a.is_ascii_digit() && b.is_ascii_digit()
                || a.is_ascii_alphabetic() && b.is_ascii_alphabetic()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_or_a_date() {
        for (value, valid) in [
            ("0", true),
            ("120", true),
            ("Mon, 23 Nov 2026 10:00:00 GMT", true),
            ("", false),
            ("-1", false),
            ("1.5", false),
            ("12345678901", false),
            ("soon", false),
            ("Monday, 23-Nov-26 10:00:00 GMT", false),
            ("Mon, 23 Nov 2026 10:00:00 GMT ", false),
        ] {
            assert_eq!(is_valid(value), valid, "{value:?}");
        }
    }
}
