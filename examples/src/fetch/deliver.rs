//! `Delivery`: from the connection onto the disk, on a thread of its own, so that the one does not wait for the other.
//!
//! A message is written into `tmp/` as it comes. Those that have come whole while the disk was busy are committed
//! together: all files onto the disk, then the promises in the [`Ledger`], then they are moved. With a disk that is
//! faster than the network that is each message alone; with one that is slower the cost of a sync is shared. A message
//! that was not finished leaves nothing.

use super::ledger::{Key, Ledger};
use bytes::Bytes;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender};

/// So many octets are kept in memory before they are written: most messages are written at once.
const BUFFER: usize = 256 * 1024;
/// So many messages, or octets, are committed together at most.
const TOGETHER: usize = 128;
const OCTETS_TOGETHER: u64 = 16 * 1024 * 1024;
/// So many pieces, or octets, are told to the disk together at most: a thread that is woken for each costs more than it
/// has to do.
const TOLD: usize = 128;
const OCTETS_TOLD: usize = 128 * 1024;
/// So many times as many wait for the disk at most.
const QUEUE: usize = 16;
/// Threads that wait for the disk at the same time.
const SYNCS: usize = 8;

/// What is told to the disk.
#[derive(Debug)]
enum Piece {
    /// A message begins: what it is called.
    Begin(Key),
    /// The next octets.
    Octets(Bytes),
    /// It is whole, and this is its number.
    End(u32),
    /// It will not be.
    Abort,
}

/// The end of it at the connection.
#[derive(Debug)]
pub struct Delivery {
    pieces: Option<Sender<Vec<Piece>>>,
    /// Not told yet.
    untold: Vec<Piece>,
    untold_octets: usize,
    committed: UnboundedReceiver<Vec<u32>>,
    thread: Option<JoinHandle<(Ledger, io::Result<()>)>>,
    waiting: usize,
}

impl Delivery {
    /// Begins to deliver, with this ledger.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn begin(ledger: Ledger) -> io::Result<Self> {
        let (pieces, from_connection) = tokio::sync::mpsc::channel(QUEUE);
        let (to_connection, committed) = tokio::sync::mpsc::unbounded_channel();
        let writer = Writer {
            tmp: ledger.maildir().join("tmp"),
            ledger,
            arriving: None,
            kept: Vec::with_capacity(BUFFER),
            whole: Vec::new(),
            octets: 0,
            to_connection,
        };
        let run = move || writer.run(from_connection);
        let thread = thread::Builder::new().name("disk".to_owned()).spawn(run)?;
        Ok(Delivery {
            pieces: Some(pieces),
            untold: Vec::new(),
            untold_octets: 0,
            committed,
            thread: Some(thread),
            waiting: 0,
        })
    }

    /// A message begins.
    ///
    /// # Errors
    /// The disk has failed; [`finish`](Delivery::finish) says how.
    pub async fn message(&mut self, key: Key) -> Result<(), Failed> {
        self.tell(Piece::Begin(key)).await
    }

    /// The next octets.
    ///
    /// # Errors
    /// As [`message`](Delivery::message).
    pub async fn octets(&mut self, octets: Bytes) -> Result<(), Failed> {
        self.tell(Piece::Octets(octets)).await
    }

    /// The message is whole. [`committed`](Delivery::committed) gives `number` when it is in the Maildir for good.
    ///
    /// # Errors
    /// As [`message`](Delivery::message).
    pub async fn end(&mut self, number: u32) -> Result<(), Failed> {
        self.waiting += 1;
        self.tell(Piece::End(number)).await
    }

    /// The message that was begun will not be whole.
    ///
    /// # Errors
    /// As [`message`](Delivery::message).
    pub async fn abort(&mut self) -> Result<(), Failed> {
        self.tell(Piece::Abort).await
    }

    async fn tell(&mut self, piece: Piece) -> Result<(), Failed> {
        if let Piece::Octets(octets) = &piece {
            self.untold_octets += octets.len();
        }
        self.untold.push(piece);
        match self.untold.len() >= TOLD || self.untold_octets >= OCTETS_TOLD {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    /// Tells the disk what has come: for when nothing more is there for the moment.
    ///
    /// # Errors
    /// As [`message`](Delivery::message).
    pub async fn flush(&mut self) -> Result<(), Failed> {
        if self.untold.is_empty() {
            return Ok(());
        }
        self.untold_octets = 0;
        let untold = std::mem::take(&mut self.untold);
        match &self.pieces {
            Some(pieces) => pieces.send(untold).await.map_err(|_| Failed),
            None => Err(Failed),
        }
    }

    /// How many messages have ended and are not committed.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// The next messages that are in the Maildir and in the ledger. Cancel-safe; pends while there are none.
    ///
    /// # Errors
    /// As [`message`](Delivery::message).
    pub async fn committed(&mut self) -> Result<Vec<u32>, Failed> {
        let committed = self.committed.recv().await.ok_or(Failed)?;
        self.waiting = self.waiting.saturating_sub(committed.len());
        Ok(committed)
    }

    /// Nothing more comes: commits what is whole, and gives the ledger back.
    ///
    /// # Errors
    /// How the disk has failed.
    pub async fn finish(mut self) -> (Option<Ledger>, io::Result<Vec<u32>>) {
        // If that fails, the thread says why.
        _ = self.flush().await;
        self.pieces = None;
        let mut last = Vec::new();
        while let Some(committed) = self.committed.recv().await {
            last.extend(committed);
        }
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok((ledger, result))) => (Some(ledger), result.map(|()| last)),
            _ => (None, Err(io::Error::other("the thread that writes to the disk has ended"))),
        }
    }
}

/// The disk has failed.
#[derive(Debug)]
pub struct Failed;

/// The end of it at the disk.
struct Writer {
    tmp: PathBuf,
    ledger: Ledger,
    arriving: Option<Arriving>,
    /// Octets of it that are not written yet.
    kept: Vec<u8>,
    whole: Vec<Whole>,
    /// Of those that are whole.
    octets: u64,
    to_connection: UnboundedSender<Vec<u32>>,
}

/// A message that is coming.
struct Arriving {
    key: Key,
    /// It has a file from the moment when something is written.
    file: Option<(String, File)>,
    octets: u64,
}

/// A message that is whole, and written but not yet on the disk.
struct Whole {
    key: Key,
    number: u32,
    name: String,
    file: File,
}

impl Writer {
    fn run(mut self, from_connection: Receiver<Vec<Piece>>) -> (Ledger, io::Result<()>) {
        let mut result = self.pieces(from_connection);
        if let Some((name, _)) = self.arriving.take().and_then(|arriving| arriving.file) {
            _ = fs::remove_file(self.tmp.join(name));
        }
        if result.is_ok() {
            result = self.commit().and_then(|()| self.ledger.finish());
        }
        for whole in self.whole.drain(..) {
            _ = fs::remove_file(self.tmp.join(whole.name));
        }
        (self.ledger, result)
    }

    fn pieces(&mut self, mut from_connection: Receiver<Vec<Piece>>) -> io::Result<()> {
        loop {
            let pieces = match from_connection.try_recv() {
                Ok(pieces) => pieces,
                Err(_) => {
                    // Nothing to do: a good moment.
                    self.commit()?;
                    match from_connection.blocking_recv() {
                        Some(pieces) => pieces,
                        None => return Ok(()),
                    }
                }
            };
            for piece in pieces {
                self.piece(piece)?;
                if self.whole.len() >= TOGETHER || self.octets >= OCTETS_TOGETHER {
                    self.commit()?;
                }
            }
        }
    }

    fn piece(&mut self, piece: Piece) -> io::Result<()> {
        match piece {
            Piece::Begin(key) => {
                self.abort()?;
                self.arriving = Some(Arriving { key, file: None, octets: 0 });
            }
            Piece::Octets(octets) => {
                if let Some(arriving) = &mut self.arriving {
                    arriving.octets += octets.len() as u64;
                    if self.kept.len() + octets.len() > BUFFER {
                        arriving.write(&mut self.kept, &self.tmp, &mut self.ledger)?;
                    }
                    self.kept.extend_from_slice(&octets);
                }
            }
            Piece::End(number) => {
                if let Some(mut arriving) = self.arriving.take() {
                    arriving.write(&mut self.kept, &self.tmp, &mut self.ledger)?;
                    if let Some((name, file)) = arriving.file {
                        self.octets += arriving.octets;
                        self.whole.push(Whole { key: arriving.key, number, name, file });
                    }
                }
            }
            Piece::Abort => self.abort()?,
        }
        Ok(())
    }

    fn abort(&mut self) -> io::Result<()> {
        self.kept.clear();
        match self.arriving.take().and_then(|arriving| arriving.file) {
            Some((name, _)) => fs::remove_file(self.tmp.join(name)),
            None => Ok(()),
        }
    }

    fn commit(&mut self) -> io::Result<()> {
        if self.whole.is_empty() {
            return Ok(());
        }
        sync(&self.whole)?;
        self.octets = 0;
        let numbers = self.whole.iter().map(|whole| whole.number).collect();
        let whole = self.whole.drain(..).map(|whole| (whole.key, whole.name)).collect();
        self.ledger.deliver(whole)?;
        // Who listened may be gone: that the messages are here is true all the same.
        _ = self.to_connection.send(numbers);
        Ok(())
    }
}

impl Arriving {
    /// An empty message gets a file, too.
    fn write(&mut self, kept: &mut Vec<u8>, tmp: &Path, ledger: &mut Ledger) -> io::Result<()> {
        let (_, file) = match &mut self.file {
            Some(file) => file,
            none => {
                let name = ledger.new_name();
                let file = File::options().write(true).create_new(true).open(tmp.join(&name))?;
                none.insert((name, file))
            }
        };
        file.write_all(kept)?;
        kept.clear();
        Ok(())
    }
}

/// All of them onto the disk; several at a time, which a disk can do in one go. In memory (tmpfs) it takes no time, and
/// no thread is worth it.
fn sync(whole: &[Whole]) -> io::Result<()> {
    let Some((first, others)) = whole.split_first() else { return Ok(()) };
    let begun = std::time::Instant::now();
    first.file.sync_all()?;
    let is_quick = begun.elapsed() < std::time::Duration::from_micros(100);
    if is_quick || others.len() < 2 {
        return others.iter().try_for_each(|whole| whole.file.sync_all());
    }
    thread::scope(|scope| {
        let parts = others.chunks(others.len().div_ceil(SYNCS));
        let sync = |part: &[Whole]| part.iter().try_for_each(|whole| whole.file.sync_all());
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || sync(part))).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread has ended")))
        })
    })
}
