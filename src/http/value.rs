//! The single values of an answer, under the names that their paths have.

use crate::lookup::Record;
use crate::lookup::json::Value;

/// All names, in the order in which they are listed.
pub const NAMES: [&str; 12] = [
    "ip",
    "isp",
    "country",
    "region",
    "city",
    "lat",
    "lng",
    "coordinates",
    "postal-code",
    "timezone",
    "asn",
    "as-name",
];

/// The value of that name as one line of text; `None` where ipify has none.
pub fn of(record: &Record, name: &str) -> Option<String> {
    let root = Value::parse(record.json())?;
    let location = root.member("location");
    let network = root.member("as");
    let location = |name| location?.member(name);
    // ipify's word for a country that it does not know, at 0,0.
    let is_known = location("country")
        .and_then(text)
        .is_none_or(|country| country != "ZZ");
    let place = |name| location(name).filter(|_| is_known);
    match name {
        "ip" => root.member("ip").and_then(text),
        "isp" => root.member("isp").and_then(text),
        "country" => place("country").and_then(text),
        "region" => location("region").and_then(text),
        "city" => location("city").and_then(text),
        "lat" => place("lat")?.number(),
        "lng" => place("lng")?.number(),
        "coordinates" => {
            let (lat, lng) = (place("lat")?.number()?, place("lng")?.number()?);
            Some(format!("{lat},{lng}"))
        }
        "postal-code" => location("postalCode").and_then(text),
        "timezone" => location("timezone").and_then(text),
        "asn" => Some(format!("AS{}", network?.member("asn")?.number()?)),
        "as-name" => text(network?.member("name")?),
        _ => None,
    }
}

/// A string or a number on one line, if there is anything in it.
fn text(value: Value) -> Option<String> {
    let text = value.string().or_else(|| value.number())?;
    let line: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    let line = line.trim_ascii();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(json: &str) -> Vec<String> {
        let record = Record::parse(json.into()).unwrap();
        let values = NAMES
            .iter()
            .filter_map(|name| Some(format!("{name}: {}", of(&record, name)?)));
        values.collect()
    }

    #[test]
    fn all_that_ipify_knows() {
        let json = r#"{"ip":"9.9.9.9","location":{"country":"CH","region":"Z\u00fcrich",
            "city":"Zürich \ud83d\ude00","lat":47.366670,"lng":-8.550000,"postalCode":"8001",
            "timezone":"+01:00","geonameId":2657896},"domains":["dns.quad9.net"],
            "as":{"asn":19281,"name":"Quad9"},"isp":"Quad9\n\"Nine\""}"#;
        assert_eq!(
            values(json),
            [
                "ip: 9.9.9.9",
                "isp: Quad9 \"Nine\"",
                "country: CH",
                "region: Zürich",
                "city: Zürich 😀",
                "lat: 47.366670",
                "lng: -8.550000",
                "coordinates: 47.366670,-8.550000",
                "postal-code: 8001",
                "timezone: +01:00",
                "asn: AS19281",
                "as-name: Quad9",
            ]
        );
    }

    #[test]
    fn what_is_missing_has_no_value() {
        for json in [
            r#"{"ip":"9.9.9.9"}"#,
            r#"{"ip":"9.9.9.9","location":null,"as":[],"isp":""}"#,
            r#"{"ip":"9.9.9.9","location":{"country":"ZZ","lat":0,"lng":0,"city":" \u0000"}}"#,
            r#"{"ip":"9.9.9.9","location":{"lat":"1","lng":null,"city":{}},"as":{"asn":"x"}}"#,
        ] {
            assert_eq!(values(json), ["ip: 9.9.9.9"], "{json}");
        }
    }
}
