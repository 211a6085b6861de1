//! Countries, by the codes of ISO 3166-1 alpha-2.

/// A line for each continent, with its code in brackets, and one for each country on
/// it: its code, a space and its name in English. From Unicode CLDR: see
/// CONTRIBUTING.md.
const COUNTRIES: &str = include_str!("countries.txt");

/// The members of the European Union. From Unicode CLDR, too.
const EU: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";

/// The members of the European Economic Area that are not in the European Union.
const EEA_WITHOUT_EU: &str = "IS LI NO";

/// A country that is known.
pub struct Country {
    /// Its code.
    code: &'static str,
    /// Its name in English.
    pub name: &'static str,
    /// The continent that it is on: AF, AN (Antarctica), AS, EU, NA (with Central
    /// America and the Caribbean), OC or SA.
    pub continent: &'static str,
}

impl Country {
    /// Returns the country with a code.
    pub fn find(code: &str) -> Option<Self> {
        let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        let (before, after) = COUNTRIES.split_once(&is_code.then(|| format!("\n{code} "))?)?;
        let (_, section) = before.rsplit_once('[')?;
        Some(Self {
            code: COUNTRIES.get(before.len()..)?.get(1..3)?,
            name: after.lines().next()?,
            continent: section.get(..2)?,
        })
    }

    /// Returns whether it is in the European Union. A territory with a code of its own,
    /// such as Réunion, is not.
    pub fn is_in_eu(&self) -> bool {
        EU.contains(self.code)
    }

    /// Returns whether it is in the European Economic Area.
    pub fn is_in_eea(&self) -> bool {
        self.is_in_eu() || EEA_WITHOUT_EU.contains(self.code)
    }

    /// Returns its flag, as text: its code in regional indicator symbols, which fonts
    /// draw as a flag.
    pub fn flag(&self) -> String {
        const FIRST: u32 = '\u{1f1e6}' as u32;
        let symbol = |letter: u8| char::from_u32(FIRST + u32::from(letter - b'A'));
        self.code.bytes().filter_map(symbol).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_flags() {
        for (code, expected) in [
            ("CH", Some(("Switzerland", "🇨🇭"))),
            ("AD", Some(("Andorra", "🇦🇩"))),
            ("AX", Some(("Åland Islands", "🇦🇽"))),
            ("CD", Some(("Congo - Kinshasa", "🇨🇩"))),
            ("ZW", Some(("Zimbabwe", "🇿🇼"))),
            ("XK", Some(("Kosovo", "🇽🇰"))),
            ("ZZ", None),
            ("EU", None),
            ("ch", None),
            ("", None),
            ("A", None),
            ("CHE", None),
            ("AE United", None),
            ("\n", None),
        ] {
            let found = Country::find(code).map(|country| (country.name, country.flag()));
            let found = found.as_ref().map(|(name, flag)| (*name, flag.as_str()));
            assert_eq!(found, expected, "{code}");
        }
    }

    #[test]
    fn all_countries_are_named() {
        let lines = COUNTRIES.lines().filter(|line| !line.starts_with('['));
        // 249 in ISO 3166-1, and XK.
        assert_eq!(lines.clone().count(), 250);
        for line in lines {
            let (code, name) = line.split_once(' ').unwrap();
            assert_eq!(code.len(), 2, "{line}");
            assert!(code.bytes().all(|byte| byte.is_ascii_uppercase()), "{line}");
            assert_eq!(name.trim(), name, "{line}");
        }
    }

    #[test]
    fn continents_and_unions() {
        for (code, continent, in_eu, in_eea) in [
            ("AO", "AF", false, false),
            ("AQ", "AN", false, false),
            ("CY", "AS", true, true),
            ("FR", "EU", true, true),
            ("CH", "EU", false, false),
            ("GB", "EU", false, false),
            ("NO", "EU", false, true),
            ("LI", "EU", false, true),
            ("IS", "EU", false, true),
            ("XK", "EU", false, false),
            ("MX", "NA", false, false),
            ("NZ", "OC", false, false),
            ("GF", "SA", false, false),
        ] {
            let country = Country::find(code).unwrap();
            assert_eq!(country.continent, continent, "{code}");
            assert_eq!(country.is_in_eu(), in_eu, "{code}");
            assert_eq!(country.is_in_eea(), in_eea, "{code}");
        }
        let members = EU.split(' ').chain(EEA_WITHOUT_EU.split(' '));
        assert_eq!(members.clone().count(), 30);
        assert!(
            members
                .into_iter()
                .all(|code| Country::find(code).is_some())
        );
    }
}
