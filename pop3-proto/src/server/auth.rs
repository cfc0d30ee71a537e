//! The AUTH exchange at a server. RFC 5034 §4.
//!
//! The mechanism lives with the application: it gets the client's octets and gives challenges.

use super::{Event, Fault, Kind, Reading, Server, canned, line::AUTH_LINE};
use crate::{Auth, extension::AuthResponse};
use core::ops::Range;
use mailwire_core::{
    Framed, Secret,
    implement::{Step, base64},
};

/// Octets of a line without its end, CRLF or a tolerated LF.
pub(super) fn text_len(line: &[u8]) -> usize {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    text.strip_suffix(b"\r").unwrap_or(text).len()
}

/// Where in a line that stands which is behind its `n`th blank.
pub(super) fn behind_blank(line: &[u8], n: usize) -> Range<usize> {
    let end = text_len(line);
    let is_blank = |octet: &u8| matches!(octet, b' ' | b'\t');
    let mut blanks =
        line.iter().enumerate().filter(|(_, octet)| is_blank(octet)).map(|(at, _)| at + 1);
    let begin = blanks.nth(n - 1).unwrap_or(end);
    begin.min(end)..end
}

impl Server {
    pub(super) fn auth(&mut self, auth: Auth) -> Step<Event> {
        if self.config.mechanisms.is_empty() {
            return self
                .refuse(canned::NOT_IMPLEMENTED, Fault::NotOffered("AUTH is not offered here"));
        }
        if !self.config.mechanisms.contains(&auth.mechanism) {
            return self
                .refuse(canned::NO_MECHANISM, Fault::NotOffered("this mechanism is not offered"));
        }
        if !self.config.allows(&auth.mechanism, self.secured) {
            return self.refuse(
                canned::NO_CLEAR_PASSWORD,
                Fault::Security("this mechanism wants TLS (RFC 5034 §4)"),
            );
        }
        let pending = self.open(Kind::Auth);
        Step::Event(Event::Auth { auth, pending })
    }

    /// `AUTH` alone: older than CAPA, and still asked by some.
    pub(super) fn mechanisms(&mut self) -> Step<Event> {
        if self.config.mechanisms.is_empty() {
            return self
                .refuse(canned::NOT_IMPLEMENTED, Fault::NotOffered("AUTH is not offered here"));
        }
        let (config, secured) = (&self.config, self.secured);
        self.channel.write(|out| {
            canned::LIST_FOLLOWS.encode(false, out);
            for name in config.mechanisms.iter().filter(|name| config.allows(name, secured)) {
                out.extend_from_slice(name.as_str().as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            out.extend_from_slice(b".\r\n");
        });
        self.said(Event::Mechanisms)
    }

    pub(super) fn challenge(&mut self, challenge: &Secret) {
        self.reading = Reading::AuthResponse;
        self.channel.write(|out| {
            out.extend_from_slice(b"+ ");
            base64::encode(challenge.expose(), out);
            out.extend_from_slice(b"\r\n");
        });
    }

    pub(super) fn read_auth_response(&mut self) -> Step<Event> {
        match self.lines.next(self.channel.octets(), AUTH_LINE) {
            Framed::Starved => Step::Starved,
            Framed::Skip(n) => self.skip(n),
            Framed::TooLong(n) => {
                self.reading = Reading::Commands;
                self.over_long(n, AUTH_LINE)
            }
            Framed::Frame(n) => self.on_auth_response(n),
        }
    }

    fn on_auth_response(&mut self, n: usize) -> Step<Event> {
        let line = self.channel.octets().get(..n).unwrap_or_default();
        let (parsed, end) = (AuthResponse::parse(line, &self.parse()), text_len(line));
        self.slack = 0;
        self.reading = Reading::Commands;
        self.channel.hold_secret(n, 0..end);
        match parsed {
            Ok(AuthResponse::Cancel) => {
                self.channel.touch();
                self.put(canned::AUTH_CANCELLED);
                self.count_error();
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
