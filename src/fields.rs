//! The values of an answer, each of which has a path of its own: the table that
//! paths, plain text, the page and the OpenAPI description (in `build.rs`) come
//! from.

/// A value of an answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name: the path without the slash.
    pub name: &'static str,
    /// Other names of its path.
    pub aliases: &'static [&'static str],
    /// What it is, for people.
    pub label: &'static str,
    /// Where it comes from.
    pub source: Source,
}

/// Where a value comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// The address that the answer is about.
    Address,
    /// A text in ipify's JSON: the object that it is in, or "", and its name.
    Text(&'static str, &'static str),
    /// A number in ipify's JSON, with the digits that it has there.
    Number(&'static str, &'static str),
    /// Latitude and longitude, with a comma between.
    Coordinates,
    /// The English name of the country.
    CountryName,
    /// The number of the autonomous system, after "AS".
    Asn,
    /// The texts of a list in ipify's JSON, with commas between.
    List(&'static str, &'static str),
    /// `true` or `false` in ipify's JSON.
    Boolean(&'static str, &'static str),
    /// The continent that the country is on.
    Continent,
    /// Whether the country is in the European Union.
    Eu,
    /// Whether it is in the European Economic Area.
    Eea,
}

/// All values, in the order in which plain text lists them.
pub static FIELDS: [Field; 24] = [
    field("ip", &[], "The address", Source::Address),
    field(
        "isp",
        &["org"],
        "The Internet service provider",
        Source::Text("", "isp"),
    ),
    field(
        "country",
        &["country-iso", "country_iso", "country_code"],
        "The country, as ISO 3166-1 alpha-2",
        Source::Text("location", "country"),
    ),
    field(
        "country-name",
        &["country_name"],
        "The country's name in English",
        Source::CountryName,
    ),
    field(
        "region",
        &["region-name", "region_name"],
        "The region",
        Source::Text("location", "region"),
    ),
    field("city", &[], "The city", Source::Text("location", "city")),
    field(
        "lat",
        &["latitude"],
        "The latitude in degrees, north is positive",
        Source::Number("location", "lat"),
    ),
    field(
        "lng",
        &["longitude", "lon"],
        "The longitude in degrees, east is positive",
        Source::Number("location", "lng"),
    ),
    field(
        "coordinates",
        &["loc"],
        "Latitude and longitude",
        Source::Coordinates,
    ),
    field(
        "postal-code",
        &["postal", "zip", "zip-code", "zip_code"],
        "The postal code",
        Source::Text("location", "postalCode"),
    ),
    field(
        "timezone",
        &["time-zone", "time_zone"],
        "The time zone, as an offset from UTC",
        Source::Text("location", "timezone"),
    ),
    field(
        "asn",
        &[],
        "The number of the autonomous system, like AS15169",
        Source::Asn,
    ),
    field(
        "as-name",
        &["asn-org", "asn_org"],
        "The name of the autonomous system",
        Source::Text("as", "name"),
    ),
    field(
        "as-type",
        &["as_type"],
        "The type of the autonomous system, like Content",
        Source::Text("as", "type"),
    ),
    field(
        "as-route",
        &["as_route"],
        "The network that the autonomous system announces, like 8.8.8.0/24",
        Source::Text("as", "route"),
    ),
    field(
        "as-domain",
        &["as_domain"],
        "The website of the autonomous system",
        Source::Text("as", "domain"),
    ),
    field(
        "domains",
        &[],
        "Domains at the address, with commas between",
        Source::List("", "domains"),
    ),
    field(
        "geoname-id",
        &["geoname_id"],
        "The number of the place at GeoNames",
        Source::Number("location", "geonameId"),
    ),
    field(
        "continent",
        &["continent-code", "continent_code"],
        "The continent: AF, AN, AS, EU, NA, OC or SA",
        Source::Continent,
    ),
    field(
        "eu",
        &["in_eu", "country_eu"],
        "Whether the country is in the European Union: true or false",
        Source::Eu,
    ),
    field(
        "eea",
        &[],
        "Whether the country is in the European Economic Area: true or false",
        Source::Eea,
    ),
    field(
        "proxy",
        &["is_proxy"],
        "Whether the address is a proxy: true or false",
        Source::Boolean("proxy", "proxy"),
    ),
    field(
        "vpn",
        &["is_vpn"],
        "Whether the address is a VPN: true or false",
        Source::Boolean("proxy", "vpn"),
    ),
    field(
        "tor",
        &["is_tor"],
        "Whether the address is a Tor exit: true or false",
        Source::Boolean("proxy", "tor"),
    ),
];

const fn field(
    name: &'static str,
    aliases: &'static [&'static str],
    label: &'static str,
    source: Source,
) -> Field {
    Field {
        name,
        aliases,
        label,
        source,
    }
}

/// Returns the field with a name, or with an alias.
pub fn find(name: &str) -> Option<&'static Field> {
    FIELDS
        .iter()
        .find(|field| field.name == name || field.aliases.contains(&name))
}
