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
}

/// All values, in the order in which plain text lists them.
pub static FIELDS: [Field; 13] = [
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
