//! Trace lines: what is read is written as one field of a header, and reads as the same.

use mailwire_smtp::trace::{Received, ReturnPath};

/// Any octets behind the name of either line.
pub fn trace(octets: &[u8]) {
    if let Ok((received, strict)) = Received::parse(&[b"Received: ", octets].concat()) {
        is_kept(&received);
        assert!(!strict || received.is_strict(), "{received:?}");
        let _ = (received.is_ascii(), received.solicitation(), format!("{received:?}"));
    }
    if let Ok((path, strict)) = ReturnPath::parse(&[b"Return-Path: ", octets].concat()) {
        let mut out = Vec::new();
        path.encode(&mut out);
        assert_eq!(ReturnPath::parse(&out), Ok((path.clone(), path.is_strict())));
        assert!(!strict || path.is_strict(), "{path:?}");
    }
}

/// It is folded so that no line is longer than may be, and what is written is what it is.
pub fn is_kept(received: &Received) {
    let mut out = Vec::new();
    received.encode(&mut out);
    let body = out.strip_suffix(b"\r\n").expect("a line end");
    let lines: Vec<_> = body.split(|b| *b == b'\n').collect();
    for (n, line) in lines.iter().enumerate() {
        assert!(line.len() <= 998 && !line.contains(&0), "{received:?}");
        assert!(n + 1 == lines.len() || line.ends_with(b"\r"), "{received:?}");
        assert!(n == 0 || line.starts_with(b"\t"), "{received:?}");
        // Two words on a line that is too long would have been two lines.
        let words = line.iter().filter(|b| **b == b' ').count();
        let is_foldable = words >= 8 && !line.contains(&b'"');
        assert!(line.len() <= 79 || !is_foldable, "{}", String::from_utf8_lossy(line));
    }
    let (again, strict) = Received::parse(&out).unwrap_or_else(|e| panic!("{received:?}: {e}"));
    assert_eq!(&again, received);
    assert_eq!(strict, received.is_strict(), "{received:?}");
    assert_eq!(received.to_string().parse::<Received>().is_ok(), received.is_strict());
}
