//! A client session against a model of it, called at random.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mailwire_fuzz::pop3::client::session(octets));
