//! Values of the key-value store.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| properties::stored(input));
