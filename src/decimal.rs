//! Whole numbers in text.

/// Parses decimal digits. (`parse` alone would take a plus sign.)
pub(crate) fn parse(digits: &str) -> Option<u64> {
    digits.parse().ok().filter(|_| !digits.starts_with('+'))
}
