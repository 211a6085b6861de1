//! Countries, by the codes of ISO 3166-1 alpha-2.

/// A line for each country, and an empty one before: its code, a space and its
/// name in English. From Unicode CLDR: see `xtask/src/countries.rs`.
const NAMES: &str = concat!("\n", include_str!("countries.txt"));

/// Returns the name of a country.
pub fn name(code: &str) -> Option<&'static str> {
    let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let line = is_code.then(|| format!("\n{code} "))?;
    let (_, rest) = NAMES.split_once(&line)?;
    rest.lines().next()
}

/// Returns the flag of a country that has a name here, as text: its code in
/// regional indicator symbols, which fonts draw as a flag.
pub fn flag(code: &str) -> Option<String> {
    const FIRST: u32 = '\u{1f1e6}' as u32;
    let symbol = |letter: u8| char::from_u32(FIRST + u32::from(letter.checked_sub(b'A')?));
    code.bytes().map(symbol).collect()
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
            let found = name(code).and_then(|name| Some((name, flag(code)?)));
            let found = found.as_ref().map(|(name, flag)| (*name, flag.as_str()));
            assert_eq!(found, expected, "{code}");
        }
    }

    #[test]
    fn all_countries_are_named() {
        // 249 in ISO 3166-1, and XK.
        assert_eq!(NAMES.lines().skip(1).count(), 250);
        for line in NAMES.lines().skip(1) {
            let (code, name) = line.split_once(' ').unwrap();
            assert_eq!(code.len(), 2, "{line}");
            assert!(code.bytes().all(|byte| byte.is_ascii_uppercase()), "{line}");
            assert_eq!(name.trim(), name, "{line}");
        }
    }
}
