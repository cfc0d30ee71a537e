"""Messages that are hard to carry, and whether one arrived as it was sent."""

import itertools
import re
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

    def __init__(self, kind="plain"):
        self.kind = kind
        self.id = f"{next(SERIAL)}.{time.time_ns()}@example.org"
        self.text = (
            f'From: "Sender, The" <{SENDER}>\nTo: alice@{DOMAIN}\nSubject: {kind},\n and a folded line\n'
            f"Date: Tue, 01 Jul 2025 10:52:37 +0200\nMessage-ID: <{self.id}>\nMIME-Version: 1.0\n"
            f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{BODIES[kind]}"
        ).encode()
        self.octets = self.text.replace(b"\n", b"\r\n")

    def delivered(self):
        """SMTP cannot say that a last line has no end."""
        return self.octets if self.octets.endswith(b"\r\n") else self.octets + b"\r\n"


# What a server may put in front of a message; RFC 5321 §4.4, and Postfix.
TRACE = re.compile(rb"(?:(?:Return-Path|Delivered-To|X-Original-To|Received):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*\Z")


class Mailbox:
    """A Maildir. `lf`: its server stores lines as Unix has them."""

    def __init__(self, path, lf=False):
        self.path, self.lf = path, lf

    def copies(self, message):
        found = []
        for folder in ("new", "cur"):
            for file in sorted((self.path / folder).glob("*")):
                octets = file.read_bytes()
                if message.id.encode() in octets:
                    found.append(octets.replace(b"\n", b"\r\n") if self.lf else octets)
        return found

    def holds(self, message, *trace):
        """Exactly one copy of it, octet for octet, with these texts in the lines that its way put in front."""
        end = time.monotonic() + 15
        while not (copies := self.copies(message)):
            if time.monotonic() > end:
                raise Failed(f"{message.kind}: did not arrive in {self.path.name}'s mailbox")
            time.sleep(0.02)
        if len(copies) != 1:
            raise Failed(f"{message.kind}: arrived {len(copies)} times")
        want, got = message.delivered(), copies[0]
        front = got[: len(got) - len(want)]
        if not got.endswith(want) or not TRACE.match(front):
            raise Failed(f"{message.kind}: was changed on the way: {difference(want, got)}")
        unfolded = b" ".join(front.split()).decode()
        for text in trace:
            if not re.search(re.escape(text) + r"\b", unfolded):  # ESMTP is not ESMTPS
                raise Failed(f"{message.kind}: no `{text}` in its trace: {unfolded}")

    def lacks(self, message):
        if self.copies(message):
            raise Failed(f"{message.kind}: was delivered although it was refused")


def difference(want, got):
    start = got.find(want[:20])
    if start < 0:
        return f"its first header line is gone: {got[:200]!r}"
    got = got[start:]
    at = next((n for n, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
    near = slice(max(0, at - 20), at + 40)
    return f"octet {at} of {len(want)}, {len(got)} came: sent {want[near]!r}, got {got[near]!r}"
