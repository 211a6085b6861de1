//! What ipify knows about an address: its JSON verbatim, and a typed view.

use super::address;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

/// An answer of ipify.
///
/// The JSON is kept byte for byte: unknown fields, order, escapes and digits
/// are as they came. The other fields are read from it once; each is `None`
/// where ipify has no such value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    json: String,
    /// Where the value of `ip` is in the JSON, quotes included.
    ip_range: Range<usize>,
    /// The address that the record is about; an IPv4-mapped one is IPv4.
    pub ip: IpAddr,
    /// The Internet service provider.
    pub isp: Option<String>,
    /// Where the address is.
    pub location: Location,
    /// The autonomous system that announces the address.
    pub system: AutonomousSystem,
}

/// Where an address is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The latitude in degrees, with the digits that ipify wrote.
    pub lat: Option<String>,
    /// The longitude in degrees, with the digits that ipify wrote.
    pub lng: Option<String>,
    /// The postal code.
    pub postal_code: Option<String>,
    /// The offset from UTC, like `-08:00`.
    pub timezone: Option<String>,
}

/// An autonomous system (RFC 1930).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutonomousSystem {
    /// The number, in decimal digits.
    pub number: Option<String>,
    /// The name.
    pub name: Option<String>,
}

impl Record {
    /// Parses a body. `None` if it is not a JSON object whose `ip` is an IP
    /// address, or if it has one of the members that geo reads twice.
    pub fn parse(body: Vec<u8>) -> Option<Box<Self>> {
        let json = String::from_utf8(body).ok()?;
        let document: json::Document = serde_json::from_str(&json).ok()?;
        let ip = address::parse(&string(document.ip)?)?;
        // The raw value is a part of the text.
        let start = document.ip.get().as_ptr() as usize - json.as_ptr() as usize;
        let ip_range = start..start + document.ip.get().len();
        let isp = text(document.isp);
        let location = object::<json::Location>(document.location).into();
        let system = object::<json::AutonomousSystem>(document.system).into();
        Some(Box::new(Self {
            json,
            ip_range,
            ip,
            isp,
            location,
            system,
        }))
    }

    /// Returns the JSON.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Returns the JSON.
    pub fn into_json(self) -> String {
        self.json
    }

    /// Makes the record one about another address, of which the same is known.
    pub fn set_ip(&mut self, ip: IpAddr) {
        let value = format!("\"{ip}\"");
        let Range { start, end } = self.ip_range;
        let before = self.json.get(..start).unwrap_or_default();
        let after = self.json.get(end..).unwrap_or_default();
        self.json = format!("{before}{value}{after}");
        self.ip_range.end = start + value.len();
        self.ip = ip;
    }
}

/// The members of ipify's JSON that geo reads. A value stays raw until it is
/// used, so that digits stay, and that an unexpected type is no error.
mod json {
    use serde::Deserialize;
    use serde_json::value::RawValue;

    #[derive(Deserialize)]
    pub struct Document<'a> {
        #[serde(borrow)]
        pub ip: &'a RawValue,
        #[serde(borrow)]
        pub isp: Option<&'a RawValue>,
        #[serde(borrow)]
        pub location: Option<&'a RawValue>,
        #[serde(borrow, rename = "as")]
        pub system: Option<&'a RawValue>,
    }

    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Location<'a> {
        #[serde(borrow)]
        pub country: Option<&'a RawValue>,
        #[serde(borrow)]
        pub region: Option<&'a RawValue>,
        #[serde(borrow)]
        pub city: Option<&'a RawValue>,
        #[serde(borrow)]
        pub lat: Option<&'a RawValue>,
        #[serde(borrow)]
        pub lng: Option<&'a RawValue>,
        #[serde(borrow)]
        pub postal_code: Option<&'a RawValue>,
        #[serde(borrow)]
        pub timezone: Option<&'a RawValue>,
    }

    #[derive(Default, Deserialize)]
    pub struct AutonomousSystem<'a> {
        #[serde(borrow)]
        pub asn: Option<&'a RawValue>,
        #[serde(borrow)]
        pub name: Option<&'a RawValue>,
    }
}

impl From<json::Location<'_>> for Location {
    fn from(location: json::Location) -> Self {
        let region = text(location.region);
        let city = text(location.city);
        let postal_code = text(location.postal_code);
        let timezone = text(location.timezone);
        // ipify's code for an unknown country, with 0,0 as coordinates.
        let country = text(location.country);
        let is_known = country.as_deref() != Some("ZZ");
        Self {
            country: country.filter(|_| is_known),
            region,
            city,
            lat: number(location.lat).filter(|_| is_known),
            lng: number(location.lng).filter(|_| is_known),
            postal_code,
            timezone,
        }
    }
}

impl From<json::AutonomousSystem<'_>> for AutonomousSystem {
    fn from(system: json::AutonomousSystem) -> Self {
        Self {
            number: number(system.asn),
            name: text(system.name),
        }
    }
}

/// Reads an object; where it is missing or something else, all of its members
/// are missing.
fn object<'a, T: Default + Deserialize<'a>>(value: Option<&'a RawValue>) -> T {
    value
        .and_then(|value| serde_json::from_str(value.get()).ok())
        .unwrap_or_default()
}

/// Returns the digits of a number.
fn number(value: Option<&RawValue>) -> Option<String> {
    let digits = value?.get();
    digits
        .starts_with(|char: char| char == '-' || char.is_ascii_digit())
        .then(|| digits.to_owned())
}

/// Returns a string or a number on one line; `None` where it is blank.
fn text(value: Option<&RawValue>) -> Option<String> {
    let text = string(value?).or_else(|| number(value))?;
    let line = text.replace(char::is_control, " ");
    let line = line.trim_ascii();
    (!line.is_empty()).then(|| line.to_owned())
}

/// Returns the content of a string. Half of a surrogate pair, which JSON
/// allows and UTF-8 does not, becomes replacement characters.
fn string(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get())
        .ok()
        .map(|Lossy(text)| text)
}

/// A string that may hold halves of surrogate pairs: serde_json refuses them
/// in a [`String`], and hands them over in bytes.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Lossy;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Option<Box<Record>> {
        Record::parse(json.as_bytes().to_vec())
    }

    #[test]
    fn json_is_kept_as_it_came() {
        for json in [
            r#"{"ip":"8.8.8.8"}"#,
            r#"{"ip":"2620:fe::fe"}"#,
            " {\r\n\t\"ip\" : \"8.8.8.8\" }\n",
            r#"{"a":1,"ip":"8.8.8.8","b":2}"#,
            r#"{"a":1,"a":2,"ip":"8.8.8.8"}"#,
            r#"{"ip":"8.8.8.8","lat":37.405990,"lng":-122.078510}"#,
            r#"{"ip":"8.8.8.8","n":[1e-7,-0.0,1E400,12345678901234567890123]}"#,
            r#"{"ip":"8.8.8.8","city":"Ã\u00e9\ud83d\ude00","half":"\ud83d"}"#,
        ] {
            assert_eq!(parse(json).unwrap().into_json(), json);
        }
    }

    #[test]
    fn only_the_address_is_replaced() {
        for (json, expected) in [
            (r#"{"ip":"2620:fe::1"}"#, r#"{"ip":"2620:fe::fe"}"#),
            (
                r#"{"a":{"ip":"2620:fe::1"}, "ip" : "2620:fe::1" ,"isp":"2620:fe::1"}"#,
                r#"{"a":{"ip":"2620:fe::1"}, "ip" : "2620:fe::fe" ,"isp":"2620:fe::1"}"#,
            ),
        ] {
            let mut record = parse(json).unwrap();
            record.set_ip("2620:fe::2".parse().unwrap());
            record.set_ip("2620:fe::fe".parse().unwrap());
            assert_eq!(record.json(), expected);
            assert_eq!(parse(expected).unwrap(), record);
        }
    }

    #[test]
    fn invalid_records() {
        for json in [
            "",
            "null",
            "[]",
            r#"["8.8.8.8"]"#,
            r#""8.8.8.8""#,
            "{}",
            "<html></html>",
            r#"{"location":{}}"#,
            r#"{"ip":null}"#,
            r#"{"ip":""}"#,
            r#"{"ip":"elbonia"}"#,
            r#"{"ip":["8.8.8.8"]}"#,
            r#"{"ip":"8.8.8.8"} {}"#,
            r#"{"ip":"8.8.8.8","#,
            r#"{"ip":"8.8.8.8",}"#,
            r#"{"ip":"8.8.8.8","a":01}"#,
            r#"{"ip":"8.8.8.8","a":NaN}"#,
            r#"{"location":{"ip":"8.8.8.8"}}"#,
            "\u{feff}{\"ip\":\"8.8.8.8\"}",
            // serde's rule for a member that is there twice.
            r#"{"ip":"8.8.8.8","ip":"8.8.8.8"}"#,
            r#"{"ip":"8.8.8.8","isp":"a","isp":"b"}"#,
        ] {
            assert_eq!(parse(json), None, "{json}");
        }
        let not_utf8 = b"{\"ip\":\"8.8.8.8\",\"a\":\"\xff\"}".to_vec();
        assert_eq!(Record::parse(not_utf8), None);
    }

    #[test]
    fn depth_is_no_limit() {
        let depth = 10_000;
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for member in ["unknown", "isp", "location", "as"] {
                let json = format!(r#"{{"ip":"8.8.8.8","{member}":{deep}}}"#);
                assert_eq!(parse(&json).unwrap().json(), json, "{member}");
            }
        }
    }

    #[test]
    fn values_are_unescaped_on_one_line() {
        let json = r#"{"ip":"9.9.9.9","location":{"country":"CH","region":"Z\u00fcrich",
            "city":"Zürich \ud83d\ude00 \ud83d","lat":47.366670,"lng":-8.550000,
            "postalCode":8001,"timezone":"+01:00","geonameId":2657896},
            "domains":["dns.quad9.net"],"as":{"asn":19281,"name":" Quad9 "},
            "isp":"Quad9\n\"Nine\""}"#;
        let record = parse(json).unwrap();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(record.ip.to_string(), "9.9.9.9");
        assert_eq!(record.isp, some("Quad9 \"Nine\""));
        assert_eq!(
            record.location,
            Location {
                country: some("CH"),
                region: some("Zürich"),
                city: some("Zürich 😀 \u{fffd}\u{fffd}\u{fffd}"),
                lat: some("47.366670"),
                lng: some("-8.550000"),
                postal_code: some("8001"),
                timezone: some("+01:00"),
            }
        );
        assert_eq!(
            record.system,
            AutonomousSystem {
                number: some("19281"),
                name: some("Quad9"),
            }
        );
    }

    #[test]
    fn missing_and_unexpected_values_are_none() {
        for rest in [
            "",
            r#","location":null,"as":[],"isp":"""#,
            r#","location":[1,2],"as":"AS1","isp":{}"#,
            r#","location":{"country":"ZZ","lat":0,"lng":0,"city":" \u0000"}"#,
            r#","location":{"lat":"1","lng":null,"city":{}},"as":{"asn":"x"}"#,
            r#","location":{"city":"a","city":"b"}"#,
        ] {
            let record = parse(&format!(r#"{{"ip":"9.9.9.9"{rest}}}"#)).unwrap();
            assert_eq!(record.isp, None, "{rest}");
            assert_eq!(record.location, Location::default(), "{rest}");
            assert_eq!(record.system, AutonomousSystem::default(), "{rest}");
        }
    }
}
