//! The body of ipify's response.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| properties::upstream(input));
