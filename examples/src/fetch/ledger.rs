//! `Ledger`: which messages of a maildrop have been fetched. It is what makes "each once" true across any end.
//!
//! A file beside the Maildir's folders, that only grows while messages come and is written anew when a run begins:
//!
//! ```text
//! pop3-fetch 1 ada at pop.example.org:995
//! + 1790000000 1790000000.M1P2Q3R4.mailwire 1 UID01      promised: it is whole and on the disk, in tmp/ or new/
//! =                                                      all that were promised above are in new/
//! ```
//! The line with `+` is the moment that decides. Before it is on the disk the message has not come, whatever lies in
//! `tmp/`; from then on it has, and if the program ends before the message is moved, the next run moves it. So it is
//! nowhere needed that two things happen at once, and what somebody does to the messages in `new/` meanwhile (reads
//! them, moves them to `cur/`, deletes them) confuses nothing.
//!
//! A unique-id is the server's and may be anything: it is no file name here, and it is compared octet for octet. It
//! says something as long as the message is there (RFC 1939 §7), so what is no longer listed is forgotten at once, if
//! the list was whole: a server that uses the id again means another message. An id that stands twice in one listing is two messages.
//! Who claims a ledger has it alone.

use crate::random;
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// A message, as the server calls it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Its unique-id.
    pub unique_id: Box<[u8]>,
    /// Which one of this id, from 1; RFC 1939 §7 wants no other.
    pub occurrence: u32,
}

/// A message that was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, in seconds since 1970.
    pub at: u64,
    /// The name of its file in the Maildir; a flag may have been added there.
    pub name: String,
}

/// What has been fetched of one account into one Maildir.
#[derive(Debug)]
pub struct Ledger {
    account: String,
    /// Stands in the names of files, so that what another account's run is writing is left alone.
    tag: String,
    /// Stands in those of this run.
    run: String,
    /// Names that were made.
    count: u64,
    maildir: PathBuf,
    path: PathBuf,
    file: File,
    known: HashMap<Key, Entry>,
    /// What the file holds that is of no use any more.
    is_dirty: bool,
    /// Held as long as this is.
    _lock: File,
}

/// Why a ledger could not be claimed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system's.
    #[error("{}: {}", .0.display(), .1)]
    Io(PathBuf, #[source] io::Error),
    /// Somebody has it.
    #[error("{}: another one is fetching this account", .0.display())]
    InUse(PathBuf),
    /// The file is another account's, or none of ours.
    #[error("{}: not the state of this account", .0.display())]
    Foreign(PathBuf),
}

impl Ledger {
    /// Claims the ledger of `account` in `maildir`, whose folders are there; finishes what a run that ended early
    /// has promised, and removes what it has left half-way. `path`: its file, else one in `maildir`.
    ///
    /// # Errors
    /// [`Error`].
    pub fn claim(account: &str, maildir: &Path, path: Option<&Path>) -> Result<Self, Error> {
        let account = account.replace(['\r', '\n'], " ");
        let digest = Sha256::digest(account.as_bytes());
        let tag: String = digest.iter().take(8).map(|octet| format!("{octet:02x}")).collect();
        let path = path.map_or_else(|| maildir.join(format!("pop3-fetch.{tag}")), Path::to_owned);
        let lock = lock(&path)?;
        let io = |error| Error::Io(path.clone(), error);
        let octets = match fs::read(&path) {
            Ok(octets) => octets,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(io(error)),
        };
        let read = Read::of(&octets, &account).ok_or_else(|| Error::Foreign(path.clone()))?;
        let mut known = read.known;
        settle(maildir, &tag, &read.promised, &mut known)
            .map_err(|error| Error::Io(maildir.to_owned(), error))?;
        let file = File::options().append(true).create(true).open(&path).map_err(io)?;
        let maildir = maildir.to_owned();
        let random = random::hex::<8>().map_err(io)?;
        let mut ledger = Ledger {
            account,
            tag,
            run: format!("P{}R{random}", std::process::id()),
            count: 0,
            maildir,
            path: path.clone(),
            file,
            known,
            // What is torn at the end, or promised and settled now, must not stand in front of what comes.
            is_dirty: read.is_torn || !read.promised.is_empty() || octets.is_empty(),
            _lock: lock,
        };
        ledger.rewrite()?;
        Ok(ledger)
    }

    /// Was this one fetched? When, and as what.
    pub fn get(&self, key: &Key) -> Option<&Entry> {
        self.known.get(key)
    }

    /// Forgets all that the server no longer has.
    ///
    /// # Errors
    /// The file system's.
    pub fn forget_all_but(&mut self, listed: &HashSet<&Key>) -> Result<(), Error> {
        let before = self.known.len();
        self.known.retain(|key, _| listed.contains(key));
        self.is_dirty |= before != self.known.len();
        self.rewrite()
    }

    /// How many messages are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Is none?
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The Maildir.
    pub fn maildir(&self) -> &Path {
        &self.maildir
    }

    /// A name for a file that is to come, as a Maildir wants it: time, process, randomness of this run, count.
    pub fn new_name(&mut self) -> String {
        self.count += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, micros) = (now.as_secs(), now.subsec_micros());
        let Ledger { run, count, tag, .. } = self;
        format!("{seconds}.M{micros:06}{run}Q{count}.mailwire-{tag}")
    }

    /// These are whole and on the disk in `tmp/`: from here on they have been fetched. They are then moved to `new/`.
    ///
    /// # Errors
    /// The file system's. It is not known then which of them have been fetched; the next claim finds out.
    pub fn deliver(&mut self, whole: Vec<(Key, String)>) -> io::Result<()> {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut lines = Vec::with_capacity(whole.len() * 96);
        for (key, name) in &whole {
            promise(&mut lines, key, at, name)?;
        }
        self.file.write_all(&lines)?;
        self.file.sync_data()?;
        let (tmp, new) = (self.maildir.join("tmp"), self.maildir.join("new"));
        for (key, name) in whole {
            fs::rename(tmp.join(&name), new.join(&name))?;
            self.known.insert(key, Entry { at, name });
        }
        File::open(&new)?.sync_all()?;
        // The next promise brings it onto the disk, or `finish`; until then the next claim would look for itself.
        self.file.write_all(b"=\n")
    }

    /// Everything onto the disk.
    ///
    /// # Errors
    /// The file system's.
    pub fn finish(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// The file with nothing but what is known, if there is more in it.
    fn rewrite(&mut self) -> Result<(), Error> {
        if !std::mem::take(&mut self.is_dirty) {
            return Ok(());
        }
        let rewritten = || -> io::Result<File> {
            let mut lines = format!("{HEAD}{}\n", self.account).into_bytes();
            let mut known: Vec<_> = self.known.iter().collect();
            known.sort_by(|a, b| (a.1.at, a.0).cmp(&(b.1.at, b.0)));
            for (key, entry) in known {
                promise(&mut lines, key, entry.at, &entry.name)?;
            }
            lines.extend_from_slice(b"=\n");
            let new = beside(&self.path, ".new");
            let mut file = File::create(&new)?;
            file.write_all(&lines)?;
            file.sync_all()?;
            fs::rename(&new, &self.path)?;
            if let Some(folder) = self.path.parent().filter(|it| !it.as_os_str().is_empty()) {
                File::open(folder)?.sync_all()?;
            }
            File::options().append(true).open(&self.path)
        };
        self.file = rewritten().map_err(|error| Error::Io(self.path.clone(), error))?;
        Ok(())
    }
}

const HEAD: &str = "pop3-fetch 1 ";

fn promise(lines: &mut Vec<u8>, key: &Key, at: u64, name: &str) -> io::Result<()> {
    write!(lines, "+ {at} {name} {} ", key.occurrence)?;
    lines.extend_from_slice(&key.unique_id);
    lines.push(b'\n');
    Ok(())
}

fn beside(path: &Path, more: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(more);
    name.into()
}

/// The lock has a file of its own, for the ledger's is replaced.
fn lock(path: &Path) -> Result<File, Error> {
    let at = beside(path, ".lock");
    let opened = File::options().write(true).create(true).truncate(false).open(&at);
    let file = opened.map_err(|error| Error::Io(at.clone(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(Error::Io(at, error)),
    }
}

/// What a file says.
struct Read {
    known: HashMap<Key, Entry>,
    /// Of these it is not said that they are in `new/`.
    promised: Vec<Key>,
    /// Not all of it could be read: the last write did not reach the disk as a whole.
    is_torn: bool,
}

impl Read {
    /// `None`: it is the file of another.
    fn of(octets: &[u8], account: &str) -> Option<Self> {
        let mut read = Read { known: HashMap::new(), promised: Vec::new(), is_torn: false };
        let mut lines = octets.split_inclusive(|octet| *octet == b'\n');
        match lines.next() {
            Some(head) if head == format!("{HEAD}{account}\n").as_bytes() => {}
            // Its first line did not reach the disk, so nothing had been fetched.
            Some(head) if !head.ends_with(b"\n") => read.is_torn = true,
            Some(_) => return None,
            None => {}
        }
        for line in lines {
            match line {
                b"=\n" => read.promised.clear(),
                _ => match line.strip_suffix(b"\n").and_then(entry) {
                    Some((key, entry)) => {
                        read.promised.push(key.clone());
                        read.known.insert(key, entry);
                    }
                    None => read.is_torn = true,
                },
            }
        }
        Some(read)
    }
}

fn entry(line: &[u8]) -> Option<(Key, Entry)> {
    let mut words = line.splitn(5, |octet| *octet == b' ');
    let mut word = || words.next();
    let (plus, at, name, occurrence, unique_id) = (word()?, word()?, word()?, word()?, word()?);
    let (at, name) = (std::str::from_utf8(at).ok()?, std::str::from_utf8(name).ok()?);
    let is_plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', ':', '\\']);
    if plus != b"+" || !is_plain || unique_id.is_empty() {
        return None;
    }
    let occurrence = std::str::from_utf8(occurrence).ok()?.parse().ok()?;
    let key = Key { unique_id: unique_id.into(), occurrence };
    Some((key, Entry { at: at.parse().ok()?, name: name.to_owned() }))
}

/// Finishes what an earlier run has begun.
fn settle(
    maildir: &Path,
    tag: &str,
    promised: &[Key],
    known: &mut HashMap<Key, Entry>,
) -> io::Result<()> {
    let (tmp, new) = (maildir.join("tmp"), maildir.join("new"));
    let mut delivered: Option<HashSet<String>> = None;
    for key in promised {
        let Some(name) = known.get(key).map(|entry| entry.name.clone()) else { continue };
        match fs::rename(tmp.join(&name), new.join(&name)) {
            Ok(()) => continue,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // It has been moved, and perhaps read since. Or the name in `tmp/` never reached the disk.
        if delivered.is_none() {
            let folders = [names(&new)?, names(&maildir.join("cur"))?];
            let without_flags =
                |name: String| name.split(':').next().unwrap_or_default().to_owned();
            delivered = Some(folders.into_iter().flatten().map(without_flags).collect());
        }
        if !delivered.as_ref().is_some_and(|all| all.contains(&name)) {
            known.remove(key);
        }
    }
    if !promised.is_empty() {
        File::open(&new)?.sync_all()?;
    }
    // What is still in `tmp/` was never promised.
    let suffix = format!(".mailwire-{tag}");
    for name in names(&tmp)?.into_iter().filter(|name| name.ends_with(&suffix)) {
        fs::remove_file(tmp.join(name))?;
    }
    Ok(())
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scene(tempfile::TempDir);

    impl Scene {
        fn new() -> Self {
            // In memory where there is such a place: each claim waits for the disk several times.
            let memory = Path::new("/dev/shm");
            let folder = match memory.is_dir() {
                true => tempfile::tempdir_in(memory).unwrap(),
                false => tempfile::tempdir().unwrap(),
            };
            for name in ["tmp", "new", "cur"] {
                fs::create_dir(folder.path().join(name)).unwrap();
            }
            Scene(folder)
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn claim(&self) -> Ledger {
            Ledger::claim("ada at pop.example:995", self.0.path(), None).unwrap()
        }

        fn write(&self, ledger: &mut Ledger, text: &str) -> String {
            let name = ledger.new_name();
            fs::write(self.at("tmp").join(&name), text).unwrap();
            name
        }

        fn count(&self, folder: &str) -> usize {
            fs::read_dir(self.at(folder)).unwrap().count()
        }
    }

    fn key(unique_id: &str) -> Key {
        Key { unique_id: unique_id.as_bytes().into(), occurrence: 1 }
    }

    #[test]
    fn what_was_delivered_is_known_to_the_next() {
        let scene = Scene::new();
        let mut ledger = scene.claim();
        let name = scene.write(&mut ledger, "one");
        ledger.deliver(vec![(key("one"), name.clone())]).unwrap();
        assert_eq!(fs::read_to_string(scene.at("new").join(&name)).unwrap(), "one");
        drop(ledger);
        let ledger = scene.claim();
        assert_eq!(ledger.get(&key("one")).map(|entry| &entry.name), Some(&name));
        assert_eq!(ledger.get(&key("two")), None);
        assert_eq!(ledger.get(&Key { occurrence: 2, ..key("one") }), None);
    }

    /// The file as it was after each octet of a run: cut there, each message is known and delivered, or neither.
    #[test]
    fn a_cut_at_any_octet_of_the_file() {
        let scene = Scene::new();
        let mut ledger = scene.claim();
        let head = fs::metadata(&ledger.path).unwrap().len() as usize;
        let ids = ["a", "b c", "\u{fc}", "=", "+ 1 x 1 y"];
        let names: Vec<_> = ids.iter().map(|id| scene.write(&mut ledger, id)).collect();
        let whole = ids.iter().map(|id| key(id)).zip(names.iter().cloned()).collect();
        ledger.deliver(whole).unwrap();
        let path = ledger.path.clone();
        drop(ledger);
        let octets = fs::read(&path).unwrap();
        for cut in head..=octets.len() {
            for name in &names {
                _ = fs::remove_file(scene.at("new").join(name));
                fs::write(scene.at("tmp").join(name), "whole").unwrap();
            }
            fs::write(&path, &octets[..cut]).unwrap();
            // What is promised and settled is so for good.
            for _ in 0..2 {
                let ledger = scene.claim();
                for (id, name) in ids.iter().zip(&names) {
                    let is_known = ledger.get(&key(id)).is_some();
                    let is_settled = cut == octets.len();
                    let is_there = scene.at("new").join(name).exists();
                    // Behind `=` it is believed to have been moved.
                    assert!(is_known == is_there || is_settled, "{id:?}, cut at {cut}");
                }
                assert_eq!(scene.count("tmp"), 0, "cut at {cut}");
            }
        }
    }

    /// A mail reader has moved it on before it was written down that it is in `new/`.
    #[test]
    fn promised_and_read_already() {
        let scene = Scene::new();
        let mut ledger = scene.claim();
        let name = scene.write(&mut ledger, "one");
        ledger.deliver(vec![(key("one"), name.clone())]).unwrap();
        let path = ledger.path.clone();
        drop(ledger);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.strip_suffix("=\n").unwrap()).unwrap();
        fs::rename(scene.at("new").join(&name), scene.at("cur").join(format!("{name}:2,S")))
            .unwrap();
        assert!(scene.claim().get(&key("one")).is_some());
        // It is nowhere: `tmp/` has lost it, or its reader has deleted it. Better twice than never.
        fs::write(&path, text.strip_suffix("=\n").unwrap()).unwrap();
        fs::remove_file(scene.at("cur").join(format!("{name}:2,S"))).unwrap();
        assert!(scene.claim().get(&key("one")).is_none());
    }

    #[test]
    fn what_is_no_longer_listed_is_forgotten_for_good() {
        let scene = Scene::new();
        let mut ledger = scene.claim();
        for id in ["one", "two"] {
            let name = scene.write(&mut ledger, id);
            ledger.deliver(vec![(key(id), name)]).unwrap();
        }
        ledger.forget_all_but(&HashSet::from([&key("two")])).unwrap();
        let name = scene.write(&mut ledger, "three");
        ledger.deliver(vec![(key("three"), name)]).unwrap();
        drop(ledger);
        let ledger = scene.claim();
        let is_known = |id| ledger.get(&key(id)).is_some();
        assert_eq!([is_known("one"), is_known("two"), is_known("three")], [false, true, true]);
    }

    #[test]
    fn one_at_a_time_and_nobody_elses() {
        let scene = Scene::new();
        let ledger = scene.claim();
        let again = Ledger::claim("ada at pop.example:995", scene.0.path(), None);
        assert!(matches!(again, Err(Error::InUse(_))), "{again:?}");
        // Another account may come into the same Maildir, and its files in tmp/ are left alone.
        let mut other = Ledger::claim("bob at pop.example:995", scene.0.path(), None).unwrap();
        let name = scene.write(&mut other, "bob's");
        let path = ledger.path.clone();
        drop(ledger);
        drop(scene.claim());
        assert!(scene.at("tmp").join(name).exists());
        let foreign = Ledger::claim("eve at pop.example:995", scene.0.path(), Some(&path));
        assert!(matches!(foreign, Err(Error::Foreign(_))), "{foreign:?}");
    }

    #[test]
    fn a_name_in_the_file_leads_nowhere_else() {
        for name in ["../x", ".x", "a/b", "a:2,", ""] {
            assert_eq!(entry(format!("+ 1 {name} 1 id").as_bytes()), None, "{name:?}");
        }
        assert!(entry(b"+ 1 x 1 id").is_some());
    }
}
