//! The page that people see: HTML without scripts, and without anything that
//! would have to be loaded.

use crate::http::value;
use crate::lookup::Record;
use crate::lookup::problem::Problem;
use std::fmt::Write;

/// Allows nothing but the page's own style. The empty icon keeps browsers from
/// asking for one.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; img-src data:; \
     style-src 'sha256-FSWFZmjqfVi72gFkLw17Zc80l6XF7VOxRzxE8U/+sKo='; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("style.css");

/// The land, with one degree to the unit and the north up: from Natural Earth,
/// public domain. `world.mjs` made it.
const WORLD: &str = include_str!("world.path");

/// The page of an answer. `authority` is where geo was asked, `is_kept`
/// whether the answer is kept.
pub fn lookup(record: &Record, authority: &str, is_kept: bool) -> String {
    let value = |name| value::of(record, name).unwrap_or_default();
    let ip = value("ip");
    let place = join([value("city"), value("region"), value("country")], ", ");
    let mut page = Page::open(&join([ip.clone(), place.clone()], ", "));

    page.raw("<header><h1>").text(&ip).raw("</h1>");
    if !place.is_empty() {
        page.raw("<p>").isolated(&place).raw("</p>");
    }
    page.raw("</header><main>");
    let (lat, lng) = (value("lat"), value("lng"));
    if !lat.is_empty() && !lng.is_empty() {
        page.map(&lat, &lng, &place);
    }

    page.raw("<dl>");
    page.entry("ISP", &value("isp"));
    page.entry("Network", &join([value("as-name"), value("asn")], ", "));
    let coordinates = value("coordinates");
    if !coordinates.is_empty() {
        page.raw("<dt>Coordinates</dt><dd><a href=\"https://www.openstreetmap.org/?mlat=")
            .text(&lat)
            .raw("&amp;mlon=")
            .text(&lng)
            .raw("#map=10/")
            .text(&lat)
            .raw("/")
            .text(&lng)
            .raw("\" rel=\"noreferrer\">")
            .text(&coordinates)
            .raw(" on OpenStreetMap</a></dd>");
    }
    page.entry("Postal code", &value("postal-code"));
    page.entry("Time zone", &value("timezone"));

    page.raw("</dl><h2>The same for scripts</h2>");
    for path in ["json", "city"] {
        page.raw("<pre><code>curl ")
            .text(authority)
            .raw("/")
            .raw(path)
            .raw("</code></pre>");
    }
    page.raw(
        "</main><footer><p>geo asked <a href=\"https://geo.ipify.org\" rel=\"noreferrer\">\
         ipify</a> where this address is",
    );
    page.raw(match is_kept {
        true => ", and keeps the answer, so as not to ask again.",
        false => ", and keeps nothing.",
    });
    page.raw(
        " No cookies, no scripts, nothing loaded from anywhere else. \
         Map: Natural Earth.</p></footer>",
    );
    page.close()
}

/// The page of a problem.
pub fn problem(problem: &Problem) -> String {
    let mut page = Page::open(problem.title());
    page.raw("<main><h1>").text(problem.title()).raw("</h1><p>");
    page.text(&problem.detail)
        .raw("</p></main><footer><p>Status ");
    page.text(&problem.status().to_string())
        .raw("</p></footer>");
    page.close()
}

/// Those of the parts in which there is something.
fn join<const N: usize>(parts: [String; N], separator: &str) -> String {
    let mut joined = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        if !joined.is_empty() {
            joined += separator;
        }
        joined += part;
    }
    joined
}

/// A page in the making.
struct Page(String);

impl Page {
    fn open(title: &str) -> Self {
        let mut page = Page(String::new());
        page.raw(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <link rel=\"icon\" href=\"data:,\"><title>",
        );
        page.text(title).raw("</title><style>").raw(STYLE);
        page.raw("</style></head><body>");
        page
    }

    fn close(mut self) -> String {
        self.raw("</body></html>\n");
        self.0
    }

    /// Adds HTML of geo's own.
    fn raw(&mut self, html: &str) -> &mut Self {
        self.0 += html;
        self
    }

    /// Adds text of anybody's: safe between tags, and within quotes.
    fn text(&mut self, text: &str) -> &mut Self {
        for char in text.chars() {
            // Control characters cannot be escaped. Those for directions could
            // turn around what stands beside them.
            if char.is_control()
                || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            {
                continue;
            }
            match char {
                '&' | '<' | '>' | '"' | '\'' => {
                    let _ = write!(self.0, "&#{};", u32::from(char));
                }
                _ => self.0.push(char),
            }
        }
        self
    }

    /// Adds text that may run from right to left without taking its
    /// surroundings along.
    fn isolated(&mut self, text: &str) -> &mut Self {
        self.raw("<bdi>").text(text).raw("</bdi>")
    }

    /// Adds a line to the list, if there is anything to say.
    fn entry(&mut self, term: &str, text: &str) {
        if !text.is_empty() {
            self.raw("<dt>").raw(term).raw("</dt><dd>");
            self.isolated(text).raw("</dd>");
        }
    }

    /// Adds the world with a pin. Coordinates are put in as ipify wrote them:
    /// in the map's units, only the sign of the latitude is another.
    fn map(&mut self, lat: &str, lng: &str, place: &str) {
        let y = match lat.strip_prefix('-') {
            Some(south) => south.to_owned(),
            None => format!("-{lat}"),
        };
        self.raw(
            "<svg viewBox=\"-180 -90 360 180\" role=\"img\" aria-labelledby=\"map where\">\
             <title id=\"map\">Map of the world</title><desc id=\"where\">A pin marks ",
        );
        self.text(if place.is_empty() { "the place" } else { place });
        self.raw(".</desc><path d=\"")
            .raw(WORLD)
            .raw("\"/><circle r=\"3\" cx=\"");
        self.text(lng).raw("\" cy=\"").text(&y).raw("\"/></svg>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::problem::Kind;
    use base64::prelude::*;
    use sha2::{Digest, Sha256};

    fn page(json: &str) -> String {
        lookup(&Record::parse(json.into()).unwrap(), "geo.example", true)
    }

    #[test]
    fn the_policy_holds_the_hash_of_the_style() {
        let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        assert!(
            CONTENT_SECURITY_POLICY.contains(&format!("'sha256-{hash}'")),
            "the style's hash is sha256-{hash}"
        );
    }

    #[test]
    fn the_pin_is_where_the_digits_say() {
        for (lat, lng, pin) in [
            (
                "37.405990",
                "-122.078510",
                r#"cx="-122.078510" cy="-37.405990""#,
            ),
            ("-27.46794", "153.02809", r#"cx="153.02809" cy="27.46794""#),
            ("0", "0", r#"cx="0" cy="-0""#),
        ] {
            let json = format!(r#"{{"ip":"9.9.9.9","location":{{"lat":{lat},"lng":{lng}}}}}"#);
            assert!(page(&json).contains(pin), "{pin}");
        }
    }

    #[test]
    fn missing_values_leave_no_holes() {
        for json in [
            r#"{"ip":"9.9.9.9"}"#,
            r#"{"ip":"9.9.9.9","location":{"country":"ZZ","region":"","lat":0,"lng":0},"isp":""}"#,
        ] {
            let page = page(json);
            assert!(page.contains("<title>9.9.9.9</title>"), "{page}");
            for hole in ["<dt>", "<svg", "<bdi></bdi>", "<p></p>", "openstreetmap"] {
                assert!(!page.contains(hole), "{hole} in {page}");
            }
        }
    }

    #[test]
    fn no_text_of_ipify_is_taken_for_html() {
        let hostile = r#"<script>alert(1)</script>\" onload='x' &amp; \u202egnp.exe\u0007"#;
        let json = format!(
            r#"{{"ip":"9.9.9.9","isp":"{hostile}","as":{{"asn":1,"name":"{hostile}",
            "domain":"javascript:alert(1)"}},"location":{{"city":"{hostile}",
            "region":"{hostile}","country":"{hostile}","postalCode":"{hostile}",
            "timezone":"{hostile}","lat":1,"lng":2}}}}"#
        );
        let hostile_host = lookup(
            &Record::parse(json.clone().into()).unwrap(),
            "<b>\"'&",
            false,
        );
        assert!(hostile_host.contains("curl &#60;b&#62;&#34;&#39;&#38;/json"));
        let page = page(&json);
        for forbidden in [
            "<script",
            "onload='",
            "\u{202e}",
            "\u{7}",
            "javascript:",
            "\" onload",
        ] {
            assert!(!page.contains(forbidden), "{forbidden} in {page}");
        }
        assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;&#34; onload=&#39;x&#39;"));
    }

    #[test]
    fn problems_have_a_page() {
        let page = problem(&Problem::new(Kind::UpstreamTimeout, "Try again later."));
        assert!(
            page.contains("<h1>ipify took too long</h1><p>Try again later.</p>"),
            "{page}"
        );
        assert!(page.contains("504"), "{page}");
    }
}
