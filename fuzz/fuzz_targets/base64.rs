//! Base64 of SASL exchanges: what decodes has one spelling only.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailwire_core::base64::{decode, encode};

fuzz_target!(|text: &[u8]| {
    if let Ok(octets) = decode(text) {
        let mut again = Vec::new();
        encode(octets.expose(), &mut again);
        assert_eq!(again, text, "two spellings of one value");
    }
    let mut encoded = Vec::new();
    encode(text, &mut encoded);
    assert_eq!(decode(&encoded).map(|octets| octets.expose() == text), Ok(true));
});
