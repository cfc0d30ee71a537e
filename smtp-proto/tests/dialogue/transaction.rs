//! A whole transaction by one call. RFC 5321 §3.3; pipelining: RFC 2920; limits: RFC 9422. When it goes wrong: `fate`.

use crate::{client, offered};
use mailwire_smtp::client::Protocol;

pub(crate) const ENVELOPE: &str = "
    A: envelope MAIL FROM:<a@b.example>
    A: to RCPT TO:<one@mx.example>
    A: to RCPT TO:<two@mx.example>
    A: to RCPT TO:<three@mx.example>
";

/// A client of a server that offers these, with an envelope.
pub(crate) fn with(offer: &[&str], script: &str) {
    client(|_| (), &[&hello("EHLO", offer), ENVELOPE, script].concat());
}

pub(crate) fn hello(verb: &str, offer: &[&str]) -> String {
    let mut lines = vec!["mx.example"];
    lines.extend(offer);
    let last = lines.len() - 1;
    let line = |(n, line)| format!("    S: 250{}{line}\n", if n < last { "-" } else { " " });
    let lines: String = lines.iter().enumerate().map(line).collect();
    let offers = if offer.is_empty() { "" } else { " offers " };
    let (offer, lower) = (offer.join(", "), verb.to_lowercase());
    format!(
        "
    S: 220 mx
    E: greeting 220 mx
    A: {verb} me.example
    C: {verb} me.example
{lines}    E: {lower}: mx.example{offers}{offer}
"
    )
}

#[test]
fn it_leaves_as_one_group() {
    // RFC 2920 §3.1
    with(
        &["PIPELINING"],
        "
        A: transaction streamed
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        A: NOOP
        N: a transaction is under way: wait for its end
        S: 250 ok
        S: 250 one
        S: 550 two
        S: 250 three
        S: 354 go
        E: body ready
        A: send .x\\r\\n
        A: QUIT
        N: a transaction is under way: wait for its end
        A: finish
        C: ..x
        C: .
        S: 250 queued
        E: sent: accepted 250 queued; refused 550 two; accepted 250 queued
        A: QUIT
        C: QUIT
    ",
    );
}

#[test]
fn without_pipelining_it_goes_step_by_step() {
    with(
        &[],
        "
        A: transaction whole .x
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        C: RCPT TO:<one@mx.example>
        S: 250 one
        C: RCPT TO:<two@mx.example>
        S: 550 two
        C: RCPT TO:<three@mx.example>
        S: 250 three
        C: DATA
        S: 354 go
        C: ..x
        C: .
        S: 450 not now
        E: sent: refused 450 not now; refused 550 two; refused 450 not now
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ",
    );
}

#[test]
fn nothing_more_is_said_when_nobody_can_get_it() {
    // MAIL is refused
    with(
        &[],
        "
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
        S: 451 later
        E: sent: refused 451 later; refused 451 later; refused 451 later
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
    ",
    );
    // every recipient is
    with(
        &[],
        "
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        C: RCPT TO:<one@mx.example>
        S: 550 one
        C: RCPT TO:<two@mx.example>
        S: 450 two
        C: RCPT TO:<three@mx.example>
        S: 553 three
        C: RSET
        S: 250 ok
        E: sent: refused 550 one; refused 450 two; refused 553 three
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
    ",
    );
    // what may have begun the transaction is no reply
    with(
        &[],
        "
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
        S: 2x0 ok
        C: RSET
        S: 250 ok
        E: sent: not sent; not sent; not sent
    ",
    );
}

#[test]
fn what_is_in_flight_already_is_answered() {
    // RFC 2920 §3.1: 354 for nobody
    with(
        &["PIPELINING"],
        "
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        S: 250 ok
        S: 550 one
        S: 550 two
        S: 550 three
        S: 354 go
        C: .
        S: 554 nobody
        E: sent: refused 550 one; refused 550 two; refused 550 three
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ",
    );
    with(
        &["PIPELINING"],
        "
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        S: 250 ok
        S: 550 one
        S: 250 two
        S: 550 three
        S: 451 not now
        C: RSET
        S: 250 ok
        E: sent: refused 550 one; refused 451 not now; refused 550 three
    ",
    );
    with(
        &["PIPELINING"],
        "
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        S: 550 no
        S: 503 one
        S: 503 two
        S: 503 three
        S: 503 data
        E: sent: refused 550 no; refused 550 no; refused 550 no
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ",
    );
}

#[test]
fn too_many_is_not_too_full() {
    // RFC 5321 §4.5.3.1.10
    with(
        &["PIPELINING"],
        "
        A: to RCPT TO:<four@mx.example>
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: RCPT TO:<four@mx.example>
        C: DATA
        S: 250 ok
        S: 452 one
        S: 250 two
        S: 552 three
        S: 452 4.2.2 four
        S: 354 go
        C: x
        C: .
        S: 250 queued
        E: sent: refused 452 one; accepted 250 queued; too many 552 three; refused 452 4.2.2 four
    ",
    );
    with(
        &[],
        "
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        C: RCPT TO:<one@mx.example>
        S: 452 4.5.3 one
        C: RCPT TO:<two@mx.example>
        S: 452 4.5.3 two
        C: RCPT TO:<three@mx.example>
        S: 452 4.5.3 three
        C: RSET
        S: 250 ok
        E: sent: too many 452 4.5.3 one; too many 452 4.5.3 two; too many 452 4.5.3 three
    ",
    );
}

#[test]
fn the_next_one_follows_the_end_of_the_message() {
    // RFC 2920 §3.1
    with(
        &["PIPELINING"],
        "
        A: transaction streamed
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        S: 250 ok
        S: 250 one
        S: 250 two
        S: 250 three
        S: 354 go
        E: body ready
        A: send x
        A: finish
        A: transaction whole y
        C: x
        C: .
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        S: 250 queued
        E: sent: accepted 250 queued; accepted 250 queued; accepted 250 queued
        S: 250 ok
        S: 250 one
        S: 250 two
        S: 250 three
        S: 354 go
        C: y
        C: .
        A: QUIT
        C: QUIT
        S: 550 no
        E: sent: refused 550 no; refused 550 no; refused 550 no
        S: 221 bye
        E: quit: 221 bye
        E: closed clean
    ",
    );
    with(
        &[],
        "
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        C: RCPT TO:<one@mx.example>
        S: 250 one
        C: RCPT TO:<two@mx.example>
        S: 250 two
        C: RCPT TO:<three@mx.example>
        S: 250 three
        C: DATA
        S: 354 go
        C: x
        C: .
        A: transaction whole y
        A: QUIT
        N: a transaction is under way: wait for its end
        S: 250 queued
        E: sent: accepted 250 queued; accepted 250 queued; accepted 250 queued
        C: MAIL FROM:<a@b.example>
    ",
    );
}

#[test]
fn by_a_chunk() {
    // RFC 3030 §4.2
    with(
        &["PIPELINING", "CHUNKING"],
        "
        A: transaction chunk .x\\n
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: BDAT 3 LAST
        C: .x\\n\\
        S: 250 ok
        S: 250 one
        S: 550 two
        S: 250 three
        S: 250 queued
        E: sent: accepted 250 queued; refused 550 two; accepted 250 queued
        A: transaction counted 2
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: BDAT 2 LAST
        E: body ready
        A: send ab
        A: finish
        C: ab\\
        S: 250 ok
        S: 550 one
        S: 550 two
        S: 550 three
        S: 503 nobody
        C: RSET
        S: 250 ok
        E: sent: refused 550 one; refused 550 two; refused 550 three
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ",
    );
    with(
        &["CHUNKING"],
        "
        A: transaction counted 2
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        C: RCPT TO:<one@mx.example>
        S: 250 one
        C: RCPT TO:<two@mx.example>
        S: 250 two
        C: RCPT TO:<three@mx.example>
        S: 250 three
        C: BDAT 2 LAST
        E: body ready
        A: send ab
        C: ab\\
        A: finish
        S: 250 queued
        E: sent: accepted 250 queued; accepted 250 queued; accepted 250 queued
    ",
    );
}

#[test]
fn lmtp_tells_the_fate_of_each() {
    // RFC 2033 §4.2, §4.3
    for (how, sent, before) in [
        ("whole x", "DATA", "S: 354 go\n        C: x\n        C: ."),
        ("chunk x", "BDAT 1 LAST", "C: x\\"),
    ] {
        let data = how.starts_with("whole");
        let script = format!(
            "
        A: transaction {how}
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        {}
        S: 250 ok
        S: 250 one
        S: 550 two
        S: 250 three
        {}
        {before}
        S: 250 one
        S: 452 4.2.2 three
        E: sent: accepted 250 one; refused 550 two; refused 452 4.2.2 three
    ",
            if data { "C: DATA" } else { "# who gets it must be known" },
            if data { "# in the group above".into() } else { format!("C: {sent}") },
        );
        let offer = hello("LHLO", &["PIPELINING", "CHUNKING"]);
        client(|config| config.protocol = Protocol::Lmtp, &[&offer, ENVELOPE, &script].concat());
    }
}

#[test]
fn whoever_had_no_answer_when_the_connection_ended_is_told_so() {
    // before the end of the message: nobody has got it
    let begun = "
        A: transaction streamed
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        S: 250 ok
        S: 250 one
        S: 550 two
    ";
    let ended = "E: closed: the peer closed the connection too early\n";
    let not_sent = "E: sent: not sent; refused 550 two; not sent\n        ";
    with(&["PIPELINING"], &[begun, "A: eof\n        ", not_sent, ended].concat());
    let ready = "S: 250 three\n        S: 354 go\n        E: body ready\n        ";
    with(&["PIPELINING"], &[begun, ready, "A: eof\n        ", not_sent, ended].concat());
    // behind it: perhaps
    let finish = "A: finish\n        C: .\n        A: eof\n        ";
    let unknown = "E: sent: unknown; refused 550 two; unknown\n        ";
    with(&["PIPELINING"], &[begun, ready, finish, unknown, ended].concat());
    with(
        &[],
        "
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        C: RCPT TO:<one@mx.example>
        S: 421 shutdown
        E: sent: refused 421 shutdown; not sent; not sent
        E: closed clean
    ",
    );
    with(
        &["PIPELINING"],
        &[
            begun,
            ready,
            "S: 552 too much
        E: sent: refused 552 too much; refused 550 two; refused 552 too much
        E: closed: the server answered before the end of the message
    ",
        ]
        .concat(),
    );
}

#[test]
fn replies_for_single_recipients() {
    // PRDR (Exim): 353, one for each that was accepted, one for the message
    let group = "
        C: MAIL FROM:<a@b.example> PRDR
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        S: 250 ok
        S: 250 one
        S: 550 two
        S: 250 three
        S: 354 go
        C: x
        C: .
    ";
    let prdr = |script: &str| {
        let envelope = ENVELOPE.replace("<a@b.example>", "<a@b.example> PRDR");
        let begin = "    A: transaction whole x\n";
        let hello = hello("EHLO", &["PIPELINING", "PRDR"]);
        client(|_| (), &[&hello, &envelope, begin, group, script].concat());
    };
    prdr(
        "
        S: 353 each
        S: 250 one
        S: 550 three
        S: 250 queued
        E: sent: accepted 250 one; refused 550 two; refused 550 three
    ",
    );
    prdr(
        "
        S: 353 each
        S: 250 one
        S: 550 three
        S: 554 after all no
        E: sent: refused 554 after all no; refused 550 two; refused 554 after all no
    ",
    );
    // without 353 as ever
    prdr(
        "
        S: 250 queued
        E: sent: accepted 250 queued; refused 550 two; accepted 250 queued
    ",
    );
}

#[test]
fn limits_are_kept() {
    // RFC 9422
    with(
        &["PIPELINING", "LIMITS MAILMAX=2 RCPTMAX=3 RCPTDOMAINMAX=1"],
        "
        A: to RCPT TO:<four@mx.example>
        A: transaction whole x
        N: the server takes no more recipients at once: the rest in another transaction
        A: envelope MAIL FROM:<a@b.example>
        A: to RCPT TO:<one@mx.example>
        A: to RCPT TO:<one@MX.example>
        A: to RCPT TO:<one@mx2.example>
        A: transaction whole x
        N: the server takes no more domains at once: the rest in another transaction
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<one@mx.example>
        A: RCPT TO:<one@mx2.example>
        N: the server takes no more domains at once: the rest in another transaction
        A: RCPT TO:<two@MX.EXAMPLE>
        A: RCPT TO:<three@mx.example>
        A: RCPT TO:<four@mx.example>
        N: the server takes no more recipients at once: the rest in another transaction
        A: RSET
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<one@mx2.example>
        A: RSET
        A: MAIL FROM:<a@b.example>
        N: the server takes no more messages in this session: QUIT
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@MX.EXAMPLE>
        C: RCPT TO:<three@mx.example>
        C: RSET
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx2.example>
        C: RSET
    ",
    );
}

#[test]
fn what_cannot_go_is_refused_before_anything_is_said() {
    offered(
        "
        A: envelope MAIL FROM:<a@b.example>
        A: transaction whole x
        N: a message wants a recipient
        A: to RCPT TO:<u@mx.example>
        A: transaction whole \\{1001*x}
        N: the message is larger than the server takes
        A: transaction whole a\\nb
        N: a bare CR or LF stands in the message
        A: transaction whole a\\r
        N: a bare CR or LF stands in the message
        A: transaction chunk x
        N: CHUNKING was not offered
        A: to RCPT TO:<u@mx.example> NOTIFY=NEVER
        A: transaction whole x
        N: the extension of a parameter of RCPT was not offered
        A: envelope MAIL FROM:<a@b.example> RET=FULL
        A: to RCPT TO:<u@mx.example>
        A: transaction whole x
        N: the extension of a parameter of MAIL was not offered
        A: MAIL FROM:<a@b.example>
        A: envelope MAIL FROM:<a@b.example>
        A: to RCPT TO:<u@mx.example>
        A: transaction whole x
        N: MAIL stands behind EHLO, outside a transaction
        C: MAIL FROM:<a@b.example>
    ",
    );
}
