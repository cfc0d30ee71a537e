//! Values made at random: what they write is one line that reads as they are, serialised and not.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mailwire_fuzz::pop3::value::value(octets));
