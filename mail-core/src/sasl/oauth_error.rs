//! `OAuthError`: why a server refuses a token, in JSON. RFC 7628 §3.2.2.
//!
//! The reader is a scanner for one flat object: it keeps the three members that the RFC names, steps over
//! all others, however deep, without recursion and in one pass, and takes what it got when the text stops
//! being JSON. What a server says here is for showing and for asking again, so nothing worse than a
//! missing member can come of it.

use crate::{Secret, Str};
use alloc::vec::Vec;

/// What the server says about a token that it refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OAuthError {
    status: Str,
    scope: Option<Str>,
    openid_configuration: Option<Str>,
}

impl OAuthError {
    /// `status`: a code such as `invalid_token`.
    pub fn new(status: impl Into<Str>) -> Self {
        OAuthError { status: status.into(), ..OAuthError::default() }
    }

    /// Names the scope that a token needs.
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<Str>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Names the URL of the provider's configuration.
    #[must_use]
    pub fn with_openid_configuration(mut self, url: impl Into<Str>) -> Self {
        self.openid_configuration = Some(url.into());
        self
    }

    /// The code; empty if the server sent none.
    pub fn status(&self) -> &Str {
        &self.status
    }

    /// The scope that a token needs.
    pub fn scope(&self) -> Option<&Str> {
        self.scope.as_ref()
    }

    /// The URL of the provider's configuration. Only `https` is meant (RFC 7628 §3.2.2); check it.
    pub fn openid_configuration(&self) -> Option<&Str> {
        self.openid_configuration.as_ref()
    }

    /// Reads what can be read.
    pub fn parse(json: &[u8]) -> Self {
        let mut error = OAuthError::default();
        let mut scanner = Scanner { rest: json };
        // `None`: the text is over, or is no JSON from here.
        let _ = scanner.object(&mut error);
        error
    }

    /// Writes the JSON.
    pub(crate) fn encode(&self) -> Secret {
        let mut out = b"{\"status\":".to_vec();
        encode_string(&self.status, &mut out);
        for (key, value) in
            [("scope", &self.scope), ("openid-configuration", &self.openid_configuration)]
        {
            if let Some(value) = value {
                out.extend_from_slice(b",\"");
                out.extend_from_slice(key.as_bytes());
                out.extend_from_slice(b"\":");
                encode_string(value, &mut out);
            }
        }
        out.push(b'}');
        Secret::new(out)
    }
}

/// RFC 8259 §7; what is not UTF-8 becomes U+FFFD.
fn encode_string(text: &Str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.to_str_lossy().chars() {
        match c {
            '"' | '\\' => out.extend_from_slice(&[b'\\', c as u8]),
            c if c.is_ascii_control() => {
                let hex = |digit: u8| b"0123456789abcdef".get(usize::from(digit)).copied();
                let octet = c as u8;
                out.extend_from_slice(b"\\u00");
                out.extend(hex(octet >> 4));
                out.extend(hex(octet & 15));
            }
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

struct Scanner<'a> {
    rest: &'a [u8],
}

impl Scanner<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// The next octet that is no white space.
    fn next_token(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.next()
    }

    /// The members of the outermost object. The first of a name counts.
    fn object(&mut self, error: &mut OAuthError) -> Option<()> {
        if self.next_token()? != b'{' {
            return None;
        }
        loop {
            if self.next_token()? != b'"' {
                return None;
            }
            let key = self.string()?;
            if self.next_token()? != b':' {
                return None;
            }
            let value = self.value()?;
            match (key.as_bytes(), value) {
                (b"status", Some(value)) if error.status.is_empty() => error.status = value,
                (b"scope", Some(value)) if error.scope.is_none() => error.scope = Some(value),
                (b"openid-configuration", Some(value)) if error.openid_configuration.is_none() => {
                    error.openid_configuration = Some(value);
                }
                _ => {}
            }
            if self.next_token()? != b',' {
                return Some(());
            }
        }
    }

    /// A string, or a number as its digits (`"status":401` is seen); anything else is stepped over.
    fn value(&mut self) -> Option<Option<Str>> {
        self.rest = self.rest.trim_ascii_start();
        match *self.rest.first()? {
            b'"' => {
                self.next();
                self.string().map(Some)
            }
            b'{' | b'[' => self.step_over().map(|()| None),
            _ => {
                let end = self.rest.iter().position(|b| matches!(b, b',' | b'}'))?;
                let (word, rest) = self.rest.split_at_checked(end)?;
                self.rest = rest;
                let word = word.trim_ascii();
                Some(word.iter().all(u8::is_ascii_digit).then(|| Str::new(word)))
            }
        }
    }

    /// Brackets are counted, their kinds are not matched: only where the value ends matters.
    fn step_over(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.next()? {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.checked_sub(1)?,
                b'"' => self.skip_string()?,
                _ => {}
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        loop {
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => {
                    self.next()?;
                }
                _ => {}
            }
        }
    }

    /// What stands behind the opening quote, up to the closing one.
    fn string(&mut self) -> Option<Str> {
        let mut out = Vec::new();
        loop {
            match self.next()? {
                b'"' => return Some(Str::new(&out)),
                b'\\' => match self.next()? {
                    b'b' => out.push(8),
                    b'f' => out.push(12),
                    b'n' => out.push(b'\n'),
                    b'r' => out.push(b'\r'),
                    b't' => out.push(b'\t'),
                    b'u' => {
                        let c = self.escaped_char()?;
                        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    other => out.push(other),
                },
                octet => out.push(octet),
            }
        }
    }

    /// `XXXX` behind `\u`, with the second half of a pair; half a pair becomes U+FFFD.
    fn escaped_char(&mut self) -> Option<char> {
        let first = self.hex4()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let Some(behind) = self.rest.strip_prefix(b"\\u") else {
            return Some(char::REPLACEMENT_CHARACTER);
        };
        self.rest = behind;
        let second = self.hex4()?;
        let pair = second
            .checked_sub(0xdc00)
            .filter(|low| *low < 0x400)
            .and_then(|low| char::from_u32(0x10000 + ((first - 0xd800) << 10) + low));
        Some(pair.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        digits.iter().try_fold(0, |n, d| Some(n << 4 | char::from(*d).to_digit(16)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_it_can() {
        let full = OAuthError::new("invalid_token").with_scope("example_scope");
        let url = "https://example.com/.well-known/openid-config";
        for (json, expected) in [
            (
                // 7628 §4.3
                "{\n\"status\":\"invalid_token\",\n\"scope\":\"example_scope\",\n\"openid-configuration\":\"https://example.com/.well-known/openid-config\"\n}",
                full.clone().with_openid_configuration(url),
            ),
            (
                r#"{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}"#,
                OAuthError::new("400").with_scope("https://mail.google.com/"),
            ),
            (r#"{"x":[{"status":"no"},"]"],"status":"yes"}"#, OAuthError::new("yes")),
            (r#"{"status":401,"scope":null}"#, OAuthError::new("401")),
            (
                r#"{"status":"a\"\\\u00e9\ud83d\ude00\ud800x"}"#,
                OAuthError::new("a\"\\\u{e9}\u{1f600}\u{fffd}x"),
            ),
            (r#"{"status":"first","status":"second""#, OAuthError::new("first")),
            ("{\"status\":\"cut", OAuthError::default()),
            ("", OAuthError::default()),
            ("not json", OAuthError::default()),
            ("{}", OAuthError::default()),
        ] {
            assert_eq!(OAuthError::parse(json.as_bytes()), expected, "{json}");
        }
        let bomb = "[[[".repeat(100_000);
        assert_eq!(OAuthError::parse(bomb.as_bytes()), OAuthError::default());
        let bomb = std::format!("{{\"x\":{bomb}");
        assert_eq!(OAuthError::parse(bomb.as_bytes()), OAuthError::default());
    }

    proptest! {
        #[test]
        fn any_octets_are_survived(octets: Vec<u8>, text in "[\\[\\]{}\":,\\\\ua0-9 ]{0,60}") {
            OAuthError::parse(&octets);
            OAuthError::parse(text.as_bytes());
        }

        #[test]
        fn any_error_comes_back(status in ".{1,20}", scope in ".{0,20}", url in ".{0,20}") {
            let error = OAuthError::new(status).with_scope(scope).with_openid_configuration(url);
            prop_assert_eq!(OAuthError::parse(error.encode().expose()), error);
        }
    }
}
