//! Attacks, quirks and recorded sessions, what can and cannot be made, and the examples of the RFCs.
#![cfg(all(feature = "testing", feature = "sasl"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

#[macro_use]
#[path = "../../../mail-core/tests/corpus/harness.rs"]
mod harness;

mod app;
mod examples;
mod made;
mod settings;

struct Pop3;

corpus! {
    Pop3:
    attacks_seen_in_the_wild = "attacks/cve-replay.txt";
    long_lines = "attacks/line-length.txt";
    pipelined_attacks = "attacks/pipelining.txt";
    attacks_on_maildrops = "attacks/pop3.txt";
    growth_by_cuts = "attacks/quadratic.txt";
    attacks_on_auth = "attacks/sasl.txt";
    secrets = "attacks/secrets.txt";
    attacks_on_stls = "attacks/starttls.txt";
    broken_utf8 = "attacks/utf8.txt";
    quirks_of_clients = "quirks/pop3-client.txt";
    quirks_of_servers = "quirks/pop3-server.txt";
    what_clients_said = "sessions/server.txt";
    what_servers_said = "sessions/client.txt";
}
