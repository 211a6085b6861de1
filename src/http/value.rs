//! The single values of an answer, under the names that their paths have.

use super::country;
use crate::lookup::View;

/// A single value of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Ip,
    Isp,
    Country,
    CountryName,
    Region,
    City,
    Lat,
    Lng,
    Coordinates,
    PostalCode,
    Timezone,
    Asn,
    AsName,
}

impl Value {
    /// All values, in the order in which they are listed.
    pub(crate) const ALL: [Self; 13] = [
        Self::Ip,
        Self::Isp,
        Self::Country,
        Self::CountryName,
        Self::Region,
        Self::City,
        Self::Lat,
        Self::Lng,
        Self::Coordinates,
        Self::PostalCode,
        Self::Timezone,
        Self::Asn,
        Self::AsName,
    ];

    /// Returns the name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Isp => "isp",
            Self::Country => "country",
            Self::CountryName => "country-name",
            Self::Region => "region",
            Self::City => "city",
            Self::Lat => "lat",
            Self::Lng => "lng",
            Self::Coordinates => "coordinates",
            Self::PostalCode => "postal-code",
            Self::Timezone => "timezone",
            Self::Asn => "asn",
            Self::AsName => "as-name",
        }
    }

    /// Returns the value of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.name() == name)
    }

    /// Returns the value as one line of text; `None` where ipify
    /// has none.
    pub(crate) fn of(self, view: &View) -> Option<String> {
        let location = &view.location;
        match self {
            Self::Ip => Some(view.ip.to_string()),
            Self::Isp => view.isp.clone(),
            Self::Country => location.country.clone(),
            Self::CountryName => {
                let name = country::name(location.country.as_ref()?)?;
                Some(name.to_owned())
            }
            Self::Region => location.region.clone(),
            Self::City => location.city.clone(),
            Self::Lat => location.lat.clone(),
            Self::Lng => location.lng.clone(),
            Self::Coordinates => {
                let (lat, lng) = (location.lat.as_ref()?, location.lng.as_ref()?);
                Some(format!("{lat},{lng}"))
            }
            Self::PostalCode => location.postal_code.clone(),
            Self::Timezone => location.timezone.clone(),
            Self::Asn => Some(format!("AS{}", view.system.number.as_ref()?)),
            Self::AsName => view.system.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::Record;

    #[test]
    fn values_of_a_record() {
        let json = r#"{"ip":"9.9.9.9","location":{"country":"CH","region":"Z\u00fcrich",
            "city":"Zürich","lat":47.366670,"lng":-8.550000,"postalCode":"8001",
            "timezone":"+01:00"},"as":{"asn":19281,"name":"Quad9"},"isp":"Quad9 AG"}"#;
        for (json, expected) in [
            (
                json,
                &[
                    "ip: 9.9.9.9",
                    "isp: Quad9 AG",
                    "country: CH",
                    "country-name: Switzerland",
                    "region: Zürich",
                    "city: Zürich",
                    "lat: 47.366670",
                    "lng: -8.550000",
                    "coordinates: 47.366670,-8.550000",
                    "postal-code: 8001",
                    "timezone: +01:00",
                    "asn: AS19281",
                    "as-name: Quad9",
                ][..],
            ),
            (r#"{"ip":"9.9.9.9"}"#, &["ip: 9.9.9.9"]),
            (
                r#"{"ip":"9.9.9.9","location":{"lat":1}}"#,
                &["ip: 9.9.9.9", "lat: 1"],
            ),
            (
                r#"{"ip":"9.9.9.9","location":{"country":"Elbonia"}}"#,
                &["ip: 9.9.9.9", "country: Elbonia"],
            ),
        ] {
            let view = Record::parse(json.into()).unwrap().view();
            let values: Vec<_> = Value::ALL
                .into_iter()
                .filter_map(|value| Some(format!("{}: {}", value.name(), value.of(&view)?)))
                .collect();
            assert_eq!(values, expected);
        }
    }

    #[test]
    fn names_lead_back_to_their_values() {
        for value in Value::ALL {
            assert_eq!(Value::from_name(value.name()), Some(value));
        }
        assert_eq!(Value::from_name("elbonia"), None);
    }
}
