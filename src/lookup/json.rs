//! Reads JSON one level at a time: a value inside stays as it was written, so
//! that digits stay, and that an unexpected type is no error.
//!
//! serde's derive would say which type it found instead of an object or a
//! string, and the formatting of floating-point numbers that comes with it is a
//! tenth of the component.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// One level of a JSON value.
enum Value<'a> {
    /// An object: its names and values, in their order.
    Object(Vec<(String, &'a RawValue)>),
    /// A string, without its escapes.
    String(String),
    /// A number.
    Number(f64),
    /// An array, a boolean or null.
    Other,
}

impl<'a> Value<'a> {
    /// Parses a value; `None` if it is not JSON, or a string with half of a
    /// surrogate pair, which JSON allows and UTF-8 does not.
    fn parse(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}

/// Parses an object, and returns the members with these names. `None` if it is
/// no object, or has one of them twice.
pub(crate) fn members<'a, const N: usize>(
    json: &'a str,
    names: [&str; N],
) -> Option<[Option<&'a RawValue>; N]> {
    let Value::Object(members) = Value::parse(json)? else {
        return None;
    };
    let mut values = [None; N];
    for (name, value) in members {
        if let Some(index) = names.iter().position(|wanted| *wanted == name)
            && values[index].replace(value).is_some()
        {
            return None;
        }
    }
    Some(values)
}

/// Parses a string. Half of a surrogate pair becomes a replacement character.
pub(crate) fn string(json: &str) -> Option<String> {
    let string = |json: &str| match Value::parse(json)? {
        Value::String(text) => Some(Some(text)),
        _ => Some(None),
    };
    string(json).or_else(|| string(&without_half_pairs(json)))?
}

fn without_half_pairs(json: &str) -> String {
    let unit = |escape: &str| {
        let digits = escape.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut text = String::new();
    let mut rest = json;
    while let Some(place) = rest.find('\\') {
        let (before, escape) = rest.split_at(place);
        text += before;
        let next = escape.get(6..).and_then(unit);
        let (kept, length) = match (unit(escape), next) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (None, 12),
            (Some(0xd800..=0xdfff), _) => (Some("\u{fffd}"), 6),
            _ => (None, 2),
        };
        let Some((escape, after)) = escape.split_at_checked(length) else {
            break;
        };
        text += kept.unwrap_or(escape);
        rest = after;
    }
    text + rest
}

/// Parses a number in JSON, as the one that is nearest to it.
pub fn number(json: &str) -> Option<f64> {
    match Value::parse(json) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Value::Object(members))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }
}

/// The name of a member.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        Ok(Name(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_by_name() {
        let json = r#"{"a":-1.50,"b\u0061":{"c":[1,{}]},"d":null,"d":2}"#;
        let [a, ba, none] = members(json, ["a", "ba", "c"]).unwrap();
        assert_eq!(a.unwrap().get(), "-1.50");
        assert_eq!(ba.unwrap().get(), r#"{"c":[1,{}]}"#);
        assert!(none.is_none());
        assert!(members(json, ["d"]).is_none(), "it is there twice");
    }

    #[test]
    fn other_types_are_no_objects() {
        for json in [
            "[{}]", "1", "1.5", "-1", "\"{}\"", "true", "null", "", "{", "{}x",
        ] {
            assert!(members(json, ["a"]).is_none(), "{json}");
        }
    }

    #[test]
    fn strings_and_numbers() {
        assert_eq!(
            string(r#""Z\u00fcrich \ud83c\udde8""#).unwrap(),
            "Zürich \u{1f1e8}"
        );
        for (json, expected) in [
            (r#""\ud83c""#, "\u{fffd}"),
            (r#""\udde8\ud83c x""#, "\u{fffd}\u{fffd} x"),
            (
                r#""\ud83c\ud83c\udde8 \\ud83c""#,
                "\u{fffd}\u{1f1e8} \\ud83c",
            ),
            (r#""\u0041\ud83c\n""#, "A\u{fffd}\n"),
        ] {
            assert_eq!(string(json).as_deref(), Some(expected), "{json}");
        }
        for json in [
            "1",
            "{}",
            "null",
            "\"a",
            r#""\ud83""#,
            r#""\"#,
            r#""\ud83c"#,
        ] {
            assert_eq!(string(json), None, "{json}");
        }
        for (json, expected) in [
            ("-122.078510", -122.07851),
            ("7", 7.0),
            ("-0", 0.0),
            ("1e2", 100.0),
        ] {
            assert_eq!(number(json), Some(expected), "{json}");
        }
        for json in ["\"1\"", "[1]", "01", "1e999"] {
            assert_eq!(number(json), None, "{json}");
        }
    }
}
