//! `Maildir`: a folder with one file a message. <https://cr.yp.to/proto/maildir.html>
//!
//! A message is written into `tmp` as it comes, in pieces, octet for octet; it appears in `new` when it is whole
//! and on the disk, and its name there is on the disk, too: only then may a server say 250. The crate `maildir`
//! wants the message in memory, which a server must not need.

use crate::random;
use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::{
    fs::{self, File},
    io::{AsyncWriteExt, BufWriter},
};

/// A Maildir.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maildir(PathBuf);

impl Maildir {
    /// Makes the folders if they are not there.
    ///
    /// # Errors
    /// The file system's.
    pub async fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let made = path.clone();
        tokio::task::spawn_blocking(move || make(&made)).await??;
        Ok(Maildir(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Begins a message.
    ///
    /// # Errors
    /// The file system's.
    pub async fn begin(&self) -> io::Result<Incoming> {
        let name = unique_name()?;
        let path = self.0.join("tmp").join(&name);
        let file = File::options().write(true).create_new(true).open(&path).await?;
        // Chunks are as short as from one dot that was taken out to the next.
        let file = BufWriter::with_capacity(64 * 1024, file);
        Ok(Incoming { file, name, path, octets: 0 })
    }

    /// The messages that nobody has looked at, the oldest first.
    ///
    /// # Errors
    /// The file system's.
    pub async fn new_messages(&self) -> io::Result<Vec<PathBuf>> {
        let mut folder = fs::read_dir(self.0.join("new")).await?;
        let mut messages = Vec::new();
        while let Some(entry) = folder.next_entry().await? {
            messages.push(entry.path());
        }
        messages.sort();
        Ok(messages)
    }
}

/// Makes the folders of a Maildir, and those above, where they are not there. Gives the folders that have new names in
/// them; these are on the disk.
///
/// # Errors
/// The file system's.
pub fn make(path: &Path) -> io::Result<Vec<PathBuf>> {
    let path = std::path::absolute(path)?;
    let mut missing: Vec<_> = path.ancestors().take_while(|it| !it.is_dir()).collect();
    missing.reverse();
    let inner = ["tmp", "new", "cur"].map(|name| path.join(name));
    let mut changed = Vec::new();
    for folder in missing.into_iter().chain(inner.iter().map(PathBuf::as_path)) {
        match std::fs::create_dir(folder) {
            Ok(()) => changed.extend(folder.parent().map(Path::to_owned)),
            Err(_) if folder.is_dir() => {}
            Err(error) => return Err(error),
        }
    }
    changed.dedup();
    // A message is nowhere if the name of its folder does not survive a crash.
    for folder in &changed {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(changed)
}

/// A message on its way. Dropped before it is whole it leaves nothing.
#[derive(Debug)]
pub struct Incoming {
    file: BufWriter<File>,
    name: String,
    path: PathBuf,
    octets: u64,
}

impl Incoming {
    /// The next octets.
    ///
    /// # Errors
    /// The file system's.
    pub async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.octets += octets.len() as u64;
        self.file.write_all(octets).await
    }

    /// How many octets there are so far.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// The message is whole: onto the disk with it.
    ///
    /// # Errors
    /// The file system's; it is gone then.
    pub async fn whole(mut self) -> io::Result<Whole> {
        self.file.flush().await?;
        self.file.get_ref().sync_all().await?;
        Ok(Whole(self))
    }
}

/// A message that is whole and on the disk, but in no Maildir before it is delivered there.
#[derive(Debug)]
pub struct Whole(Incoming);

impl Whole {
    /// Into this Maildir, which may be in another file system than the one where the message was begun.
    ///
    /// # Errors
    /// The file system's; it is not there then.
    pub async fn deliver(&self, maildir: &Maildir) -> io::Result<PathBuf> {
        let Incoming { name, path, .. } = &self.0;
        let (new, tmp) = (maildir.0.join("new"), maildir.0.join("tmp").join(name));
        let target = new.join(name);
        if fs::hard_link(path, &target).await.is_err() {
            // Another file system, or one without links.
            let copy = if tmp == *path { maildir.0.join("tmp").join(unique_name()?) } else { tmp };
            fs::copy(path, &copy).await?;
            File::open(&copy).await?.sync_all().await?;
            fs::rename(&copy, &target).await?;
        }
        // The name must survive a crash, too.
        File::open(&new).await?.sync_all().await?;
        Ok(target)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        _ = std::fs::remove_file(&self.path);
    }
}

/// Time, process, count and randomness: no two are the same.
fn unique_name() -> io::Result<String> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, micros) = (now.as_secs(), now.subsec_micros());
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    Ok(format!("{seconds}.M{micros:06}P{process}Q{count}R{}.mailwire", random::hex::<4>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_are_made_are_on_the_disk() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let (ada, mail) = (root.join("ada"), root.join("ada/mail"));
        assert_eq!(make(&mail).unwrap(), [root.to_owned(), ada, mail.clone()]);
        assert!(make(&mail).unwrap().is_empty());
        std::fs::remove_dir(mail.join("cur")).unwrap();
        assert_eq!(make(&mail).unwrap(), [mail]);
    }
}
