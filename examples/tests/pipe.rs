//! A pipe in a Maildir is no message, and nobody waits for what it may bring.
//!
//! Alone in its process: a program that is started takes the locks of other tests with it for a moment.
#![cfg(unix)]

use mailwire_examples::maildrop::{Maildrop, Sizes};
use std::{fs, path::Path, process::Command, sync::mpsc, thread, time::Duration};

fn mkfifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn nobody_waits_for_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    fs::create_dir(path.join("new")).unwrap();
    for name in ["new/1", "new/2"] {
        fs::write(path.join(name), "a\n").unwrap();
    }
    mkfifo(&path.join("new/3"));
    let (said, hears) = mpsc::channel();
    thread::spawn(move || {
        let maildrop = Maildrop::claim(&path, &Sizes::default()).unwrap();
        fs::remove_file(path.join("new/2")).unwrap();
        mkfifo(&path.join("new/2"));
        let second = maildrop.message(2).unwrap();
        said.send((maildrop.messages().len(), maildrop.open(second).is_ok())).unwrap();
    });
    assert_eq!(hears.recv_timeout(Duration::from_secs(10)), Ok((2, false)));
}
