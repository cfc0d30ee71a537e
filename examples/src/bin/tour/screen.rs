//! What the tour shows around the transcripts.

use crate::{
    acts::{Act, Found, Outcome},
    world::World,
};
use anstream::{AutoStream, ColorChoice};
use mail_parser::{MessageParser, MimeHeaders};
use mailwire_examples::{
    statistics::Statistics,
    transcript::{
        self, BAD, CLIENT, EVENT, GOOD, NOTE, SECRET, SERVER, TITLE, View, WIDTH, grouped,
    },
};
use std::io::{self, Stdout, Write};

/// Standard output, with colours or without.
#[derive(Debug)]
pub struct Screen(AutoStream<Stdout>);

impl Screen {
    pub fn new(plain: bool) -> Self {
        let out = io::stdout();
        Screen(if plain { AutoStream::new(out, ColorChoice::Never) } else { AutoStream::auto(out) })
    }

    pub fn opening(&mut self, world: &World) -> io::Result<()> {
        let out = &mut self.0;
        writeln!(out, "\n  {TITLE}A message on its way{TITLE:#}\n")?;
        parts(&world.message, "  ", out)?;
        writeln!(
            out,
            "\n  {CLIENT}C{CLIENT:#} the client says; {SERVER}S{SERVER:#} the server says; \
             {EVENT}beside it{EVENT:#} the typed event that it became at the other end;\n  \
             {SECRET}***{SECRET:#} is a secret."
        )
    }

    pub fn act(&mut self, number: usize, act: &Act, outcome: &Outcome) -> io::Result<()> {
        let out = &mut self.0;
        let (title, from, to, about) = act.words();
        transcript::title(&format!("Act {number}: {title}"), out)?;
        writeln!(out, "  {CLIENT}{from}{CLIENT:#} → {SERVER}{to}{SERVER:#}: {about}")?;
        transcript::write(&outcome.entries, View::BothEnds, out)?;
        writeln!(out)?;
        transcript::heading("what is there", "read back from the disk", out)?;
        for found in &outcome.found {
            self.found(found)?;
        }
        for maildir in &outcome.emptied {
            let out = &mut self.0;
            match outcome.is_right {
                true => writeln!(
                    out,
                    "  Maildir {TITLE}{maildir}{TITLE:#}: {GOOD}✓{GOOD:#} the message is gone"
                )?,
                false => {
                    writeln!(out, "  Maildir {TITLE}{maildir}{TITLE:#}: {BAD}✗ not empty{BAD:#}")?
                }
            }
        }
        Ok(())
    }

    fn found(&mut self, found: &Found) -> io::Result<()> {
        let out = &mut self.0;
        writeln!(out, "  Maildir {TITLE}{}{TITLE:#}: put in front by the servers", found.maildir)?;
        for line in String::from_utf8_lossy(&found.lines).lines() {
            writeln!(out, "     {NOTE}{}{NOTE:#}", line.replace('\t', "   "))?;
        }
        let octets = grouped(found.message.len() as u64);
        match found.is_right {
            true => writeln!(
                out,
                "     {GOOD}✓{GOOD:#} behind them {octets} octets, each as it was sent"
            ),
            false => writeln!(out, "     {BAD}✗ behind them is not what was sent{BAD:#}"),
        }
    }

    pub fn closing(&mut self, played: &[(&Act, Statistics)], is_right: bool) -> io::Result<()> {
        let out = &mut self.0;
        transcript::title("What it cost", out)?;
        writeln!(
            out,
            "  {NOTE}{:<18}{:>10}{:>10}{:>15}{:>15}{:>15}{:>15}{NOTE:#}",
            "", "C lines", "S lines", "C octets", "S octets", "round trips", "time"
        )?;
        let mut all = Statistics::default();
        for (n, (act, statistics)) in played.iter().enumerate() {
            all = all.and(*statistics);
            costs(&format!("{} {}", n + 1, act.words().0), statistics, out)?;
        }
        writeln!(out, "  {NOTE}{}{NOTE:#}", "─".repeat(WIDTH - 2))?;
        costs("all", &all, out)?;
        match is_right {
            true => writeln!(
                out,
                "\n  {GOOD}✓{GOOD:#} What lay in both mailboxes, and what was fetched, is what was sent, octet for octet.\n"
            ),
            false => writeln!(out, "\n  {BAD}✗ What came is not what was sent.{BAD:#}\n"),
        }
    }
}

fn costs(name: &str, of: &Statistics, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "  {name:<18}{:>10}{:>10}{:>15}{:>15}{:>15}{:>12.1} ms",
        of.client_lines,
        of.server_lines,
        grouped(of.client_octets),
        grouped(of.server_octets),
        of.round_trips,
        of.time.as_secs_f64() * 1000.0
    )
}

/// Subject and parts, as a reader of mail sees them.
fn parts(message: &[u8], indent: &str, out: &mut impl Write) -> io::Result<()> {
    let Some(parsed) = MessageParser::default().parse(message) else {
        return writeln!(out, "{indent}{BAD}not a message{BAD:#}");
    };
    writeln!(out, "{indent}{TITLE}{}{TITLE:#}", parsed.subject().unwrap_or("no subject"))?;
    // Which parts are still to be shown, and how deep they stand.
    let mut next = vec![(0, 1)];
    while let Some((at, depth)) = next.pop() {
        let Some(part) = parsed.part(at) else { continue };
        let kind = part.content_type();
        let kind = kind.map_or("text/plain".to_owned(), |kind| {
            format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*"))
        });
        let name = part.attachment_name().map(|name| format!(" “{name}”")).unwrap_or_default();
        let indent = format!("{indent}{}", "  ".repeat(depth));
        match part.sub_parts() {
            Some(parts) => {
                writeln!(out, "{indent}{kind} {NOTE}of {} parts{NOTE:#}", parts.len())?;
                next.extend(parts.iter().rev().map(|part| (*part, depth + 1)));
            }
            None => {
                let octets = grouped(part.len() as u64);
                writeln!(out, "{indent}{kind}{name} {NOTE}{octets} octets{NOTE:#}")?;
            }
        }
    }
    writeln!(out, "{indent}{NOTE}{} octets in all{NOTE:#}", grouped(message.len() as u64))
}
