//! The codecs: no cut changes what is read, one half reads what the other writes.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    mailwire_fuzz::pop3::codec::any(octets);
    mailwire_fuzz::pop3::codec::pair(octets);
});
