//! What ipify says about an address: its JSON verbatim, and the values in it.

use super::json::{self, Value};
use crate::address;
use crate::country::Country;
use crate::fields::{FIELDS, Field, Source};
use serde_json::value::RawValue;
use std::cell::OnceCell;
use std::net::IpAddr;
use std::ops::Range;

/// ipify's code for an unknown country.
const UNKNOWN_COUNTRY: &str = "ZZ";

/// What is unknown with the country. The numbers are 0 then.
const UNKNOWN_WITH_COUNTRY: [&str; 4] = ["country", "lat", "lng", "geonameId"];

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

impl Record {
    /// Parses a body. `None` if it is not a JSON object with one `ip` that is
    /// an IP address.
    pub fn parse(body: Vec<u8>) -> Option<Self> {
        let json = String::from_utf8(body).ok()?;
        let Value::Object(members) = json::parse(&json)? else {
            return None;
        };
        // The raw value is a part of the text.
        let raw_ip = json::member(&members, "ip")?.get();
        let start = raw_ip.as_ptr() as usize - json.as_ptr() as usize;
        let ip_range = start..start + raw_ip.len();
        let Value::String(ip) = json::parse(raw_ip)? else {
            return None;
        };
        let ip = address::parse(&ip)?;
        Some(Self { json, ip_range, ip })
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
        // `replace_range` would cost 10 kB, most of it the text of its panics.
        let before = self.json.get(..start).unwrap_or_default();
        let after = self.json.get(end..).unwrap_or_default();
        self.json = format!("{before}{value}{after}");
        self.ip_range.end = start + value.len();
        self.ip = ip;
    }

    /// Reads the values. The JSON is parsed for it, so it is not done where
    /// only the JSON is asked for.
    pub fn values(&self) -> Values<'_> {
        let members = |json| match json::parse(json) {
            Some(Value::Object(members)) => members,
            _ => Vec::new(),
        };
        let root = members(&self.json);
        let objects = root
            .iter()
            .filter(|(_, value)| value.get().starts_with('{'))
            .map(|(name, value)| (name.clone(), members(value.get())))
            .collect();
        let ip = self.ip;
        let values = Values {
            ip,
            root,
            objects,
            country: OnceCell::new(),
        };
        values.without_unknown_country()
    }
}

/// The values of a record.
pub struct Values<'a> {
    ip: IpAddr,
    /// The members of the JSON object.
    root: Members<'a>,
    /// The members of the objects in it.
    objects: Vec<(String, Members<'a>)>,
    /// The country, once it was asked for.
    country: OnceCell<Option<Country>>,
}

/// Names and values of an object, in their order.
type Members<'a> = Vec<(String, &'a RawValue)>;

impl Values<'_> {
    fn without_unknown_country(mut self) -> Self {
        if self.text("location", "country").as_deref() == Some(UNKNOWN_COUNTRY) {
            for (_, members) in &mut self.objects {
                members.retain(|(name, _)| !UNKNOWN_WITH_COUNTRY.contains(&name.as_str()));
            }
        }
        self
    }

    /// Returns the value of a field as one line of text; `None` where ipify has
    /// none.
    pub fn get(&self, field: &Field) -> Option<String> {
        match field.source {
            Source::Address => Some(self.ip.to_string()),
            Source::Text(object, name) => self.text(object, name),
            Source::Number(object, name) => self.digits(object, name),
            Source::Coordinates => {
                Some(format!("{},{}", self.by_name("lat")?, self.by_name("lng")?))
            }
            Source::CountryName => Some(self.country()?.name.to_owned()),
            Source::Asn => Some(format!("AS{}", self.digits("as", "asn")?)),
            Source::List(object, name) => self.list(object, name),
            Source::Boolean(object, name) => {
                let json = self.raw(object, name)?;
                matches!(json, "true" | "false").then(|| json.to_owned())
            }
            Source::Continent => Some(self.country()?.continent.to_owned()),
            Source::Eu => Some(self.country()?.is_in_eu().to_string()),
            Source::Eea => Some(self.country()?.is_in_eea().to_string()),
        }
    }

    /// Returns the country, if its code is that of one.
    pub fn country(&self) -> Option<&Country> {
        let country = || Country::find(&self.by_name("country")?);
        self.country.get_or_init(country).as_ref()
    }

    /// Returns the value of the field with this name.
    pub fn by_name(&self, name: &str) -> Option<String> {
        self.get(FIELDS.iter().find(|field| field.name == name)?)
    }

    /// Returns a number of a field, as the nearest one that there is.
    pub fn number(&self, name: &str) -> Option<f64> {
        match json::parse(&self.by_name(name)?)? {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Returns a string or a number on one line; `None` where it is blank.
    fn text(&self, object: &str, name: &str) -> Option<String> {
        line(self.raw(object, name)?)
    }

    /// Returns the strings and numbers of an array on one line, with commas between.
    fn list(&self, object: &str, name: &str) -> Option<String> {
        let Value::Array(elements) = json::parse(self.raw(object, name)?)? else {
            return None;
        };
        let lines = elements.iter().filter_map(|element| line(element.get()));
        let lines: Vec<_> = lines.collect();
        (!lines.is_empty()).then(|| lines.join(","))
    }

    /// Returns the digits of a number.
    fn digits(&self, object: &str, name: &str) -> Option<String> {
        let json = self.raw(object, name)?;
        let is_number = json.starts_with(|char: char| char == '-' || char.is_ascii_digit());
        is_number.then(|| json.to_owned())
    }

    /// Returns the JSON of a value.
    fn raw(&self, object: &str, name: &str) -> Option<&str> {
        let members = match object {
            "" => &self.root,
            _ => json::member(&self.objects, object)?,
        };
        Some(json::member(members, name)?.get())
    }
}

/// Returns a string or a number in JSON on one line; `None` where it is blank.
fn line(json: &str) -> Option<String> {
    let text = match json::parse(json)? {
        Value::String(text) => text,
        Value::Number(_) => json.to_owned(),
        _ => return None,
    };
    let line = text.replace(char::is_control, " ");
    let line = line.trim_ascii();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Option<Record> {
        Record::parse(json.as_bytes().to_vec())
    }

    /// Returns the values that there are, as "name: value".
    fn lines(json: &str) -> Vec<String> {
        let record = parse(json).unwrap();
        let values = record.values();
        FIELDS
            .iter()
            .filter_map(|field| Some(format!("{}: {}", field.name, values.get(field)?)))
            .collect()
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
            r#"{"ip":"8.8.8.8","ip":"8.8.8.8"}"#,
        ] {
            assert_eq!(parse(json), None, "{json}");
        }
        assert_eq!(
            Record::parse(b"{\"ip\":\"8.8.8.8\",\"a\":\"\xff\"}".to_vec()),
            None
        );
    }

    #[test]
    fn nesting_is_limited_only_by_the_size() {
        let depth = 10_000;
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for member in ["unknown", "isp", "location", "as"] {
                let json = format!(r#"{{"ip":"8.8.8.8","{member}":{deep}}}"#);
                assert_eq!(lines(&json), ["ip: 8.8.8.8"], "{member}");
            }
        }
    }

    #[test]
    fn values_are_unescaped_on_one_line() {
        let json = r#"{"ip":"9.9.9.9","location":{"country":"CH","region":"Z\u00fcrich",
            "city":"Zürich \ud83d\ude00","lat":47.366670,"lng":-8.550000,
            "postalCode":8001,"timezone":"+01:00","geonameId":2657896},
            "domains":["dns.quad9.net"],"as":{"asn":19281,"name":" Quad9 "},
            "isp":"Quad9\n\"Nine\""}"#;
        let expected = [
            "ip: 9.9.9.9",
            "isp: Quad9 \"Nine\"",
            "country: CH",
            "country-name: Switzerland",
            "region: Zürich",
            "city: Zürich 😀",
            "lat: 47.366670",
            "lng: -8.550000",
            "coordinates: 47.366670,-8.550000",
            "postal-code: 8001",
            "timezone: +01:00",
            "asn: AS19281",
            "as-name: Quad9",
            "domains: dns.quad9.net",
            "geoname-id: 2657896",
            "continent: EU",
            "eu: false",
            "eea: false",
        ];
        assert_eq!(lines(json), expected);
        let record = parse(json).unwrap();
        assert_eq!(record.values().number("lng"), Some(-8.55));
        assert_eq!(record.values().number("city"), None);
    }

    #[test]
    fn the_values_of_the_larger_tiers() {
        let json = r#"{"ip":"9.9.9.9","location":{"country":"DE"},
            "domains":["a.example"," b\n","",null,{},7],
            "as":{"route":"9.9.9.0/24","domain":"https://quad9.net","type":"Content"},
            "proxy":{"proxy":true,"vpn":false,"tor":"yes"}}"#;
        let expected = [
            "ip: 9.9.9.9",
            "country: DE",
            "country-name: Germany",
            "as-type: Content",
            "as-route: 9.9.9.0/24",
            "as-domain: https://quad9.net",
            "domains: a.example,b,7",
            "continent: EU",
            "eu: true",
            "eea: true",
            "proxy: true",
            "vpn: false",
        ];
        assert_eq!(lines(json), expected);
    }

    #[test]
    fn missing_and_unexpected_values_are_none() {
        for rest in [
            "",
            r#","location":null,"as":[],"isp":"""#,
            r#","location":[1,2],"as":"AS1","isp":{}"#,
            r#","location":{"country":"ZZ","lat":0,"lng":0,"geonameId":0,"city":" \u0000"}"#,
            r#","location":{"lat":"1","lng":null,"city":{}},"as":{"asn":"x"}"#,
            r#","location":{"city":"a","city":"b"},"isp":"a","isp":"b""#,
            r#","location":{"city":"\ud83d"},"isp":"\ude00""#,
            r#","domains":[],"proxy":true"#,
            r#","domains":["",null],"proxy":{"vpn":null,"tor":0}"#,
            r#","domains":"a.example""#,
        ] {
            let json = format!(r#"{{"ip":"9.9.9.9"{rest}}}"#);
            assert_eq!(lines(&json), ["ip: 9.9.9.9"], "{rest}");
        }
        for (rest, expected) in [
            (r#""location":{"lat":1}"#, "lat: 1"),
            (r#""location":{"country":"Elbonia"}"#, "country: Elbonia"),
        ] {
            let json = format!(r#"{{"ip":"9.9.9.9",{rest}}}"#);
            assert_eq!(lines(&json), ["ip: 9.9.9.9", expected]);
        }
    }
}
