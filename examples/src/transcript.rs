//! The transcript: a [`Log`](crate::trace::Log) for people to read.
//!
//! Each line of the wire stands beside the typed event that it became at its receiver, under the stage of the
//! dialogue that it belongs to. Messages are abridged. What is shown may come from anybody, so control
//! characters are not shown as they are.

use crate::trace::{Entry, Side, Stage, What};
use anstyle::{AnsiColor, Color, Style};
use std::io::{self, Write};

/// Columns of the whole, and of the wire in it.
pub const WIDTH: usize = 100;
const WIRE: usize = 54;
/// So many lines of a message are shown.
const BODY: usize = 6;

const fn color(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

/// What the client says.
pub const CLIENT: Style = color(AnsiColor::Cyan);
/// What the server says.
pub const SERVER: Style = color(AnsiColor::Green);
/// Events.
pub const EVENT: Style = color(AnsiColor::Yellow);
/// Titles.
pub const TITLE: Style = Style::new().bold();
/// What is not on the wire.
pub const NOTE: Style = Style::new().dimmed();
/// A masked secret.
pub const SECRET: Style = color(AnsiColor::Magenta).bold();
/// Right.
pub const GOOD: Style = color(AnsiColor::Green).bold();
/// Wrong.
pub const BAD: Style = color(AnsiColor::Red).bold();

/// Whose log it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// That of both ends: a line is shown as it came in.
    BothEnds,
    /// That of one end: what it said is shown as it left, what it heard as it came in.
    Of(Side),
}

/// Writes the transcript.
///
/// # Errors
/// The writer's.
pub fn write(entries: &[Entry], view: View, out: &mut impl Write) -> io::Result<()> {
    let mut body = Body::default();
    for entry in entries {
        let shown = match (&entry.what, view) {
            // Both ends agree on where they are; the client leads.
            (What::Stage(_), View::BothEnds) => entry.side == Side::Client,
            (What::Sent { .. }, View::BothEnds) => false,
            (_, View::BothEnds) => true,
            (_, View::Of(side)) => entry.side == side,
        };
        if shown {
            line(entry, view, &mut body, out)?;
        }
    }
    body.write(None, out)
}

fn line(entry: &Entry, view: View, body: &mut Body, out: &mut impl Write) -> io::Result<()> {
    let peer = match entry.side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    };
    match &entry.what {
        What::Body(octets) => body.add(octets, peer),
        What::Sent { text, is_body: true, .. } => body.add(text, entry.side),
        What::Stage(stage) => {
            body.write(None, out)?;
            self::stage(*stage, out)?;
        }
        What::Note(note) => {
            let of = if entry.side == Side::Client { "client" } else { "server" };
            writeln!(out, "  {NOTE}·  at the {of}: {}{NOTE:#}", clip(note, WIDTH - 20))?;
        }
        What::Sent { text, .. } => {
            body.write(None, out)?;
            rows(entry.side, text, &[], out)?;
        }
        What::Received { text, event } => {
            if view == View::BothEnds && body.writes_end(event, out)? {
                return Ok(());
            }
            body.write(None, out)?;
            rows(peer, text, event, out)?;
        }
    }
    Ok(())
}

fn stage(stage: Stage, out: &mut impl Write) -> io::Result<()> {
    let (name, rfc) = match stage {
        Stage::Handshake => ("handshake", "session initiation, RFC 5321 §3.1"),
        Stage::Transfer => ("transfer", "mail transactions, RFC 5321 §3.3"),
        Stage::Termination => ("termination", "session termination, RFC 5321 §3.8"),
    };
    let rule = "─".repeat(WIDTH - 10 - name.len() - rfc.chars().count());
    writeln!(out, "\n  {NOTE}──{NOTE:#} {TITLE}{name}{TITLE:#} {NOTE}── {rfc} {rule}{NOTE:#}")
}

/// The lines of a frame, each beside its part of the event.
fn rows(from: Side, text: &[u8], event: &[String], out: &mut impl Write) -> io::Result<()> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let lines: Vec<&[u8]> = text.split(|octet| *octet == b'\n').collect();
    for n in 0..lines.len().max(event.len()) {
        let line = lines.get(n).copied().unwrap_or_default();
        let event = event.get(n).map_or("", String::as_str);
        row(from, n == 0 && !text.is_empty(), &String::from_utf8_lossy(line), event, out)?;
    }
    Ok(())
}

fn row(
    from: Side,
    is_first: bool,
    wire: &str,
    event: &str,
    out: &mut impl Write,
) -> io::Result<()> {
    let (letter, style) = match from {
        Side::Client => ("C", CLIENT),
        Side::Server => ("S", SERVER),
    };
    let letter = if is_first { letter } else { " " };
    let wire = clip(wire.trim_end_matches('\r'), WIRE);
    let gap = " ".repeat(WIRE - wire.chars().count());
    let wire = match wire.split_once("***") {
        Some((before, behind)) => {
            format!("{style}{before}{style:#}{SECRET}***{SECRET:#}{style}{behind}{style:#}")
        }
        None => format!("{style}{wire}{style:#}"),
    };
    if event.is_empty() {
        return writeln!(out, "  {style}{letter}{style:#}  {wire}");
    }
    let event = clip(event, WIDTH - WIRE - 7);
    writeln!(out, "  {style}{letter}{style:#}  {wire}{gap}  {EVENT}{event}{EVENT:#}")
}

/// Shortens to so many characters, and makes visible what is none.
fn clip(text: &str, max: usize) -> String {
    let mut shown = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    let mut clipped: String = shown.by_ref().take(max).collect();
    if shown.next().is_some() {
        clipped.pop();
        clipped.push('…');
    }
    clipped
}

/// The message under way: its first lines, and how much there was.
#[derive(Debug, Default)]
struct Body {
    from: Option<Side>,
    head: Vec<u8>,
    lines: usize,
    octets: usize,
    pieces: usize,
}

impl Body {
    fn add(&mut self, octets: &[u8], from: Side) {
        self.from = Some(from);
        self.lines += octets.iter().filter(|octet| **octet == b'\n').count();
        self.octets += octets.len();
        self.pieces += 1;
        let kept = octets.len().min(4096usize.saturating_sub(self.head.len()));
        self.head.extend_from_slice(&octets[..kept]);
    }

    /// Is this the event at the end of the message? The dot has no frame of its own.
    fn writes_end(&mut self, event: &[String], out: &mut impl Write) -> io::Result<bool> {
        let is_end =
            self.from.is_some() && event.first().is_some_and(|event| event.starts_with("BodyEnd"));
        if is_end {
            self.write(event.first(), out)?;
        }
        Ok(is_end)
    }

    fn write(&mut self, end: Option<&String>, out: &mut impl Write) -> io::Result<()> {
        let body = std::mem::take(self);
        let Some(from) = body.from else { return Ok(()) };
        let head = String::from_utf8_lossy(&body.head);
        // At the sender the dot that ends the message is the last of its lines.
        let lines = if end.is_some() { body.lines } else { body.lines.saturating_sub(1) };
        let event = match end {
            Some(_) => format!("BodyChunk, {} in all", body.pieces),
            None => String::new(),
        };
        for (n, line) in head.lines().take(BODY.min(lines)).enumerate() {
            row(from, true, line, if n == 0 { &event } else { "" }, out)?;
        }
        if lines > BODY {
            let (more, octets) = (lines - BODY, grouped(body.octets as u64));
            writeln!(out, "     {NOTE}… {more} more lines; {octets} octets in all{NOTE:#}")?;
        }
        row(from, true, ".", end.map_or("", String::as_str), out)
    }
}

/// A number with its thousands apart.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
