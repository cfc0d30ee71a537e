//! Each message once, wherever it ends: 100 runs of `pop3-fetch` against `pop3-serve`, each cut at a random octet, by
//! an end of the connection or by SIGKILL. Between them mail arrives, and somebody reads what has been fetched.
//!
//! The seed is printed; `SEED=n` runs with it again, `KILLS=n` more or fewer.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

const PASSWORD: &str = "correct horse";

/// Numbers that look like chance (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
}

/// A folder in memory where there is such a place: it is the programs that are tried here, not the disk.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn serve(root: &Path) -> (Running, String) {
    let users = root.join("users");
    fs::write(&users, format!("ada:{PASSWORD}\n")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pop3-serve"))
        .args(["--listen", "127.0.0.1:0", "--users"])
        .arg(users)
        .arg("--maildir")
        .arg(root.join("%u"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    // Whoever says something must find somebody who reads.
    thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    let address = line.trim().rsplit(' ').next().unwrap().to_owned();
    (Running(child), address)
}

/// What is sent, as it must arrive.
#[derive(Default)]
struct Sent(BTreeMap<u64, Vec<u8>>);

impl Sent {
    fn deliver(&mut self, maildir: &Path, dice: &mut Dice) {
        let number = self.0.len() as u64;
        let mut text =
            format!("Message-ID: <{number}@example.org>\r\nSubject: test\r\n\r\n").into_bytes();
        let lines = if dice.roll(12) == 0 { dice.roll(6000) } else { dice.roll(40) };
        for _ in 0..lines {
            match dice.roll(8) {
                0 => text.extend_from_slice(b".\r\n"),
                1 => text.extend_from_slice(b"..two dots\r\n"),
                2 => text.extend_from_slice(b"\r\n"),
                n => {
                    text.extend(format!("{:x}\r\n", dice.0).repeat(n as usize % 3 + 1).into_bytes())
                }
            }
        }
        // As it is stored: lines of Unix, or of mail, or an end that is missing.
        let stored = match dice.roll(3) {
            0 => String::from_utf8(text.clone()).unwrap().replace("\r\n", "\n").into_bytes(),
            1 if !text.ends_with(b"\n\r\n") => text[..text.len() - 2].to_vec(),
            _ => text.clone(),
        };
        let name = format!("{}.M{number}.test", 1_790_000_000 + number);
        fs::write(maildir.join("tmp").join(&name), stored).unwrap();
        fs::rename(maildir.join("tmp").join(&name), maildir.join("new").join(&name)).unwrap();
        self.0.insert(number, text);
    }
}

fn files(folder: PathBuf) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Passes octets both ways and counts them; at the given count it strikes.
fn cut(server: &str, at: u64, strike: impl Fn() + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = server.to_owned();
    thread::spawn(move || {
        let Ok((client, _)) = listener.accept() else { return };
        let Ok(server) = TcpStream::connect(server) else { return };
        let passed = Arc::new(AtomicU64::new(0));
        let (strike, is_cut) = (Arc::new(strike), Arc::new(AtomicBool::new(false)));
        for (from, to) in [(&client, &server), (&server, &client)] {
            let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let (passed, strike, is_cut) = (passed.clone(), strike.clone(), is_cut.clone());
            thread::spawn(move || {
                let mut buffer = [0; 16 * 1024];
                loop {
                    let n = match from.read(&mut buffer) {
                        Ok(0) | Err(_) => break,
                        Ok(n) => n,
                    };
                    let before = passed.fetch_add(n as u64, Ordering::SeqCst);
                    let left = at.saturating_sub(before).min(n as u64) as usize;
                    if is_cut.load(Ordering::SeqCst) || to.write_all(&buffer[..left]).is_err() {
                        break;
                    }
                    if left < n {
                        is_cut.store(true, Ordering::SeqCst);
                        strike();
                        _ = from.shutdown(Shutdown::Both);
                        break;
                    }
                }
                _ = to.shutdown(Shutdown::Both);
            });
        }
    });
    address
}

struct Fetcher {
    maildir: PathBuf,
    options: &'static [&'static str],
}

impl Fetcher {
    fn start(&self, server: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_pop3-fetch"))
            .args([
                "--server",
                server,
                "--tls",
                "none",
                "--user",
                "ada",
                "--password-env",
                "SECRET",
            ])
            .arg("--maildir")
            .arg(&self.maildir)
            .args(["--account", "ada"])
            .args(self.options)
            .env("SECRET", PASSWORD)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn run(&self, server: &str) -> (Option<i32>, String) {
        let output = self.start(server).wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// What has arrived, by number; nothing twice, nothing that was not sent.
fn arrived(maildir: &Path, sent: &Sent, when: &str) -> usize {
    let mut seen = HashMap::new();
    for file in [files(maildir.join("new")), files(maildir.join("cur"))].concat() {
        let text = fs::read(&file).unwrap();
        let number = text
            .strip_prefix(b"Message-ID: <")
            .and_then(|text| text.split(|octet| *octet == b'@').next())
            .and_then(|number| std::str::from_utf8(number).ok()?.parse::<u64>().ok())
            .unwrap_or_else(|| panic!("{when}: {} is no message", file.display()));
        assert!(text == sent.0[&number], "{when}: message {number} is not what was sent");
        assert!(seen.insert(number, file).is_none(), "{when}: message {number} came twice");
    }
    seen.len()
}

fn each_once(options: &'static [&'static str], empties: bool) {
    let of = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    let seed = of("SEED").unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        now.as_nanos() as u64 % 1_000_000_007
    });
    let kills = of("KILLS").unwrap_or(100);
    println!("SEED={seed} KILLS={kills} {options:?}");
    let mut dice = Dice(seed);
    let root = folder();
    let drop = root.path().join("ada");
    for name in ["tmp", "new", "cur"] {
        fs::create_dir_all(drop.join(name)).unwrap();
    }
    let (_server, address) = serve(root.path());
    let maildir = root.path().join("here");
    let fetcher = Fetcher { maildir: maildir.clone(), options };
    let (mut sent, mut struck, mut ends) = (Sent::default(), [0; 2], [0; 2]);
    // An account is a server's address, which is another one here each time: one name for all.
    for kill in 0..kills {
        for _ in 0..dice.roll(10) {
            sent.deliver(&drop, &mut dice);
        }
        // So much is about to pass.
        let before = if maildir.exists() { arrived(&maildir, &sent, "before") as u64 } else { 0 };
        let new = sent.0.range(before..).map(|(_, text)| text.len() as u64 + 20).sum::<u64>();
        // And what is said besides: the login, the list, DELE.
        let listed = (files(drop.join("new")).len() + files(drop.join("cur")).len()) as u64;
        let at = dice.roll(2000 + listed * 60 + new * 11 / 10);
        let is_kill = dice.roll(2) == 0;
        let victim: Arc<Mutex<Option<Child>>> = Arc::default();
        let struck_by = victim.clone();
        let proxy = cut(&address, at, move || {
            if let (true, Some(child)) = (is_kill, struck_by.lock().unwrap().as_mut()) {
                _ = child.kill();
            }
        });
        // The lock is held until the child can be struck.
        let mut guard = victim.lock().unwrap();
        *guard = Some(fetcher.start(&proxy));
        std::mem::drop(guard);
        let status = loop {
            if let Some(status) = victim.lock().unwrap().as_mut().unwrap().try_wait().unwrap() {
                break status;
            }
            thread::sleep(std::time::Duration::from_millis(1));
        };
        struck[usize::from(is_kill)] += 1;
        ends[usize::from(status.success())] += 1;
        let when = format!("SEED={seed}, {options:?}, kill {kill} at octet {at}");
        if maildir.exists() {
            arrived(&maildir, &sent, &when);
            // Somebody reads: what is in new/ moves to cur/.
            for file in files(maildir.join("new")) {
                if dice.roll(3) == 0 {
                    let name = format!("{}:2,S", file.file_name().unwrap().to_str().unwrap());
                    fs::rename(file, maildir.join("cur").join(name)).unwrap();
                }
            }
        }
    }
    let had_come = arrived(&maildir, &sent, "in the end");
    // The session of who was killed may not be over yet at the server.
    let mut last = (None, String::new());
    for _ in 0..50 {
        last = fetcher.run(&address);
        if last.0 == Some(0) {
            break;
        }
        thread::sleep(std::time::Duration::from_millis(100));
    }
    let when = format!("SEED={seed}, {options:?}, at the end");
    assert_eq!(last.0, Some(0), "{when}: {}", last.1);
    assert_eq!(arrived(&maildir, &sent, &when), sent.0.len(), "{when}: not all came");
    assert_eq!(files(maildir.join("tmp")), Vec::<PathBuf>::new(), "{when}");
    let left = files(drop.join("new")).len() + files(drop.join("cur")).len();
    assert_eq!(left, if empties { 0 } else { sent.0.len() }, "{when}: left at the server");
    println!(
        "{} messages, {had_come} of them came in runs that were to be cut; {} connections cut, {} processes killed; \
         {} runs did not come to their end, {} did",
        sent.0.len(),
        struck[0],
        struck[1],
        ends[0],
        ends[1]
    );
    assert!(ends[0] * 2 > kills as usize, "{when}: hardly anything was cut");
    assert!(had_come * 2 > sent.0.len(), "{when}: hardly anything came before it was cut");
}

#[test]
fn each_once_and_kept() {
    each_once(&[], false);
}

#[test]
fn each_once_and_deleted() {
    each_once(&["--delete"], true);
}
