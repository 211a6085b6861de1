//! The header lines that say who is asking.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| properties::forwarding(input));
