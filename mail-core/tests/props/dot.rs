//! The dot coder against a model that reads and writes line by line.

use bytes::{Bytes, BytesMut};
use mailwire_core::dot::{BareLineEnd, Decoded, Decoder, Encoder, LineEnds};
use mailwire_core::testing::{Cut, Cutter};

const POLICIES: [LineEnds; 3] = [LineEnds::Reject, LineEnds::Normalize, LineEnds::Keep];

/// Where the first CR without LF, or LF without CR, stands.
fn bare(body: &[u8]) -> Option<usize> {
    (0..body.len()).find(|at| match body[*at] {
        b'\r' => body.get(at + 1) != Some(&b'\n'),
        b'\n' => *at == 0 || body[at - 1] != b'\r',
        _ => false,
    })
}

fn normalized(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(octet) = body.get(at) {
        at += 1;
        match octet {
            b'\r' => {
                at += usize::from(body.get(at) == Some(&b'\n'));
                out.extend_from_slice(b"\r\n");
            }
            b'\n' => out.extend_from_slice(b"\r\n"),
            octet => out.push(*octet),
        }
    }
    out
}

/// The lines of `text`, line ends included; only CRLF is one.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|two| two == b"\r\n").map_or(rest.len(), |at| at + 2);
        let (line, behind) = rest.split_at(end);
        all.push(line);
        rest = behind;
    }
    all
}

/// The wire form by the book, RFC 5321 §4.5.2; `None`: it has none.
fn dotted(body: &[u8], line_ends: LineEnds) -> Option<Vec<u8>> {
    let body = match line_ends {
        LineEnds::Reject if bare(body).is_some() => return None,
        LineEnds::Normalize => normalized(body),
        _ => body.to_vec(),
    };
    // A dot behind a bare CR or LF: whatever is written, somebody reads it otherwise.
    let doubtful = |at: usize| match body[..at] {
        [.., b'\r', b'\n'] => false,
        [.., b'\r' | b'\n'] => true,
        _ => false,
    };
    if (0..body.len()).any(|at| body[at] == b'.' && doubtful(at)) {
        return None;
    }
    let mut wire = Vec::new();
    for line in lines(&body) {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    if !body.is_empty() && !body.ends_with(b"\r\n") {
        wire.extend_from_slice(b"\r\n");
    }
    Some([&wire[..], b".\r\n"].concat())
}

/// The body at the front of `wire`, and where it ends.
fn undotted(wire: &[u8]) -> (Vec<u8>, Option<usize>) {
    let (mut body, mut at) = (Vec::new(), 0);
    for line in lines(wire) {
        at += line.len();
        if line == b".\r\n" {
            return (body, Some(at));
        }
        body.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    (body, None)
}

fn encode(body: &[u8], cut: Cut, line_ends: LineEnds) -> Result<Vec<u8>, BareLineEnd> {
    let mut encoder = Encoder::new(line_ends);
    let mut wire = Vec::new();
    for (n, piece) in cut.pieces(body).enumerate() {
        let before = wire.len();
        let done = if n % 2 == 0 {
            encoder.encode(piece, &mut wire)
        } else {
            encoder.encode_bytes(&Bytes::copy_from_slice(piece), |part| {
                wire.extend_from_slice(&part);
            })
        };
        if let Err(error) = done {
            assert_eq!(wire.len(), before, "refused, and written all the same");
            assert_eq!(
                encoder.encode(b"x\r\n", &mut wire),
                Err(error),
                "it goes on behind the end"
            );
            assert!(encoder.terminator().is_err());
            return Err(error);
        }
    }
    encoder.finish(&mut wire)?;
    Ok(wire)
}

/// Body, how many octets it took with its end if that has come, and whether bare ends were met.
type Came = (Vec<u8>, Option<usize>, bool);

fn decode(wire: &[u8], cut: Cut, line_ends: LineEnds, max: usize) -> Result<Came, BareLineEnd> {
    let mut decoder = Decoder::new(line_ends);
    let (mut body, mut fed) = (Vec::new(), 0);
    let mut input = BytesMut::new();
    for piece in cut.pieces(wire) {
        input.extend_from_slice(piece);
        fed += piece.len();
        loop {
            match decoder.decode_bytes(&mut input, max)? {
                Decoded::Chunk(chunk) => {
                    assert!(!chunk.is_empty() && chunk.len() <= max.max(2));
                    body.extend_from_slice(&chunk);
                }
                Decoded::Starved => break,
                Decoded::End => {
                    assert!(decoder.is_ended());
                    return Ok((body, Some(fed - input.len()), decoder.met_bare()));
                }
            }
        }
        assert!(input.is_empty(), "octets held back");
    }
    Ok((body, None, decoder.met_bare()))
}

/// A held CR at the end of what has come may be told or not yet.
fn same_body(came: &[u8], model: &[u8]) -> bool {
    came == model || model.strip_suffix(b"\r") == Some(came)
}

/// Any octets as a body to be sent, and as what comes.
pub fn coder(octets: &[u8]) {
    let cuts: Vec<Cut> = Cutter::new(octets.len()).with_seeds(3).collect();
    let some = cuts.len().div_ceil(12);
    for line_ends in POLICIES {
        let model = dotted(octets, line_ends);
        for cut in cuts.iter().step_by(some).copied() {
            let wire = encode(octets, cut, line_ends);
            assert_eq!(wire.as_ref().ok(), model.as_ref(), "{line_ends:?}, {cut}");
            if let Err(error) = &wire {
                let at = error.offset() as usize;
                let octet = if error.is_cr() { b'\r' } else { b'\n' };
                assert_eq!(octets.get(at), Some(&octet), "{error}");
            }
        }
        if let Some(wire) = model {
            // Whoever takes only CRLF for a line end reads what was written, and nothing behind it.
            let junk = [&wire[..], b"QUIT\r\n"].concat();
            let text = dotted(octets, line_ends).map(|wire| undotted(&wire).0).unwrap();
            for cut in [Cut::Whole, Cut::Octets] {
                let came = decode(&junk, cut, LineEnds::Keep, 1 << 16).unwrap();
                assert_eq!((&came.0, came.1), (&text, Some(wire.len())), "{line_ends:?}");
            }
            let body =
                if line_ends == LineEnds::Normalize { normalized(octets) } else { octets.to_vec() };
            assert_eq!(
                text.strip_prefix(&body[..]).map(|end| end == b"" || end == b"\r\n"),
                Some(true)
            );
        }
    }
    let (model, end) = undotted(octets);
    for cut in cuts.iter().step_by(some).copied() {
        for max in [1, 7, 1 << 16] {
            let kept = decode(octets, cut, LineEnds::Keep, max).unwrap();
            assert_eq!(kept.1, end, "{cut}");
            assert!(same_body(&kept.0, &model), "{cut}: {}", kept.0.escape_ascii());
            let told = decode(octets, cut, LineEnds::Normalize, max).unwrap();
            assert_eq!(told.1, end, "a bare end is an end of the body");
            if end.is_some() {
                assert_eq!(kept.0, model, "{cut}");
                assert_eq!(kept.2, bare(&model).is_some(), "{cut}");
                assert_eq!(told.0, normalized(&model), "{cut}");
            }
            match decode(octets, cut, LineEnds::Reject, max) {
                Ok(strict) => {
                    assert_eq!(strict.1, end);
                    assert!(end.is_none() || bare(&model).is_none());
                }
                Err(error) => {
                    assert!(bare(&model).is_some(), "{error}");
                    let octet = if error.is_cr() { b'\r' } else { b'\n' };
                    assert_eq!(octets.get(error.offset() as usize), Some(&octet), "{error}");
                }
            }
        }
    }
}
