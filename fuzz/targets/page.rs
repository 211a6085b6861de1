//! Values on the page.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| properties::page(input));
