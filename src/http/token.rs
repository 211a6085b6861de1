//! The bearer token of requests for other addresses (RFC 6750).

use crate::runtime::Headers;
use constant_time_eq::constant_time_eq;

/// The challenge to a request without a valid token, for `WWW-Authenticate`.
pub(crate) const CHALLENGE: &str = "Bearer";

/// Returns whether a request has this token, in its one `Authorization` line. How long
/// that takes does not depend on how much of the token is right.
pub(crate) fn is_in(headers: &dyn Headers, token: &str) -> bool {
    let lines = headers.get("authorization");
    let [line] = lines.as_slice() else {
        return false;
    };
    let credentials = line.split_at_checked(CHALLENGE.len());
    credentials.is_some_and(|(scheme, sent)| {
        scheme.eq_ignore_ascii_case(CHALLENGE.as_bytes())
            && sent.starts_with(b" ")
            && constant_time_eq(sent.trim_ascii(), token.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens() {
        let token = "0123456789abcdef";
        for (lines, expected) in [
            (&["Bearer 0123456789abcdef"][..], true),
            (&["bearer 0123456789abcdef"], true),
            (&["BEARER   0123456789abcdef "], true),
            (&[], false),
            (&[""], false),
            (&["Bearer"], false),
            (&["Bearer "], false),
            (&["Bearer0123456789abcdef"], false),
            (&["Basic 0123456789abcdef"], false),
            (&["0123456789abcdef"], false),
            (&["Bearer 0123456789abcdeF"], false),
            (&["Bearer 0123456789abcde"], false),
            (&["Bearer 0123456789abcdef0"], false),
            (&["Bearer 0123456789abcdef 0"], false),
            (
                &["Bearer 0123456789abcdef", "Bearer 0123456789abcdef"],
                false,
            ),
        ] {
            let headers: Vec<_> = lines.iter().map(|line| ("authorization", *line)).collect();
            assert_eq!(is_in(&headers.as_slice(), token), expected, "{lines:?}");
        }
    }
}
