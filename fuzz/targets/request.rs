//! The path and the query of a request.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| properties::request(input));
