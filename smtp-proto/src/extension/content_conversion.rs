//! CONPERM and CONNEG: content that may be converted, and what a recipient's device can show. RFC 4141.
//!
//! The EHLO keywords and the parameters have no values; here is what a server says of a recipient when RCPT had
//! CONNEG. Not here: what the expression means (RFC 2533).

use crate::{Reply, ReplyCode};
use alloc::string::String;
use mailwire_core::InvalidValue;

/// What each line of it begins with.
const CONNEG: &str = "CONNEG";

impl Reply {
    /// A 250 to RCPT with CONNEG: `text`, and the media features of the recipient, a line each as they stand in
    /// `features`. RFC 4141 §5.2
    ///
    /// # Errors
    /// As [`Reply::multiline`].
    pub fn with_media_features(text: &str, features: &str) -> Result<Self, InvalidValue> {
        let features = features.lines().map(|line| alloc::format!("{CONNEG} {line}"));
        Reply::multiline(ReplyCode::OK, None, core::iter::once(text.into()).chain(features))
    }

    /// The media features of the recipient, which a server says in the lines behind the first when RCPT had CONNEG; the
    /// lines of one filter, parted by LF. RFC 4141 §5.2
    ///
    /// ```
    /// use mailwire_smtp::Reply;
    /// let reply: Reply = "250-<u@b.example> ok\r\n250-CONNEG (&(color=Binary)\r\n250 CONNEG  (dpi=204))".parse()?;
    /// assert_eq!(reply.media_features().as_deref(), Some("(&(color=Binary)\n (dpi=204))"));
    /// # Ok::<(), mailwire_smtp::core::InvalidValue>(())
    /// ```
    pub fn media_features(&self) -> Option<String> {
        let mut all: Option<String> = None;
        for line in self.texts().skip(1) {
            let line = String::from_utf8_lossy(line);
            let Some((word, features)) = line.split_at_checked(CONNEG.len()) else { continue };
            if !word.eq_ignore_ascii_case(CONNEG)
                || !matches!(features.bytes().next(), None | Some(b' '))
            {
                continue;
            }
            let all = match &mut all {
                Some(all) => {
                    all.push('\n');
                    all
                }
                none => none.insert(String::new()),
            };
            all.push_str(features.strip_prefix(' ').unwrap_or(features));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_features_are_the_lines_of_conneg() {
        // RFC 4141 §5.2, §9.2
        for (text, features) in [
            (
                "250-<June@some.example.com> recipient ok\r\n250-CONNEG (&(image-file-structure=TIFF-minimal)\r\n\
                 250-CONNEG   (MRC-mode=0)\r\n250 CONNEG )",
                Some("(&(image-file-structure=TIFF-minimal)\n  (MRC-mode=0)\n)"),
            ),
            ("250-2.1.5 ok\r\n250 2.1.5 conneg (a=b)", Some("(a=b)")),
            ("250-ok\r\n250 CONNEG", Some("")),
            ("250-ok\r\n250 CONNEGATION x", None),
            ("250-CONNEG x\r\n250 the first line is about the recipient", None),
            ("250 ok", None),
        ] {
            let reply: Reply = text.parse().unwrap_or(Reply::bare(ReplyCode::OK));
            assert_eq!(reply.media_features().as_deref(), features, "{text}");
        }
        let made = Reply::with_media_features("ok", "(&(a=b)\n(c=d))").unwrap();
        assert_eq!(made.media_features().as_deref(), Some("(&(a=b)\n(c=d))"));
        assert!(Reply::with_media_features("ok", "a\rb").is_err());
    }
}
