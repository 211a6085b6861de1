//! Reads JSON one level at a time: what is inside a value stays as it was
//! written, so that digits stay.
//!
//! serde's derive would name the type that it found in its errors. The
//! formatting of floating-point numbers that comes with it costs 18 kB and a
//! third of the instructions of a hit.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// One level of a JSON value.
pub(crate) enum Value<'a> {
    /// An object: its names and values, in their order.
    Object(Vec<(String, &'a RawValue)>),
    /// A string, without its escapes.
    String(String),
    /// A number, as the nearest one that there is.
    Number(f64),
    /// An array: its values, in their order.
    Array(Vec<&'a RawValue>),
    /// A boolean or null.
    Other,
}

/// Parses a value; `None` if it is not JSON, or a string that is not Unicode.
pub(crate) fn parse(json: &str) -> Option<Value<'_>> {
    serde_json::from_str(json).ok()
}

/// Returns the value of a name that is there once among the members of an object.
pub(crate) fn member<'a, T>(members: &'a [(String, T)], name: &str) -> Option<&'a T> {
    let mut values = members.iter().filter(|member| member.0 == name);
    let (_, value) = values.next()?;
    values.next().is_none().then_some(value)
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
        while let Some((name, value)) = map.next_entry()? {
            // The name of a member is a string.
            if let Value::String(name) = name {
                members.push((name, value));
            }
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
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects() {
        let json = r#"{"a":-1.50,"b\u0061":{"c":[1,{}]},"d":null,"d":2}"#;
        let Some(Value::Object(members)) = parse(json) else {
            panic!("it is an object");
        };
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| (name.as_str(), value.get()))
            .collect();
        let expected = [
            ("a", "-1.50"),
            ("ba", r#"{"c":[1,{}]}"#),
            ("d", "null"),
            ("d", "2"),
        ];
        assert_eq!(members, expected);
    }

    #[test]
    fn strings_and_numbers() {
        let string = |json| match parse(json) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let number = |json| match parse(json) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        };
        let expected = "Zürich \u{1f1e8}".to_owned();
        assert_eq!(string(r#""Z\u00fcrich \ud83c\udde8""#), Some(expected));
        for json in ["1", "{}", "null", "\"a", r#""\ud83c""#, r#""\ud83""#] {
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
        for json in ["\"1\"", "[1]", "01", "1e999", "true", "", "{}x"] {
            assert_eq!(number(json), None, "{json}");
        }
    }
}
