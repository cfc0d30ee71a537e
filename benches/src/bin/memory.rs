//! How much memory a large message takes: the peak resident set of a client and of a server, each a process of its
//! own, on either driver.
//!
//! ```text
//! cargo run --release -p mailwire-benches --bin memory [MIB]
//! ```
//! The message, 1 GiB if nothing is said, is made as it is sent and thrown away as it comes, over a socket of this
//! machine, without TLS. What is measured is `VmHWM` of `/proc/self/status`, the program's own pages included, so
//! this runs on Linux only. Ends with 1 if a process took more than 4 MiB.

use bytes::Bytes;
use mailwire_core::{Body, Next, driver};
use mailwire_smtp::{
    Mail, Rcpt,
    address::{Mailbox, ReversePath},
    client::{self, Client},
    server::{self, Server},
};
use std::{
    error::Error,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What a process may take at most, in KiB.
const MOST: u64 = 4 * 1024;
const MIB: u64 = 1024 * 1024;

fn main() -> Outcome<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["server", "tokio"] => on_tokio(serve_tokio())?,
        ["server", "blocking"] => serve_blocking()?,
        ["client", "tokio", server, octets] => on_tokio(send_tokio(server, octets.parse()?))?,
        ["client", "blocking", server, octets] => send_blocking(server, octets.parse()?)?,
        [] => return measure(1024 * MIB),
        [mib] => return measure(mib.parse::<u64>()? * MIB),
        _ => return Err("memory [MIB]".into()),
    }
    println!("{}", peak()?);
    Ok(ExitCode::SUCCESS)
}

fn measure(octets: u64) -> Outcome<ExitCode> {
    println!("| driver | octets | client, KiB | server, KiB | MB/s |\n|---|---:|---:|---:|---:|");
    let mut is_much = false;
    for driver in ["tokio", "blocking"] {
        let this = || {
            let mut command = Command::new(std::env::current_exe()?);
            command.stdout(Stdio::piped());
            Outcome::Ok(command)
        };
        let mut server = this()?.args(["server", driver]).spawn()?;
        let mut out = BufReader::new(server.stdout.take().ok_or("no output")?).lines();
        let address = out.next().ok_or("no address")??;
        let begun = Instant::now();
        let client = this()?.args(["client", driver, &address, &octets.to_string()]).output()?;
        let took = begun.elapsed();
        let client: u64 = String::from_utf8(client.stdout)?.trim().parse()?;
        let received: u64 = out.next().ok_or("no message")??.parse()?;
        let served: u64 = out.next().ok_or("no peak")??.parse()?;
        server.wait()?;
        if received != octets {
            return Err(format!("{octets} octets were sent, {received} came").into());
        }
        let rate = octets as f64 / 1e6 / took.as_secs_f64();
        println!("| {driver} | {octets} | {client} | {served} | {rate:.0} |");
        is_much |= client.max(served) > MOST;
    }
    Ok(ExitCode::from(u8::from(is_much)))
}

/// `VmHWM`, in KiB.
fn peak() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn on_tokio(work: impl Future<Output = Outcome<()>>) -> Outcome<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

// ---- the server

fn say(line: impl std::fmt::Display) -> Outcome<()> {
    println!("{line}");
    Ok(std::io::stdout().flush()?)
}

fn session() -> Outcome<Server> {
    Ok(Server::new(server::Config::new("mx.example".parse()?)))
}

fn on_server_event(smtp: &mut Server, event: server::Event) -> Outcome<()> {
    use server::Event;
    let answer = match event {
        Event::Connected { pending } => pending.accept(),
        Event::Hello { pending, .. } => pending.accept(),
        Event::Mail { pending, .. } => pending.accept(),
        Event::Rcpt { pending, .. } => pending.accept(),
        Event::Data { pending } => pending.accept(),
        Event::BodyEnd { octets, pending, .. } => {
            say(octets)?;
            pending.accept()
        }
        Event::BodyBegin | Event::BodyChunk(_) => return Ok(()),
        other => return Ok(smtp.decline(other)?),
    };
    Ok(smtp.answer(answer)?)
}

async fn serve_tokio() -> Outcome<()> {
    use driver::tokio::{Driver, Happened};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    say(listener.local_addr()?)?;
    let mut driver = Driver::new(session()?, listener.accept().await?.0);
    loop {
        match driver.next().await? {
            Happened::Event(event) => on_server_event(driver.session_mut(), event)?,
            Happened::Switch(_) => return Err("TLS is not offered".into()),
            Happened::Closed(_) => return Ok(()),
        }
    }
}

fn serve_blocking() -> Outcome<()> {
    use driver::blocking::Driver;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    say(listener.local_addr()?)?;
    let mut driver = Driver::new(session()?, listener.accept()?.0);
    loop {
        match driver.next()? {
            Next::Event(event) => on_server_event(driver.session_mut(), event)?,
            Next::Switch(_) | Next::Idle => return Err("nothing more can happen".into()),
            Next::Closed(_) => return Ok(()),
        }
    }
}

// ---- the client

/// The message, made as it is wanted; every seventh line begins with a dot.
struct Message {
    block: Bytes,
    left: u64,
}

const LINES: &[u8] = b"The quick brown fox jumps over the lazy dog, and over it once more.\r\n";

impl Message {
    fn new(octets: u64) -> Self {
        let lines = (0..900).flat_map(|n| [if n % 7 == 0 { &b"."[..] } else { b"" }, LINES]);
        Message { block: lines.flatten().copied().collect(), left: octets }
    }

    /// The next part; `None` behind the last. The last line ends with CRLF, however many octets are wanted.
    fn next(&mut self, room: usize) -> Option<Bytes> {
        let len = (self.block.len() as u64).min(self.left).min(room as u64) as usize;
        if len == 0 {
            return None;
        }
        let part = self.block.split_to(len);
        self.left -= len as u64;
        if self.block.is_empty() {
            *self = Message::new(self.left);
        }
        match self.left {
            0 => Some(
                [part.get(..len.saturating_sub(2)).unwrap_or_default(), b"\r\n"].concat().into(),
            ),
            _ => Some(part),
        }
    }
}

/// What the client does at an event; a body is to be sent.
fn on_client_event(smtp: &mut Client, event: client::Event) -> Outcome<Option<Body>> {
    use client::{Event, Outcome as Ended};
    match event {
        Event::Greeting(_) => _ = smtp.ehlo(&"me.example".parse()?)?,
        Event::BodyReady { body, .. } => return Ok(Some(body)),
        Event::Done(done) => match done.outcome() {
            Ended::Hello(_) => {
                let mailbox: Mailbox = "a@b.example".parse()?;
                smtp.mail(Mail::new(ReversePath::from(mailbox.clone())))?;
                smtp.rcpt(Rcpt::new(mailbox))?;
                smtp.data()?;
            }
            Ended::Delivery(delivery) if delivery.is_accepted() => _ = smtp.quit()?,
            Ended::Reply(reply) if reply.is_positive_completion() => {}
            other => return Err(format!("{other:?}").into()),
        },
        _ => {}
    }
    Ok(None)
}

async fn send_tokio(server: &str, octets: u64) -> Outcome<()> {
    use driver::tokio::{Driver, Happened};
    let stream = tokio::net::TcpStream::connect(server).await?;
    let mut driver = Driver::new(Client::new(client::Config::default()), stream);
    let mut message = Message::new(octets);
    loop {
        match driver.next().await? {
            Happened::Event(event) => {
                let Some(body) = on_client_event(driver.session_mut(), event)? else { continue };
                while let Some(octets) = message.next(driver.room().await?) {
                    driver.session_mut().send_body(&body, octets)?;
                }
                driver.session_mut().finish_body(body).map_err(|(_, why)| why)?;
            }
            Happened::Switch(_) => return Err("TLS is not wanted".into()),
            Happened::Closed(_) => return Ok(()),
        }
    }
}

fn send_blocking(server: &str, octets: u64) -> Outcome<()> {
    use driver::blocking::Driver;
    let stream = TcpStream::connect(server)?;
    let mut driver = Driver::new(Client::new(client::Config::default()), stream);
    let mut message = Message::new(octets);
    loop {
        match driver.next()? {
            Next::Event(event) => {
                let Some(body) = on_client_event(driver.session_mut(), event)? else { continue };
                while let Some(octets) = message.next(driver.room()?) {
                    driver.session_mut().send_body(&body, octets)?;
                }
                driver.session_mut().finish_body(body).map_err(|(_, why)| why)?;
            }
            Next::Switch(_) | Next::Idle => return Err("nothing more can happen".into()),
            Next::Closed(_) => return Ok(()),
        }
    }
}
