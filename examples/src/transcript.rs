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
const BODY: usize = 4;

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
            // A line is shown as it came in; a message as it left, with its dots doubled.
            (What::Sent { is_body, .. }, View::BothEnds) => *is_body,
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
        What::Body { text, lines, .. } => {
            body.chunks += 1;
            if view != View::BothEnds {
                body.has_no_dot = true;
                body.add(text, *lines, peer);
            }
        }
        What::Sent { text, lines, is_body: true, .. } => body.add(text, *lines, entry.side),
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
        What::Received { text, event } => match event.first() {
            // The beginning and the end of a message have no octets of their own: they stand at its lines.
            Some(begin) if begin == "BodyBegin" => body.has_begun = true,
            // In POP3 a line stands in front of it.
            Some(begin) if begin.starts_with("BodyBegin") => {
                body.has_begun = true;
                rows(peer, text, event, out)?;
            }
            Some(end) if body.has_begun && end.starts_with("BodyEnd") => {
                let end = end.clone();
                body.write(Some(&end), out)?;
            }
            _ => {
                // In the view of both ends replies come in while the message goes out.
                if view != View::BothEnds {
                    body.write(None, out)?;
                }
                rows(peer, text, event, out)?;
            }
        },
    }
    Ok(())
}

fn stage(stage: Stage, out: &mut impl Write) -> io::Result<()> {
    let (name, rfc) = match stage {
        Stage::Handshake => ("handshake", "session initiation, RFC 5321 §3.1"),
        Stage::Transfer => ("transfer", "mail transactions, RFC 5321 §3.3"),
        Stage::Termination => ("termination", "session termination, RFC 5321 §3.8"),
        Stage::Authorization => ("authorization", "the AUTHORIZATION state, RFC 1939 §4"),
        Stage::Transaction => ("transaction", "the TRANSACTION state, RFC 1939 §5"),
        Stage::Update => ("update", "the UPDATE state, RFC 1939 §6"),
        Stage::Disconnect => ("disconnect", "the connection is closed, RFC 1939 §3"),
    };
    writeln!(out)?;
    heading(name, rfc, out)
}

/// The beginning of a part of the transcript.
///
/// # Errors
/// The writer's.
pub fn heading(name: &str, about: &str, out: &mut impl Write) -> io::Result<()> {
    let about = if about.is_empty() { String::new() } else { format!("── {about} ") };
    let used = 6 + name.chars().count() + about.chars().count();
    let rule = "─".repeat(WIDTH.saturating_sub(used));
    writeln!(out, "  {NOTE}──{NOTE:#} {TITLE}{name}{TITLE:#} {NOTE}{about}{rule}{NOTE:#}")
}

/// The beginning of a dialogue.
///
/// # Errors
/// The writer's.
pub fn title(name: &str, out: &mut impl Write) -> io::Result<()> {
    let rule = "━".repeat(WIDTH.saturating_sub(3 + name.chars().count()));
    writeln!(out, "\n\n  {TITLE}{name}{TITLE:#} {NOTE}{rule}{NOTE:#}")
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
    let (letter, color) = match from {
        Side::Client => ("C", CLIENT),
        Side::Server => ("S", SERVER),
    };
    let letter = if is_first { letter } else { " " };
    let wire = clip(wire.trim_end_matches('\r'), WIRE);
    let (wire, style) = match wire.is_empty() && is_first {
        true => (EMPTY.to_owned(), NOTE),
        false => (wire, color),
    };
    let gap = " ".repeat(WIRE - wire.chars().count());
    let wire = match wire.split_once("***") {
        Some((before, behind)) => {
            format!("{style}{before}{style:#}{SECRET}***{SECRET:#}{style}{behind}{style:#}")
        }
        None => format!("{style}{wire}{style:#}"),
    };
    if event.is_empty() {
        return writeln!(out, "  {color}{letter}{color:#}  {wire}");
    }
    let event = clip(event, WIDTH - WIRE - 7);
    writeln!(out, "  {color}{letter}{color:#}  {wire}{gap}  {EVENT}{event}{EVENT:#}")
}

/// Stands for a line with nothing in it.
const EMPTY: &str = "(an empty line)";

/// Shortens to so many characters, and makes visible what is none.
fn clip(text: &str, max: usize) -> String {
    let mut shown = text.chars().map(|c| match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    });
    let mut clipped: String = shown.by_ref().take(max).collect();
    if shown.next().is_some() {
        clipped.pop();
        clipped.push('…');
    }
    clipped
}

/// The message under way: so much of it as may be shown, and how much there was.
#[derive(Debug, Default)]
struct Body {
    from: Option<Side>,
    has_begun: bool,
    /// It is shown as it came in: the line that ends it was taken out.
    has_no_dot: bool,
    kept: Vec<u8>,
    lines: usize,
    chunks: usize,
}

impl Body {
    fn add(&mut self, text: &[u8], lines: usize, from: Side) {
        self.from = Some(from);
        self.lines += lines;
        self.kept.extend_from_slice(text);
    }

    /// The first lines, a line that begins with a dot, the last line; between them how many were left out.
    fn write(&mut self, end: Option<&String>, out: &mut impl Write) -> io::Result<()> {
        let body = std::mem::take(self);
        let Some(from) = body.from else { return Ok(()) };
        let text = String::from_utf8_lossy(&body.kept);
        let lines: Vec<&str> = text.lines().collect();
        let last = if body.has_no_dot { body.lines } else { body.lines.saturating_sub(1) };
        let dots = lines.iter().enumerate().filter(|(n, line)| *n < last && line.starts_with('.'));
        let dots: Vec<usize> = dots.map(|(n, _)| n).take(2).collect();
        let mut next = 0;
        for n in (0..BODY.min(last)).chain(dots).filter(|n| *n < lines.len()) {
            if n < next {
                continue;
            }
            left_out(n - next, out)?;
            let event = match (end, n) {
                (Some(_), 0) => "BodyBegin".to_owned(),
                (Some(_), 1) => format!("BodyChunk, {} of them", body.chunks),
                (Some(_), n) if n >= BODY => "in it without the first dot".to_owned(),
                _ => String::new(),
            };
            row(from, true, lines[n], &event, out)?;
            next = n + 1;
        }
        left_out(last - next, out)?;
        row(from, true, ".", end.map_or("", String::as_str), out)
    }
}

fn left_out(lines: usize, out: &mut impl Write) -> io::Result<()> {
    match lines {
        0 => Ok(()),
        1 => writeln!(out, "     {NOTE}… 1 line{NOTE:#}"),
        n => writeln!(out, "     {NOTE}… {} lines{NOTE:#}", grouped(n as u64)),
    }
}

/// A number with its thousands apart.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
