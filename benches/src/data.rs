//! Workloads, the same in every run.

/// Marsaglia's xorshift: enough chance for letters.
struct Letters(u32);

impl Letters {
    fn next(&mut self) -> u8 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        b'a' + (self.0 % 26) as u8
    }
}

/// A body of `octets` octets or up to 73 more: lines of 72 characters and CRLF, every hundredth of them
/// beginning with a dot, with words and dots inside.
pub fn body(octets: usize) -> Vec<u8> {
    let mut letters = Letters(0x2545_F491);
    let mut body = Vec::with_capacity(octets + 74);
    for line in 0.. {
        if body.len() >= octets {
            break;
        }
        body.extend((0..72).map(|column| match column {
            0 if line % 100 == 50 => b'.',
            _ if column % 7 == 6 => b' ',
            _ if column % 31 == 30 => b'.',
            _ => letters.next(),
        }));
        body.extend(b"\r\n");
    }
    body
}

/// The wire form of a body that ends in CRLF, made line by line.
pub fn stuffed(body: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(body.len() + body.len() / 64 + 3);
    for line in body.split_inclusive(|&octet| octet == b'\n') {
        if line.first() == Some(&b'.') {
            wire.push(b'.');
        }
        wire.extend(line);
    }
    wire.extend(b".\r\n");
    wire
}
