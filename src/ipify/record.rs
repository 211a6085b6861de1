//! What ipify knows about an address, in its own words.

use crate::json::Value;
use std::net::IpAddr;

/// ipify's JSON, kept byte for byte: unknown fields, order, escapes and digits
/// are as they came.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    json: String,
}

impl Record {
    /// Takes a body that is a JSON object whose `ip` is an IP address.
    pub fn parse(body: Vec<u8>) -> Option<Self> {
        let json = String::from_utf8(body).ok()?;
        let text = Value::parse(&json)?.member("ip")?.quoted()?;
        text.parse::<IpAddr>().ok()?;
        Some(Self { json })
    }

    /// The JSON as ipify sent it.
    pub fn into_json(self) -> String {
        self.json
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
        assert_eq!(
            Record::parse(b"{\"ip\":\"8.8.8.8\",\"a\":\"\xff\"}".to_vec()),
            None
        );
    }
}
