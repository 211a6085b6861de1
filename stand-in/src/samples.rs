//! Sample answers, in ipify's form.
//!
//! The values are made up from what the operators of these resolvers publish about
//! themselves. They are not from a database.

use std::net::IpAddr;

/// The address of every client of the stand-in.
const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(8, 8, 8, 8));

/// Returns the answer about an address, or about the client. `has_vpn` is whether it is
/// one of the third tier.
pub fn answer(address: Option<IpAddr>, has_vpn: bool) -> String {
    let address = address.unwrap_or(CLIENT);
    let known = SAMPLES
        .iter()
        .find(|(sample, _)| *sample == address.to_string());
    let values = known.map_or(UNKNOWN, |(_, values)| values);
    let vpn = if has_vpn { VPN } else { "" };
    format!(r#"{{"ip":"{address}",{values}{vpn}}}"#)
}

/// What the third tier adds.
const VPN: &str = r#","proxy":{"proxy":false,"vpn":false,"tor":false}"#;

/// The values of an address that ipify does not know.
const UNKNOWN: &str = r#""location":{"country":"ZZ","region":"","city":"","lat":0,"lng":0,"postalCode":"","timezone":"","geonameId":0},"isp":"""#;

const SAMPLES: [(&str, &str); 6] = [
    (
        "8.8.8.8",
        r#""location":{"country":"US","region":"California","city":"Mountain View","lat":37.40599,"lng":-122.078514,"postalCode":"94043","timezone":"-08:00","geonameId":5375481},"domains":["dns.google"],"as":{"asn":15169,"name":"Google LLC","route":"8.8.8.0/24","domain":"https://about.google/","type":"Content"},"isp":"Google LLC""#,
    ),
    (
        "2001:4860:4860::8888",
        r#""location":{"country":"US","region":"California","city":"Mountain View","lat":37.405990,"lng":-122.078510,"postalCode":"94043","timezone":"-08:00","geonameId":5375481},"isp":"Google LLC""#,
    ),
    (
        "1.1.1.1",
        r#""location":{"country":"AU","region":"Queensland","city":"Brisbane","lat":-27.46794,"lng":153.02809,"postalCode":"4000","timezone":"+10:00","geonameId":2174003},"domains":["one.one.one.one"],"as":{"asn":13335,"name":"Cloudflare","route":"1.1.1.0/24","domain":"https://www.cloudflare.com","type":"Content"},"isp":"Cloudflare, Inc.""#,
    ),
    (
        "9.9.9.9",
        r#""location":{"country":"CH","region":"Z\u00fcrich","city":"Z\u00fcrich","lat":47.36667,"lng":8.55,"postalCode":"8001","timezone":"+01:00","geonameId":2657896},"domains":["dns.quad9.net"],"as":{"asn":19281,"name":"Quad9","route":"9.9.9.0/24","domain":"https://quad9.net","type":"Content"},"isp":"Quad9""#,
    ),
    (
        "2620:fe::fe",
        r#""location":{"country":"CH","region":"Z\u00fcrich","city":"Z\u00fcrich","lat":47.366670,"lng":8.550000,"postalCode":"8001","timezone":"+01:00","geonameId":2657896},"isp":"Quad9""#,
    ),
    (
        "208.67.222.222",
        r#""location":{"country":"US","region":"California","city":"San Francisco","lat":37.774930,"lng":-122.419416,"postalCode":"94107","timezone":"-08:00","geonameId":5391959},"domains":["dns.opendns.com"],"as":{"asn":36692,"name":"Cisco OpenDNS, LLC","route":"208.67.222.0/24","domain":"https://www.opendns.com","type":"Enterprise"},"isp":"Cisco OpenDNS, LLC""#,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn samples_are_json_about_their_address() {
        let unknown = ("89.0.142.86", UNKNOWN);
        for (address, _) in SAMPLES.iter().chain([&unknown]) {
            let answer = answer(Some(address.parse().unwrap()), true);
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!(answer["ip"], *address);
            let is_known = answer["location"]["country"] != "ZZ";
            assert_eq!(is_known, *address != unknown.0);
        }
    }
}
