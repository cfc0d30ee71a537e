//! The names of trace lines' open sets, and atoms where no set is. RFC 5321 §4.4; RFC 5322 §3.2.3.

use crate::lex::{ATEXT, Input, PResult, class};
use alloc::vec::Vec;
use core::fmt;
use mailwire_core::{Production, Str};

static ATOM: Production = Production::new("Atom", 5321, "4.1.2");

/// Is it an atom? RFC 5322 §3.2.3
pub(super) fn is_atom(text: &[u8]) -> bool {
    !text.is_empty()
        && text.len() <= super::lexer::WORD_MAX
        && text.iter().all(|b| class(*b) & ATEXT != 0)
}

/// An atom in a trace line, such as the name of a cipher suite.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TraceAtom(Str);

impl TraceAtom {
    /// # Errors
    /// Empty, more than 900 octets, or an octet that an atom does not have.
    pub fn new(text: &str) -> Result<Self, mailwire_core::InvalidValue> {
        Self::try_from(text.as_bytes())
    }

    /// As spelled.
    pub fn as_str(&self) -> &str {
        self.0.as_str().unwrap_or_default()
    }

    fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        let (rest, text) = atom(i, ATOM_NAME)?;
        Ok((rest, TraceAtom(Str::new(text))))
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

const ATOM_NAME: &Production = &ATOM;

/// ```abnf
/// Atom           = 1*atext
/// ```
/// RFC 5321 §4.1.2, RFC 5322 §3.2.3
pub(super) fn atom<'a>(i: Input<'a>, production: &'static Production) -> PResult<'a, &'a [u8]> {
    let len = i.rest().iter().take_while(|b| class(**b) & ATEXT != 0).count();
    let (rest, text) = i.split(len);
    if is_atom(text) {
        Ok((rest, text))
    } else {
        i.split(len.min(super::lexer::WORD_MAX)).0.fail(production)
    }
}

impl fmt::Debug for TraceAtom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceAtom({:?})", self.as_str())
    }
}

wire_form!(TraceAtom, TraceAtom::grammar);

/// The name that a set does not know, and how the set is read: by itself as an atom (or what `$grammar`
/// is), in a line as whatever words there are.
macro_rules! other_name {
    ($(#[$doc:meta])* $name:ident in $set:ident, $grammar:expr, $production:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Str);

        impl $name {
            /// # Errors
            /// An octet that does not fit; a name that has a member of its own.
            pub fn new(name: &str) -> Result<Self, InvalidValue> {
                Self::try_from(name.as_bytes())
            }

            /// As received; several words have one blank between two.
            pub fn as_str(&self) -> &str {
                self.0.as_str().unwrap_or_default()
            }

            /// As received.
            pub fn keyword(&self) -> &[u8] {
                &self.0
            }

            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.0);
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}

        impl hash::Hash for $name {
            fn hash<H: hash::Hasher>(&self, state: &mut H) {
                for octet in self.0.iter() {
                    state.write_u8(octet.to_ascii_uppercase());
                }
                state.write_u8(0xff);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.as_str())
            }
        }

        impl $set {
            fn grammar(i: Input<'_>) -> PResult<'_, Self> {
                let grammar: for<'a> fn(Input<'a>, &'static Production) -> PResult<'a, &'a [u8]> = $grammar;
                let (rest, name) = grammar(i, &$production)?;
                match Self::dispatch(name, rest, |known| known) {
                    Some(known) => known,
                    None => Ok((rest, $set::Other($name(Str::new(name))))),
                }
            }

            /// Whatever stands in a line.
            #[allow(dead_code, reason = "not every set has names of several words")]
            pub(super) fn of_words(words: &[u8]) -> Self {
                match crate::lex::whole(words, Self::grammar) {
                    Ok(fits) => fits,
                    Err(_) => $set::Other($name(Str::new(words))),
                }
            }

            /// Would the RFC have it so?
            pub fn is_strict(&self) -> bool {
                crate::lex::whole(self.keyword(), Self::grammar).is_ok()
            }
        }

        wire_form!($set, $set::grammar);
        wire_form!($name, |i| match $set::grammar(i)? {
            (rest, $set::Other(other)) => Ok((rest, other)),
            _ => i.fail(&$production),
        });
    };
}
