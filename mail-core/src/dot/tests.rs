//! Both coders against models that know no pieces, at every cut.

use super::*;
use alloc::{vec, vec::Vec};
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

const POLICIES: [LineEnds; 3] = [LineEnds::Reject, LineEnds::Normalize, LineEnds::Keep];

/// What became of a body: its octets, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    octets: Vec<u8>,
    /// Decoder: octets of wire up to the end, `None` when it is missing. Encoder: octets of wire.
    end: Result<Option<u64>, BareLineEnd>,
    met_bare: bool,
}

/// The decoder by definition, over the whole wire.
fn decode_model(wire: &[u8], line_ends: LineEnds) -> Outcome {
    let mut out = Outcome { octets: vec![], end: Ok(None), met_bare: false };
    let (mut i, mut is_line_start) = (0, true);
    while i < wire.len() {
        let rest = &wire[i..];
        if is_line_start && rest.starts_with(b".\r\n") {
            out.end = Ok(Some(i as u64 + 3));
            return out;
        }
        if is_line_start && (rest == b"." || rest == b".\r") {
            return out;
        }
        if is_line_start && rest[0] == DOT {
            (i, is_line_start) = (i + 1, false);
        } else if rest.starts_with(b"\r\n") {
            out.octets.extend(b"\r\n");
            (i, is_line_start) = (i + 2, true);
        } else if rest == b"\r" {
            return out; // undecided: the caller leaves it out of the comparison
        } else {
            (i, is_line_start) = (i + 1, false);
            if matches!(rest[0], CR | LF) {
                let at = i as u64 - 1;
                match line_ends {
                    LineEnds::Reject => {
                        let is_cr = rest[0] == CR;
                        out.end = Err(BareLineEnd { offset: at, is_cr });
                        return out;
                    }
                    LineEnds::Keep => out.octets.push(rest[0]),
                    LineEnds::Normalize => out.octets.extend(b"\r\n"),
                }
                out.met_bare = true;
            } else {
                out.octets.push(rest[0]);
            }
        }
    }
    out
}

/// The encoder by definition: lines, each with the dot it needs.
fn encode_model(body: &[u8], line_ends: LineEnds) -> Result<Vec<u8>, BareLineEnd> {
    let mut body = body.to_vec();
    let bare = |body: &[u8]| {
        (0..body.len()).find(|&i| match body[i] {
            CR => body.get(i + 1) != Some(&LF),
            LF => i == 0 || body[i - 1] != CR,
            _ => false,
        })
    };
    match line_ends {
        LineEnds::Reject => {
            if let Some(i) = bare(&body) {
                return Err(BareLineEnd { offset: i as u64, is_cr: body[i] == CR });
            }
        }
        LineEnds::Normalize => {
            while let Some(i) = bare(&body) {
                body.splice(i..=i, *b"\r\n");
            }
        }
        LineEnds::Keep => {
            let mut from = 0;
            while let Some(i) = bare(&body[from..]).map(|i| from + i) {
                // The slice may begin between CR and LF.
                let is_bare = body[i] == CR || i == 0 || body[i - 1] != CR;
                if is_bare && body.get(i + 1) == Some(&DOT) {
                    return Err(BareLineEnd { offset: i as u64, is_cr: body[i] == CR });
                }
                from = i + 1;
            }
        }
    }
    if !body.is_empty() && !body.ends_with(b"\r\n") {
        body.extend(b"\r\n");
    }
    let mut wire = vec![];
    for i in 0..body.len() {
        if body[i] == DOT && (i == 0 || body[..i].ends_with(b"\r\n")) {
            wire.push(DOT);
        }
        wire.push(body[i]);
    }
    wire.extend(b".\r\n");
    Ok(wire)
}

/// The decoder over pieces of the wire, looking at them in place.
fn decode(pieces: &[&[u8]], line_ends: LineEnds) -> Outcome {
    let mut decoder = Decoder::new(line_ends);
    let mut out = Outcome { octets: vec![], end: Ok(None), met_bare: false };
    'pieces: for piece in pieces {
        let mut rest = *piece;
        loop {
            match decoder.decode(rest) {
                Ok(Piece::Body { skip, len }) => {
                    assert_ne!(len, 0);
                    out.octets.extend_from_slice(&rest[skip..skip + len]);
                    rest = &rest[skip + len..];
                }
                Ok(Piece::Text { skip, text }) => {
                    out.octets.extend_from_slice(text);
                    rest = &rest[skip..];
                }
                Ok(Piece::Starved { skip }) => {
                    assert_eq!(skip, rest.len());
                    break;
                }
                Ok(Piece::End { .. }) => {
                    assert_eq!(decoder.decode(rest), Ok(Piece::End { skip: 0 }));
                    out.end = Ok(Some(decoder.position()));
                    break 'pieces;
                }
                Err(bare) => {
                    assert_eq!(decoder.decode(rest), Err(bare), "an error is repeated");
                    out.end = Err(bare);
                    break 'pieces;
                }
            }
        }
    }
    assert_eq!(decoder.is_ended(), matches!(out.end, Ok(Some(_))));
    out.met_bare = decoder.met_bare();
    out
}

/// The same through a buffer.
fn decode_bytes(pieces: &[&[u8]], line_ends: LineEnds, max: usize) -> Outcome {
    let mut decoder = Decoder::new(line_ends);
    let mut out = Outcome { octets: vec![], end: Ok(None), met_bare: false };
    let (mut input, mut given) = (BytesMut::new(), 0);
    'pieces: for piece in pieces {
        input.extend_from_slice(piece);
        given += piece.len();
        loop {
            match decoder.decode_bytes(&mut input, max) {
                Ok(Decoded::Chunk(chunk)) => {
                    assert!(!chunk.is_empty() && chunk.len() <= max.max(2));
                    out.octets.extend_from_slice(&chunk);
                }
                Ok(Decoded::Starved) => break,
                Ok(Decoded::End) => {
                    out.end = Ok(Some((given - input.len()) as u64));
                    break 'pieces;
                }
                Err(bare) => {
                    out.end = Err(bare);
                    break 'pieces;
                }
            }
        }
    }
    out.met_bare = decoder.met_bare();
    out
}

fn encode(pieces: &[&[u8]], line_ends: LineEnds) -> Result<Vec<u8>, BareLineEnd> {
    let mut encoder = Encoder::new(line_ends);
    let mut wire = vec![];
    for piece in pieces {
        let before = wire.clone();
        if let Err(bare) = encoder.encode(piece, &mut wire) {
            assert_eq!(wire, before, "nothing is put by a call that fails");
            assert_eq!(encoder.encode(b"x", &mut wire), Err(bare), "it stays refused");
            assert_eq!(encoder.encode(b"", &mut wire), Ok(()));
            assert_eq!(encoder.finish(&mut wire), Err(bare), "and is never finished");
            assert_eq!(wire, before);
            return Err(bare);
        }
    }
    encoder.finish(&mut wire)?;
    Ok(wire)
}

fn encode_bytes(pieces: &[&[u8]], line_ends: LineEnds) -> Result<Vec<u8>, BareLineEnd> {
    let mut encoder = Encoder::new(line_ends);
    let mut wire = vec![];
    for piece in pieces {
        let before = wire.clone();
        let put = |part: Bytes| {
            assert!(!part.is_empty());
            wire.extend_from_slice(&part);
        };
        if let Err(bare) = encoder.encode_bytes(&Bytes::copy_from_slice(piece), put) {
            assert_eq!(wire, before, "nothing is put by a call that fails");
            return Err(bare);
        }
    }
    encoder.finish(&mut wire)?;
    Ok(wire)
}

/// Whole, octet by octet, and cut at each place in two.
fn cuts(octets: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut cuts = vec![vec![octets], octets.chunks(1).collect()];
    cuts.extend((0..=octets.len()).map(|i| vec![&octets[..i], &octets[i..]]));
    cuts
}

fn random_cuts<'a>(octets: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let (mut pieces, mut rest) = (vec![], octets);
    for &size in sizes.iter().cycle() {
        if rest.is_empty() {
            return pieces;
        }
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

#[test]
fn a_session_can_afford_them() {
    assert!(size_of::<Decoder>() <= 16 && size_of::<Encoder>() <= 16);
}

#[test]
fn decoder_by_the_rfc() {
    // wire, body, is a bare CR or LF in it, where it says so; each stands before "QUIT\r\n"
    let rows: &[(&[u8], &[u8], bool, &str)] = &[
        (b".\r\n", b"", false, "5321 §4.5.2: no line at all"),
        (b"..\r\n.\r\n", b".\r\n", false, "5321 §4.5.2: on the first line"),
        (b".x\r\n.\r\n", b"x\r\n", false, "5321 §4.5.2: any dot, not only a doubled one"),
        (b"\r\n.\r\n", b"\r\n", false, "5321 §4.1.1.4: the CRLF belongs to the body"),
        (b"a\r\n.\r\n", b"a\r\n", false, "1939 §3"),
        (b"..\r\n..a\r\n.b\r\n....\r\n.\r\n", b".\r\n.a\r\nb\r\n...\r\n", false, "1939 §3"),
        (b"a\r\n. \r\n.\r\n", b"a\r\n \r\n", false, "1939 §3: other octets follow the dot"),
        (b".\r.\r\n.\r\n", b"\r.\r\n", true, "5321 §4.1.1.4: `.` CR"),
        (b".\r\r\n.\r\n", b"\r\r\n", true, "5321 §4.1.1.4: `.` CR CR LF"),
        (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n", true, "5321 §4.1.1.4: CRLF `.` LF"),
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n", true, "5321 §4.1.1.4: LF `.` LF"),
        (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n", true, "5321 §4.1.1.4: LF `.` CRLF"),
        (b"a\r\n\n.\r\nb\r\n.\r\n", b"a\r\n\n.\r\nb\r\n", true, "5321 §4.1.1.4: CRLF LF `.` CRLF"),
        (b"a\n\r.\r\nb\r\n.\r\n", b"a\n\r.\r\nb\r\n", true, "5321 §4.1.1.4: LF CR `.` CRLF"),
        (b"a\r.\r\nb\r\n.\r\n", b"a\r.\r\nb\r\n", true, "5321 §4.1.1.4: CR `.` CRLF"),
        (b"a\n..b\r\n.\r\n", b"a\n..b\r\n", true, "5321 §4.5.2: no line begins behind LF"),
        (b"a\r..b\r\n.\r\n", b"a\r..b\r\n", true, "5321 §4.5.2: nor behind CR"),
        (b"\n.\r\n.\r\n", b"\n.\r\n", true, "5321 §4.5.2: nor behind LF at the start"),
        (b"\n..\r\n.\r\n", b"\n..\r\n", true, "5321 §4.5.2: nor behind LF at the start"),
        (b"a\r\r\n..\r\n.\r\n", b"a\r\r\n.\r\n", true, "5321 §4.5.2: behind CR CR LF one does"),
        (b"a\0b\x1a\xff\r\n.\r\n", b"a\0b\x1a\xff\r\n", false, "5321 §4.1.1.4: no other end"),
    ];
    for (wire, body, is_bare, section) in rows {
        let whole = [*wire, b"QUIT\r\n.\r\n"].concat();
        let end = Ok(Some(wire.len() as u64));
        let kept = Outcome { octets: body.to_vec(), end, met_bare: *is_bare };
        for pieces in cuts(&whole) {
            assert_eq!(decode(&pieces, LineEnds::Keep), kept, "{section} {pieces:?}");
            assert_eq!(decode_bytes(&pieces, LineEnds::Keep, 4), kept, "{section} {pieces:?}");
            let strict = decode(&pieces, LineEnds::Reject);
            assert_eq!(strict.end.is_err(), *is_bare, "{section} {pieces:?}");
        }
    }
}

#[test]
fn decoder_without_an_end() {
    // RFC 5321 §4.1.1.4, §3.8: none of these is a message.
    for wire in
        [&b""[..], b".", b".\r", b"a", b"a\r\n", b"a\r\n.", b"a\r\n.\r", b"a\n.\n", b"a\n.\r\n"]
    {
        for pieces in cuts(wire) {
            assert_eq!(decode(&pieces, LineEnds::Keep).end, Ok(None), "{pieces:?}");
        }
    }
}

#[test]
fn a_refused_body_can_be_passed_over() {
    let mut input = BytesMut::from(&b"a\n.\r\nRSET\r\n.\r\nQUIT\r\n"[..]);
    let mut decoder = Decoder::new(LineEnds::Reject);
    assert_eq!(decoder.decode_bytes(&mut input, 99), Ok(Decoded::Chunk(Bytes::from_static(b"a"))));
    let bare = decoder.decode_bytes(&mut input, 99).unwrap_err();
    assert_eq!((bare.offset(), bare.is_cr()), (1, false));
    assert_eq!(std::format!("{bare}"), "bare LF at octet 1 of the body");
    decoder.tolerate();
    while let Decoded::Chunk(_) = decoder.decode_bytes(&mut input, 99).unwrap() {}
    assert!(decoder.is_ended());
    assert_eq!(input, b"QUIT\r\n"[..]);
}

#[test]
fn encoder_by_the_rfc() {
    // body, wire by default (None: refused), wire normalized, where it says so
    type Row<'a> = (&'a [u8], Option<&'a [u8]>, &'a [u8], &'a str);
    let same = |body, wire, section| -> Row<'static> { (body, Some(wire), wire, section) };
    let rows: &[Row<'_>] = &[
        same(b"", b".\r\n", "5321 §4.1.1.4: no line, so no CRLF of its own"),
        same(b"a", b"a\r\n.\r\n", "5321 §4.1.1.4: the last line is ended"),
        same(b"a\r\n", b"a\r\n.\r\n", "5321 §4.1.1.4: once"),
        same(b"a\r\n\r\n", b"a\r\n\r\n.\r\n", "5321 §4.1.1.4"),
        same(b"\r\n", b"\r\n.\r\n", "5321 §4.1.1.4"),
        same(b".", b"..\r\n.\r\n", "5321 §4.5.2: on the first line"),
        same(b"..\r\n", b"...\r\n.\r\n", "5321 §4.5.2"),
        same(b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n", "5321 §4.5.2"),
        same(b"a\r\n.", b"a\r\n..\r\n.\r\n", "5321 §4.5.2"),
        same(b". \r\n .\r\n", b".. \r\n .\r\n.\r\n", "5321 §4.5.2"),
        same(b"\xfc\r\n.\0\r\n", b"\xfc\r\n..\0\r\n.\r\n", "5321 §4.5.2"),
        (b"a\n.\nb\r\n", None, b"a\r\n..\r\nb\r\n.\r\n", "5321 §2.3.8"),
        (b"a\r\n.\nb\r\n", None, b"a\r\n..\r\nb\r\n.\r\n", "5321 §2.3.8"),
        (b"a\r.\rb\r\n", None, b"a\r\n..\r\nb\r\n.\r\n", "5321 §2.3.8"),
        (b"a\rb\r", None, b"a\r\nb\r\n.\r\n", "5321 §2.3.8"),
        (b"a\r\r\n.\r\n", None, b"a\r\n\r\n..\r\n.\r\n", "5321 §2.3.8"),
        (b"a\r\n.\r", None, b"a\r\n..\r\n.\r\n", "5321 §2.3.8"),
        (b"\n.\n", None, b"\r\n..\r\n.\r\n", "5321 §2.3.8"),
        (b"a\n\r.\n\rb", None, b"a\r\n\r\n..\r\n\r\nb\r\n.\r\n", "5321 §2.3.8"),
        (b".\n", None, b"..\r\n.\r\n", "5321 §2.3.8"),
        (b".\r", None, b"..\r\n.\r\n", "5321 §2.3.8"),
    ];
    for (body, strict, normalized, section) in rows {
        for pieces in cuts(body) {
            let wire = encode(&pieces, LineEnds::Reject);
            assert_eq!(wire.as_deref().ok(), *strict, "{section} {pieces:?}");
            let wire = encode(&pieces, LineEnds::Normalize);
            assert_eq!(wire.as_deref(), Ok(*normalized), "{section} {pieces:?}");
        }
    }
}

#[test]
fn a_kept_line_end_is_never_followed_by_a_dot() {
    // RFC 5321 §4.1.1.4: whoever takes LF or CR for a line end would find an end of data in it.
    for (body, offset) in [(&b"a\n.\r\n"[..], 1), (b"a\n.\n", 1), (b"\n.", 0), (b"ab\r.\r\n", 2)] {
        for pieces in cuts(body) {
            let bare = encode(&pieces, LineEnds::Keep).unwrap_err();
            assert_eq!(bare.offset(), offset, "{pieces:?}");
        }
    }
    for (body, wire) in [
        (&b"a\nb\rc\r\n"[..], &b"a\nb\rc\r\n.\r\n"[..]),
        (b"a\n", b"a\n\r\n.\r\n"),
        (b"a\r", b"a\r\r\n.\r\n"),
        (b"a\n\r\n.", b"a\n\r\n..\r\n.\r\n"),
    ] {
        for pieces in cuts(body) {
            assert_eq!(encode(&pieces, LineEnds::Keep).as_deref(), Ok(wire), "{pieces:?}");
        }
    }
}

#[test]
fn dots_only() {
    // The worst growth, and the most seams.
    let body = b"\r\n.".repeat(40_000);
    let wire = encode(&[&body], LineEnds::Reject).unwrap();
    assert_eq!(wire.len(), 160_005);
    assert_eq!(decode(&[&wire], LineEnds::Reject).octets, [&body[..], b"\r\n"].concat());
}

/// What line ends are made of, dense; and runs long enough to fill blocks of the search.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => Just(vec![CR]),
        4 => Just(vec![LF]),
        4 => Just(vec![DOT]),
        8 => Just(b"\r\n".to_vec()),
        4 => Just(b"\r\n.".to_vec()),
        2 => any::<u8>().prop_map(|octet| vec![octet]),
        1 => (0usize..300).prop_map(|n| vec![b'x'; n]),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

/// Bodies without bare CR and LF.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => Just(vec![DOT]),
        8 => Just(b"\r\n".to_vec()),
        4 => Just(b"\r\n.".to_vec()),
        2 => any::<u8>().prop_filter("line end", |o| *o != CR && *o != LF).prop_map(|o| vec![o]),
        1 => (0usize..300).prop_map(|n| vec![b'x'; n]),
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn decoder_is_the_model(
        mut wire in octets(),
        sizes in prop::collection::vec(1usize..200, 1..6),
        max in 0usize..300,
    ) {
        wire.extend(b"\r\n.\r\n"); // so that nothing is undecided at the end
        for line_ends in POLICIES {
            let model = decode_model(&wire, line_ends);
            for pieces in cuts(&wire).into_iter().chain([random_cuts(&wire, &sizes)]) {
                prop_assert_eq!(&decode(&pieces, line_ends), &model, "{:?} {:?}", line_ends, pieces);
            }
            let pieces = random_cuts(&wire, &sizes);
            prop_assert_eq!(&decode_bytes(&pieces, line_ends, max), &model);
        }
    }

    #[test]
    fn encoder_is_the_model(
        body in octets(),
        sizes in prop::collection::vec(1usize..200, 1..6),
    ) {
        for line_ends in POLICIES {
            let model = encode_model(&body, line_ends);
            for pieces in cuts(&body).into_iter().chain([random_cuts(&body, &sizes)]) {
                prop_assert_eq!(&encode(&pieces, line_ends), &model, "{:?} {:?}", line_ends, pieces);
                prop_assert_eq!(&encode_bytes(&pieces, line_ends), &model);
            }
        }
    }

    #[test]
    fn there_and_back(body in lines()) { // RFC 5321 §4.5.2: the text arrives as it was
        let mut wire = encode(&[&body], LineEnds::Reject).unwrap();
        let end = wire.len() as u64;
        wire.extend(b"QUIT\r\n");
        let mut text = body;
        if !text.is_empty() && !text.ends_with(b"\r\n") {
            text.extend(b"\r\n");
        }
        for pieces in cuts(&wire) {
            let back = decode(&pieces, LineEnds::Reject);
            prop_assert_eq!(&back.octets, &text);
            prop_assert_eq!(back.end, Ok(Some(end)));
        }
    }

    /// What is sent, a peer that takes each of CR, LF and CRLF for a line end reads to the same end.
    #[test]
    fn no_peer_sees_another_end(body in octets()) {
        for line_ends in POLICIES {
            let Ok(wire) = encode(&[&body], line_ends) else { continue };
            let lax = |i: usize| i == 0 || matches!(wire[i - 1], CR | LF);
            let dots = (0..wire.len()).filter(|&i| {
                wire[i] == DOT && lax(i) && matches!(wire.get(i + 1), None | Some(&CR | &LF))
            });
            prop_assert_eq!(dots.collect::<Vec<_>>(), vec![wire.len() - 3], "{:?} {:?}", line_ends, wire);
        }
    }

    #[test]
    fn kept_there_and_back(body in octets()) {
        let Ok(wire) = encode(&[&body], LineEnds::Keep) else { return Ok(()) };
        let mut text = body;
        if !text.is_empty() && !text.ends_with(b"\r\n") {
            text.extend(b"\r\n");
        }
        prop_assert_eq!(decode(&[&wire], LineEnds::Keep).octets, text);
    }
}
