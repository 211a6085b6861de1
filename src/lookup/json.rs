//! JSON (RFC 8259), read where it lies: a value is a piece of the text, with
//! its digits, escapes and spaces as they came.
//!
//! serde_json does this too, but made the component 53 kB larger, most of it for
//! formatting numbers in error messages. The tests compare the two.

use std::ops::Range;

/// A value in a text that is known to be JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a> {
    text: &'a str,
    /// Where in the whole text it starts, in bytes.
    start: usize,
}

impl<'a> Value<'a> {
    /// Checks that the whole text is one value, of any depth.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut scanner = Scanner { text, at: 0 };
        let value = scanner.value()?;
        scanner.space();
        (scanner.at == text.len()).then_some(value)
    }

    /// The piece of the text that this value is.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// Where in the text it is, in bytes.
    pub fn range(self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// The member of that name, if this is an object; of several the last, as
    /// in JavaScript. Names are compared without unescaping.
    pub fn member(self, name: &str) -> Option<Value<'a>> {
        let mut scanner = Scanner {
            text: self.text,
            at: 0,
        };
        let mut found = None;
        scanner.expect(b'{')?;
        loop {
            scanner.space();
            let Some(key) = scanner.string() else {
                return found; // an object without members
            };
            scanner.space();
            scanner.expect(b':')?;
            let value = scanner.value()?;
            if key == name {
                found = Some(Value {
                    start: self.start + value.start,
                    ..value
                });
            }
            scanner.space();
            if scanner.expect(b',').is_none() {
                return found;
            }
        }
    }

    /// What stands between the quotes, if this is a string: still escaped.
    pub fn quoted(self) -> Option<&'a str> {
        self.text.strip_prefix('"')?.strip_suffix('"')
    }

    /// The text of a string, unescaped; half a surrogate pair becomes U+FFFD.
    pub fn string(self) -> Option<String> {
        let mut units = Vec::new();
        let mut rest = self.quoted()?.chars();
        while let Some(char) = rest.next() {
            match char {
                '\\' => units.push(escaped(&mut rest)?),
                _ => units.extend_from_slice(char.encode_utf16(&mut [0; 2])),
            }
        }
        Some(String::from_utf16_lossy(&units))
    }

    /// The digits of a number, as they stand.
    pub fn number(self) -> Option<String> {
        let first = self.text.bytes().next()?;
        (first == b'-' || first.is_ascii_digit()).then(|| self.text.to_owned())
    }
}

/// The UTF-16 code unit that stands after a backslash.
fn escaped(rest: &mut std::str::Chars) -> Option<u16> {
    Some(match rest.next()? {
        'b' => 0x08,
        'f' => 0x0c,
        'n' => 0x0a,
        'r' => 0x0d,
        't' => 0x09,
        'u' => {
            let mut unit = 0;
            for _ in 0..4 {
                unit = unit << 4 | rest.next()?.to_digit(16)?;
            }
            unit as u16 // four hexadecimal digits
        }
        char => char as u16, // a quote, a slash or a backslash
    })
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Takes one value and the space before it. A list of what is still open,
    /// not recursion: depth is limited by the length of the text alone.
    fn value(&mut self) -> Option<Value<'a>> {
        self.space();
        let start = self.at;
        let mut open = Vec::new();
        loop {
            self.space();
            match self.peek()? {
                bracket @ (b'{' | b'[') => {
                    self.at += 1;
                    self.space();
                    let close = bracket + 2; // in ASCII, for both
                    if self.expect(close).is_none() {
                        open.push(close);
                        self.key_if_object(close)?;
                        continue;
                    }
                }
                b'"' => drop(self.string()?),
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                _ => self.number()?,
            }
            // A value has ended; what it ends with it?
            loop {
                let Some(&close) = open.last() else {
                    let text = self.text.get(start..self.at)?;
                    return Some(Value { text, start });
                };
                self.space();
                if self.expect(b',').is_some() {
                    self.key_if_object(close)?;
                    break;
                }
                self.expect(close)?;
                open.pop();
            }
        }
    }

    fn key_if_object(&mut self, close: u8) -> Option<()> {
        if close == b'}' {
            self.space();
            self.string()?;
            self.space();
            self.expect(b':')?;
        }
        Some(())
    }

    /// Takes a string and returns what stands between its quotes.
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return self.text.get(start..self.at - 1),
                b'\\' => {
                    let escape = self.peek()?;
                    self.at += 1;
                    match escape {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        b'u' => {
                            for _ in 0..4 {
                                self.peek()?.is_ascii_hexdigit().then_some(())?;
                                self.at += 1;
                            }
                        }
                        _ => return None,
                    }
                }
                0..=0x1f => return None,
                _ => {}
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.expect(b'-');
        // A zero stands alone before the point.
        if self.expect(b'0').is_none() {
            self.digits()?;
        }
        if self.expect(b'.').is_some() {
            self.digits()?;
        }
        if self.expect(b'e').or_else(|| self.expect(b'E')).is_some() {
            let _ = self.expect(b'+').or_else(|| self.expect(b'-'));
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn literal(&mut self, word: &str) -> Option<()> {
        word.bytes().try_for_each(|byte| self.expect(byte))
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    #[test]
    fn members_are_found_as_they_stand() {
        let json = r#" {"a": 1.50 ,"b":"\u00e9\"","c":{"a":[{"a":2}]},"a" : -0.0,"":[ ]}"#;
        let value = Value::parse(json).unwrap();
        for (name, expected) in [
            ("a", Some("-0.0")),
            ("b", Some(r#""\u00e9\"""#)),
            ("c", Some(r#"{"a":[{"a":2}]}"#)),
            ("", Some("[ ]")),
            ("d", None),
        ] {
            assert_eq!(value.member(name).map(Value::text), expected, "{name}");
        }
        assert_eq!(value.member("b").unwrap().quoted(), Some(r#"\u00e9\""#));
        for other in ["{}", "[]", "\"a\"", "1", "null"] {
            assert_eq!(Value::parse(other).unwrap().member("a"), None, "{other}");
        }
    }

    #[test]
    fn strings_are_unescaped() {
        for (json, expected) in [
            (r#""""#, Some("")),
            (r#""Zürich 😀""#, Some("Zürich 😀")),
            (r#""\u005A\u00fcrich \uD83D\ude00""#, Some("Zürich 😀")),
            (r#""\"\\\/\b\f\n\r\t""#, Some("\"\\/\u{8}\u{c}\n\r\t")),
            (r#""a\ud83d b""#, Some("a\u{fffd} b")),
            ("1", None),
            ("null", None),
        ] {
            let string = Value::parse(json).unwrap().string();
            assert_eq!(string.as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn depth_is_no_limit() {
        let depth = 30_000;
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let json = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(Value::parse(&json).is_some());
            assert!(Value::parse(&json[..json.len() - 1]).is_none());
        }
    }

    /// Whether serde_json takes it for JSON.
    fn is_json(text: &str) -> bool {
        serde_json::from_str::<&RawValue>(text).is_ok()
    }

    #[test]
    fn what_json_is_and_is_not() {
        for text in [
            "0",
            "-0",
            "00",
            "01",
            "-",
            "+1",
            "1.",
            ".1",
            "1.0",
            "-0.0",
            "1e7",
            "1E+07",
            "1e-7",
            "1e",
            "1e+",
            "1.e1",
            "0e0",
            "0x1",
            "NaN",
            "Infinity",
            "12345678901234567890123",
            "true",
            "tru",
            "truee",
            "null",
            "nul",
            "false",
            "fals",
            "True",
            "\"\"",
            "\"",
            "\"\\\"",
            "\"\\\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12G4\"",
            "\"\\u00e9\"",
            "\"\t\"",
            "\"\u{7f}\"",
            "\"é😀\"",
            "[]",
            "[",
            "]",
            "[1]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1,2]",
            "[1}",
            "{}",
            "{",
            "}",
            "{]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1",
            "{\"a\":1}}",
            "{a:1}",
            "{1:1}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":{\"b\":[1,{}]}}",
            "",
            " ",
            " 1 ",
            "1 1",
            "\u{feff}1",
            "\u{a0}1",
            "/**/1",
            "'a'",
            "[\"a\":1]",
            "{\"a\",1}",
        ] {
            assert_eq!(Value::parse(text).is_some(), is_json(text), "{text:?}");
        }
    }

    proptest! {
        /// Text of JSON's own pieces hits the odd corners much more often
        /// than random text.
        #[test]
        fn agrees_with_serde_json(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"ip\":", "\\", "\\u00e9", "0",
                    "1", "-", ".", "e", "E+", "true", "null", " ", "\n", "é",
                ]),
                0..12,
            ),
        ) {
            let text = pieces.concat();
            prop_assert_eq!(Value::parse(&text).is_some(), is_json(&text), "{}", text);
        }

        #[test]
        fn takes_and_finds_what_serde_json_writes(
            members in prop::collection::btree_map("[a-z\u{e9}]{0,3}", json_value(), 0..6),
        ) {
            let text = serde_json::to_string_pretty(&members).unwrap();
            let value = Value::parse(&text).unwrap();
            for (name, member) in &members {
                let found = value.member(name).unwrap().text();
                let found: serde_json::Value = serde_json::from_str(found).unwrap();
                prop_assert_eq!(&found, member);
            }
        }
    }

    fn json_value() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }
}
