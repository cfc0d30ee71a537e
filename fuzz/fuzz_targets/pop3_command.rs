//! A command line: what parses is one line again, and means the same; no secret is shown.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mailwire_fuzz::pop3::grammar::command(octets));
