//! What a server says, line by line and as whole answers: what parses means the same when it is written again.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    mailwire_fuzz::pop3::grammar::line(octets);
    mailwire_fuzz::pop3::grammar::answer(octets);
});
