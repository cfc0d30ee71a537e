//! A client session against a model of it, called at random.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mailwire_fuzz::smtp::client::session(octets));
