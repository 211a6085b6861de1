//! What ipify knows about an address, in its own words.

use crate::lookup::address;
use crate::lookup::json::Value;
use std::net::IpAddr;
use std::ops::Range;

/// ipify's JSON, kept byte for byte: unknown fields, order, escapes and digits
/// are as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    json: String,
    ip: IpAddr,
    /// Where `ip` stands in the JSON, quotes included.
    ip_range: Range<usize>,
}

impl Record {
    /// Takes a body that is a JSON object whose `ip` is an IP address.
    pub fn parse(body: Vec<u8>) -> Option<Self> {
        let json = String::from_utf8(body).ok()?;
        let member = Value::parse(&json)?.member("ip")?;
        let ip = address::parse(member.quoted()?)?;
        let ip_range = member.range();
        Some(Self { json, ip, ip_range })
    }

    /// The JSON.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The JSON.
    pub fn into_json(self) -> String {
        self.json
    }

    /// The address that it is about; an IPv4-mapped one is IPv4.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// Makes it about another address, of which the same is known.
    pub fn set_ip(&mut self, ip: IpAddr) {
        let Range { start, end } = self.ip_range;
        let before = self.json.get(..start).unwrap_or_default();
        let after = self.json.get(end..).unwrap_or_default();
        let json = format!("{before}\"{ip}\"{after}");
        self.ip_range = start..json.len() - after.len();
        self.json = json;
        self.ip = ip;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Option<Record> {
        Record::parse(json.as_bytes().to_vec())
    }

    #[test]
    fn json_is_kept_as_it_came() {
        for json in [
            r#"{"ip":"8.8.8.8"}"#,
            r#"{"ip":"2620:fe::fe"}"#,
            " {\r\n\t\"ip\" : \"8.8.8.8\" }\n",
            r#"{"a":1,"ip":"8.8.8.8","b":2}"#,
            r#"{"ip":1,"ip":"8.8.8.8"}"#,
            r#"{"ip":"8.8.8.8","lat":37.405990,"lng":-122.078510}"#,
            r#"{"ip":"8.8.8.8","n":[1e-7,-0.0,1E400,12345678901234567890123]}"#,
            r#"{"ip":"8.8.8.8","city":"Ã\u00e9\ud83d\ude00"}"#,
        ] {
            assert_eq!(parse(json).unwrap().into_json(), json);
        }
    }

    #[test]
    fn nothing_but_the_address_is_replaced() {
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
    fn what_is_no_record() {
        for json in [
            "",
            "null",
            "[]",
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
            r#"{"ip":"8.8.8.8","ip":null}"#,
            r#"{"ip":"8.8.8.8","a":01}"#,
            r#"{"ip":"8.8.8.8","a":NaN}"#,
            r#"{"location":{"ip":"8.8.8.8"}}"#,
            "\u{feff}{\"ip\":\"8.8.8.8\"}",
        ] {
            assert_eq!(parse(json), None, "{json}");
        }
        let not_utf8 = b"{\"ip\":\"8.8.8.8\",\"a\":\"\xff\"}".to_vec();
        assert_eq!(Record::parse(not_utf8), None);
    }
}
