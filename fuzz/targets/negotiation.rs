//! Values of `Accept`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| properties::negotiation(input));
