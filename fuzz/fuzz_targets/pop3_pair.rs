//! Both sessions over wires that do damage.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mailwire_fuzz::pop3::pair::session(octets));
