//! BURL of the EHLO reply: from where a submission server fetches messages. RFC 4468 §3.3.
//!
//! Not here: the command.

use super::ehlo_params::EhloParams;
use crate::lex::{Input, PResult};
use alloc::vec::Vec;

/// What a server says of BURL: the kinds of URL that it resolves, one word each.
///
/// ```
/// use mailwire_smtp::extension::BurlSources;
/// let sources: BurlSources = "imap imap://imap.example.com".parse()?;
/// assert!(sources.resolves_urlauth());
/// assert_eq!(sources.imap_servers().collect::<Vec<_>>(), ["imap.example.com"]);
/// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BurlSources(pub EhloParams);

impl BurlSources {
    /// `imap`: IMAP URLs with an authorization in them (RFC 4467).
    pub fn resolves_urlauth(&self) -> bool {
        self.0.contains("imap")
    }

    /// `imap://authority`: the servers of which it resolves plain IMAP URLs.
    pub fn imap_servers(&self) -> impl Iterator<Item = &str> + '_ {
        self.0.iter().filter_map(|word| {
            let (scheme, authority) = word.split_once("://")?;
            scheme.eq_ignore_ascii_case("imap").then_some(authority)
        })
    }

    /// ```abnf
    /// burl-param  = "imap" / ("imap://" authority)
    /// ```
    /// RFC 4468 §3.5; any word is kept.
    pub(crate) fn grammar(i: Input<'_>) -> PResult<'_, Self> {
        EhloParams::grammar(i).map(|(rest, words)| (rest, BurlSources(words)))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

wire_form_behind!(b' ', BurlSources, BurlSources::grammar);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::table;

    #[test]
    fn sources() {
        table(BurlSources::grammar, BurlSources::encode)
            .ok("", BurlSources::default(), "4468 §3.3")
            .keeps(" imap", "4468 §3.4")
            .keeps(" imap://a.example IMAP://b.example:143 file", "4468 §3.3");
        let said: BurlSources = "imap://a.example IMAP://b.example:143 file".parse().unwrap();
        assert!(!said.resolves_urlauth());
        assert_eq!(said.imap_servers().collect::<Vec<_>>(), ["a.example", "b.example:143"]);
    }
}
