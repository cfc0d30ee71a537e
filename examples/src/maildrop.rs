//! `Maildrop`: a Maildir as POP3 sees it: numbered messages that do not change while somebody has them. RFC 1939 §4, §5
//!
//! Who claims one has it alone (§4): in this process and, by a lock on a file in it, among all. What arrives later is
//! seen by the next. A message keeps its number, and its unique-id is the name of its file without flags, so it stays
//! the same when a mail reader moves or marks it (§7).
//!
//! Sizes are those on the wire: each line end has two octets, whatever it has in the file (§11), and the last line
//! has one. For that a message has to be read once; [`Sizes`] remembers it, for a file in a Maildir never changes.

use crate::maildir;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, TryLockError},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A claimed maildrop. Dropped it is free again; nothing has been deleted then.
#[derive(Debug)]
pub struct Maildrop {
    path: PathBuf,
    messages: Vec<Stored>,
    /// Held as long as this is.
    _lock: File,
    /// Locks of one process on one file do not keep each other out everywhere.
    _claim: Claim,
}

/// A message in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// `new` or `cur`, and the name there; it may have been moved since.
    file: PathBuf,
    /// The name without flags.
    name: String,
    /// As it goes over the wire, dots not doubled.
    pub octets: u64,
    /// Does its header section hold UTF-8 (RFC 6532), which not every client may be sent?
    pub wants_utf8: bool,
}

/// Why a maildrop could not be claimed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody has it.
    #[error("somebody has it")]
    InUse,
    /// The file system's.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Maildrop {
    /// Claims the Maildir at `path`; makes one where none is.
    ///
    /// # Errors
    /// [`Error`].
    pub fn claim(path: &Path, sizes: &Sizes) -> Result<Self, Error> {
        maildir::make(path)?;
        let path = path.canonicalize()?;
        let claim = sizes.claim(&path).ok_or(Error::InUse)?;
        let lock = path.join("pop3-serve.lock");
        let lock = File::options().write(true).create(true).truncate(false).open(lock)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let messages = list(&path, sizes)?;
        Ok(Maildrop { path, messages, _lock: lock, _claim: claim })
    }

    /// The messages in their order; the first has the number 1.
    pub fn messages(&self) -> &[Stored] {
        &self.messages
    }

    /// The message of this number.
    pub fn message(&self, number: u32) -> Option<&Stored> {
        self.messages.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// How many octets they have.
    pub fn octets(&self) -> u64 {
        self.messages.iter().map(|message| message.octets).sum()
    }

    /// Opens a message, wherever a mail reader may have moved it.
    ///
    /// # Errors
    /// The file system's; `NotFound` if somebody has deleted it.
    pub fn open(&self, message: &Stored) -> io::Result<File> {
        match open_file(&self.path.join(&message.file)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                open_file(&self.find(message)?)
            }
            opened => opened,
        }
    }

    /// Deletes these messages; those that cannot be are left, and counted. RFC 1939 §6
    ///
    /// # Errors
    /// The file system's: it is not known that the deletions are on the disk.
    pub fn delete(&self, numbers: impl IntoIterator<Item = u32>) -> io::Result<usize> {
        let mut left = 0;
        let mut folders = HashSet::new();
        for message in numbers.into_iter().filter_map(|number| self.message(number)) {
            let path = self.path.join(&message.file);
            let removed = match fs::remove_file(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => match self.find(message) {
                    Ok(path) => fs::remove_file(&path).map(|()| path),
                    // Somebody was quicker.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => Err(error),
                },
                removed => removed.map(|()| path),
            };
            match removed {
                Ok(path) => folders.extend(path.parent().map(Path::to_owned)),
                Err(_) => left += 1,
            }
        }
        for folder in folders {
            File::open(folder)?.sync_all()?;
        }
        Ok(left)
    }

    fn find(&self, message: &Stored) -> io::Result<PathBuf> {
        for folder in ["cur", "new"] {
            for entry in fs::read_dir(self.path.join(folder))? {
                let entry = entry?;
                let is_it = entry.file_name().to_str().map(without_flags) == Some(&message.name);
                if is_it && entry.file_type()?.is_file() {
                    return Ok(entry.path());
                }
            }
        }
        Err(io::ErrorKind::NotFound.into())
    }
}

impl Stored {
    /// 1 to 70 characters of %x21-7E (RFC 1939 §7): the file's name, or what stands for one that is not like that.
    pub fn unique_id(&self) -> String {
        let is_plain = self.name.bytes().all(|octet| octet.is_ascii_graphic());
        if is_plain && (1..=70).contains(&self.name.len()) {
            return self.name.clone();
        }
        Sha256::digest(self.name.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
    }
}

fn without_flags(name: &str) -> &str {
    name.split_once(":2,").map_or(name, |(name, _)| name)
}

/// Opens a file and nothing else: a link could lead to what its maker may not read, a pipe would have to be waited for.
fn open_file(path: &Path) -> io::Result<File> {
    let seen = fs::symlink_metadata(path)?;
    if !seen.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let file = File::open(path)?;
    // It could have been replaced in between.
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let opened = file.metadata()?;
        if (opened.dev(), opened.ino()) != (seen.dev(), seen.ino()) {
            return Err(io::ErrorKind::NotFound.into());
        }
    }
    Ok(file)
}

/// The oldest first, as far as the names tell.
fn list(path: &Path, sizes: &Sizes) -> io::Result<Vec<Stored>> {
    let mut messages = Vec::new();
    let mut known = sizes.take(path);
    let mut measured = HashMap::new();
    for folder in ["new", "cur"] {
        for entry in fs::read_dir(path.join(folder))? {
            let entry = entry?;
            let is_file = entry.file_type().is_ok_and(|it| it.is_file());
            let Ok(file_name) = entry.file_name().into_string() else { continue };
            let name = without_flags(&file_name).to_owned();
            if !is_file || name.starts_with('.') || measured.contains_key(&name) {
                continue;
            }
            let file = Path::new(folder).join(&file_name);
            let measure = match known.remove(&name) {
                Some(measure) => measure,
                None => match open_file(&path.join(&file)).and_then(Measure::of) {
                    Ok(measure) => measure,
                    // It has been moved or deleted just now, or is no message.
                    Err(_) => continue,
                },
            };
            measured.insert(name.clone(), measure);
            let Measure { octets, wants_utf8 } = measure;
            messages.push(Stored { file, name, octets, wants_utf8 });
        }
    }
    sizes.put(path, measured);
    messages.sort_by_cached_key(|message| (seconds(&message.name), message.name.clone()));
    Ok(messages)
}

/// What a name begins with by convention: when the message came.
fn seconds(name: &str) -> u64 {
    let digits = name.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or_default()
}

/// What is known of maildrops beyond one session: sizes of messages, and who has one now.
#[derive(Clone, Debug, Default)]
pub struct Sizes(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    sizes: HashMap<PathBuf, HashMap<String, Measure>>,
    claimed: HashSet<PathBuf>,
}

#[derive(Debug)]
struct Claim(Sizes, PathBuf);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.lock().claimed.remove(&self.1);
    }
}

impl Sizes {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claim(&self, path: &Path) -> Option<Claim> {
        let is_free = self.lock().claimed.insert(path.to_owned());
        is_free.then(|| Claim(self.clone(), path.to_owned()))
    }

    fn take(&self, path: &Path) -> HashMap<String, Measure> {
        self.lock().sizes.remove(path).unwrap_or_default()
    }

    fn put(&self, path: &Path, sizes: HashMap<String, Measure>) {
        self.lock().sizes.insert(path.to_owned(), sizes);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Measure {
    octets: u64,
    wants_utf8: bool,
}

impl Measure {
    fn of(mut file: File) -> io::Result<Self> {
        let mut buffer = vec![0; 64 * 1024];
        let (mut octets, mut before, mut header) = (0u64, b'\n', Header::default());
        loop {
            let n = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let part = buffer.get(..n).unwrap_or_default();
            octets += n as u64;
            for &octet in part {
                // A CR or LF alone goes as CRLF.
                octets += u64::from((octet == b'\n') != (before == b'\r'));
                before = octet;
            }
            header.look(part);
        }
        // The last line has an end, too.
        octets += match before {
            b'\n' => 0,
            b'\r' => 1,
            _ => 2,
        };
        Ok(Measure { octets, wants_utf8: header.wants_utf8() })
    }
}

/// Looks at a message until its header section ends.
#[derive(Debug, Default)]
struct Header {
    /// The line under way, and what was not ASCII before it.
    line: Vec<u8>,
    is_utf8: bool,
    is_other: bool,
    is_over: bool,
}

/// Longer lines are none of a header section.
const LINE: usize = 64 * 1024;

impl Header {
    fn look(&mut self, part: &[u8]) {
        for piece in part.split_inclusive(|octet| *octet == b'\n') {
            if self.is_over {
                return;
            }
            self.line.extend_from_slice(piece);
            if self.line.ends_with(b"\n") || self.line.len() > LINE {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        self.is_over = matches!(self.line.as_slice(), b"\n" | b"\r\n") || self.line.len() > LINE;
        if !self.line.is_ascii() {
            match std::str::from_utf8(&self.line) {
                Ok(_) => self.is_utf8 = true,
                Err(_) => self.is_other = true,
            }
        }
        self.line.clear();
    }

    /// Octets that are neither ASCII nor UTF-8 are a mistake of old that clients know.
    fn wants_utf8(mut self) -> bool {
        if !self.is_over {
            self.end_line();
        }
        self.is_utf8 && !self.is_other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maildir(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["tmp", "new", "cur"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn sizes_are_those_on_the_wire() {
        // RFC 1939 §11, §3
        for (text, octets) in [
            ("", 0),
            ("a\n", 3),
            ("a\r\n", 3),
            ("a", 3),
            ("\n", 2),
            ("\r\n\r\n", 4),
            ("a\nb\r\n\nc", 3 + 3 + 2 + 3),
            ("a\rb\r\n", 3 + 3),
            ("a\r", 3),
            ("\n\r", 4),
        ] {
            let folder = maildir(&[("new/1", text.as_bytes())]);
            let maildrop = Maildrop::claim(folder.path(), &Sizes::default()).unwrap();
            assert_eq!(maildrop.octets(), octets, "{text:?}");
        }
    }

    #[test]
    fn numbers_and_ids_stay_when_a_reader_moves_a_message() {
        let folder =
            maildir(&[("new/20.a", b"a\n"), ("new/3.b", b"b\n"), ("cur/20.c:2,S", b"c\n")]);
        let sizes = Sizes::default();
        let ids = |it: &Maildrop| it.messages().iter().map(Stored::unique_id).collect::<Vec<_>>();
        let maildrop = Maildrop::claim(folder.path(), &sizes).unwrap();
        assert_eq!(ids(&maildrop), ["3.b", "20.a", "20.c"]);
        fs::rename(folder.path().join("new/3.b"), folder.path().join("cur/3.b:2,RS")).unwrap();
        let mut text = String::new();
        let first = maildrop.message(1).unwrap();
        maildrop.open(first).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "b\n");
        assert_eq!(maildrop.delete([1, 2]).unwrap(), 0);
        drop(maildrop);
        let maildrop = Maildrop::claim(folder.path(), &sizes).unwrap();
        assert_eq!(ids(&maildrop), ["20.c"]);
        assert_eq!(maildrop.message(0), None);
        assert_eq!(maildrop.message(2), None);
    }

    #[test]
    fn one_at_a_time() {
        let folder = maildir(&[]);
        let sizes = Sizes::default();
        let maildrop = Maildrop::claim(folder.path(), &sizes).unwrap();
        assert!(matches!(Maildrop::claim(folder.path(), &sizes), Err(Error::InUse)));
        // As another process.
        assert!(matches!(Maildrop::claim(folder.path(), &Sizes::default()), Err(Error::InUse)));
        drop(maildrop);
        Maildrop::claim(folder.path(), &sizes).unwrap();
    }

    #[test]
    fn an_id_fits_its_grammar() {
        let long = "1".repeat(71);
        let folder =
            maildir(&[("new/a b", b""), (&format!("new/{long}"), b""), ("new/\u{fc}", b"")]);
        let maildrop = Maildrop::claim(folder.path(), &Sizes::default()).unwrap();
        for message in maildrop.messages() {
            let id = message.unique_id();
            assert!((1..=70).contains(&id.len()) && id.bytes().all(|it| it.is_ascii_graphic()));
        }
        assert_eq!(maildrop.messages().len(), 3);
    }

    /// Whoever may write into a Maildir, but not read what a link leads to, must not get it over POP3.
    #[cfg(unix)]
    #[test]
    fn only_a_file_is_a_message() {
        use std::os::unix::fs::symlink;
        let folder = maildir(&[("new/1", b"a\n"), ("new/2", b"b\n"), ("secret", b"c\n")]);
        let at = |name: &str| folder.path().join(name);
        symlink(at("secret"), at("new/3")).unwrap();
        symlink(at("secret"), at("cur/4:2,S")).unwrap();
        let sizes = Sizes::default();
        let maildrop = Maildrop::claim(folder.path(), &sizes).unwrap();
        assert_eq!(maildrop.messages().len(), 2);
        // Nor is it one when it stands where a message was.
        let second = maildrop.message(2).unwrap();
        fs::remove_file(at("new/2")).unwrap();
        symlink(at("secret"), at("new/2")).unwrap();
        assert_eq!(maildrop.open(second).unwrap_err().kind(), io::ErrorKind::NotFound);
        drop(maildrop);
        let maildrop = Maildrop::claim(folder.path(), &sizes).unwrap();
        assert_eq!(maildrop.messages().len(), 1);
    }

    #[test]
    fn who_wants_utf8() {
        for (text, wants) in [
            ("Subject: a\n\n\u{fc}\n".as_bytes(), false),
            ("Subject: \u{fc}\r\n\r\na\r\n".as_bytes(), true),
            ("A: a\nSubject: \u{fc}".as_bytes(), true),
            (b"Subject: \xfc\n\na\n", false),
        ] {
            let folder = maildir(&[("new/1", text)]);
            let maildrop = Maildrop::claim(folder.path(), &Sizes::default()).unwrap();
            assert_eq!(maildrop.messages()[0].wants_utf8, wants, "{text:?}");
        }
    }
}
