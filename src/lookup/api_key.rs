//! The API key of ipify: the one secret.

/// What stands where the key was.
const MASK: &str = "***";

/// ipify's API key. It has no `Debug` and no `Display`; it leaves only in the
/// query of the request to ipify.
pub(crate) struct ApiKey {
    key: String,
    encoded: String,
}

impl ApiKey {
    /// Parses a key of visible ASCII characters.
    pub(crate) fn parse(key: String) -> Option<Self> {
        let encoded = form_urlencoded::byte_serialize(key.as_bytes()).collect();
        key.bytes()
            .all(|byte| byte.is_ascii_graphic())
            .then_some(Self { key, encoded })
    }

    /// Returns the key, percent-encoded for a query.
    pub(crate) fn encoded(&self) -> &str {
        &self.encoded
    }

    /// Masks the key in a text of the host, which may quote the URL: as it is,
    /// percent-encoded, and whatever else stands at its place in a query.
    pub(crate) fn mask(&self, text: &str) -> String {
        let text = text.replace(&self.encoded, MASK).replace(&self.key, MASK);
        let mut parts = text.split("apiKey=");
        let mut masked = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            // The value ends where a URL, a field of it or a quotation ends.
            let end = part.find(|char: char| char.is_whitespace() || "&#\"'<>`".contains(char));
            masked += "apiKey=";
            masked += MASK;
            masked += part.get(end.unwrap_or(part.len())..).unwrap_or_default();
        }
        masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_percent_encoded() {
        for (key, expected) in [
            ("at_Ab3-.~", "at_Ab3-.%7E"),
            ("a+b/c=&d?#%", "a%2Bb%2Fc%3D%26d%3F%23%25"),
        ] {
            assert_eq!(ApiKey::parse(key.to_owned()).unwrap().encoded(), expected);
        }
    }

    #[test]
    fn invalid_keys() {
        for key in ["two words", "clé", "line\n"] {
            assert!(ApiKey::parse(key.to_owned()).is_none(), "{key:?}");
        }
    }

    #[test]
    fn is_masked() {
        let key = ApiKey::parse("at_S+/&1".to_owned()).unwrap();
        for (text, expected) in [
            ("connection refused", "connection refused"),
            (
                "GET https://a/?apiKey=at_S%2B%2F%261&ipAddress=9.9.9.9: refused",
                "GET https://a/?apiKey=***&ipAddress=9.9.9.9: refused",
            ),
            (
                "\"https://a/?apiKey=at_S+/&1\"",
                "\"https://a/?apiKey=***\"",
            ),
            (
                "?apiKey=at_S%2b%2f%261 twice apiKey=x",
                "?apiKey=*** twice apiKey=***",
            ),
            ("key at_S+/&1", "key ***"),
        ] {
            assert_eq!(key.mask(text), expected);
        }
    }
}
