//! `serde`: a value of the wire is serialised as what stands on the wire.
//!
//! For people (JSON, TOML) it is a string; octets that are no UTF-8 are a list of numbers there. For machines it is
//! always octets. It is read back through the same checks as any other octets, so nothing comes in that could not
//! have come from the wire.
//! Not here: secrets. [`Secret`](crate::Secret) has no serialised form, and what holds one refuses to be serialised.

use crate::{InvalidValue, Quirk, Quirks, Str, sasl::MechanismName};
use alloc::vec::Vec;
use core::{fmt, marker::PhantomData};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, SeqAccess, Visitor},
    ser::Error as _,
};

/// Serialises the wire form.
///
/// # Errors
/// The serializer's own.
pub fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    match core::str::from_utf8(octets) {
        Ok(text) if serializer.is_human_readable() => serializer.serialize_str(text),
        _ => serializer.serialize_bytes(octets),
    }
}

/// Refuses to serialise what holds a credential, or may hold one.
///
/// # Errors
/// Always.
pub fn refuse<S: Serializer>() -> Result<S::Ok, S::Error> {
    Err(S::Error::custom("a secret has no serialised form"))
}

/// Reads a wire form; `read` checks it.
///
/// # Errors
/// The deserializer's own, and what `read` refuses.
pub fn deserialize<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: fn(&[u8]) -> Result<T, InvalidValue>,
) -> Result<T, D::Error> {
    let octets = Octets { read, value: PhantomData };
    if deserializer.is_human_readable() {
        deserializer.deserialize_any(octets)
    } else {
        deserializer.deserialize_bytes(octets)
    }
}

struct Octets<T> {
    read: fn(&[u8]) -> Result<T, InvalidValue>,
    value: PhantomData<T>,
}

impl<'de, T> Visitor<'de> for Octets<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a wire form")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        self.visit_bytes(text.as_bytes())
    }

    fn visit_bytes<E: serde::de::Error>(self, octets: &[u8]) -> Result<T, E> {
        (self.read)(octets).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<T, A::Error> {
        // Grows with what comes: a length that is only claimed costs nothing.
        let mut octets = Vec::new();
        while let Some(octet) = seq.next_element::<u8>()? {
            octets.push(octet);
        }
        self.visit_bytes(&octets)
    }
}

/// Serialises the names of `table`'s quirks that are in the set.
///
/// # Errors
/// The serializer's own.
pub fn serialize_quirks<S: Serializer>(
    quirks: Quirks,
    table: &'static [Quirk],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(quirks.iter(table).map(Quirk::name))
}

/// Reads a list of names of `table`'s quirks.
///
/// # Errors
/// The deserializer's own, and a name that the table does not know.
pub fn deserialize_quirks<'de, D: Deserializer<'de>>(
    deserializer: D,
    table: &'static [Quirk],
) -> Result<Quirks, D::Error> {
    struct Names(&'static [Quirk]);

    impl<'de> Visitor<'de> for Names {
        type Value = Quirks;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of names of quirks")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Quirks, A::Error> {
            let mut set = Quirks::NONE;
            while let Some(name) = seq.next_element::<alloc::string::String>()? {
                let known = self.0.iter().find(|quirk| quirk.name() == name);
                set = set.with(*known.ok_or_else(|| A::Error::custom("no quirk has this name"))?);
            }
            Ok(set)
        }
    }

    deserializer.deserialize_seq(Names(table))
}

macro_rules! as_octets {
    ($type:ty, $read:expr) => {
        /// The octets; a string where they are UTF-8 and people read them.
        #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "serde")))]
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serialize(self.as_bytes(), serializer)
            }
        }

        #[cfg_attr(mailwire_docsrs, doc(cfg(feature = "serde")))]
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize(deserializer, $read)
            }
        }
    };
}

as_octets!(Str, |octets| Ok(Str::new(octets)));
as_octets!(MechanismName, |octets| MechanismName::new(octets));

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn octets_beyond_utf8_are_numbers_for_people() {
        for (octets, json) in [
            (&b""[..], r#""""#),
            (b"a\"\r\n", r#""a\"\r\n""#),
            ("j\u{f6}rg".as_bytes(), "\"j\u{f6}rg\""),
            (b"a\xff", "[97,255]"),
        ] {
            assert_eq!(serde_json::to_string(&Str::new(octets)).unwrap(), json);
            assert_eq!(serde_json::from_str::<Str>(json).unwrap(), *octets);
        }
        for bad in ["1", "null", "[256]", "[\"a\"]", "{}"] {
            assert!(serde_json::from_str::<Str>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_read_is_checked() {
        let name: MechanismName = serde_json::from_str("\"plain\"").unwrap();
        assert!(name.is("PLAIN"));
        let error = serde_json::from_str::<MechanismName>("\"PL AIN\"").unwrap_err().to_string();
        assert!(error.contains("no sasl-mech") && error.contains("octet 2"), "{error}");
        assert!(serde_json::from_str::<MechanismName>("[80, 0]").is_err());
    }

    #[test]
    fn quirks_go_by_their_names() {
        const TABLE: &[Quirk] =
            &[Quirk::new(3, "three", "", "", true), Quirk::new(127, "last", "", "", false)];
        let mut out = Vec::new();
        let set = Quirks::from_table(TABLE, |_| true);
        serialize_quirks(set, TABLE, &mut serde_json::Serializer::new(&mut out)).unwrap();
        assert_eq!(out, br#"["three","last"]"#);
        let read = |json| deserialize_quirks(&mut serde_json::Deserializer::from_str(json), TABLE);
        assert_eq!(read(r#"["last","three"]"#).unwrap(), set);
        assert!(read(r#"["fourth"]"#).is_err());
    }
}
