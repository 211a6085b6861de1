//! The maps of the page: the world, and the region around a place.

use crate::decimal;

/// The outline of the land, with one degree to the unit and south down: from
/// Natural Earth, public domain.
pub(super) const WORLD: &str = include_str!("world.path");

/// The size of the region in degrees, in the proportions of the world. The page
/// has it too.
const WIDTH: i32 = 80;
const HEIGHT: i32 = 40;

/// A place on the maps.
pub(super) struct Pin {
    pub(super) lat: String,
    pub(super) lng: String,
    /// The latitude with the other sign: on the maps, south is positive.
    pub(super) y: String,
    /// The upper left corner of the region, in whole degrees.
    pub(super) corner: String,
    /// Where the world is drawn once more, because the region goes on beyond its
    /// edge, and where the region's frame is.
    pub(super) beyond: Option<(&'static str, &'static str)>,
}

impl Pin {
    /// Returns the pin for coordinates in digits. `None` where they are on no
    /// map, in a notation that SVG may not know, or 0,0, which stands for a place
    /// that is not known.
    pub(super) fn at(lat: String, lng: String) -> Option<Self> {
        let is_zero = |digits: &str| digits.trim_matches(['-', '0', '.']).is_empty();
        if is_zero(&lat) && is_zero(&lng) {
            return None;
        }
        let y = match lat.strip_prefix('-') {
            Some(south) => south.to_owned(),
            None => format!("-{lat}"),
        };
        let left = whole_degrees(&lng, 180)? - WIDTH / 2;
        let top = whole_degrees(&y, 90)? - HEIGHT / 2;
        let top = top.clamp(-90, 90 - HEIGHT);
        Some(Self {
            lat,
            lng,
            y,
            corner: format!("{left} {top}"),
            beyond: match left {
                ..-180 => Some(("-360", "360")),
                _ if left + WIDTH > 180 => Some(("360", "-360")),
                _ => None,
            },
        })
    }
}

/// Returns the whole part of a decimal number up to a limit.
fn whole_degrees(digits: &str, limit: u64) -> Option<i32> {
    let (sign, number) = match digits.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, digits),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = decimal::parse(whole).filter(|whole| *whole <= limit)?;
    let is_allowed = |digit: u8| digit == b'0' || whole < limit && digit.is_ascii_digit();
    fraction
        .bytes()
        .all(is_allowed)
        .then_some(sign * whole as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_around_places() {
        let (west, east) = (Some(("-360", "360")), Some(("360", "-360")));
        for (lat, lng, expected) in [
            ("47.36667", "8.55", Some(("-47.36667", "-32 -67", None))),
            ("-27.46794", "153.02809", Some(("27.46794", "113 7", east))),
            ("0", "0", None),
            ("0.000000", "-0.0", None),
            ("0", "0.5", Some(("-0", "-40 -20", None))),
            ("-0.5", "-0.5", Some(("0.5", "-40 -20", None))),
            ("51.5", "-140", Some(("-51.5", "-180 -71", None))),
            ("51.5", "-141", Some(("-51.5", "-181 -71", west))),
            ("51.5", "140", Some(("-51.5", "100 -71", None))),
            ("51.5", "141", Some(("-51.5", "101 -71", east))),
            ("90", "-180", Some(("-90", "-220 -90", west))),
            ("-90", "180", Some(("90", "140 50", east))),
            ("90.0", "180.000000", Some(("-90.0", "140 -90", east))),
            ("90.1", "0", None),
            ("0", "-180.000001", None),
            ("91", "0", None),
            ("0", "181", None),
            ("0", "-1000", None),
            ("1e1", "0", None),
            ("1.0E400", "0", None),
            ("99999999999", "0", None),
        ] {
            let found = Pin::at(lat.to_owned(), lng.to_owned());
            let found = found
                .as_ref()
                .map(|pin| (pin.y.as_str(), pin.corner.as_str(), pin.beyond));
            assert_eq!(found, expected, "{lat},{lng}");
        }
    }
}
