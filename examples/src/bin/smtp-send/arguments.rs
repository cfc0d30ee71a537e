//! What can be said on the command line: as `smtp-send`, and as `sendmail`.

use clap::{Args, CommandFactory, FromArgMatches, Parser, ValueEnum, error::ErrorKind};
use mailwire_core::InvalidValue;
use mailwire_examples::{message::Until, submit::Original};
use mailwire_smtp::{
    address::Host,
    parameter::{Envid, MailParameters, Notify, Orcpt, RcptParameters, Ret},
    proxy::Xclient,
};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// How the server is to be spoken to.
#[derive(Clone, Debug, Args)]
pub struct Connection {
    /// The server
    #[arg(long, value_name = "HOST:PORT", env = "SMTP_SEND_SERVER", hide_env_values = true)]
    pub server: Option<String>,
    /// Whether and how TLS comes in; with starttls and implicit nothing is sent without it
    #[arg(
        long,
        value_enum,
        default_value = "starttls",
        env = "SMTP_SEND_TLS",
        hide_env_values = true
    )]
    pub tls: Tls,
    /// Trust the authorities in this PEM file, and no others
    #[arg(long, value_name = "FILE", env = "SMTP_SEND_CA", hide_env_values = true)]
    pub ca: Option<PathBuf>,
    /// The name in the server's certificate, if it is not HOST
    #[arg(long, value_name = "NAME", env = "SMTP_SEND_TLS_NAME", hide_env_values = true)]
    pub tls_name: Option<String>,
    /// A certificate of the client's own and those that lead to its authority, PEM: for --auth EXTERNAL
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key to it, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Log in as this user
    #[arg(long, value_name = "NAME", env = "SMTP_SEND_USER", hide_env_values = true)]
    pub user: Option<String>,
    /// The variable with the password; if none is named, SMTP_SEND_PASSWORD
    #[arg(long, value_name = "VAR", requires = "user", conflicts_with = "token_env")]
    pub password_env: Option<String>,
    /// The variable with the bearer token
    #[arg(long, value_name = "VAR", requires = "user")]
    pub token_env: Option<String>,
    /// The mechanism; auto: the strongest that is offered for the password or token. EXTERNAL and ANONYMOUS need
    /// neither, and --user is then whom to act as, or a trace
    #[arg(
        long,
        value_name = "MECH",
        default_value = "auto",
        env = "SMTP_SEND_AUTH",
        hide_env_values = true
    )]
    pub auth: String,
    /// Let PLAIN, LOGIN, OAUTHBEARER, XOAUTH2 send the secret without TLS: everybody on the way can read it
    #[arg(long, requires = "user")]
    pub dangerous_plaintext_auth: bool,
    /// Speak LMTP
    #[arg(long)]
    pub lmtp: bool,
    /// Say on whose behalf, such as 'ADDR=192.0.2.1 NAME=client.example', to a server that believes this client
    #[arg(long, value_name = "ATTRIBUTES", value_parser = xclient)]
    pub xclient: Option<Xclient>,
    /// What the client calls itself; else its address
    #[arg(long, value_name = "NAME", env = "SMTP_SEND_HELO", hide_env_values = true)]
    pub helo: Option<Host>,
}

/// Whether and how TLS comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tls {
    None,
    Starttls,
    Implicit,
}

/// What is shown.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Output {
    /// Show the dialogue on standard error
    #[arg(long)]
    pub transcript: bool,
    /// Say what came of it as one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// Sends messages over SMTP or LMTP.
///
/// A password is never an argument, where every user of the machine could read it: name the variable of the
/// environment that holds it. Certificates are always checked.
///
/// A message comes from FILE, or with `-` or none from standard input. Its lines may end with LF or CRLF; a CR
/// alone is refused. Several FILEs go to the same recipients over one connection.
#[derive(Debug, Parser)]
#[command(name = "smtp-send", version, after_help = AFTER, after_long_help = AFTER)]
struct SmtpSend {
    #[command(flatten)]
    connection: Connection,
    /// Where a bounce goes; empty: nowhere
    #[arg(long, value_name = "ADDRESS", env = "SMTP_SEND_FROM", hide_env_values = true)]
    from: Option<String>,
    /// Recipients, one or several; may be said again. A word without `@`, or that begins with `.` or `/`, is
    /// the first FILE
    #[arg(long, value_name = "ADDRESS", num_args = 1..)]
    to: Vec<String>,
    /// When a report is wanted: never, or some of success,failure,delay
    #[arg(long, value_name = "WHEN", value_parser = notify)]
    dsn: Option<Notify>,
    /// How much of the message a report returns: full or hdrs
    #[arg(long, value_name = "HOW", value_parser = ret)]
    dsn_ret: Option<Ret>,
    /// What a report calls the message
    #[arg(long, value_name = "ID", value_parser = envid)]
    dsn_envid: Option<Envid>,
    /// Whom the sender has named at first: own, which is each recipient itself, or an address in whose place they are,
    /// with its type if that is not rfc822, such as 'utf-8;jörg@mx.example'
    #[arg(long, value_name = "own|ADDRESS", value_parser = orcpt)]
    dsn_orcpt: Option<Original>,
    /// Ask that the message goes by verified TLS alone, all the way; the server must offer REQUIRETLS
    #[arg(long)]
    requiretls: bool,
    /// Send the message by BDAT, as one chunk; the server must offer CHUNKING
    #[arg(long)]
    bdat: bool,
    /// Ask for SMTPUTF8 though all addresses are ASCII: the header section is not
    #[arg(long)]
    smtputf8: bool,
    /// Show what the server offers, before and behind TLS, log in if a user is named, send nothing
    #[arg(long, conflicts_with_all = ["to", "files"])]
    probe: bool,
    #[command(flatten)]
    output: Output,
    /// Messages; `-` is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

const AFTER: &str = "\
As sendmail: called by the name sendmail, or with -t, it takes sendmail's options; see `smtp-send -t --help`.

Exit codes (sysexits.h):
   0 EX_OK           every recipient was accepted
  64 EX_USAGE        the arguments are wrong
  65 EX_DATAERR      the message cannot be sent as it is
  66 EX_NOINPUT      the message cannot be opened
  67 EX_NOUSER       a recipient was refused for good
  68 EX_NOHOST       there is no host of this name
  69 EX_UNAVAILABLE  refused for good otherwise: the message, a missing extension, a certificate not trusted
  70 EX_SOFTWARE     a mistake of this program
  71 EX_OSERR        the system gives no socket or randomness
  74 EX_IOERR        the message could not be read to its end
  75 EX_TEMPFAIL     try again later: 4yz, no connection, the connection broke
  76 EX_PROTOCOL     what the server says is no SMTP
  77 EX_NOPERM       the login failed, or 530, or X.7.Y: not allowed
  78 EX_CONFIG       a variable or file that was named cannot be used
If recipients end differently, one that was refused for good decides, and the first of these.";

/// Sends a message, as sendmail does.
///
/// Reads it from standard input and submits it to the server of the environment: SMTP_SEND_SERVER (HOST:PORT),
/// SMTP_SEND_TLS (none, starttls, implicit), SMTP_SEND_CA, SMTP_SEND_USER and SMTP_SEND_PASSWORD, SMTP_SEND_AUTH,
/// SMTP_SEND_FROM, SMTP_SEND_DOMAIN; the long options go before them.
///
/// Bcc fields are taken out; Date and Message-ID are added if they are missing, and From if there is one to name.
#[derive(Debug, Parser)]
#[command(name = "sendmail", version, disable_version_flag = true, after_help = AFTER_SENDMAIL)]
struct Sendmail {
    /// Recipients from To, Cc and Bcc, besides those on the command line
    #[arg(short = 't')]
    from_header: bool,
    /// A line with a dot alone does not end the message; so does -oi
    #[arg(short = 'i')]
    ignore_dots: bool,
    /// Where a bounce goes; else SMTP_SEND_FROM, else the address in Sender or From
    #[arg(
        short = 'f',
        visible_short_alias = 'r',
        value_name = "ADDRESS",
        env = "SMTP_SEND_FROM",
        hide_env_values = true
    )]
    from: Option<String>,
    /// The full name for a From field, if the message has none
    #[arg(short = 'F', value_name = "NAME")]
    full_name: Option<String>,
    /// When a report is wanted: never, or some of success,failure,delay
    #[arg(short = 'N', value_name = "WHEN", value_parser = notify)]
    dsn: Option<Notify>,
    /// How much of the message a report returns: full or hdrs
    #[arg(short = 'R', value_name = "HOW", value_parser = ret)]
    dsn_ret: Option<Ret>,
    /// What a report calls the message
    #[arg(short = 'V', value_name = "ID", value_parser = envid)]
    dsn_envid: Option<Envid>,
    /// 7BIT or 8BITMIME: nothing, for the message itself is looked at
    #[arg(short = 'B', value_name = "TYPE")]
    body: Option<String>,
    /// -bm, which is what it does anyway; other modes are not here
    #[arg(short = 'b', value_name = "MODE")]
    mode: Option<String>,
    /// Options of sendmail; -oi is known, the others change nothing
    #[arg(short = 'o', value_name = "OPTION")]
    options: Vec<String>,
    /// The same in long; changes nothing
    #[arg(short = 'O', value_name = "OPTION")]
    long_options: Vec<String>,
    /// How errors are told: always on standard error
    #[arg(short = 'e', value_name = "MODE")]
    errors: Option<String>,
    /// Nothing: aliases are never looked up
    #[arg(short = 'n')]
    no_alias: bool,
    /// Nothing: me too
    #[arg(short = 'm')]
    me_too: bool,
    /// Nothing: initial submission, which it is
    #[arg(short = 'U')]
    initial: bool,
    /// Show the dialogue on standard error
    #[arg(short = 'v')]
    verbose: bool,
    /// What stands behind an address that has no `@`
    #[arg(long, value_name = "DOMAIN", env = "SMTP_SEND_DOMAIN", hide_env_values = true)]
    domain: Option<Host>,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    output: Output,
    /// Recipients
    #[arg(value_name = "ADDRESS")]
    to: Vec<String>,
}

const AFTER_SENDMAIL: &str = "Exit codes are those of sysexits.h: see `smtp-send --help`.";

/// What is to be done.
#[derive(Debug)]
pub struct Task {
    pub connection: Connection,
    pub output: Output,
    /// An empty one is the null path; `None`: as the message says.
    pub from: Option<String>,
    pub to: Vec<String>,
    pub files: Vec<PathBuf>,
    pub notify: Option<Notify>,
    pub ret: Option<Ret>,
    pub envid: Option<Envid>,
    pub orcpt: Option<Original>,
    pub requiretls: bool,
    pub smtputf8: bool,
    pub bdat: bool,
    pub what: What,
}

#[derive(Debug)]
pub enum What {
    Send,
    Probe,
    Sendmail { from_header: bool, until: Until, full_name: Option<String>, domain: Option<Host> },
}

impl Task {
    /// # Errors
    /// clap's, which is also how help and version come.
    pub fn parse(arguments: &[OsString]) -> Result<Self, clap::Error> {
        if is_sendmail(arguments) { Sendmail::task(arguments) } else { SmtpSend::task(arguments) }
    }

    /// What the program calls itself in its messages.
    pub fn name(&self) -> &'static str {
        if matches!(self.what, What::Sendmail { .. }) { "sendmail" } else { "smtp-send" }
    }
}

/// By its name, or by `-t`, which nothing else has.
fn is_sendmail(arguments: &[OsString]) -> bool {
    let name = arguments.first().and_then(|path| Path::new(path).file_stem());
    let options = arguments.iter().skip(1).take_while(|word| *word != "--");
    let is_t = |word: &OsString| {
        let word = word.as_encoded_bytes();
        word.starts_with(b"-t") || word == b"-it"
    };
    name.is_some_and(|name| name == "sendmail") || options.into_iter().any(is_t)
}

fn wrong(why: impl std::fmt::Display) -> clap::Error {
    SmtpSend::command().error(ErrorKind::ValueValidation, why)
}

impl SmtpSend {
    fn task(arguments: &[OsString]) -> Result<Task, clap::Error> {
        let matches = Self::command().try_get_matches_from(arguments)?;
        let this = Self::from_arg_matches(&matches)?;
        let (to, files) =
            sorted(&this.to, matches.indices_of("to"), &this.files, matches.indices_of("files"));
        if !this.probe && to.is_empty() {
            let first = files.first().map(|file| format!("; {} is no address", file.display()));
            return Err(wrong(format!("--to wants a recipient{}", first.unwrap_or_default())));
        }
        if !this.probe && this.from.is_none() {
            return Err(wrong("--from is wanted; --from '' for a message that must not bounce"));
        }
        Ok(Task {
            connection: this.connection,
            output: this.output,
            from: this.from,
            to,
            files: if files.is_empty() { vec!["-".into()] } else { files },
            notify: this.dsn,
            ret: this.dsn_ret,
            envid: this.dsn_envid,
            orcpt: this.dsn_orcpt,
            requiretls: this.requiretls,
            smtputf8: this.smtputf8,
            bdat: this.bdat,
            what: if this.probe { What::Probe } else { What::Send },
        })
    }
}

/// The words behind `--to` may end with FILEs, as in `--to a@b.example message.eml`.
fn sorted(
    to: &[String],
    to_at: Option<clap::parser::Indices<'_>>,
    files: &[PathBuf],
    files_at: Option<clap::parser::Indices<'_>>,
) -> (Vec<String>, Vec<PathBuf>) {
    let is_file = |word: &str| {
        word.is_empty()
            || word.starts_with(['.', '/'])
            || !(word.contains('@') || word.eq_ignore_ascii_case("postmaster"))
    };
    let mut recipients = Vec::new();
    let mut all: Vec<(usize, PathBuf)> =
        files_at.into_iter().flatten().zip(files.iter().cloned()).collect();
    for (at, word) in to_at.into_iter().flatten().zip(to) {
        match is_file(word) {
            true => all.push((at, word.into())),
            false => recipients.push(word.clone()),
        }
    }
    all.sort_by_key(|(at, _)| *at);
    (recipients, all.into_iter().map(|(_, file)| file).collect())
}

impl Sendmail {
    fn task(arguments: &[OsString]) -> Result<Task, clap::Error> {
        let this = Self::try_parse_from(arguments)?;
        if let Some(mode) = this.mode.filter(|mode| mode != "m") {
            return Err(Self::command()
                .error(ErrorKind::ValueValidation, format!("-b{mode}: this mode is not here")));
        }
        if this.to.is_empty() && !this.from_header {
            return Err(Self::command()
                .error(ErrorKind::MissingRequiredArgument, "a recipient is wanted, or -t"));
        }
        let is_dot = !this.ignore_dots && !this.options.iter().any(|option| option == "i");
        Ok(Task {
            connection: this.connection,
            output: Output { transcript: this.output.transcript || this.verbose, ..this.output },
            from: this.from,
            to: this.to,
            files: vec!["-".into()],
            notify: this.dsn,
            ret: this.dsn_ret,
            envid: this.dsn_envid,
            orcpt: None,
            requiretls: false,
            smtputf8: false,
            bdat: false,
            what: What::Sendmail {
                from_header: this.from_header,
                until: if is_dot { Until::Dot } else { Until::Eof },
                full_name: this.full_name,
                domain: this.domain,
            },
        })
    }
}

fn xclient(attributes: &str) -> Result<Xclient, String> {
    format!("XCLIENT {attributes}").parse().map_err(|error: InvalidValue| error.to_string())
}

// The values of DSN are the parameters' own.

fn notify(word: &str) -> Result<Notify, String> {
    let parameters: Option<RcptParameters> = format!("NOTIFY={word}").parse().ok();
    parameters
        .and_then(|parameters| parameters.notify())
        .ok_or("never, or some of success,failure,delay".to_owned())
}

fn ret(word: &str) -> Result<Ret, String> {
    let parameters: Option<MailParameters> = format!("RET={word}").parse().ok();
    parameters.and_then(|parameters| parameters.ret()).ok_or("full or hdrs".to_owned())
}

fn orcpt(word: &str) -> Result<Original, String> {
    if word == "own" {
        return Ok(Original::Recipient);
    }
    let (kind, address) = word.split_once(';').unwrap_or(("rfc822", word));
    Orcpt::new(kind, address).map(Original::This).map_err(|error| error.to_string())
}

fn envid(word: &str) -> Result<Envid, String> {
    Envid::new(word).map_err(|error| error.to_string())
}
