//! Headers that name the client.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| properties::forwarding(input));
