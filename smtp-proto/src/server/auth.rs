//! The AUTH exchange at a server. RFC 4954 §4.
//!
//! The mechanism lives with the application: it gets the client's octets and gives challenges.

use super::{AUTH_LINE, Act, Event, Fault, Kind, Reading, Server, canned};
use crate::{Auth, extension::AuthResponse};
use core::ops::Range;
use mailwire_core::{
    Framed,
    implement::{Step, base64},
};

/// Octets of a line without its end, CRLF or a tolerated LF.
pub(super) fn text_len(line: &[u8]) -> usize {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    text.strip_suffix(b"\r").unwrap_or(text).len()
}

/// Where in an AUTH line the initial response stands: behind the mechanism's name.
pub(super) fn secret(line: &[u8]) -> Range<usize> {
    let end = text_len(line);
    let is_blank = |octet: &u8| matches!(octet, b' ' | b'\t');
    let mut blanks =
        line.iter().enumerate().filter(|(_, octet)| is_blank(octet)).map(|(at, _)| at + 1);
    let begin = blanks.nth(1).unwrap_or(end);
    begin.min(end)..end
}

impl Server {
    pub(super) fn auth(&mut self, auth: Auth) -> Step<Event> {
        if self.authenticated {
            return self.out_of_order(canned::AUTH_TWICE, "AUTH succeeds once (RFC 4954 §4)");
        }
        if self.config.mechanisms.is_empty() || !self.extended {
            return self
                .refuse(canned::NOT_IMPLEMENTED, Fault::NotOffered("AUTH is not offered here"));
        }
        if !self.config.allows(&auth.mechanism, self.secured) {
            return if self.config.mechanisms.contains(&auth.mechanism) {
                self.refuse(
                    canned::AUTH_CLEAR,
                    Fault::Security("this mechanism wants TLS (RFC 4954 §4)"),
                )
            } else {
                self.refuse(
                    canned::NO_MECHANISM,
                    Fault::NotOffered("this mechanism is not offered"),
                )
            };
        }
        let pending = self.open(Kind::Auth);
        Step::Event(Event::Auth { auth, pending })
    }

    pub(super) fn finish_auth(&mut self, act: Act) {
        self.reading = Reading::Commands;
        match act {
            Act::Challenge(challenge) => {
                self.reading = Reading::AuthResponse;
                self.channel.write(|out| {
                    out.extend_from_slice(b"334 ");
                    base64::encode(challenge.expose(), out);
                    out.extend_from_slice(b"\r\n");
                });
            }
            _ => {
                self.authenticated = true;
                self.put(canned::AUTHENTICATED);
            }
        }
    }

    pub(super) fn read_auth_response(&mut self) -> Step<Event> {
        match self.lines.next(self.channel.octets(), AUTH_LINE) {
            Framed::Starved => Step::Starved,
            Framed::Skip(n) => self.skip(n),
            Framed::TooLong(n) => {
                self.reading = Reading::Commands;
                self.over_long(n, AUTH_LINE, canned::AUTH_LINE_TOO_LONG)
            }
            Framed::Frame(n) => self.on_auth_response(n),
        }
    }

    fn on_auth_response(&mut self, n: usize) -> Step<Event> {
        let line = self.channel.octets().get(..n).unwrap_or_default();
        let (parsed, end) = (AuthResponse::parse(line, &self.parse()), text_len(line));
        self.reading = Reading::Commands;
        self.channel.hold_secret(n, 0..end);
        match parsed {
            Ok(AuthResponse::Cancel) => {
                self.channel.touch();
                self.put(canned::AUTH_CANCELLED);
                Step::Event(Event::AuthCancelled)
            }
            Ok(AuthResponse::Response(response)) => {
                let pending = self.open(Kind::Auth);
                Step::Event(Event::AuthResponse { response, pending })
            }
            Err(error) => self.refuse(canned::BAD_BASE64, error.into()),
        }
    }
}
