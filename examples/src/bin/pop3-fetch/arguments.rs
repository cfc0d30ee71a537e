//! What can be said on the command line.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Fetches a POP3 maildrop into a Maildir, each message exactly once.
///
/// A password is never an argument, where every user of the machine could read it: name the variable of the
/// environment that holds it. Certificates are always checked.
///
/// A message appears in `new` when it is whole and on the disk. What has been fetched is noted beside it, after each
/// message: end the program where you like, and the next run goes on there.
#[derive(Debug, Parser)]
#[command(name = "pop3-fetch", version, after_help = AFTER, after_long_help = AFTER)]
pub struct Arguments {
    /// The server
    #[arg(long, value_name = "HOST:PORT", env = "POP3_FETCH_SERVER", hide_env_values = true)]
    pub server: String,
    /// Whether and how TLS comes in; without it nothing is said but with none. Default: implicit at port 995, else
    /// starttls
    #[arg(long, value_enum)]
    pub tls: Option<Tls>,
    /// Trust the authorities in this PEM file, and no others
    #[arg(long, value_name = "FILE", env = "POP3_FETCH_CA", hide_env_values = true)]
    pub ca: Option<PathBuf>,
    /// The name in the server's certificate, if it is not HOST
    #[arg(long, value_name = "NAME")]
    pub tls_name: Option<String>,
    /// A certificate of the client's own and those that lead to its authority, PEM: for --auth EXTERNAL
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key to it, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Log in as this user
    #[arg(long, value_name = "NAME", env = "POP3_FETCH_USER", hide_env_values = true)]
    pub user: String,
    /// The variable with the password; if none is named, POP3_FETCH_PASSWORD
    #[arg(long, value_name = "VAR", conflicts_with = "token_env")]
    pub password_env: Option<String>,
    /// The variable with the bearer token
    #[arg(long, value_name = "VAR")]
    pub token_env: Option<String>,
    /// The SASL mechanism, or APOP, or USER; auto: the strongest SASL mechanism that fits, else APOP, else USER
    /// behind TLS. EXTERNAL and ANONYMOUS need no password
    #[arg(long, value_name = "MECH", default_value = "auto")]
    pub auth: String,
    /// Say the password or token without TLS, too: everybody on the way can read it
    #[arg(long)]
    pub dangerous_plaintext_auth: bool,
    /// Where messages go; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub maildir: PathBuf,
    /// Where it is noted what has been fetched; else in DIR, by server and user
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// What the account is called there; else by user and server. For a server whose address is not always the same
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Delete messages at the server once they are here
    #[arg(long, conflicts_with = "delete_after")]
    pub delete: bool,
    /// Delete messages at the server that have been here for so many days
    #[arg(long, value_name = "DAYS")]
    pub delete_after: Option<u32>,
    /// Show the dialogue on standard error
    #[arg(long)]
    pub transcript: bool,
    /// Say what came of it as one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// Whether and how TLS comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tls {
    None,
    Starttls,
    Implicit,
}

const AFTER: &str = "\
Exit codes (sysexits.h):
   0 EX_OK           all that is new is in the Maildir
  64 EX_USAGE        the arguments are wrong
  68 EX_NOHOST       there is no host of this name
  69 EX_UNAVAILABLE  refused for good: a message, a command, a certificate that is not trusted
  70 EX_SOFTWARE     a mistake of the program
  71 EX_OSERR        the system gives no socket, thread or randomness
  74 EX_IOERR        the Maildir cannot be written
  75 EX_TEMPFAIL     try again later: no connection, it broke, another one has the maildrop
  76 EX_PROTOCOL     what the server says is no POP3
  77 EX_NOPERM       the login failed
  78 EX_CONFIG       a variable or file that was named cannot be used";
