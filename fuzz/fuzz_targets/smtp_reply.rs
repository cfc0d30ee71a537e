//! A reply, and a stream of them: the same, and framing does not depend on the cuts.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| mailwire_fuzz::smtp::grammar::reply(octets));
