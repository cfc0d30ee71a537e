//! A POP3 server session against a model of it.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mailwire_fuzz::pop3_server::model::session(octets));
