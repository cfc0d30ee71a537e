//! BDAT. RFC 3030 §2; in LMTP RFC 2033 §4.3.

use crate::client;
use mailwire_smtp::client::Protocol;

const HELLO: &str = "
    S: 220 mx.example ESMTP
    E: greeting 220 mx.example ESMTP
    A: EHLO me.example
    C: EHLO me.example
    S: 250-mx.example
    S: 250-PIPELINING
    S: 250-BINARYMIME
    S: 250 CHUNKING
    E: ehlo: mx.example offers PIPELINING, BINARYMIME, CHUNKING
";

fn chunking(script: &str) {
    client(|_| (), &[HELLO, script].concat());
}

#[test]
fn a_transaction_in_one_go() {
    // §4.2; raw octets, no dots doubled, no line end added
    chunking(
        "
        A: MAIL FROM:<a@b.example> BODY=BINARYMIME
        A: RCPT TO:<u@mx.example>
        A: RCPT TO:<v@mx.example>
        A: BDAT 6
        A: send .\\r\\n\\x00
        A: send .\\n
        A: finish
        A: BDAT 3
        A: send ...
        A: finish
        A: BDAT 0 LAST
        A: finish
        C: MAIL FROM:<a@b.example> BODY=BINARYMIME
        C: RCPT TO:<u@mx.example>
        C: RCPT TO:<v@mx.example>
        C: BDAT 6
        C: .\\r\\n\\x00.\\n\\
        C: BDAT 3
        C: ...\\
        C: BDAT 0 LAST
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 550 no
        E: rcpt: 550 no
        S: 250 6 octets
        E: bdat: 250 6 octets
        S: 250 3 octets
        E: bdat: 250 3 octets
        S: 250 queued
        E: bdat: accepted: 250 queued
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ",
    );
}

#[test]
fn the_count_is_kept() {
    // §2: \"Correct byte counting is essential\"
    chunking(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: BDAT 5 LAST
        A: send 123456
        N: the chunk was announced smaller
        A: finish
        N: octets of the chunk are missing
        A: send 123
        A: finish
        N: octets of the chunk are missing
        A: send 456
        N: the chunk was announced smaller
        A: send 45
        A: send 6
        N: the chunk was announced smaller
        A: finish
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: BDAT 5 LAST
        C: 12345\\
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 250 queued
        E: bdat: accepted: 250 queued
    ",
    );
}

#[test]
fn a_chunk_that_is_given_up_ends_the_connection() {
    chunking(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: BDAT 5 LAST
        A: send 12
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: BDAT 5 LAST
        C: 12\\
        A: abort
        E: mail: dropped
        E: rcpt: dropped
        E: bdat: dropped
        E: closed: given up inside a body
    ",
    );
}

#[test]
fn behind_a_chunk_that_was_refused_only_reset_helps() {
    // §2; chunks in flight are answered each
    chunking(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: BDAT 1
        A: send a
        A: finish
        A: BDAT 1
        A: send b
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: BDAT 1
        C: aBDAT 1
        C: b\\
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 452 4.3.1 full
        E: bdat: 452 4.3.1 full
        # What was announced is finished.
        A: finish
        A: BDAT 1 LAST
        N: a chunk was refused: RSET first (RFC 3030 §2)
        S: 503 5.5.1 no
        E: bdat: 503 5.5.1 no
        A: BDAT 1 LAST
        N: a chunk was refused: RSET first (RFC 3030 §2)
        A: MAIL FROM:<a@b.example>
        N: a chunk was refused: RSET first (RFC 3030 §2)
        A: RSET
        A: MAIL FROM:<a@b.example>
        C: RSET
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        E: rset: 250 ok
        S: 250 ok
        E: mail: 250 ok
    ",
    );
    // Reset has been said before the refusal is known.
    chunking(
        "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: BDAT 1 LAST
        A: send a
        A: finish
        A: MAIL FROM:<a@b.example>
        N: if the last chunk is refused, this would belong to the old transaction: wait for its answer
        A: RSET
        A: MAIL FROM:<c@d.example>
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: BDAT 1 LAST
        C: aRSET
        C: MAIL FROM:<c@d.example>
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 451 no
        E: bdat: not accepted: 451 no
        S: 250 ok
        E: rset: 250 ok
        S: 250 ok
        E: mail: 250 ok
        A: RCPT TO:<u@mx.example>
        C: RCPT TO:<u@mx.example>
    ",
    );
}

#[test]
fn data_and_chunks_do_not_mix() {
    // §2, §3
    chunking(
        "
        A: BDAT 1
        N: RCPT first
        A: MAIL FROM:<a@b.example> BODY=BINARYMIME
        A: BDAT 1
        N: RCPT first
        A: RCPT TO:<u@mx.example>
        A: DATA
        N: BODY=BINARYMIME goes by BDAT alone (RFC 3030 §3)
        A: RSET
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: BDAT 1
        A: send a
        A: BDAT 1
        N: what was queued before has not left yet: wait for the answers, finish the body
        A: finish
        A: DATA
        N: behind BDAT no DATA (RFC 3030 §2)
        A: RCPT TO:<v@mx.example>
        N: MAIL first
        A: BDAT 1 LAST
        A: send b
        A: finish
        A: BDAT 1 LAST
        N: RCPT first
        C: MAIL FROM:<a@b.example> BODY=BINARYMIME
        C: RCPT TO:<u@mx.example>
        C: RSET
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        C: BDAT 1
        C: aBDAT 1 LAST
        C: b\\
    ",
    );
}

#[test]
fn nothing_is_sent_that_was_not_offered() {
    client(
        |_| (),
        &[
            crate::OFFER,
            "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        A: BDAT 1
        N: CHUNKING was not offered
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
    ",
        ]
        .concat(),
    );
}

#[test]
fn without_pipelining_each_waits_for_its_answer() {
    // RFC 2920 §3.1
    client(
        |_| (),
        "
        S: 220 mx
        E: greeting 220 mx
        A: EHLO me.example
        C: EHLO me.example
        S: 250-mx.example
        S: 250 CHUNKING
        E: ehlo: mx.example offers CHUNKING
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
        S: 250 ok
        E: mail: 250 ok
        A: RCPT TO:<u@mx.example>
        C: RCPT TO:<u@mx.example>
        A: BDAT 1
        N: what was queued before has not left yet: wait for the answers, finish the body
        S: 250 ok
        E: rcpt: 250 ok
        A: BDAT 1
        A: send a
        A: finish
        C: BDAT 1
        C: a\\
        A: BDAT 1 LAST
        N: what was queued before has not left yet: wait for the answers, finish the body
        A: QUIT
        S: 250 ok
        E: bdat: 250 ok
        C: QUIT
    ",
    );
}

#[test]
fn an_answer_before_the_octets_is_none() {
    // §2: the octets are read before it is sent
    for (reply, events) in [
        ("552 too much", "E: bdat: 552 too much"),
        ("250 ok", "E: unsolicited 250 ok\n        E: bdat: dropped"),
    ] {
        chunking(&format!(
            "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<u@mx.example>
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<u@mx.example>
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        A: BDAT 2
        A: send a
        C: BDAT 2
        C: a\\
        S: {reply}
        {events}
        E: closed: the server answered before the end of the message
    "
        ));
    }
}

#[test]
fn lmtp_answers_the_last_chunk_for_each_recipient() {
    // RFC 2033 §4.3
    let lmtp = HELLO.replace("EHLO", "LHLO").replace("ehlo", "lhlo");
    client(
        |config| config.protocol = Protocol::Lmtp,
        &[
            &lmtp,
            "
        A: MAIL FROM:<a@b.example>
        A: RCPT TO:<one@mx.example>
        A: RCPT TO:<two@mx.example>
        A: RCPT TO:<three@mx.example>
        A: BDAT 1 LAST
        N: the last chunk has an answer for each recipient: wait who they are (RFC 2033 §4.3)
        A: BDAT 1
        A: send a
        A: finish
        C: MAIL FROM:<a@b.example>
        C: RCPT TO:<one@mx.example>
        C: RCPT TO:<two@mx.example>
        C: RCPT TO:<three@mx.example>
        C: BDAT 1
        C: a\\
        S: 250 ok
        E: mail: 250 ok
        S: 250 ok
        E: rcpt: 250 ok
        S: 550 no
        E: rcpt: 550 no
        S: 250 ok
        E: rcpt: 250 ok
        S: 250 1 octet
        E: bdat: 250 1 octet
        A: BDAT 1 LAST
        A: send b
        A: finish
        C: BDAT 1 LAST
        C: b\\
        S: 250 one
        E: recipient 0: 250 one
        S: 452 three
        E: recipient 1: 452 three
        E: bdat: not accepted: 250 one; 452 three
        A: MAIL FROM:<a@b.example>
        C: MAIL FROM:<a@b.example>
    ",
        ]
        .concat(),
    );
}
