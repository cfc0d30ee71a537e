//! The codecs: no cut changes what is read, no body is read as commands, one half reads what the other writes.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    mailwire_fuzz::smtp::codec::any(octets);
    mailwire_fuzz::smtp::codec::pair(octets);
});
