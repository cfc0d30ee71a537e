//! The message: text, HTML and an attachment, with what makes a transport stumble: a line that begins with a
//! dot, a line that is one, letters beyond ASCII.

use mail_builder::MessageBuilder;
use std::io;

/// Who writes.
pub const FROM: &str = "ada@example.org";
/// To whom.
pub const TO: &str = "grace@example.net";
/// And to whom else.
pub const CC: &str = "katherine@example.net";

const TEXT: &str = "\
Dear Grace,\r
\r
this text goes by submission, relay and delivery, and must not lose an octet on its way:\r
.hidden, a line that begins with a dot\r
.\r
and a line that is nothing but one. Grüße aus London!\r
\r
Ada\r
";

const HTML: &str =
    "<p>Dear Grace,</p>\r\n<p>this <b>text</b> goes by submission, relay and delivery.</p>\r\n";

pub fn build() -> io::Result<Vec<u8>> {
    let attachment: Vec<u8> = (0..1024u32).map(|n| (n * n / 7) as u8).collect();
    let mut message = MessageBuilder::new()
        .from(("Ada Lovelace", FROM))
        .to(("Grace Hopper", TO))
        .cc(("Katherine Johnson", CC))
        .subject("Notes on the engine, with Bernoulli's numbers")
        .text_body(TEXT)
        .html_body(HTML)
        .attachment("application/octet-stream", "numbers.bin", attachment)
        .write_to_vec()?;
    // A message on its way ends with a line end; one that does not would get it from the transport.
    if !message.ends_with(b"\r\n") {
        message.extend_from_slice(b"\r\n");
    }
    Ok(message)
}
