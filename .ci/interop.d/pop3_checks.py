"""The checks of POP3: our client against other people's servers, and other people's clients against our server."""

import random
import re
import socket
import subprocess
import threading
import time

from bench import HOST, Failed, said
from messages import BODIES, Message, difference
from pop3_clients import (
    ALL,
    TAIL,
    CClient,
    Curl,
    Fetch,
    Fetchmail,
    Getmail,
    Mpop,
    NodePop3,
    Poplib,
    SNail,
)
from pop3_servers import Cyrus, Dovecot, Serve

# pop3-fetch ends as sysexits.h has it.
UNAVAILABLE, TEMPORARY, NO_PERMISSION = 69, 75, 77
KILLS = 100


class Pop3:
    def __init__(self, bench, fetch, serve, check):
        self.bench, self.check = bench, check
        self.serve, self.dovecot, self.cyrus = Serve(bench, serve), Dovecot(bench), Cyrus(bench)
        self.fetch = Fetch(bench, fetch)
        self.curl, self.mpop, self.fetchmail, self.getmail, self.poplib, self.node, self.s_nail, self.c_client = (
            client(bench) for client in (Curl, Mpop, Fetchmail, Getmail, Poplib, NodePop3, SNail, CClient)
        )

    def all(self):
        self.ours_to_others()
        self.ours_refused()
        self.others_to_ours()
        self.others_refused()

    def logs(self):
        for server in (self.dovecot, self.cyrus):
            print(f"---- {server.name}, POP3\n{server.log()}")

    # ---- what a check does

    def comes(self, client, server, port, tls="none", kinds=("plain",), auth=None, empties=None, **options):
        """The client is content, and has every message as it was."""
        messages = [Message(kind) for kind in kinds if kind not in client.lacks]
        user = server.maildrop(messages)
        route = server.route(user, port, tls, auth=auth)
        more = dict(count=len(messages)) if client is self.curl else {}
        done, got = client.fetch(route, **more, **options)
        if done.returncode != 0:
            raise Failed(f"{client.name} ended with {done.returncode}: {said(done)}")
        compare(client, messages, got, server)
        if empties is not None and hasattr(server, "left"):
            left = server.left(user)
            if left != (0 if empties else len(messages)):
                raise Failed(f"{left} of {len(messages)} messages are left")
        return user, done

    def refuses(self, client, server, port, tls, code, says, auth=None, ca=None, empties=False):
        """The client ends with this exit code and says why; nothing has come, nothing is gone."""
        user = server.maildrop([Message()])
        route = server.route(user, port, tls, auth=auth, ca=ca)
        if ca is None:
            route.password = "wrong"
        done, got = client.fetch(route)
        if done.returncode != code or got:
            raise Failed(f"{client.name} ended with {done.returncode}, not {code}, with {len(got)} messages: {said(done)}")
        if not re.search(says, done.stdout.decode("utf-8", "replace")):
            raise Failed(f"{client.name} does not say `{says}`: {said(done)}")
        if hasattr(server, "left") and server.left(user) != 1:
            raise Failed("the message is gone")

    # ---- our client

    def ours_to_others(self):
        danger = dict(options=["--dangerous-plaintext-auth"])
        for server in (self.dovecot, self.cyrus):
            name, fetch = f"pop3-fetch to {server.name}", self.fetch
            every = dict(kinds=BODIES, empties=True)
            self.check(f"{name}, plain", self.comes, fetch, server, server.clear, **every)
            every["auth"] = server.auth
            self.check(f"{name}, STLS", self.comes, fetch, server, server.port, "starttls", **every)
            implicit = (fetch, server, server.implicit, "implicit")
            self.check(f"{name}, TLS from the first octet", self.comes, *implicit, **every)
            self.check(f"{name}, kept", self.kept, server)
            for mechanism in [*server.mechanisms, "USER"]:
                route = (fetch, server, server.port, "starttls")
                self.check(f"{name}, STLS and {mechanism}", self.comes, *route, auth=mechanism)
            for mechanism in ("PLAIN", "LOGIN", "USER"):
                clear = (fetch, server, server.clear)
                self.check(f"{name}, plain and {mechanism}", self.comes, *clear, auth=mechanism, **danger)
            self.check(f"{name}, two at once", self.in_use, server)
        server, name = self.dovecot, "pop3-fetch to Dovecot"
        self.check(f"{name}, APOP", self.comes, self.fetch, server, server.clear, auth="APOP")
        self.check(f"{name}, {KILLS} times cut", self.cut, server, False)
        self.check(f"{name}, {KILLS} times cut, deleting", self.cut, server, True)

    def kept(self, server):
        """What stays on the server comes once; later it is deleted without coming again."""
        messages = [Message(kind) for kind in ("plain", "dots", "8-bit UTF-8")]
        user = server.maildrop(messages)
        route, maildir = server.route(user, server.port, "starttls", auth=server.auth), self.fetch.place() / "maildir"
        for delete in (False, False, True, False):
            done, got = self.fetch.fetch(route, delete=delete, maildir=maildir)
            if done.returncode != 0:
                raise Failed(f"pop3-fetch ended with {done.returncode}: {said(done)}")
            compare(self.fetch, messages, got, server)
        if b'"messages":0' not in done.stdout:
            raise Failed(f"it has not been deleted: {said(done)}")

    def in_use(self, server):
        """Who has the maildrop keeps others out; if the server lets them in, each has what is there."""
        messages = [Message()]
        user = server.maildrop(messages)
        place = self.fetch.place() / "maildir"
        with socket.create_connection((HOST, server.clear), 20) as first:
            lines = first.makefile("rb")
            for word in (None, f"USER {user}", f"PASS {user}-secret"):
                if word:
                    first.sendall(f"{word}\r\n".encode())
                if not lines.readline().startswith(b"+OK"):
                    raise Failed(f"{server.name} refuses {word}")
            done, got = self.fetch.fetch(server.route(user, server.port, "starttls", auth=server.auth), maildir=place, delete=False)
            if (done.returncode, len(got)) not in ((TEMPORARY, 0), (0, 1)):
                raise Failed(f"pop3-fetch ended with {done.returncode}: {said(done)}")
            first.sendall(b"QUIT\r\n")
            lines.readline()
        for _ in range(50):
            done, got = self.fetch.fetch(server.route(user, server.port, "starttls", auth=server.auth), maildir=place)
            if done.returncode != TEMPORARY:
                break
            time.sleep(0.1)
        compare(self.fetch, messages, got, server)

    def cut(self, server, delete):
        """Cut at random octets, by an end of the connection or of the process: each message comes once."""
        seed = random.randrange(1 << 32)
        dice, sent, left = random.Random(seed), [], 0
        user = server.maildrop([])
        maildir = self.fetch.place() / "maildir"
        when = f"seed {seed}"
        try:
            for _ in range(KILLS):
                new = [Message(dice.choice([kind for kind in BODIES if kind != "2 MB"])) for _ in range(dice.randrange(4))]
                server.fill(user, new)
                sent += new
                left = len(sent) - (len(list((maildir / "new").iterdir())) if maildir.exists() else 0)
                at = dice.randrange(2000 + 60 * len(sent) + 900 * left)
                when = f"seed {seed}, cut at octet {at}"
                self.cut_once(server, user, maildir, delete, at, dice.random() < 0.5)
                if maildir.exists():
                    once(maildir)
            for _ in range(100):
                route = server.route(user, server.clear)
                done, got = self.fetch.fetch(route, maildir=maildir, delete=delete, options=["--account", "one"])
                if done.returncode == 0:
                    break
                time.sleep(0.1)
            if done.returncode != 0:
                raise Failed(f"at the end pop3-fetch ends with {done.returncode}: {said(done)}")
            compare(self.fetch, sent, got, server)
            if list((maildir / "tmp").iterdir()):
                raise Failed("something is left in tmp/")
        except Failed as why:
            raise Failed(f"{when}: {why}") from None
        print(f"   {len(sent)} messages, {KILLS} times cut, {when.partition(',')[0]}", flush=True)

    def cut_once(self, server, user, maildir, delete, at, by_kill):
        with Cutter(server.clear, at) as cutter:
            route = server.route(user, cutter.port)
            options = ["--account", "one", *["--delete"] * delete]
            command, environment = self.fetch.command(route, maildir, *options)
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            cutter.strike(process.kill if by_kill else lambda: None)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise Failed("pop3-fetch does not end") from None

    def ours_refused(self):
        for server in (self.dovecot, self.cyrus):
            name = f"pop3-fetch to {server.name}"
            for mechanism in [*server.mechanisms, "USER"]:
                more = (self.fetch, server, server.port, "starttls", NO_PERMISSION, "-ERR")
                self.check(f"{name}, wrong password, {mechanism}", self.refuses, *more, auth=mechanism)
            more = (self.fetch, server, server.port, "starttls", UNAVAILABLE, "certificate")
            self.check(f"{name}, certificate of a stranger", self.refuses, *more, ca=self.bench.stranger)
        more = (self.fetch, self.dovecot, self.dovecot.clear, "none", NO_PERMISSION, "-ERR")
        self.check("pop3-fetch to Dovecot, wrong password, APOP", self.refuses, *more, auth="APOP")

    # ---- our server

    def others_to_ours(self):
        serve = self.serve
        passwords, scram = ["PLAIN", "LOGIN", "CRAM-MD5"], ["SCRAM-SHA-1", "SCRAM-SHA-256"]
        for client, everywhere, mechanisms in (
            (self.curl, "all", [*passwords, "+APOP"]),
            (self.mpop, "all", ["user", "apop", *passwords, *scram]),
            (self.fetchmail, "all", ["APOP"]),
            (self.getmail, "implicit", ["APOP"]),
            (self.poplib, "all", ["APOP"]),
            (self.node, "implicit", []),
            (self.s_nail, "all", ["APOP"]),
            (self.c_client, "implicit", []),
            (self.fetch, "all", [*serve.mechanisms, "APOP", "USER"]),
        ):
            name = f"{client.name} to pop3-serve"
            empties = client not in (self.curl, self.s_nail)
            secure = {"implicit": [("implicit", serve.implicit)]}.get(
                everywhere, [("starttls", serve.port), ("implicit", serve.implicit)]
            )
            danger = dict(options=["--dangerous-plaintext-auth"]) if client is self.fetch else {}
            for tls, port in [("none", serve.clear), *secure]:
                self.check(f"{name}, {HOW[tls]}", self.ours, client, port, tls, kinds=BODIES, empties=empties)
            for mechanism in mechanisms:
                tls, port = ("none", serve.clear) if "APOP" in mechanism.upper() else secure[-1]
                self.check(f"{name}, {HOW[tls]}, {mechanism}", self.ours, client, port, tls, auth=mechanism, **danger)
        name = "pop3-fetch to pop3-serve, STLS and SCRAM-SHA-256-PLUS"
        self.check(name, self.ours, self.fetch, serve.port, "starttls", auth="SCRAM-SHA-256-PLUS")
        for pipelining in ("on", "off"):
            name = f"mpop to pop3-serve, pipelining {pipelining}"
            self.check(name, self.ours, self.mpop, serve.clear, kinds=BODIES, empties=True, pipelining=pipelining)
        for client in (self.mpop, self.fetchmail, self.getmail, self.poplib, self.fetch):
            name = f"{client.name} to pop3-serve, kept"
            self.check(name, self.ours, client, serve.clear, kinds=("plain", "dots"), empties=False, delete=False)
        name = "poplib to pop3-serve, every command"
        self.check(name, self.every_command)

    def ours(self, client, port, tls="none", **more):
        """And the server says who it was."""
        user, _ = self.comes(client, self.serve, port, tls, **more)
        end = time.monotonic() + 5
        while not (sessions := self.serve.sessions(user, port)):
            if time.monotonic() > end:
                raise Failed("pop3-serve says nothing of the session")
            time.sleep(0.05)
        if any((session["tls"] == "yes") != (tls != "none") for session in sessions):
            raise Failed(f"pop3-serve says of its TLS: {sessions}")

    def every_command(self):
        kinds = [kind for kind in BODIES if kind != "2 MB"]
        self.ours(self.poplib, self.serve.clear, kinds=kinds, empties=True, commands=len(kinds))

    def others_refused(self):
        serve = self.serve
        for client in (self.curl, self.mpop, self.fetchmail, self.getmail, self.poplib, self.node, self.fetch):
            name = f"{client.name} to pop3-serve, wrong password"
            more = (client, serve, serve.implicit, "implicit", client.bad_login, "")
            self.check(name, self.refuses, *more)


HOW = {"none": "plain", "starttls": "STLS", "implicit": "TLS from the first octet"}


def once(maildir):
    ids = [re.search(rb"Message-ID: (<[^>]+>)", file.read_bytes())[1] for file in (maildir / "new").iterdir()]
    if len(ids) != len(set(ids)):
        raise Failed("a message came twice")


def compare(client, messages, got, server):
    """Each is there once, with as much of it unchanged as this client leaves so."""
    if len(got) != len(messages):
        raise Failed(f"{client.name}: {len(got)} messages came of {len(messages)}")
    for message in messages:
        found = [octets for octets in got if message.id.encode() in octets]
        if len(found) != 1:
            raise Failed(f"{client.name}: {message.kind}: came {len(found)} times")
        want, have = message.delivered(), found[0]
        if client.keeps == ALL:
            # Where it has come by LMTP, lines were put in front.
            front = have[: len(have) - len(want)]
            if not have.endswith(want) or not server.trace.fullmatch(front):
                raise Failed(f"{client.name}: {message.kind}: was changed: {difference(want, have)}, behind {front!r}")
            continue
        want, have = (octets.partition(b"\r\n\r\n")[2] for octets in (want, have))
        if client.keeps == TAIL:
            want, have = want.rstrip(b"\r\n"), have.rstrip(b"\r\n")
        if want != have:
            raise Failed(f"{client.name}: {message.kind}: was changed: {difference(want, have)}")


class Cutter:
    """Passes octets both ways to a server and counts them; at the given count it strikes, and closes."""

    def __init__(self, server, at):
        self.server, self.left, self.lock = server, at, threading.Lock()
        self.armed, self.struck = threading.Event(), None
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = [self.listener]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.armed.set()
        self.close()

    def strike(self, how):
        self.struck = how
        self.armed.set()

    def close(self):
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def accept(self):
        try:
            client, _ = self.listener.accept()
            server = socket.create_connection((HOST, self.server), 20)
        except OSError:
            return
        self.sockets += [client, server]
        for ends in ((client, server), (server, client)):
            threading.Thread(target=self.passes, args=ends, daemon=True).start()

    def passes(self, source, target):
        try:
            while octets := source.recv(16384):
                with self.lock:
                    part = octets[: max(self.left, 0)]
                    self.left -= len(octets)
                    target.sendall(part)
                    if self.left <= 0:
                        self.armed.wait(20)
                        if self.struck:
                            self.struck()
                        self.struck = None
                        self.close()
                        return
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
