//! The tour as a newcomer runs it.

use std::process::{Command, Output};

fn tour(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tour"))
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn delivers_what_was_sent_and_shows_how() {
    let output = tour(&["--plain"], &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for line in [
        "Act 1: Submission",
        "Act 2: Relay",
        "Act 3: Delivery",
        "── handshake ── session initiation, RFC 5321 §3.1",
        "── transfer ── mail transactions, RFC 5321 §3.3",
        "── termination ── session termination, RFC 5321 §3.8",
        "C  STARTTLS                                                StartTls",
        "C  AUTH SCRAM-SHA-256-PLUS ***",
        "C  ***                                                     AuthResponse of",
        "S  235 2.7.0 Authentication successful                     Done AUTH: 235 2.7.0",
        "C  ..hidden, a line that begins with a dot",
        "Recipient 1 of DATA: 250 2.0.0",
        "Return-Path: <ada@example.org>",
        " by submission.example.org with\n",
        "ESMTPSA; ",
        "Act 4: Collection",
        "── authorization ── the AUTHORIZATION state, RFC 1939 §4",
        "── transaction ── the TRANSACTION state, RFC 1939 §5",
        "── update ── the UPDATE state, RFC 1939 §6",
        "── disconnect ── the connection is closed, RFC 1939 §3",
        "C  STLS                                                    Stls",
        "C  RETR 1                                                  Retr { 1 }",
        "C  DELE 1                                                  Dele { 1 }",
        "C  QUIT                                                    Update { 1 deleted }",
        "Maildir grace: ✓ the message is gone",
        "✓ What lay in both mailboxes, and what was fetched, is what was sent, octet for octet.",
    ] {
        assert!(text.contains(line), "{line:?} is missing in\n{text}");
    }
    // TLS first: a mechanism that is bound to it is offered behind it only.
    let before = text.split("C  STARTTLS").next().unwrap();
    assert!(!before.contains("PLUS"), "{before}");
    for line in text.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn shows_no_secret_and_no_colour_where_none_is_wanted() {
    for output in [tour(&["--plain"], &[("CLICOLOR_FORCE", "1")]), tour(&[], &[("NO_COLOR", "1")])]
    {
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(!text.contains("correct horse"), "{text}");
    }
    let coloured = tour(&[], &[("CLICOLOR_FORCE", "1")]);
    assert!(String::from_utf8(coloured.stdout).unwrap().contains("\u{1b}[36m"));
}
