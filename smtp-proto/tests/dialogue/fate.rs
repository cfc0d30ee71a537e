//! What is told of each recipient when a transaction goes wrong in the middle. RFC 5321 §3.3, §4.2.5; RFC 2033 §4.2.

use crate::{
    client,
    transaction::{ENVELOPE, hello, with},
};
use mailwire_core::{Connection, Next};
use mailwire_smtp::{
    Mail, Rcpt,
    address::Mailbox,
    client::{Client, Config, Envelope, Event, Fate, Message, Outcome, Protocol},
};
use std::sync::Arc;

#[test]
fn an_end_in_the_middle_of_the_answers_takes_none_back() {
    // LMTP: RFC 2033 §4.2, RFC 5321 §3.8. Who was told yes has it; a second try would be a second copy.
    let lmtp = |script: &str| {
        let script = [&hello("LHLO", &["PIPELINING"]), ENVELOPE, script].concat();
        client(|config| config.protocol = Protocol::Lmtp, &script);
    };
    let begin = "
        A: transaction whole x
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
        C: x
        C: .
    ";
    lmtp(
        &[
            begin,
            "
        S: 250 one
        S: 421 two, and bye
        E: sent: accepted 250 one; refused 421 two, and bye; unknown
        E: closed clean
    ",
        ]
        .concat(),
    );
    let script = "
        A: transaction chunk x
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        S: 250 ok
        S: 250 one
        S: 250 two
        S: 250 three
        C: BDAT 1 LAST
        C: x\\
        S: 250 one
        S: 421 two, and bye
        E: sent: accepted 250 one; refused 421 two, and bye; unknown
        E: closed clean
    ";
    let script = [&hello("LHLO", &["PIPELINING", "CHUNKING"]), ENVELOPE, script].concat();
    client(|config| config.protocol = Protocol::Lmtp, &script);
    lmtp(
        &[
            begin,
            "
        S: 421 bye
        E: sent: refused 421 bye; refused 421 bye; refused 421 bye
        E: closed clean
    ",
        ]
        .concat(),
    );
}

#[test]
fn with_prdr_nobody_has_it_before_the_message_is_accepted() {
    // Exim's PRDR: the answer behind those to the recipients decides
    let begin = "
        A: envelope MAIL FROM:<a@b.example> PRDR
        A: to RCPT TO:<one@mx.example>
        A: to RCPT TO:<two@mx.example>
        A: transaction whole x
        C: MAIL FROM:<a@b.example> PRDR
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: DATA
        S: 250 ok
        S: 250 one
        S: 250 two
        S: 354 go
        C: x
        C: .
        S: 353 each
        S: 250 one
    ";
    let hello = hello("EHLO", &["PIPELINING", "PRDR"]);
    for end in [
        "
        A: eof
        E: sent: unknown; unknown
        E: closed: the peer closed the connection too early
    ",
        "
        S: 250 two
        A: eof
        E: sent: unknown; unknown
        E: closed: the peer closed the connection too early
    ",
        "
        S: 421 bye
        E: sent: refused 421 bye; refused 421 bye
        E: closed clean
    ",
    ] {
        client(|_| (), &[&hello, begin, end].concat());
    }
}

#[test]
fn nothing_is_sent_to_recipients_without_a_sender() {
    // RFC 5321 §3.3: whose they are, if MAIL was refused, nobody knows; of another message, perhaps
    for (mail, fates) in [
        ("503 nested", "refused 503 nested; refused 503 nested; refused 503 nested"),
        ("what", "not sent; not sent; not sent"),
    ] {
        with(
            &["PIPELINING"],
            &format!(
                "
        A: transaction whole x
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        S: {mail}
        S: 250 one
        S: 250 two
        S: 250 three
        S: 354 go
        E: sent: {fates}
        E: closed: who gets the message is not known
    "
            ),
        );
    }
}

#[test]
fn an_answer_to_all_is_kept_once() {
    // A long reply to MAIL, once for each of many recipients, would be more than a server needs to send to fill
    // the memory of a client.
    let mut client = Client::new(Config::default());
    client.ehlo(&"me.example".parse().unwrap()).unwrap();
    client.wire_mut().receive(b"220 mx\r\n250-mx\r\n250 PIPELINING\r\n");
    while let Next::Event(_) = client.poll() {}
    let address: Mailbox = "a@b.example".parse().unwrap();
    let mut envelope = Envelope::new(Mail::new(address.clone()));
    for _ in 0..3 {
        envelope = envelope.to(Rcpt::new(address.clone()));
    }
    client.transaction(envelope, Message::whole("x")).unwrap();
    client.wire_mut().receive(b"550 no\r\n503 no\r\n503 no\r\n503 no\r\n503 no\r\n");
    let Next::Event(Event::Done(done)) = client.poll() else { panic!("no end") };
    let Outcome::Sent(sent) = done.outcome() else { panic!("no fates") };
    let [Fate::Refused(one), Fate::Refused(two), Fate::Refused(_)] = sent.fates() else {
        panic!("not refused")
    };
    assert!(Arc::ptr_eq(one, two));
}

#[test]
fn who_gets_the_last_chunk_is_known_or_it_is_not_sent() {
    // LMTP: RFC 2033 §4.3. What began is dropped.
    let script = "
        A: transaction chunk x
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        S: 250 ok
        S: 250 one
        S: what
        S: 250 three
        C: RSET
        S: 250 reset
        E: sent: not sent; not sent; not sent
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ";
    let script = [&hello("LHLO", &["PIPELINING", "CHUNKING"]), ENVELOPE, script].concat();
    client(|config| config.protocol = Protocol::Lmtp, &script);
}

#[test]
fn a_chunk_that_has_left_may_have_been_taken() {
    // RFC 3030 §4.2: the whole group leaves at once, so the message is gone before anybody is accepted.
    let group = "
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: BDAT 1 LAST
    ";
    let ended = "E: closed: the peer closed the connection too early\n";
    for (answers, fates) in [
        ("", "unknown; unknown; unknown"),
        ("        S: 250 ok\n        S: 550 one\n", "refused 550 one; unknown; unknown"),
        (
            "        S: 250 ok\n        S: 550 one\n        S: 250 two\n",
            "refused 550 one; unknown; unknown",
        ),
        ("        S: 550 no\n", "refused 550 no; refused 550 no; refused 550 no"),
    ] {
        let end = format!("        A: eof\n        E: sent: {fates}\n        {ended}");
        let begin = "        A: transaction chunk x";
        let offer = &["PIPELINING", "CHUNKING"];
        with(offer, &[begin, group, "    C: x\\\n", answers, &end].concat());
        // Octets of it are missing: nobody has got it.
        let (begin, fates) =
            ("        A: transaction counted 1", fates.replace("unknown", "not sent"));
        let end = format!("        A: eof\n        E: sent: {fates}\n        {ended}");
        with(offer, &[begin, group, "    E: body ready\n", answers, &end].concat());
    }
}

#[test]
fn each_transaction_has_its_own_fate_when_the_connection_ends() {
    // RFC 2920 §3.1: both messages have left.
    with(
        &["PIPELINING", "CHUNKING"],
        "
        A: transaction streamed
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        S: 250 ok
        S: 250 one
        S: 550 two
        S: 250 three
        S: 354 go
        E: body ready
        A: send x
        A: finish
        C: x
        C: .
        A: transaction counted 1
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: BDAT 1 LAST
        E: body ready
        A: send y
        A: finish
        C: y\\
        A: eof
        E: sent: unknown; refused 550 two; unknown
        E: sent: unknown; unknown; unknown
        E: closed: the peer closed the connection too early
    ",
    );
}

#[test]
fn what_was_no_reply_to_mail_does_not_hide_what_became_of_a_chunk() {
    // It has left already, RFC 3030 §4.2; the server goes on, and takes it over.
    let group = "
        A: transaction chunk x
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: BDAT 1 LAST
        C: x\\
        S: what?
    ";
    let taken = "
        S: 250 one
        S: 550 two
        S: 250 three
        S: 250 queued
        E: sent: accepted 250 queued; refused 550 two; accepted 250 queued
    ";
    with(&["PIPELINING", "CHUNKING"], &[group, taken].concat());
    // It does not: there was no transaction.
    let refused = "
        S: 503 one
        S: 503 two
        S: 503 three
        S: 503 no
        C: RSET
        S: 250 ok
        E: sent: refused 503 one; refused 503 two; refused 503 three
    ";
    with(&["PIPELINING", "CHUNKING"], &[group, refused].concat());
}

#[test]
fn who_wants_to_hears_of_each_command() {
    let script = "
        A: transaction streamed
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 250 one
        E: rcpt: 250 one
        S: 550 two
        E: rcpt: 550 two
        S: what?
        E: rcpt: malformed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"what?\\r\\n\"
        S: 421 closing
        E: data: 421 closing
        E: sent: refused 421 closing; refused 550 two; unknown
        E: closed clean
    ";
    let script = [&hello("EHLO", &["PIPELINING"]), ENVELOPE, script].concat();
    client(|config| config.each_command = true, &script);
    // RFC 2033 §4.2
    let script = "
        A: transaction streamed
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 250 one
        E: rcpt: 250 one
        S: 550 two
        E: rcpt: 550 two
        S: 250 three
        E: rcpt: 250 three
        S: 354 go
        E: body ready
        A: finish
        C: .
        S: 250 one
        E: recipient 0: 250 one
        S: 452 three
        E: recipient 1: 452 three
        E: data: not accepted: 250 one; 452 three
        E: sent: accepted 250 one; refused 550 two; refused 452 three
    ";
    let script = [&hello("LHLO", &["PIPELINING"]), ENVELOPE, script].concat();
    let lmtp = |config: &mut mailwire_smtp::client::Config| {
        (config.protocol, config.each_command) = (Protocol::Lmtp, true);
    };
    client(lmtp, &script);
}
