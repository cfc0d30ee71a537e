//! What extensions say: arguments of commands and of capabilities, one file each.

mod expire;
mod implementation;
mod lang;
mod login_delay;
mod sasl;
mod utf8;
mod xclient;

pub use expire::{Expire, Retention};
pub use implementation::Implementation;
pub use lang::{LanguageListing, LanguageRange, LanguageTag};
pub use login_delay::LoginDelay;
pub use sasl::{Auth, AuthResponse, Mechanisms};
pub use utf8::Utf8;
pub use xclient::{Forwarded, OtherXclientAttribute, Word, Xclient, XclientAttribute};

pub(crate) use lang::language_range;
pub(crate) use sasl::auth;
pub(crate) use xclient::xclient;

use crate::lex::{self, Input, PResult};
use mailwire_core::Production;

/// `[SP "USER"]`: is it another for some users? RFC 2449 §6.5, §6.7, RFC 6856 §2.2
fn user<'a>(i: Input<'a>, production: &'static Production) -> PResult<'a, bool> {
    match i.rest().split_first() {
        Some((b' ', word)) if !matches!(word, [] | [b' ' | b'\t' | b'\r' | b'\n', ..]) => {
            let (start, ()) = lex::sp(i)?;
            let (rest, word) = start.split(lex::vchar_len(start.rest()));
            if word.eq_ignore_ascii_case(b"USER") {
                Ok((rest, true))
            } else {
                start.fail(production)
            }
        }
        _ => Ok((i, false)),
    }
}
