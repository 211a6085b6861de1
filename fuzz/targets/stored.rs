//! What the key-value store returns.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| properties::stored(input));
