//! Whole transactions of a client, whatever the server says.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mailwire_fuzz::smtp::transaction::session(octets));
