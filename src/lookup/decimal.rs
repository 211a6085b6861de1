//! Whole numbers in text.

use std::ops::RangeInclusive;

/// Parses decimal digits, if the number is allowed. (`parse` alone would take a
/// plus sign.)
pub(crate) fn parse(digits: &str, allowed: RangeInclusive<u64>) -> Option<u64> {
    let number = digits.parse().ok()?;
    (allowed.contains(&number) && !digits.starts_with('+')).then_some(number)
}
