//! `Store`: where mail goes, and which folder is whose.

use crate::{
    maildir::{Incoming, Maildir},
    relay::NextHop,
};
use mailwire_smtp::address::ForwardPath;
use std::{io, path::PathBuf};

/// Where mail goes.
#[derive(Clone, Debug)]
pub enum Store {
    /// Nowhere.
    Discard,
    /// Into the Maildir of this name, in which `%u` becomes the recipient's local part.
    Maildir(String),
    /// On to another server, while it comes.
    Relay(Box<NextHop>),
}

impl Store {
    /// The Maildir of a recipient. `None`: there can be none.
    pub(crate) fn maildir(&self, path: &ForwardPath) -> Option<PathBuf> {
        let Store::Maildir(name) = self else { return Some(PathBuf::new()) };
        if !name.contains("%u") {
            return Some(name.into());
        }
        let user = match path.mailbox() {
            Some(mailbox) => String::from_utf8(mailbox.local_part().content().collect()).ok()?,
            None => "postmaster".to_owned(),
        };
        // What the network says must not lead out of the folder.
        let plain = |c: char| c.is_alphanumeric() || "+-_=".contains(c);
        let safe = user.starts_with(plain) && user.chars().all(|c| plain(c) || c == '.');
        safe.then(|| name.replace("%u", &user).into())
    }
}

/// Each folder has its own result: one that cannot be written keeps no other from its mail.
pub(crate) async fn deliver(
    message: Incoming,
    folders: &[PathBuf],
) -> io::Result<Vec<io::Result<PathBuf>>> {
    let message = message.whole().await?;
    let mut results = Vec::with_capacity(folders.len());
    for folder in folders {
        results.push(match Maildir::open(folder).await {
            Ok(maildir) => message.deliver(&maildir).await,
            Err(error) => Err(error),
        });
    }
    Ok(results)
}

/// A new message in the first of these folders that can be written.
pub(crate) async fn begin(folders: &[PathBuf]) -> io::Result<Incoming> {
    let mut last = io::ErrorKind::NotFound.into();
    for folder in folders {
        let begun = match Maildir::open(folder).await {
            Ok(maildir) => maildir.begin().await,
            Err(error) => Err(error),
        };
        match begun {
            Ok(message) => return Ok(message),
            Err(error) => last = error,
        }
    }
    Err(last)
}
