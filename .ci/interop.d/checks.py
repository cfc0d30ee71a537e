"""The checks: which client sends what over which route to which server, and what must come of it."""

import re
import time

import bench as at
from bench import DOMAIN, Failed, Skipped, said
from clients import Curl, Msmtp, Route, Send, Swaks
from messages import BODIES, Message
from servers import USERS, Aiosmtpd, Postfix, Receive

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
LOGIN = dict(user="alice", password=USERS["alice"])
WRONG = dict(user="alice", password="wrong")
# smtp-send ends as sysexits.h has it.
NO_USER, UNAVAILABLE, NO_PERMISSION = 67, 69, 77


class Checks:
    def __init__(self, bench, send, receive, word):
        self.bench, self.word = bench, word
        self.report = at.Report()
        self.receive = Receive(bench, receive)
        self.postfix = Postfix(bench, self.receive)
        self.aiosmtpd = Aiosmtpd(bench)
        self.send = Send(bench, send)
        self.swaks, self.curl, self.msmtp = Swaks(bench), Curl(bench), Msmtp(bench)

    def all(self):
        self.ours_to_others()
        self.ours_refused()
        self.others_to_ours()
        self.others_refused()
        self.relayed()
        self.nothing_left()

    # ---- what a check does

    def arrives(self, client, message, route, server, *trace, to=ALICE, at=None, **options):
        """The client is content, and the message is there as it was."""
        done = client.send(message, route, to, **options)
        if done.returncode != 0:
            raise Failed(f"{message.kind}: {client.name} ended with {done.returncode}: {said(done)}")
        (at or server).boxes[to.partition("@")[0]].holds(message, *trace)
        return done

    def every_kind(self, client, route, server, *trace, **options):
        for kind in BODIES:
            self.arrives(client, Message(kind), route, server, *trace, **options)

    def refuses(self, client, route, server, code, *says, to=(ALICE,), message=None, **options):
        """The client ends with this exit code and says why; nothing arrives."""
        message = message or Message()
        done = client.send(message, route, *to, **options)
        if done.returncode != code:
            raise Failed(f"{client.name} ended with {done.returncode}, not {code}: {said(done)}")
        for text in says:
            if not re.search(text, done.stdout.decode("utf-8", "replace")):
                raise Failed(f"{client.name} does not say `{text}`: {said(done)}")
        for box in server.boxes.values():
            box.lacks(message)

    def check(self, name, body, *arguments, **options):
        if self.word in name:
            self.report.check(name, body, *arguments, **options)

    # ---- our client

    def ours_to_others(self):
        for server in (self.postfix, self.aiosmtpd):
            name = f"smtp-send to {server.name}"
            self.check(f"{name}, plain", self.every_kind, self.send, Route(server.port), server, "with ESMTP")
            self.check(
                f"{name}, lines as Unix has them", self.every_kind, self.send, Route(server.port), server, unix=True
            )
            self.check(
                f"{name}, from standard input", self.every_kind, self.send, Route(server.port), server, stdin=True
            )
            self.check(
                f"{name}, STARTTLS",
                self.arrives,
                self.send,
                Message(),
                Route(server.port, "starttls"),
                server,
                "with ESMTPS",
            )
            proven = ("with ESMTPSA", "Authenticated sender: alice")
            self.check(
                f"{name}, STARTTLS and AUTH",
                self.every_kind,
                self.send,
                Route(server.submission, "starttls", **LOGIN),
                server,
                *proven,
            )
            for mechanism in server.mechanisms:
                route = Route(server.submission, "starttls", auth=mechanism, **LOGIN)
                self.check(
                    f"{name}, STARTTLS and AUTH {mechanism}",
                    self.arrives,
                    self.send,
                    Message(),
                    route,
                    server,
                    *proven,
                )
            self.check(f"{name}, two recipients", self.two_recipients, self.send, Route(server.port), server)
        self.check(
            "smtp-send to Postfix, TLS from the first octet and AUTH",
            self.every_kind,
            self.send,
            Route(self.postfix.implicit, "implicit", **LOGIN),
            self.postfix,
            "with ESMTPSA",
        )

    def two_recipients(self, client, route, server, *trace):
        message = Message()
        done = client.send(message, route, ALICE, BOB)
        if done.returncode != 0:
            raise Failed(f"{client.name} ended with {done.returncode}: {said(done)}")
        for user in ("alice", "bob"):
            server.boxes[user].holds(message, *trace)

    def ours_refused(self):
        for server in (self.postfix, self.aiosmtpd):
            name = f"smtp-send to {server.name}"
            for mechanism in server.mechanisms:
                route = Route(server.submission, "starttls", auth=mechanism, **WRONG)
                self.check(
                    f"{name}, wrong password, {mechanism}",
                    self.refuses,
                    self.send,
                    route,
                    server,
                    NO_PERMISSION,
                    "535",
                )
            self.check(
                f"{name}, no login where one is wanted",
                self.refuses,
                self.send,
                Route(server.submission, "starttls"),
                server,
                NO_PERMISSION,
                "5[35][04]",
            )
            self.check(
                f"{name}, no such recipient", self.one_refused, Route(server.port), server, f"nobody@{DOMAIN}", "550"
            )
            self.check(f"{name}, mailbox full", self.one_refused, Route(server.port), server, f"full@{DOMAIN}", "552")
            self.check(
                f"{name}, message too big",
                self.refuses,
                self.send,
                Route(server.port),
                server,
                UNAVAILABLE,
                "larger than the server takes",
                message=too_big(),
            )
            self.check(
                f"{name}, message from standard input too big",
                self.refuses,
                self.send,
                Route(server.port),
                server,
                UNAVAILABLE,
                "larger than the server takes",
                message=too_big(),
                stdin=True,
            )
            self.check(
                f"{name}, certificate of a stranger",
                self.distrusted,
                Route(server.submission, "starttls", **LOGIN),
                server,
            )
        self.check(
            "smtp-send to aiosmtpd, no STARTTLS offered",
            self.refuses,
            self.send,
            Route(self.aiosmtpd.bare, "starttls"),
            self.aiosmtpd,
            UNAVAILABLE,
        )

    def one_refused(self, route, server, refused, code):
        """Who was refused is told; the other one has the message."""
        message = Message()
        done = self.send.send(message, route, refused, ALICE)
        output = done.stdout.decode()
        if done.returncode != NO_USER or not re.search(f"{refused}.*{code}", output) or ALICE in output:
            raise Failed(f"smtp-send ended with {done.returncode}: {said(done)}")
        server.boxes["alice"].holds(message)

    def distrusted(self, route, server):
        self.send.ca = self.bench.stranger
        try:
            self.refuses(self.send, route, server, UNAVAILABLE)
        finally:
            self.send.ca = self.bench.ca

    # ---- our server

    def others_to_ours(self):
        ours = self.receive
        starttls = {
            self.swaks: ["PLAIN", "LOGIN", "CRAM-MD5"],
            self.curl: ["PLAIN", "LOGIN", "CRAM-MD5"],
            self.msmtp: ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"],
            self.send: [
                "PLAIN",
                "LOGIN",
                "CRAM-MD5",
                "SCRAM-SHA-1",
                "SCRAM-SHA-256",
                "SCRAM-SHA-512",
                "SCRAM-SHA-1-PLUS",
                "SCRAM-SHA-256-PLUS",
                "SCRAM-SHA-512-PLUS",
            ],
        }
        for client, mechanisms in starttls.items():
            name = f"{client.name} to smtp-receive"
            self.check(f"{name}, plain", self.every_kind, client, Route(ours.bare), ours, "with ESMTP")
            self.check(
                f"{name}, STARTTLS",
                self.arrives,
                client,
                Message(),
                Route(ours.port, "starttls"),
                ours,
                "with ESMTPS",
            )
            self.check(
                f"{name}, STARTTLS and AUTH", self.known, client, Route(ours.port, "starttls", **LOGIN), BODIES
            )
            for mechanism in mechanisms:
                route = Route(ours.port, "starttls", auth=mechanism, **LOGIN)
                self.check(f"{name}, STARTTLS and AUTH {mechanism}", self.known, client, route)
            self.check(
                f"{name}, TLS from the first octet and AUTH",
                self.known,
                client,
                Route(ours.implicit, "implicit", **LOGIN),
                BODIES,
            )
            self.check(f"{name}, two recipients", self.two_recipients, client, Route(ours.bare), ours)
        for client in (self.curl, self.msmtp, self.send):
            for mechanism in ("OAUTHBEARER", "XOAUTH2"):
                route = Route(ours.port, "starttls", user="alice", token="alice-token", auth=mechanism)
                self.check(f"{client.name} to smtp-receive, STARTTLS and AUTH {mechanism}", self.known, client, route)
        for client in (self.swaks, self.msmtp, self.send):
            name = f"{client.name} to smtp-receive, LMTP"
            self.check(name, self.every_kind, client, Route(ours.lmtp, lmtp=True), ours, "with LMTP")
            self.check(
                f"{name}, STARTTLS",
                self.arrives,
                client,
                Message(),
                Route(ours.lmtp, "starttls", lmtp=True),
                ours,
                "with LMTPS",
            )
            self.check(f"{name}, two recipients", self.two_recipients, client, Route(ours.lmtp, lmtp=True), ours)
        self.check(
            "swaks to smtp-receive, pipelined", self.every_kind, self.swaks, Route(ours.bare), ours, pipeline=True
        )
        self.check(
            "swaks to smtp-receive, LMTP, pipelined",
            self.every_kind,
            self.swaks,
            Route(ours.lmtp, lmtp=True),
            ours,
            pipeline=True,
        )

    def known(self, client, route, kinds=("plain",)):
        """It is alice who sends."""
        for kind in kinds:
            self.arrives(client, Message(kind), route, self.receive, "with ESMTPSA")
            if self.receive.last_user(route.port) != "alice":
                raise Failed("smtp-receive does not know who has logged in")

    def others_refused(self):
        ours = self.receive
        for client in (self.swaks, self.curl, self.msmtp):
            name = f"{client.name} to smtp-receive"
            for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5") + (("SCRAM-SHA-256",) if client is self.msmtp else ()):
                route = Route(ours.port, "starttls", auth=mechanism, **WRONG)
                self.check(
                    f"{name}, wrong password, {mechanism}", self.refuses, client, route, ours, client.bad_login, "535"
                )
            self.check(
                f"{name}, no login where one is wanted",
                self.refuses,
                client,
                Route(ours.implicit, "implicit"),
                ours,
                client.no_login,
                "530",
            )
            self.check(
                f"{name}, no such recipient",
                self.refuses,
                client,
                Route(ours.bare),
                ours,
                client.unknown_user,
                "550",
                to=(f"nobody@{DOMAIN}",),
            )
        self.check(
            "curl to smtp-receive, message too big",
            self.refuses,
            self.curl,
            Route(ours.bare),
            ours,
            self.curl.unknown_user,
            "552",
            message=too_big(),
        )

    def relayed(self):
        """Ours, then Postfix, then ours."""
        for domain, *trace in (("smtp.relay.test", "with ESMTPSA"), ("lmtp.relay.test", "with LMTPS")):
            for kind in BODIES:
                self.check(
                    f"smtp-send to Postfix, which relays to smtp-receive by {domain[:4].upper()}, {kind}",
                    self.arrives,
                    self.send,
                    Message(kind),
                    Route(self.postfix.port),
                    self.receive,
                    *trace,
                    to=f"alice@{domain}",
                )

    def nothing_left(self):
        self.check("Postfix has nothing left", self.queue_is_empty)

    def queue_is_empty(self):
        """What was accepted went its way: no bounce, nothing deferred."""
        end = time.monotonic() + 10
        command = at.as_root(
            "find",
            *(
                str(self.postfix.root / "queue" / queue)
                for queue in ("active", "bounce", "defer", "deferred", "incoming", "maildrop")
            ),
            "-type",
            "f",
        )
        while left := at.must(command):
            if time.monotonic() > end:
                raise Failed(f"in its queue: {left.decode()}")
            time.sleep(0.1)


def too_big():
    message = Message("2 MB")
    message.text, message.octets = (octets + octets for octets in (message.text, message.octets))
    return message


def main(arguments):
    began = time.monotonic()
    at.end_on_signals()
    try:
        at.install()
        send, receive = at.build("smtp-send", "smtp-receive")
        with at.Bench() as bench:
            checks = Checks(bench, send, receive, " ".join(arguments))
            checks.all()
            report = checks.report
            if report.failed:
                print(checks.postfix.log())
    except Skipped as why:
        print(f"SKIPPED interop: {why}", flush=True)
        return 99
    except Failed as why:
        print(f"FAIL interop: {why}", flush=True)
        return 1
    print(f"{report.passed} ok, {report.failed} failed, in {time.monotonic() - began:.0f} s")
    return 0 if report.passed and not report.failed else 1
