//! CHECKPOINT: a transaction that was broken off is taken up again. RFC 1845.

use crate::client;
use mailwire_core::dot::LineEnds;
use mailwire_smtp::client::{Config, Protocol};

/// A client changed by `change`, behind EHLO where CHECKPOINT and all that goes with it is offered.
fn checkpoint(change: impl Fn(&mut Config), script: &str) {
    let hello = "
        S: 220 dbc.mtview.ca.us SMTP service ready
        E: greeting 220 dbc.mtview.ca.us SMTP service ready
        A: EHLO ymir.claremont.edu
        C: EHLO ymir.claremont.edu
        S: 250-dbc.mtview.ca.us says hello
        S: 250-PIPELINING
        S: 250-CHUNKING
        S: 250-PRDR
        S: 250 CHECKPOINT
        E: ehlo: dbc.mtview.ca.us offers PIPELINING, CHUNKING, PRDR, CHECKPOINT
    ";
    client(change, &[hello, script].concat());
}

#[test]
fn the_rest_of_the_message_follows_355() {
    // §4, §5
    checkpoint(
        |_| (),
        "
        A: MAIL FROM:<ned@ymir.claremont.edu> TRANSID=<12345@claremont.edu>
        C: MAIL FROM:<ned@ymir.claremont.edu> TRANSID=<12345@claremont.edu>
        A: RCPT TO:<mrose@dbc.mtview.ca.us>
        N: wait for the answer: the transaction may be taken up again (RFC 1845 §3)
        S: 355 6135 is the transaction offset
        E: mail: resumed at 6135: 355 6135 is the transaction offset
        A: DATA
        C: DATA
        S: 354 Send previously checkpointed message starting at octet 6135
        E: body ready from 6135
        A: send .rest\\r\\n
        A: finish
        C: ..rest
        C: .
        S: 250 OK
        E: data: accepted: 250 OK
        A: MAIL FROM:<ned@ymir.claremont.edu>
        C: MAIL FROM:<ned@ymir.claremont.edu>
        A: RCPT TO:<mrose@dbc.mtview.ca.us>
        C: RCPT TO:<mrose@dbc.mtview.ca.us>
        A: DATA
        C: DATA
        S: 250 ok
        S: 250 ok
        S: 354 go
        E: mail: 250 ok
        E: rcpt: 250 ok
        E: body ready
    ",
    );
}

#[test]
fn a_transaction_that_is_new_goes_on_with_its_recipients() {
    // §5, the first session
    checkpoint(
        |_| (),
        "
        A: MAIL FROM:<ned@ymir.claremont.edu> TRANSID=<12345@claremont.edu>
        C: MAIL FROM:<ned@ymir.claremont.edu> TRANSID=<12345@claremont.edu>
        S: 250 <ned@ymir.claremont.edu>... Sender and TRANSID ok
        E: mail: 250 <ned@ymir.claremont.edu>... Sender and TRANSID ok
        A: DATA
        N: RCPT first
        A: RCPT TO:<mrose@dbc.mtview.ca.us>
        A: DATA
        C: RCPT TO:<mrose@dbc.mtview.ca.us>
        C: DATA
        S: 250 ok
        E: rcpt: 250 ok
        S: 354 go
        E: body ready
    ",
    );
}

#[test]
fn chunks_go_on_from_any_octet() {
    // §3: by DATA the offset is a line's, by others any
    checkpoint(
        |_| (),
        "
        A: MAIL FROM:<a@b.example> TRANSID=<1@b.example>
        C: MAIL FROM:<a@b.example> TRANSID=<1@b.example>
        S: 355 3 octets are here
        E: mail: resumed at 3: 355 3 octets are here
        A: BDAT 2 LAST
        C: BDAT 2 LAST
        A: send de
        A: finish
        C: de\\
        S: 250 ok
        E: bdat: accepted: 250 ok
    ",
    );
}

#[test]
fn another_answer_is_none() {
    // 355 to whom has not asked, or without a number
    checkpoint(
        |_| (),
        "
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
        S: 355 7 octets
        E: mail: 355 7 octets
        A: DATA
        N: RCPT first
        A: MAIL FROM:<a@b.example> TRANSID=<1@b.example>
        C: MAIL FROM:<a@b.example> TRANSID=<1@b.example>
        S: 355 all of it
        E: mail: 355 all of it
        A: DATA
        N: RCPT first
        A: MAIL FROM:<a@b.example> TRANSID=<1@b.example>
        C: MAIL FROM:<a@b.example> TRANSID=<1@b.example>
        S: 355 7
        E: mail: resumed at 7: 355 7
        A: RSET
        C: RSET
        S: 250 ok
        E: rset: 250 ok
        A: DATA
        N: RCPT first
    ",
    );
}

#[test]
fn where_each_recipient_has_an_answer_nobody_knows_how_many() {
    let why = "with TRANSID nobody knows how many answers LMTP or PRDR would have (RFC 1845)";
    checkpoint(|_| (), &format!("A: MAIL FROM:<a@b.example> TRANSID=<1@b.example> PRDR\nN: {why}"));
    client(
        |config| config.protocol = Protocol::Lmtp,
        &format!(
            "
        S: 220 mx
        E: greeting 220 mx
        A: LHLO me.example
        C: LHLO me.example
        S: 250-mx
        S: 250 CHECKPOINT
        E: lhlo: mx offers CHECKPOINT
        A: MAIL FROM:<a@b.example> TRANSID=<1@b.example>
        N: {why}
    "
        ),
    );
}

/// Envelope, MAIL and its answer; then what the session does with this message.
fn transaction(line_ends: LineEnds, message: &str, offset: u64, behind: &str) {
    checkpoint(
        |config| config.line_ends = line_ends,
        &format!(
            "
        A: envelope MAIL FROM:<a@b.example> TRANSID=<1@b.example>
        A: to RCPT TO:<one@mx.example>
        A: to RCPT TO:<two@mx.example>
        A: transaction {message}
        C: MAIL FROM:<a@b.example> TRANSID=<1@b.example>
        S: 355 {offset}
        {behind}
    "
        ),
    );
}

#[test]
fn a_whole_transaction_leaves_out_what_is_there() {
    let data = |rest: &str| {
        format!(
            "
        C: DATA
        S: 354 go
        {rest}
        C: .
        S: 250 ok
        E: sent: accepted 250 ok; accepted 250 ok
    "
        )
    };
    let reset = "
        C: RSET
        S: 250 ok
        E: sent: not sent; not sent
    ";
    for (message, offset, behind) in [
        ("whole one\\r\\n.two\\r\\n", 0, data("C: one\nC: ..two")),
        ("whole one\\r\\n.two\\r\\n", 5, data("C: ..two")),
        // Dots that were doubled do not count (§3).
        ("whole .one\\r\\ntwo\\r\\n", 6, data("C: two")),
        ("whole one\\r\\n", 5, data("")),
        // The session ends the last line.
        ("whole one", 5, data("")),
        // No line begins there; it has not so much.
        ("whole one\\r\\ntwo\\r\\n", 4, reset.to_string()),
        ("whole one\\r\\ntwo\\r\\n", 3, reset.to_string()),
        ("whole one", 3, reset.to_string()),
        ("whole one\\r\\n", 7, reset.to_string()),
        ("whole one\\r\\n", u64::MAX, reset.to_string()),
        ("chunk abc", 4, reset.to_string()),
        ("counted 3", 4, reset.to_string()),
    ] {
        transaction(LineEnds::Reject, message, offset, &behind);
    }
    // The canonical form counts (§3).
    for (message, offset, behind) in [
        ("whole one\\ntwo\\n", 5, data("C: two")),
        ("whole one\\ntwo\\n", 4, reset.to_string()),
        ("whole one\\rtwo", 5, data("C: two")),
        ("whole one\\r\\ntwo", 5, data("C: two")),
        ("whole one\\ntwo\\n", 10, data("")),
        ("whole one\\ntwo", 10, data("")),
        ("whole one\\ntwo", 9, reset.to_string()),
        ("whole one\\ntwo\\n", 12, reset.to_string()),
        ("whole one\\n\\n\\n", 7, data("C: ")),
    ] {
        transaction(LineEnds::Normalize, message, offset, &behind);
    }
    let chunk = |size: &str, rest: &str| {
        format!(
            "
        C: BDAT {size} LAST
        {rest}
        S: 250 ok
        E: sent: accepted 250 ok; accepted 250 ok
    "
        )
    };
    for (message, offset, behind) in [
        ("chunk a\\nbc", 2, chunk("2", "C: bc\\")),
        ("chunk abc", 3, chunk("0", "")),
        ("counted 4", 1, chunk("3", "E: body ready from 1\nA: send bcd\nA: finish\nC: bcd\\")),
    ] {
        transaction(LineEnds::Reject, message, offset, &behind);
    }
    transaction(
        LineEnds::Reject,
        "streamed",
        9,
        &data("E: body ready from 9\nA: send rest\\r\\n\nA: finish\nC: rest"),
    );
}

#[test]
fn a_whole_transaction_that_is_new_waits_for_the_answer_to_mail() {
    checkpoint(
        |_| (),
        "
        A: envelope MAIL FROM:<a@b.example> TRANSID=<1@b.example>
        A: to RCPT TO:<one@mx.example>
        A: transaction whole x
        C: MAIL FROM:<a@b.example> TRANSID=<1@b.example>
        S: 250 ok
        C: RCPT TO:<one@mx.example>
        C: DATA
        S: 250 ok
        S: 354 go
        C: x
        C: .
        S: 250 ok
        E: sent: accepted 250 ok
    ",
    );
}
