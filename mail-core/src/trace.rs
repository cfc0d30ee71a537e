//! `tracing`: what passes through a session, told in one place. Without the feature nothing of it is compiled.
//!
//! | level | event | fields |
//! |---|---|---|
//! | DEBUG | `received`: a frame, when it becomes an event | `session`, `word`, `octets` |
//! | DEBUG | `queued`: a command, a reply | `session`, `word`, `octets` |
//! | DEBUG | `hand-off`, `resumed`, `handshake failed`, `deadline passed`, `over` | `session` and what there is to say |
//! | TRACE | `frame`: the same as `received` | `session`, `line`, with `***` for a credential |
//! | TRACE | `queued body`, `queued secret` | `session`, `octets` |
//!
//! The target is `mailwire`. `session` is the number that stamps the session's tokens; `word` is the verb or the code
//! that a line begins with. No payload, and no credential: what stands behind the first word of a line that is sent
//! is never shown, for it may be one.

#[cfg(feature = "tracing")]
pub(crate) use on::*;

#[cfg(not(feature = "tracing"))]
pub(crate) use off::*;

#[cfg(feature = "tracing")]
mod on {
    use crate::{Deadline, End, Secured, Wire, switch::Layer};
    use alloc::{string::String, vec::Vec};
    use tracing::{debug, trace};

    const TARGET: &str = "mailwire";

    /// Longer ones are no verbs.
    const WORD: usize = 16;

    /// What a line begins with: letters, digits, hyphens, a `+` in front; `***` where that is masked.
    fn word(line: &[u8]) -> &str {
        if line.starts_with(b"***") {
            return "***";
        }
        let is_word = |octet: &&u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        let plus = usize::from(line.first() == Some(&b'+'));
        let len = plus + line.iter().skip(plus).take(WORD).take_while(is_word).count();
        // A reply's hyphen says that another line follows.
        let word = line.get(..len).unwrap_or_default();
        let word = match word {
            [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..] => word.get(..3).unwrap_or_default(),
            word => word,
        };
        core::str::from_utf8(word).unwrap_or_default()
    }

    pub(crate) fn received(wire: &Wire) {
        let octets = wire.frame().len();
        if octets == 0 {
            return;
        }
        let session = wire.session;
        debug!(target: TARGET, session, word = word(&wire.masked()), octets, "received");
        trace!(
            target: TARGET,
            session,
            line = String::from_utf8_lossy(&wire.masked()).trim_end(),
            "frame"
        );
    }

    pub(crate) fn queued(session: usize, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let before = out.len();
        write(out);
        let line = out.get(before..).unwrap_or_default();
        if !word(line).is_empty() {
            debug!(target: TARGET, session, word = word(line), octets = line.len(), "queued");
        }
    }

    pub(crate) fn queued_body(session: usize, octets: usize) {
        trace!(target: TARGET, session, octets, "queued body");
    }

    pub(crate) fn queued_secret(session: usize, octets: usize) {
        trace!(target: TARGET, session, octets, "queued secret");
    }

    pub(crate) fn hand_off(session: usize, layer: Layer, ahead: usize) {
        debug!(target: TARGET, session, ?layer, ahead, "hand-off");
    }

    pub(crate) fn resumed(session: usize, layer: Layer, now: Secured) {
        debug!(target: TARGET, session, ?layer, ?now, "resumed");
    }

    pub(crate) fn handshake_failed(session: usize, layer: Layer) {
        debug!(target: TARGET, session, ?layer, "handshake failed");
    }

    pub(crate) fn expired(session: usize, deadline: Deadline) {
        debug!(target: TARGET, session, waited_for = deadline.what, "deadline passed");
    }

    pub(crate) fn over(session: usize, end: &End) {
        match end {
            End::Clean => debug!(target: TARGET, session, "over"),
            End::Failed(fatal) => debug!(target: TARGET, session, %fatal, "over"),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::word;

        #[test]
        fn the_first_word_and_no_more() {
            for (line, first) in [
                (&b"MAIL FROM:<a@b>\r\n"[..], "MAIL"),
                (b"250-mx.example\r\n", "250"),
                (b"334 c2VjcmV0\r\n", "334"),
                (b"X-EXPS a", "X-EXPS"),
                (b"*** s", "***"),
                (b"+OK ready", "+OK"),
                (b"-ERR no", "-ERR"),
                (b"+ c2VjcmV0", "+"),
                (b"\r\n", ""),
                (b"\xff\0", ""),
                (b"QUJDQUJDQUJDQUJDQUJDQUJD\r\n", "QUJDQUJDQUJDQUJD"),
            ] {
                assert_eq!(word(line), first);
            }
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use crate::{Deadline, End, Secured, Wire, switch::Layer};
    use alloc::vec::Vec;

    #[inline(always)]
    pub(crate) fn queued(_: usize, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        write(out);
    }

    #[inline(always)]
    pub(crate) fn received(_: &Wire) {}

    #[inline(always)]
    pub(crate) fn queued_body(_: usize, _: usize) {}

    #[inline(always)]
    pub(crate) fn queued_secret(_: usize, _: usize) {}

    #[inline(always)]
    pub(crate) fn hand_off(_: usize, _: Layer, _: usize) {}

    #[inline(always)]
    pub(crate) fn resumed(_: usize, _: Layer, _: Secured) {}

    #[inline(always)]
    pub(crate) fn handshake_failed(_: usize, _: Layer) {}

    #[inline(always)]
    pub(crate) fn expired(_: usize, _: Deadline) {}

    #[inline(always)]
    pub(crate) fn over(_: usize, _: &End) {}
}
