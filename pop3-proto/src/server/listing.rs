//! What STAT, LIST and UIDL are answered. RFC 1939 §5, §7.
//!
//! > messages marked as deleted are not listed
//!
//! The lines of a large maildrop are encoded once, before anybody asks which messages are marked; then they pass
//! as they are, unless some have to go.

use super::{Kind, Server, canned};
use crate::{DropListing, MessageNumber, ScanListing, UniqueIdListing};
use alloc::vec::Vec;
use bytes::Bytes;

/// Lines as they leave, each with its CRLF.
#[derive(Debug)]
pub(super) struct Lines {
    octets: Vec<u8>,
    /// The highest message number among them.
    highest: u32,
}

/// From so many octets on lines are not copied again.
const SHARED: usize = 4096;

impl Lines {
    pub(super) fn scan(listings: impl IntoIterator<Item = ScanListing>) -> Self {
        Lines::of(listings, |listing| listing.message, ScanListing::encode)
    }

    pub(super) fn unique_id(listings: impl IntoIterator<Item = UniqueIdListing>) -> Self {
        Lines::of(listings, |listing| listing.message, UniqueIdListing::encode)
    }

    fn of<T>(
        listings: impl IntoIterator<Item = T>,
        message: impl Fn(&T) -> MessageNumber,
        encode: impl Fn(&T, &mut Vec<u8>),
    ) -> Self {
        let (mut octets, mut highest) = (Vec::new(), 0);
        for listing in listings {
            highest = highest.max(message(&listing).get());
            encode(&listing, &mut octets);
            octets.extend_from_slice(b"\r\n");
        }
        Lines { octets, highest }
    }

    /// Each line, with the number that it begins with.
    fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.octets.split_inclusive(|octet| *octet == b'\n').map(|line| {
            let digits = line.iter().take_while(|octet| octet.is_ascii_digit());
            let number = digits.fold(0_u32, |number, digit| {
                number.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'))
            });
            (number, line)
        })
    }
}

impl Server {
    pub(super) fn put_drop_listing(&mut self, mut listing: DropListing) {
        listing.messages = self.messages.saturating_sub(self.marked.len());
        self.channel.write(|out| {
            out.extend_from_slice(b"+OK ");
            listing.encode(out);
            out.extend_from_slice(b"\r\n");
        });
    }

    /// False: the line that was asked for is not among them, and the client was told so.
    pub(super) fn put_lines(&mut self, kind: Kind, lines: &mut Lines) -> bool {
        if let Kind::Listing(Some(message)) = kind {
            let line = lines.iter().find(|(number, _)| *number == message.get());
            match line {
                Some((_, line)) => self.channel.write(|out| {
                    out.extend_from_slice(b"+OK ");
                    out.extend_from_slice(line);
                }),
                None => self.put(canned::NO_MESSAGE),
            }
            return line.is_some();
        }
        let (marked, messages) = (&self.marked, self.messages);
        if lines.highest > messages || !marked.is_empty() {
            let is_there = |number: u32| {
                number <= messages
                    && MessageNumber::new(number).is_some_and(|n| !marked.contains(n))
            };
            let mut left = Vec::with_capacity(lines.octets.len());
            for (_, line) in lines.iter().filter(|(number, _)| is_there(*number)) {
                left.extend_from_slice(line);
            }
            lines.octets = left;
        }
        let octets = core::mem::take(&mut lines.octets);
        let len = octets.len();
        self.channel.write(|out| {
            canned::LIST_FOLLOWS.encode(false, out);
            if len < SHARED {
                out.extend_from_slice(&octets);
            }
        });
        if len >= SHARED {
            self.channel.put_shared(Bytes::from(octets));
        }
        self.channel.write(|out| out.extend_from_slice(b".\r\n"));
        self.grant(len);
        true
    }
}
