"""Messages that are hard to carry, and whether one arrived as it was sent."""

import itertools
import re
import threading
import time

from bench import DOMAIN, Failed

SENDER = "sender@example.org"
SERIAL = itertools.count(1)

BODIES = {
    "plain": "A short message.\n\nIt has two paragraphs.\n",
    "dots": "Dots follow.\n.\n..\n...\n.x\nx.\n.\n\n.\nFrom here on\n>From here on\n..\n",
    "first line a dot": ".\n..\nThe message goes on.\n",
    "last line a dot": "The message goes on.\n.\n",
    "998 octets in a line": "x" * 998 + "\n." + "y" * 997 + "\n" + "." * 998 + "\n",
    "8-bit UTF-8": "Grüße aus Köln — 日本語 📬\né\n",
    "no final line end": "The last line\nends without CRLF",
    "empty lines at the end": "\n\nText\n\n\n\n",
    "empty body": "",
    "2 MB": "".join(f"{'.' * (n % 3)}{n:07} {'z' * (n % 70)}\n" for n in range(44_000)),
}


class Message:
    """One message with an id of its own; `text` has LF, `octets` CRLF as on the wire."""

    def __init__(self, kind="plain", sender=SENDER, name="Sender, The"):
        self.kind, self.sender = kind, sender
        self.id = f"{next(SERIAL)}.{time.time_ns()}@example.org"
        self.body = BODIES[kind]
        self.text = (
            f'From: "{name}" <{sender}>\nTo: alice@{DOMAIN}\nSubject: {kind},\n and a folded line\n'
            f"Date: Tue, 01 Jul 2025 10:52:37 +0200\nMessage-ID: <{self.id}>\nMIME-Version: 1.0\n"
            f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{self.body}"
        ).encode()
        self.octets = self.text.replace(b"\n", b"\r\n")

    def delivered(self):
        """SMTP cannot say that a last line has no end."""
        return self.octets if self.octets.endswith(b"\r\n") else self.octets + b"\r\n"

    def is_in(self, got, trace):
        want = self.delivered()
        front = got[: len(got) - len(want)]
        if not got.endswith(want) or not TRACE.match(front):
            raise Failed(f"{self.kind}: was changed on the way: {difference(want, got)}")
        unfolded = b" ".join(front.split()).decode()
        for text in trace:
            if not re.search(re.escape(text) + r"\b", unfolded):  # ESMTP is not ESMTPS
                raise Failed(f"{self.kind}: no `{text}` in its trace: {unfolded}")


def with_utf8():
    """It can go only where SMTPUTF8 is offered."""
    return Message("8-bit UTF-8", sender="größe@example.org", name="Größe")


class Written(Message):
    """A message that the client writes itself, of this body: its header lines are its own."""

    def is_in(self, got, trace):
        head, _, body = got.partition(b"\r\n\r\n")
        want = self.delivered().partition(b"\r\n\r\n")[2]
        if body != want:
            raise Failed(f"{self.kind}: was changed on the way: {difference(want, body)}")
        unfolded = b" ".join(head.split()).decode()
        for text in trace:
            if not re.search(re.escape(text) + r"\b", unfolded):
                raise Failed(f"{self.kind}: no `{text}` in its trace: {unfolded}")


# What a server may put in front of a message; RFC 5321 §4.4, and Postfix.
TRACE = re.compile(
    rb"(?:(?:Return-Path|Delivered-To|X-Original-To|Received):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*\Z", re.IGNORECASE
)
ID = re.compile(rb"\d+\.\d{16,}@example\.org")


class Mailbox:
    """A Maildir. `lf`: its server stores lines as Unix has them."""

    def __init__(self, path, lf=False):
        self.path, self.lf = path, lf
        self.lock, self.known, self.of = threading.Lock(), set(), {}

    def files(self, message):
        """Those with this message. Each is read for its id once: there are many."""
        with self.lock:
            for folder in ("new", "cur"):
                for file in sorted((self.path / folder).glob("*")):
                    if file not in self.known:
                        with file.open("rb") as octets:
                            for id in set(ID.findall(octets.read(8192))):
                                self.of.setdefault(id.decode(), []).append(file)
                        self.known.add(file)
            return list(self.of.get(message.id, []))

    def copies(self, message):
        octets = [file.read_bytes() for file in self.files(message)]
        return [one.replace(b"\n", b"\r\n") for one in octets] if self.lf else octets

    def holds(self, message, *trace, times=1):
        """So many copies of it, octet for octet, with these texts in the lines that its way put in front."""
        end = time.monotonic() + 20
        while len(copies := self.copies(message)) < times:
            if time.monotonic() > end:
                raise Failed(f"{message.kind}: {len(copies)} of {times} arrived in {self.path.name}'s mailbox")
            time.sleep(0.02)
        if len(copies) != times:
            raise Failed(f"{message.kind}: arrived {len(copies)} times")
        for got in copies:
            message.is_in(got, trace)

    def reports(self, message, *says):
        """A report about it has come (RFC 3464), and says this."""
        end = time.monotonic() + 20
        while True:
            for got in self.copies(message):
                if b": message/delivery-status" in got:
                    for text in says:
                        if not re.search(text, got.decode("utf-8", "replace"), re.IGNORECASE | re.MULTILINE):
                            raise Failed(f"the report does not say `{text}`: {got!r}")
                    return
            if time.monotonic() > end:
                raise Failed(f"no report about it in {self.path.name}'s mailbox")
            time.sleep(0.02)

    def lacks(self, message):
        if self.files(message):
            raise Failed(f"{message.kind}: was delivered although it was refused")


def difference(want, got):
    start = got.find(want[:20])
    if start < 0:
        return f"its first header line is gone: {got[:200]!r}"
    got = got[start:]
    at = next((n for n, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
    near = slice(max(0, at - 20), at + 40)
    return f"octet {at} of {len(want)}, {len(got)} came: sent {want[near]!r}, got {got[near]!r}"
