//! Attacks, quirks and recorded sessions, and the examples of the RFCs.
#![cfg(all(feature = "testing", feature = "sasl"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

#[macro_use]
#[path = "../../../mail-core/tests/corpus/harness.rs"]
mod harness;

mod app;
mod examples;
mod settings;
mod values;

struct Smtp;

corpus! {
    Smtp:
    attacks_with_chunks = "attacks/bdat.txt";
    attacks_seen_in_the_wild = "attacks/cve-replay.txt";
    downgrades = "attacks/downgrade.txt";
    long_lines = "attacks/line-length.txt";
    pipelined_attacks = "attacks/pipelining.txt";
    growth_by_cuts = "attacks/quadratic.txt";
    attacks_on_auth = "attacks/sasl.txt";
    secrets = "attacks/secrets.txt";
    smuggling = "attacks/smtp-smuggling.txt";
    attacks_on_starttls = "attacks/starttls.txt";
    broken_utf8 = "attacks/utf8.txt";
    quirks_of_clients = "quirks/smtp-client.txt";
    quirks_of_servers = "quirks/smtp-server.txt";
    what_clients_said = "sessions/server.txt";
    what_servers_said = "sessions/client.txt";
}
