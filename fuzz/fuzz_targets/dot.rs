//! The dot coder against a model that goes line by line.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mailwire_fuzz::core::dot::coder(octets));
