//! Each mechanism: fed with anything, and both ends with somebody between.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mailwire_fuzz::core::sasl::exchange(octets));
