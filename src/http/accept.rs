//! Content negotiation: `?format=` and `Accept` (RFC 9110, 12.5.1).

use super::request::Request;
use crate::runtime::Headers;

/// The forms in which answers and problems come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `application/json`, for problems `application/problem+json`
    Json,
    /// `text/html`
    Html,
    /// `text/plain`
    Text,
}

impl Form {
    /// Returns the form that a request asks for: by `?format=`, else by `Accept`.
    pub(crate) fn of(request: &Request) -> Self {
        match request.parameter("format").as_deref() {
            Some("json") => Self::Json,
            Some("html") => Self::Html,
            Some("text") => Self::Text,
            _ => Self::preferred(request.headers),
        }
    }

    /// Returns the form that a request prefers: the one with the highest weight,
    /// of several the one that is named most specifically, and of those the
    /// first in order of definition. JSON where none is acceptable.
    fn preferred(headers: &dyn Headers) -> Self {
        // For each form, how specific the range is that has precedence for it, and
        // the weight of that range.
        let mut accepted = [(0, 0); 3];
        for line in headers.get("accept") {
            for range in std::str::from_utf8(&line).unwrap_or_default().split(',') {
                let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
                let name = name.trim_ascii().to_ascii_lowercase();
                let (specificity, forms): (u8, &[Form]) = match name.as_str() {
                    "application/json" | "application/problem+json" => (3, &[Form::Json]),
                    "text/html" => (3, &[Form::Html]),
                    "text/plain" => (3, &[Form::Text]),
                    "application/*" => (2, &[Form::Json]),
                    "text/*" => (2, &[Form::Html, Form::Text]),
                    "*/*" => (1, &[Form::Json, Form::Html, Form::Text]),
                    _ => continue,
                };
                let range = (specificity, weight(parameters));
                for form in forms {
                    let accepted = &mut accepted[*form as usize];
                    *accepted = range.max(*accepted);
                }
            }
        }
        let (mut preferred, mut most) = (Form::Json, (0, 0));
        for form in [Form::Json, Form::Html, Form::Text] {
            let (specificity, weight) = accepted[form as usize];
            if weight > 0 && (weight, specificity) > most {
                (preferred, most) = (form, (weight, specificity));
            }
        }
        preferred
    }
}

/// Returns the weight among the parameters of a range, in thousandths. It is 1
/// where it is missing or invalid.
fn weight(parameters: &str) -> u16 {
    let mut weights = parameters.split(';').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim_ascii().eq_ignore_ascii_case("q").then_some(value)
    });
    weights.next().and_then(thousandths).unwrap_or(1000)
}

/// Parses a weight: 0 to 1, in decimal digits. Java sends ".2".
fn thousandths(weight: &str) -> Option<u16> {
    let weight = weight.trim_ascii();
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let is_digits = weight.ends_with(|char: char| char.is_ascii_digit())
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = fraction.bytes().chain(*b"000").take(3);
    let fraction = fraction.fold(0, |sum, digit| {
        sum * 10 + u16::from(digit.wrapping_sub(b'0'))
    });
    match whole {
        "" | "0" if is_digits => Some(fraction),
        "1" if is_digits && fraction == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn preferred(lines: &[&str]) -> Form {
        let headers: Vec<_> = lines.iter().map(|line| ("accept", *line)).collect();
        Form::preferred(&headers.as_slice())
    }

    #[test]
    fn what_clients_send() {
        use Form::*;
        let chrome = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for (accept, form) in [
            ("", Json),
            ("*/*", Json),
            (chrome, Html),
            ("application/json", Json),
            ("application/json, text/plain, */*", Json),
            ("application/problem+json", Json),
            ("text/html", Html),
            ("TEXT/HTML;charset=utf-8", Html),
            ("text/plain", Text),
            ("text/*", Html),
            ("text/*, text/html;q=0.5", Text),
            (
                "text/*;q=0.3, text/html;q=0.7, application/json;q=0.5",
                Html,
            ),
            ("application/*", Json),
            ("text/html;q=0.5, application/json;q=0.5", Json),
            ("text/plain;q=0.5, text/html;q=0.5", Html),
            ("text/html;q=0.1, text/plain;q=0.2", Text),
            ("text/html ; q=0.999 , text/plain;q=1.000", Text),
            ("*/*;q=0.1, text/html;q=0", Json),
            ("*/*, application/json;q=0", Html),
            ("*/*, application/json;q=0, text/html;q=0.0", Text),
            ("application/json;q=0", Json),
            ("image/png", Json),
            ("text/html;level=1;q=0.4, text/plain;q=0.3", Html),
            ("text/html;Q=0.1, text/plain;q=0.2", Text),
            ("text/html;q=2, text/plain;q=0.9", Html),
            ("text/html;q=, ,;,=,text", Html),
            ("nonsense", Json),
            // Internet Explorer and the Edge of before 2020.
            ("text/html, application/xhtml+xml, image/jxr, */*", Html),
            // Java's HttpURLConnection, and what it may leave of it.
            ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", Html),
            ("*/*; q=.2", Json),
            ("*/*; q=2", Json),
            ("text/html; q=.2, */*; q=.5", Json),
            ("text/html; q=0.0001, application/json; q=0", Json),
        ] {
            assert_eq!(preferred(&[accept]), form, "{accept}");
        }
        assert_eq!(preferred(&[]), Json);
        assert_eq!(preferred(&["text/plain;q=0.5", "text/html"]), Html);
    }

    proptest! {
        #[test]
        fn no_input_panics(line in "[a-z*/;,=q0-9. ]{0,40}", bytes: String) {
            preferred(&[&line, &bytes]);
        }
    }
}
