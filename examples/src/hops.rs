//! `Hops`: how many servers a message has passed. RFC 5321 §6.3
//!
//! Each has left a `Received` field. They are counted as the header section comes, wherever it is cut.

/// The name of the field with its colon, which may have blanks before it in old mail (RFC 5322 §4.5).
const NAME: &[u8] = b"received";

/// Counts Received fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hops {
    seen: usize,
    at: At,
}

#[derive(Clone, Copy, Debug)]
enum At {
    /// So many octets of the name stand at the beginning of this line.
    Name(usize),
    /// In a line that is none, or no more.
    Line,
    /// Behind the header section.
    Body,
}

impl Default for At {
    fn default() -> Self {
        At::Name(0)
    }
}

impl Hops {
    /// The next octets of the message.
    pub fn look(&mut self, octets: &[u8]) {
        for &octet in octets {
            self.at = match (self.at, octet) {
                (At::Body, _) => return,
                // An empty line.
                (At::Name(0), b'\r') => At::Name(0),
                (At::Name(0), b'\n') => At::Body,
                (_, b'\n') => At::Name(0),
                (At::Name(n), b':') if n == NAME.len() => {
                    self.seen += 1;
                    At::Line
                }
                (At::Name(n), b' ' | b'\t') if n == NAME.len() => At::Name(n),
                (At::Name(n), octet) if NAME.get(n) == Some(&octet.to_ascii_lowercase()) => {
                    At::Name(n + 1)
                }
                _ => At::Line,
            };
        }
    }

    /// How many there were.
    pub fn seen(&self) -> usize {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        for (message, count) in [
            ("", 0),
            ("Received: a\r\nReceived: b\r\n\r\nReceived: c\r\n", 2),
            ("received: a\nRECEIVED : b\n\nReceived: c\n", 2),
            ("Received-SPF: x\r\nX-Received: y\r\n Received: folded\r\nReceive: z\r\n", 0),
            ("\r\nReceived: a\r\n", 0),
            ("Subject: Received: x\r\nReceived: y", 1),
        ] {
            let (mut whole, mut cut) = (Hops::default(), Hops::default());
            whole.look(message.as_bytes());
            message.as_bytes().chunks(1).for_each(|octet| cut.look(octet));
            assert_eq!((whole.seen(), cut.seen()), (count, count), "{message:?}");
        }
    }
}
