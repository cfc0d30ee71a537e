//! Tables of wire forms for the tests: each row is parsed, encoded and parsed again, so that the parser
//! and the encoder answer for the same octets.

use crate::lex::{END, Input, PResult};
use crate::{Dialect, Parse, quirk};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Debug;
use mailwire_core::{ParseError, Quirk, Quirks, implement::grammar::Context};

type Read<T> = Box<dyn Fn(&[u8], &Parse) -> Result<(T, Quirks), ParseError>>;

pub(crate) struct Table<T> {
    read: Read<T>,
    encode: fn(&T, &mut Vec<u8>),
    dialect: Dialect,
}

/// The rows that `production` reads and `encode` writes.
pub(crate) fn table<T: Debug + PartialEq + 'static>(
    production: for<'a> fn(Input<'a>) -> PResult<'a, T>,
    encode: fn(&T, &mut Vec<u8>),
) -> Table<T> {
    let read = move |wire: &[u8], parse: &Parse| {
        Context::new(parse.dialect, parse.quirks).parse(wire, production, &END)
    };
    parsed(read, encode)
}

/// The rows that `read` reads and `encode` writes.
pub(crate) fn parsed<T: Debug + PartialEq>(
    read: impl Fn(&[u8], &Parse) -> Result<(T, Quirks), ParseError> + 'static,
    encode: fn(&T, &mut Vec<u8>),
) -> Table<T> {
    Table { read: Box::new(read), encode, dialect: Dialect::utf8() }
}

impl<T: Debug + PartialEq> Table<T> {
    /// From here on without UTF-8.
    pub(crate) fn ascii(mut self) -> Self {
        self.dialect = Dialect::ascii();
        self
    }

    /// `wire` is `value`, by the strict grammar, and is written like that.
    #[track_caller]
    pub(crate) fn ok(self, wire: impl AsRef<[u8]>, value: T, section: &str) -> Self {
        let wire = wire.as_ref();
        self.same(wire, wire, section, Some(value))
    }

    /// The strict grammar takes `wire`, and it is written like that.
    #[track_caller]
    pub(crate) fn keeps(self, wire: impl AsRef<[u8]>, section: &str) -> Self {
        let wire = wire.as_ref();
        self.same(wire, wire, section, None)
    }

    /// The strict grammar takes `wire`; it is written as `canonical`.
    #[track_caller]
    pub(crate) fn becomes(
        self,
        wire: impl AsRef<[u8]>,
        canonical: impl AsRef<[u8]>,
        section: &str,
    ) -> Self {
        self.same(wire.as_ref(), canonical.as_ref(), section, None)
    }

    #[track_caller]
    fn same(self, wire: &[u8], canonical: &[u8], section: &str, value: Option<T>) -> Self {
        let (parsed, met) = self
            .parse(wire, Quirks::NONE)
            .unwrap_or_else(|e| panic!("§{section}: {}: {e}", text(wire)));
        assert!(met.is_empty(), "§{section}: {}", text(wire));
        if let Some(value) = value {
            assert_eq!(parsed, value, "§{section}: {}", text(wire));
        }
        let mut out = Vec::new();
        (self.encode)(&parsed, &mut out);
        assert_eq!(text(&out), text(canonical), "§{section}");
        let (again, _) = self.parse(&out, Quirks::NONE).unwrap();
        assert_eq!(again, parsed, "§{section}: {}", text(wire));
        self
    }

    /// No quirk lets `wire` pass; the strict grammar stops at `offset` and wants `expected`.
    #[track_caller]
    pub(crate) fn err(
        self,
        wire: impl AsRef<[u8]>,
        offset: usize,
        expected: &str,
        section: &str,
    ) -> Self {
        let wire = wire.as_ref();
        let e = self.parse(wire, Quirks::NONE).expect_err(&text(wire));
        assert_eq!(
            (e.offset(), e.expected().name()),
            (offset, expected),
            "§{section}: {}",
            text(wire)
        );
        assert!(
            self.parse(wire, Parse::every_quirk().quirks).is_err(),
            "§{section}: {}",
            text(wire)
        );
        self
    }

    /// `wire` passes by `quirk` alone, which is reported; it is written as `canonical`, which passes, too.
    #[track_caller]
    pub(crate) fn quirk(
        self,
        wire: impl AsRef<[u8]>,
        quirk: Quirk,
        canonical: impl AsRef<[u8]>,
        section: &str,
    ) -> Self {
        let wire = wire.as_ref();
        let only = Quirks::NONE.with(quirk);
        for others in [Quirks::NONE, Parse::every_quirk().quirks.without(quirk)] {
            assert!(self.parse(wire, others).is_err(), "§{section}: {} passes", text(wire));
        }
        let (parsed, met) =
            self.parse(wire, only).unwrap_or_else(|e| panic!("§{section}: {}: {e}", text(wire)));
        assert_eq!(met, only, "§{section}: {}", text(wire));
        let mut out = Vec::new();
        (self.encode)(&parsed, &mut out);
        assert_eq!(text(&out), text(canonical.as_ref()), "§{section}");
        assert_eq!(self.parse(&out, only).unwrap().0, parsed, "§{section}");
        assert_eq!(quirk.is_default(), quirk::defaults().contains(quirk));
        self
    }

    fn parse(&self, wire: &[u8], quirks: Quirks) -> Result<(T, Quirks), ParseError> {
        (self.read)(wire, &Parse::strict().with_dialect(self.dialect).with_quirks(quirks))
    }
}

fn text(octets: &[u8]) -> String {
    octets.escape_ascii().collect::<Vec<u8>>().into_iter().map(char::from).collect()
}
