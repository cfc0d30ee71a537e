#!/usr/bin/env python3
"""pop3-fetch beside mpop and fetchmail: 10,000 messages from Dovecot into a Maildir, in one run.

    cargo build --release -p mailwire-examples --bin pop3-fetch
    benches/pop3_fetch.py [--messages N] [--rounds N] [--store maildir|mdbox] [--program FILE]

Dovecot's mail store, its index and each Maildir lie in tmpfs, so that what is measured is the programs and not the
disk; all of them call fsync for each message all the same: mpop and pop3-fetch by themselves, fetchmail through
safecat, which is the smallest program that delivers into a Maildir. Messages stay on the server (`keep`), nothing is
known of them before (no state is there), and the connection is in the clear, on loopback.

The programs take turns, and the least time of all rounds counts: other programs make a run slower, never faster. One that
takes more than ten times as long as another runs once.
Dovecot has the messages in a Maildir, and in another run in mdbox, its own format, in which it finds them faster: then
more of the time is the client's.

After each run the messages are counted, and their octets compared with those of the mail store.

Ends with 0 if pop3-fetch is at least 1.5 times as fast as each of them, with 1 if not, with 77 (skipped) where a
program is missing: on Debian `apt-get install dovecot-pop3d mpop fetchmail safecat`. Wants root, for Dovecot does.
"""

import argparse
import hashlib
import os
import pathlib
import pwd
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
HOST, USER, PASSWORD = "127.0.0.1", "alice", "alice-secret"
WANTED = 1.5


def tool(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not found:
        print(f"SKIPPED: {name} is not here", file=sys.stderr)
        sys.exit(SKIPPED)
    return found


def free_port():
    with socket.socket() as one:
        one.bind((HOST, 0))
        return one.getsockname()[1]


# ---- the mail store


def message(number, dice):
    """Some KiB of text, as most mail is; a dot begins some of its lines."""
    words = [dice.randbytes(3).hex() for _ in range(64)]
    lines = [
        f"Received: from a.example by b.example; Tue, 24 Nov 2026 10:00:{number % 60:02} +0000",
        f"From: sender{number % 97}@example.org",
        f"To: {USER}@example.test",
        f"Subject: message {number}",
        f"Message-ID: <{number}.{dice.randbytes(6).hex()}@example.org>",
        "Date: Tue, 24 Nov 2026 10:00:00 +0000",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "",
    ]
    # Most are short and some are long.
    for _ in range(min(2000, int(dice.lognormvariate(3.2, 1.0)))):
        line = " ".join(dice.choices(words, k=10))
        lines.append("." + line if dice.random() < 0.02 else line)
    return "\n".join(lines).encode() + b"\n"


def fill(folder, messages):
    """How many octets they have, and what they are."""
    dice, octets, digests = random.Random(1), 0, []
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for number in range(messages):
        text = message(number, dice)
        octets += len(text) + text.count(b"\n")
        digests.append(digest(text))
        (folder / "cur" / f"1790000000.M{number:06}P1.bench:2,").write_bytes(text)
    return octets, sorted(digests)


def digest(text):
    """Of the message, whatever its line ends are and whatever a delivery put in front of it."""
    text = text.replace(b"\r\n", b"\n")
    return hashlib.sha256(text[text.index(b"Received: from a.example") :]).digest()


class Dovecot:
    def __init__(self, root, store):
        owner = pwd.getpwnam("mail" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
        self.port = free_port()
        for name in ("run", "state"):
            (root / name).mkdir()
        (root / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}:::::\n")
        (root / "dovecot.conf").write_text(
            f"""
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
protocols = pop3
listen = {HOST}
ssl = no
auth_mechanisms = plain scram-sha-256
disable_plaintext_auth = no
auth_username_format = %Ln
first_valid_uid = 1
first_valid_gid = 1
mail_uid = {owner.pw_uid}
mail_gid = {owner.pw_gid}
mail_home = {root}/home/%n
mail_location = {store}:{root}/{store}/%n
passdb {{
  driver = passwd-file
  args = username_format=%n {root}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%n {root}/users
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {self.port}
  }}
}}
"""
        )
        (root / store).mkdir(exist_ok=True)
        for path in (root / store, *root.glob("maildir/**/*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        command = [tool("dovecot"), "-F", "-c", str(root / "dovecot.conf")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                with socket.create_connection((HOST, self.port), 1) as probe:
                    if probe.recv(3) == b"+OK":
                        break
            except OSError:
                time.sleep(0.02)
        else:
            sys.exit(f"Dovecot does not greet: {(root / 'dovecot.log').read_text()[-2000:]}")
        if store != "maildir":
            words = ["import", "-u", USER, f"maildir:{root}/maildir/{USER}", "", "ALL"]
            subprocess.run([tool("doveadm"), "-c", str(root / "dovecot.conf"), *words], check=True)

    def stop(self):
        self.process.terminate()
        self.process.wait()


# ---- the programs


def ours(program, scratch, port, maildir):
    return [
        program,
        *("--server", f"{HOST}:{port}", "--tls", "none", "--dangerous-plaintext-auth"),
        # As the others log in.
        *("--user", USER, "--password-env", "SECRET", "--auth", "USER", "--maildir", str(maildir)),
    ]


def mpop(program, scratch, port, maildir):
    settings = scratch / "mpoprc"
    settings.touch(0o600)
    settings.write_text(
        f"account default\nhost {HOST}\nport {port}\nuser {USER}\npassword {PASSWORD}\nauth user\ntls off\n"
        f"keep on\npipelining on\nreceived_header off\ndelivery maildir {maildir}\nuidls_file {scratch}/uidls\n"
    )
    return [program, "-C", str(settings), "-Q"]


def fetchmail(program, scratch, port, maildir):
    settings = scratch / "fetchmailrc"
    settings.touch(0o700)
    settings.write_text(
        f'set no bouncemail\nset invisible\npoll {HOST} protocol pop3 service {port} uidl user "{USER}" password '
        f"\"{PASSWORD}\" sslproto '' keep pass8bits no rewrite no mimedecode "
        f'mda "{tool("safecat")} {maildir}/tmp {maildir}/new"\n'
    )
    return [program, "-f", str(settings), "--nosyslog", "--pidfile", str(scratch / "pid"), "-i", str(scratch / "ids")]


def run(name, command, root, port, expected):
    """Seconds; and what came must be what was there."""
    with tempfile.TemporaryDirectory(dir=root) as scratch:
        scratch = pathlib.Path(scratch)
        maildir = scratch / "maildir"
        for folder in ("cur", "new", "tmp"):
            (maildir / folder).mkdir(parents=True)
        words = command(tool_of[name], scratch, port, maildir)
        environment = {"PATH": os.environ["PATH"], "HOME": str(scratch), "SECRET": PASSWORD, "LC_ALL": "C.UTF-8"}
        begun = time.monotonic()
        done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        took = time.monotonic() - begun
        if done.returncode:
            sys.exit(f"{name} ended with {done.returncode}: {done.stderr[-500:]!r} {done.stdout[-500:]!r}")
        got = sorted(digest(file.read_bytes()) for file in (maildir / "new").iterdir())
        if got != expected:
            sys.exit(f"{name}: {len(got)} messages came of {len(expected)}, or they are others")
        return took


tool_of = {}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--messages", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--program", help="pop3-fetch; else that of the release build")
    arguments.add_argument("--store", action="append", choices=["maildir", "mdbox"], help="how Dovecot keeps mail")
    arguments.add_argument("--only", help="this program alone")
    asked = arguments.parse_args()
    asked.store = asked.store or ["maildir", "mdbox"]
    target = os.environ.get("CARGO_TARGET_DIR", pathlib.Path(__file__).resolve().parent.parent / "target")
    programs = {"pop3-fetch": ours, "mpop": mpop, "fetchmail": fetchmail}
    if asked.only:
        programs = {asked.only: programs[asked.only]}
    tool_of.update((name, tool(name)) for name in programs if name != "pop3-fetch")
    tool_of["pop3-fetch"] = asked.program or str(pathlib.Path(target) / "release" / "pop3-fetch")
    if "pop3-fetch" in programs and not os.access(tool_of["pop3-fetch"], os.X_OK):
        sys.exit(f"{tool_of['pop3-fetch']} is not there: cargo build --release -p mailwire-examples --bin pop3-fetch")

    slow = [store for store in asked.store if measure(store, programs, asked)]
    return int(bool(slow))


def measure(store, programs, asked):
    """Is one of the others too near?"""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="mailwire-pop3.") as root:
        root = pathlib.Path(root)
        root.chmod(0o755)
        octets, expected = fill(root / "maildir" / USER, asked.messages)
        dovecot = Dovecot(root, store)
        try:
            least = {}
            # Dovecot's index is there before anything is measured.
            for number in range(asked.rounds + 1):
                for name in list(programs)[:: 1 if number % 2 else -1]:
                    # What takes very long runs once.
                    if least.get(name, 0) > 10 * min(least.values(), default=0):
                        continue
                    if number or name == list(programs)[0]:
                        took = run(name, programs[name], root, dovecot.port, expected)
                        if number:
                            least[name] = min(least.get(name, took), took)
                            print(f"  {number} {name} {took:.3f} s", flush=True)
        finally:
            dovecot.stop()
    print(f"\n{asked.messages:,} messages, {octets:,} octets, from Dovecot's {store}\n")
    print("| | seconds | messages a second | MB a second | to pop3-fetch |")
    print("|---|---:|---:|---:|---:|")
    fastest = least.get("pop3-fetch")
    for name, took in least.items():
        ratio = f"{took / fastest:.2f}" if fastest else "-"
        print(f"| {name} | {took:.3f} | {asked.messages / took:,.0f} | {octets / took / 1e6:.1f} | {ratio} |")
    return bool(fastest) and any(took / fastest < WANTED for name, took in least.items() if name != "pop3-fetch")


if __name__ == "__main__":
    sys.exit(main())
