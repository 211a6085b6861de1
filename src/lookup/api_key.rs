//! The one secret.

/// ipify's API key. It has no `Debug` and no `Display`: the only way out of
/// here is into the query of the request to ipify.
pub struct ApiKey(String);

impl ApiKey {
    /// Takes a key of visible ASCII characters.
    pub fn parse(key: String) -> Option<Self> {
        key.bytes()
            .all(|byte| byte.is_ascii_graphic())
            .then_some(Self(key))
    }

    /// Appends the key to a query, percent-encoded (RFC 3986, 2.1).
    pub fn push_onto(&self, query: &mut String) {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                query.push(byte.into());
            } else {
                query.push('%');
                query.push(HEX[usize::from(byte >> 4)].into());
                query.push(HEX[usize::from(byte & 15)].into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_percent_encoded() {
        for (key, expected) in [
            ("at_Ab3-.~", "at_Ab3-.~"),
            ("a+b/c=&d?#%", "a%2Bb%2Fc%3D%26d%3F%23%25"),
        ] {
            let mut query = "apiKey=".to_owned();
            ApiKey::parse(key.to_owned()).unwrap().push_onto(&mut query);
            assert_eq!(query, format!("apiKey={expected}"));
        }
    }
}
