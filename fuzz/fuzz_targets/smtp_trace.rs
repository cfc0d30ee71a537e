//! A trace line: what is read is one field of a header, folded, and reads as the same value.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mailwire_fuzz::smtp::trace::trace(octets));
