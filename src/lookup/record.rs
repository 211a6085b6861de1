//! What ipify knows about an address: its JSON verbatim, and a typed view.

use super::{address, json};
use serde_json::value::RawValue;
use std::net::IpAddr;
use std::ops::Range;

/// An answer of ipify.
///
/// The JSON is kept byte for byte: unknown fields, order, escapes and digits
/// are as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    json: String,
    /// Where the value of `ip` is in the JSON, quotes included.
    ip_range: Range<usize>,
    /// The address that the record is about; an IPv4-mapped one is IPv4.
    pub ip: IpAddr,
}

/// What geo reads of a record. A value is `None` where ipify has no such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The address that the record is about.
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
        let [ip, ..] = members(&json)?;
        // The raw value is a part of the text.
        let raw_ip = ip?.get();
        let start = raw_ip.as_ptr() as usize - json.as_ptr() as usize;
        let ip_range = start..start + raw_ip.len();
        let ip = address::parse(&json::string(raw_ip)?)?;
        Some(Box::new(Self { json, ip_range, ip }))
    }

    /// Reads the values. The JSON is parsed for it, so it is not done where only
    /// the JSON is asked for.
    pub fn view(&self) -> View {
        // It has been parsed before.
        let [_, isp, location, system] = members(&self.json).unwrap_or_default();
        View {
            ip: self.ip,
            isp: text(isp),
            location: Location::read(location),
            system: AutonomousSystem::read(system),
        }
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

/// Returns the values of `ip`, `isp`, `location` and `as`.
fn members(json: &str) -> Option<[Option<&RawValue>; 4]> {
    json::members(json, ["ip", "isp", "location", "as"])
}

impl Location {
    fn read(value: Option<&RawValue>) -> Self {
        let names = [
            "country",
            "region",
            "city",
            "lat",
            "lng",
            "postalCode",
            "timezone",
        ];
        let [country, region, city, lat, lng, postal_code, timezone] = object(value, names);
        // ipify's code for an unknown country, with 0,0 as coordinates.
        let country = text(country);
        let is_known = country.as_deref() != Some("ZZ");
        Self {
            country: country.filter(|_| is_known),
            region: text(region),
            city: text(city),
            lat: number(lat).filter(|_| is_known),
            lng: number(lng).filter(|_| is_known),
            postal_code: text(postal_code),
            timezone: text(timezone),
        }
    }
}

impl AutonomousSystem {
    fn read(value: Option<&RawValue>) -> Self {
        let [asn, name] = object(value, ["asn", "name"]);
        Self {
            number: number(asn),
            name: text(name),
        }
    }
}

/// Reads members of an object; where it is missing or something else, all of
/// them are missing.
fn object<'a, const N: usize>(
    value: Option<&'a RawValue>,
    names: [&str; N],
) -> [Option<&'a RawValue>; N] {
    value
        .and_then(|value| json::members(value.get(), names))
        .unwrap_or([None; N])
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
    let text = json::string(value?.get()).or_else(|| number(value))?;
    let line = text.replace(char::is_control, " ");
    let line = line.trim_ascii();
    (!line.is_empty()).then(|| line.to_owned())
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
        let view = parse(json).unwrap().view();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(view.ip.to_string(), "9.9.9.9");
        assert_eq!(view.isp, some("Quad9 \"Nine\""));
        assert_eq!(
            view.location,
            Location {
                country: some("CH"),
                region: some("Zürich"),
                city: some("Zürich 😀 \u{fffd}"),
                lat: some("47.366670"),
                lng: some("-8.550000"),
                postal_code: some("8001"),
                timezone: some("+01:00"),
            }
        );
        assert_eq!(
            view.system,
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
            let view = record.view();
            assert_eq!(view.isp, None, "{rest}");
            assert_eq!(view.location, Location::default(), "{rest}");
            assert_eq!(view.system, AutonomousSystem::default(), "{rest}");
        }
    }
}
