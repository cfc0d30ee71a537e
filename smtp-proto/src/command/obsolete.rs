//! `SEND`, `SOML`, `SAML`: mail to a terminal. RFC 821 §3.4, §4.1.1; obsolete by RFC 5321 App. F.6.
//!
//! Read so that a server can say that it does not do them, which is what a server should. `TURN` (App. F.1)
//! has no arguments, so it has no type.

use super::transaction::from;
use crate::address::{PathParts, reverse_path};
use crate::lex::{Input, PResult};

/// ```abnf
/// SEND <SP> FROM:<reverse-path> <CRLF>
/// SOML <SP> FROM:<reverse-path> <CRLF>
/// SAML <SP> FROM:<reverse-path> <CRLF>
/// ```
/// RFC 821 §4.1.2. What stands behind the verb; the path by the grammar of RFC 5321.
pub(super) fn send(i: Input<'_>) -> PResult<'_, Option<PathParts<'_>>> {
    reverse_path(from(i)?.0)
}

#[cfg(test)]
mod tests {
    use crate::address::ReversePath;
    use crate::{Command, table::parsed};

    #[test]
    fn obsolete_verbs() {
        parsed(Command::parse, Command::encode)
            .ok("SEND FROM:<>\r\n", Command::Send(ReversePath::Null), "821 §4.1.1")
            .keeps("SOML FROM:<a@b.example>\r\n", "821 §4.1.1")
            .becomes("saml from:<a@b.example>\r\n", "SAML FROM:<a@b.example>\r\n", "821 §4.1.1")
            .ok("TURN\r\n", Command::Turn, "821 §4.1.1")
            .err("TURN a\r\n", 4, "CRLF", "821 §4.1.1")
            .err("SEND TO:<a@b>\r\n", 4, "SP \"FROM:\"", "821 §4.1.1")
            .err("SEND FROM:<a@b> SIZE=1\r\n", 15, "CRLF", "821 §4.1.1");
    }
}
