//! Groups of commands. RFC 2920 §3.

use crate::{client, offered, transaction};

#[test]
fn several_in_flight_and_what_is_held_back() {
    // §3.1
    offered(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: RCPT TO:<v@mx.example>
        A: DATA
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: RCPT TO:<v@mx.example>
        C: DATA
        # QUIT waits for the message.
        A: QUIT
        S: 250 ok
        E: mail: 250 ok
        S: 550 no
        E: rcpt: 550 no
        S: 250 ok
        E: rcpt: 250 ok
        S: 354 go
        E: body ready
        A: send x\\r\\n
        C: x
        A: finish
        C: .
        C: QUIT
        S: 250 queued
        E: data: accepted: 250 queued
        S: 221 bye
        E: quit: 221 bye
        E: closed clean
    ",
    );
}

#[test]
fn nothing_is_pipelined_where_it_was_not_offered() {
    client(
        |_| (),
        "
        S: 220 mx
        E: greeting 220 mx
        A: EHLO me.example
        C: EHLO me.example
        S: 250 mx.example
        E: ehlo: mx.example
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        E: mail: 250 ok
        C: RCPT TO:<u@mx.example>
        S: 250 ok
        E: rcpt: 250 ok
    ",
    );
}

#[test]
fn go_ahead_without_a_recipient_gets_a_lone_dot() {
    // §3.1
    offered(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: DATA
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 550 no
        E: rcpt: 550 no
        S: 354 go
        C: .
        S: 554 no valid recipients
        E: data: not accepted: 554 no valid recipients
        A: NOOP
        C: NOOP
    ",
    );
}

#[test]
fn what_was_offered_is_known_only_behind_the_answer() {
    client(
        |_| (),
        "
        A: EHLO me.example
        A: MAIL FROM:<a@b.example>
        N: wait for the answer to the hello: it says what is offered
        S: 220 mx
        E: greeting 220 mx
        C: EHLO me.example
    ",
    );
}

#[test]
fn a_server_answers_a_group_in_order() {
    transaction(
        "
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
        E: mail <a@b.example>
        A: accept
        S: 250 2.1.0 Sender ok
        E: rcpt <u@mx.example>
        A: accept
        S: 250 2.1.5 Recipient ok
        E: data
        A: accept
        S: 354 Start mail input; end with <CRLF>.<CRLF>
        E: body
    ",
    );
}

#[test]
fn nothing_is_done_behind_quit() {
    transaction(
        "
        C: QUIT
        C: MAIL FROM:<a@b.example>
        E: quit
        S: 221 2.0.0 Bye
        E: closed clean
    ",
    );
}

#[test]
fn no_more_is_unanswered_than_a_window_holds() {
    // RFC 2920 §3.1: the peer's TCP window may hold no more, and it may be sending, too
    use bytes::Buf;
    use mailwire_core::{Connection, Next};
    use mailwire_smtp::client::{Client, Config};

    let mut session = Client::new(Config::default());
    let hear = |session: &mut Client, octets: &[u8]| {
        session.wire_mut().receive(octets);
        while let Next::Event(_) = session.poll() {}
        let output = session.wire_mut().output();
        let n = output.remaining();
        output.advance(n);
        n
    };
    hear(&mut session, b"220 mx\r\n");
    session.ehlo(&"me.example".parse().unwrap()).unwrap();
    hear(&mut session, b"");
    hear(&mut session, b"250-mx\r\n250 PIPELINING\r\n");
    let mailbox = format!("{}@mx.example", "x".repeat(60));
    let mailbox: mailwire_smtp::address::Mailbox = mailbox.parse().unwrap();
    session.mail(mailwire_smtp::Mail::new(mailbox.clone())).unwrap();
    let line = "RCPT TO:<>\r\n".len() + 71;
    let all = "MAIL FROM:<>\r\n".len() + 71 + 500 * line;
    for _ in 0..500 {
        session.rcpt(mailwire_smtp::Rcpt::new(mailbox.clone())).unwrap();
    }
    let first = hear(&mut session, b"");
    assert!((16 * 1024..16 * 1024 + 2 * line).contains(&first), "{first}");
    let mut left = first;
    let mut groups = 1;
    while session.in_flight() > 0 {
        let more = hear(&mut session, b"250 ok\r\n");
        assert!(more <= first);
        groups += usize::from(more > 0);
        left += more;
    }
    assert_eq!((left, groups), (all, 3));
}

#[test]
fn a_reply_that_came_before_its_command_is_no_answer() {
    // RFC 5321 §4.2: one reply to one command; a surplus one must not shift all that follow
    use mailwire_core::{Connection, Next};
    use mailwire_smtp::client::{Client, Config, Event};

    let mut session = Client::new(Config::default());
    session.wire_mut().receive(b"220 mx\r\n250 surplus\r\n25");
    assert!(matches!(session.poll(), Next::Event(Event::Greeting(_))));
    let noop = session.noop().unwrap();
    let surplus =
        |session: &mut Client| matches!(session.poll(), Next::Event(Event::Unsolicited(_)));
    assert!(surplus(&mut session));
    // This one began before, too.
    session.wire_mut().receive(b"0 half\r\n");
    assert!(surplus(&mut session));
    session.wire_mut().receive(b"250 answer\r\n");
    let Next::Event(Event::Done(done)) = session.poll() else { panic!("no answer") };
    assert_eq!(done.get(noop).unwrap().unwrap().to_string(), "250 answer");
}

#[test]
fn whether_there_is_a_recipient_is_not_known() {
    // RFC 2920 §3.1: the lone dot is for a transaction that has none. This one may have.
    offered(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: DATA
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 2%0 ok
        E: rcpt: malformed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"2%0 ok\\r\\n\"
        S: 354 go
        E: data: dropped
        E: closed: who gets the message is not known
    ",
    );
}

#[test]
fn without_pipelining_nothing_follows_a_message_before_its_answer() {
    // RFC 5321 §4.1.1.4, RFC 2920 §3.1
    client(
        |_| (),
        "
        S: 220 mx
        E: greeting 220 mx
        A: EHLO me.example
        C: EHLO me.example
        S: 250 mx.example
        E: ehlo: mx.example
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: DATA
        A: QUIT
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        E: mail: 250 ok
        C: RCPT TO:<u@mx.example>
        S: 250 ok
        E: rcpt: 250 ok
        C: DATA
        S: 354 go
        E: body ready
        A: send x\\r\\n
        A: finish
        C: x
        C: .
        S: 250 queued
        E: data: accepted: 250 queued
        C: QUIT
    ",
    );
}

#[test]
fn a_transaction_behind_a_refused_message_does_not_join_it() {
    // RFC 5321 §3.3: refused DATA leaves the transaction open, and MAIL inside it is refused: the recipients of
    // the first would get the second message.
    offered(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: DATA
        A: NOOP
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
        A: MAIL FROM:<c@b.example>
        A: RCPT TO:<v@mx.example>
        A: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 451 later
        C: RSET
        E: data: 451 later
        S: 250 ok
        C: NOOP
        S: 250 ok
        E: noop: 250 ok
        C: MAIL FROM:<c@b.example>
        C: RCPT TO:<v@mx.example>
        C: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 354 go
        E: body ready
    ",
    );
}

#[test]
fn nothing_but_a_message_is_wanted_behind_data() {
    // RFC 5321 §4.1.1.4: a 3yz that has another meaning says that what comes next is taken for something else
    // (334: RFC 4954 §4; 355: RFC 1845 §3).
    for reply in ["334 VGV4dA==", "353 one for each", "355 100 go on"] {
        offered(&format!(
            "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: DATA
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: {reply}
        E: unsolicited {reply}
        E: data: dropped
        E: closed: the server wants something else than a message behind DATA
    "
        ));
    }
}

#[test]
fn behind_data_a_code_that_is_not_known_counts_by_its_first_digit() {
    // RFC 5321 §4.2: "MUST do so by interpreting the first digit only"
    for reply in ["350 go", "300", "399 go"] {
        offered(&format!(
            "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: DATA
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: {reply}
        E: body ready
        A: send hi\\r\\n
        A: finish
        C: hi
        C: .
        S: 250 2.0.0 queued
        E: data: accepted: 250 2.0.0 queued
    "
        ));
    }
}

#[test]
fn what_the_session_says_by_itself_is_answered_by_what_comes_behind_its_cause() {
    // However the octets come: the server may know what will be said, as of RSET behind a refused DATA.
    offered(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: DATA
        A: MAIL FROM:<c@b.example>
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: DATA
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 451 later
        S: 250 reset
        E: data: 451 later
        C: RSET
        C: MAIL FROM:<c@b.example>
    ",
    );
    client(
        |_| (),
        "
        S: 220 mx
        E: greeting 220 mx
        A: hello me.example
        C: EHLO me.example
        S: 502 what?
        S: 250 mx
        C: HELO me.example
        E: helo: mx
    ",
    );
}

#[test]
fn a_reset_whose_answer_is_none_is_not_trusted() {
    // RFC 5321 §4.1.1.5: what is in flight behind it would be for the recipients of another message
    offered(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        A: RSET
        A: MAIL FROM:<c@b.example>
        A: RCPT TO:<v@mx.example>
        C: RSET
        C: MAIL FROM:<c@b.example>
        C: RCPT TO:<v@mx.example>
        S: what
        E: malformed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"what\\r\\n\"
        E: rset: dropped
        E: mail: dropped
        E: rcpt: dropped
        E: closed: expected Reply-code (RFC 5321 §4.2) at octet 0, found \"what\\r\\n\"
    ",
    );
}
