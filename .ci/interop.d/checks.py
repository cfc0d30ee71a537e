"""The checks: which client sends what over which route to which server, and what must come of it."""

import functools
import re
import time

import bench as at
import install
from bench import DOMAIN, Failed, Skipped, said
from clients import (
    Aiosmtplib,
    Curl,
    Msmtp,
    Nodemailer,
    Perl,
    Route,
    Ruby,
    Send,
    Smtplib,
    SmtpSource,
    SNail,
    Swaks,
)
from dovecot import Dovecot
from exim import Exim
from messages import BODIES, Message, Written, with_utf8
from opensmtpd import OpenSmtpd
from pop3_checks import Pop3
from servers import USERS, Aiosmtpd, Postfix, Receive

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
LOGIN = dict(user="alice", password=USERS["alice"])
WRONG = dict(user="alice", password="wrong")
CHUNK = ["--bdat"]
# smtp-send ends as sysexits.h has it.
NO_USER, UNAVAILABLE, NO_PERMISSION = 67, 69, 77
# What s-nail sends as it is; in others it encodes what it takes for the beginning of a message in an mbox.
AS_IT_IS = ["plain", "first line a dot", "last line a dot", "8-bit UTF-8"]


class Checks:
    def __init__(self, bench, send, receive, fetch, serve, word):
        self.bench, self.word, self.found = bench, word, []
        self.pop3 = Pop3(bench, fetch, serve, self.check)
        self.receive = Receive(bench, receive)
        self.postfix, self.exim, self.opensmtpd, self.dovecot = (
            server(bench, self.receive) for server in (Postfix, Exim, OpenSmtpd, Dovecot)
        )
        self.aiosmtpd = Aiosmtpd(bench)
        self.send = Send(bench, send)
        self.swaks, self.curl, self.msmtp, self.smtplib, self.aiosmtplib, self.nodemailer, self.s_nail, self.source = (
            client(bench) for client in (Swaks, Curl, Msmtp, Smtplib, Aiosmtplib, Nodemailer, SNail, SmtpSource)
        )
        self.ruby, self.perl = Ruby(bench), Perl(bench)

    def all(self):
        report = at.Report()
        self.ours_to_others()
        self.ours_to_dovecot()
        self.xclient()
        self.ours_refused()
        self.others_to_ours()
        self.tokens_to_ours()
        self.lmtp_to_ours()
        self.more_to_ours()
        self.passed_on()
        self.others_refused()
        self.many()
        self.relayed()
        self.pop3.all()
        report.all(self.found)
        for server in (self.postfix, self.exim, self.opensmtpd):
            name = f"{server.name} has nothing left"
            if self.word in name:
                report.check(name, functools.partial(queue_is_empty, server))
        if self.word == "":
            report.check("Exim has sent by BDAT and by DATA", functools.partial(both_ways, self.exim))
        return report

    def logs(self):
        for server in (self.postfix, self.exim, self.opensmtpd, self.dovecot):
            print(f"---- {server.name}\n{server.log()}")
        self.pop3.logs()

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
            self.found.append((name, functools.partial(body, *arguments, **options)))

    # ---- our client

    def ours_to_others(self):
        for server in (self.postfix, self.exim, self.opensmtpd, self.aiosmtpd):
            name, clear = f"smtp-send to {server.name}", Route(server.port)
            self.check(f"{name}, plain", self.every_kind, self.send, clear, server, "with ESMTP")
            self.check(f"{name}, lines as Unix has them", self.every_kind, self.send, clear, server, unix=True)
            self.check(f"{name}, from standard input", self.every_kind, self.send, clear, server, stdin=True)
            self.check(f"{name}, two recipients", self.two_recipients, self.send, clear, server)
        for server in (self.postfix, self.exim, self.aiosmtpd):
            name, proven = f"smtp-send to {server.name}", ("with ESMTPSA", "Authenticated sender: alice")
            route = Route(server.port, "starttls")
            self.check(f"{name}, STARTTLS", self.arrives, self.send, Message(), route, server, "with ESMTPS")
            route = Route(server.submission, "starttls", **LOGIN)
            self.check(f"{name}, STARTTLS and AUTH", self.every_kind, self.send, route, server, *proven)
            for mechanism in server.mechanisms:
                route = Route(server.submission, "starttls", auth=mechanism, **LOGIN)
                self.check(
                    f"{name}, STARTTLS and AUTH {mechanism}", self.arrives, self.send, Message(), route, server, *proven
                )
            route = Route(server.implicit, "implicit", **LOGIN)
            self.check(f"{name}, TLS from the first octet and AUTH", self.every_kind, self.send, route, server, *proven)
            route = Route(server.port, "starttls")
            self.check(f"{name}, SMTPUTF8", self.arrives, self.send, with_utf8(), route, server)
        for server in (self.postfix, self.exim, self.opensmtpd):
            self.check(f"smtp-send to {server.name}, DSN", self.reported, Route(server.port), server)
        for server in (self.postfix, self.exim):
            route = Route(server.port)
            self.check(f"smtp-send to {server.name}, BDAT", self.every_kind, self.send, route, server, options=CHUNK)
            self.check(
                f"smtp-send to {server.name}, BDAT, lines as Unix has them",
                self.every_kind,
                self.send,
                route,
                server,
                options=CHUNK,
                unix=True,
            )
        for server, name, how in (
            # What Cyrus SASL does with an empty trace, Postfix takes for a failure.
            (self.postfix, "ANONYMOUS", dict(port=self.postfix.port, user="a trace")),
            (self.exim, "EXTERNAL", dict(port=self.exim.submission, certified=True)),
        ):
            proven = "with ESMTPSA", f"Authenticated sender: {'alice' if name == 'EXTERNAL' else 'anonymous'}"
            route = Route(tls="starttls", auth=name, **how)
            name = f"smtp-send to {server.name}, STARTTLS and AUTH {name}"
            self.check(name, self.arrives, self.send, Message(), route, server, *proven)
        route = Route(self.aiosmtpd.lmtp, lmtp=True)
        self.lmtp(self.send, route, self.aiosmtpd, "with LMTP")

    def xclient(self):
        """The server takes the client for the one that it names."""
        options = ["--xclient", "ADDR=192.0.2.7 NAME=proxied.example"]
        dovecot, postfix, login = self.dovecot, self.postfix, dict(tls="starttls", **LOGIN)
        for name, route, server, where in (
            ("Postfix", Route(postfix.port), postfix, postfix),
            ("Postfix, STARTTLS and AUTH", Route(postfix.submission, **login), postfix, postfix),
            ("Dovecot, LMTP", Route(dovecot.lmtp, lmtp=True), dovecot, dovecot),
            ("Dovecot, STARTTLS and AUTH", Route(dovecot.submission, **login), dovecot, self.receive),
        ):
            self.check(
                f"smtp-send to {name}, XCLIENT",
                self.arrives,
                self.send,
                Message(),
                route,
                server,
                "192.0.2.7",
                at=where,
                options=options,
            )

    def reported(self, route, server, at=None, **options_of_it):
        """The sender hears that the message has been delivered, and under which name it went."""
        message = Message(sender=BOB)
        options = ["--dsn", "success,failure", "--dsn-ret", "hdrs", "--dsn-envid", message.id]
        self.arrives(self.send, message, route, server, options=options, at=at, **options_of_it)
        says = ["^Action: delivered"]
        if server is not self.opensmtpd:  # it forgets that name
            says.append(rf"^(X-)?Original-Envelope-ID: {re.escape(message.id)}")
        (at or server).boxes["bob"].reports(message, *says)

    def lmtp(self, client, clear, server, clearly, secretly="with LMTPS", **options):
        name = f"{client.name} to {server.name}, LMTP"
        secret = Route(clear.port, "starttls", lmtp=True)
        self.check(name, self.every_kind, client, clear, server, clearly, **options)
        self.check(f"{name}, STARTTLS", self.arrives, client, Message(), secret, server, secretly, **options)
        if client is not self.smtplib:  # it reads one reply for all
            self.check(f"{name}, two recipients", self.two_recipients, client, clear, server, **options)

    def ours_to_dovecot(self):
        server = self.dovecot
        self.lmtp(self.send, Route(server.lmtp, lmtp=True), server, "with LMTP", "with LMTPS")
        clear = Route(server.lmtp, lmtp=True)
        self.check("smtp-send to Dovecot, LMTP, BDAT", self.every_kind, self.send, clear, server, options=CHUNK)
        self.check(
            "smtp-send to Dovecot, LMTP, BDAT, two recipients",
            self.two_recipients,
            self.send,
            clear,
            server,
            options=CHUNK,
        )
        # What it takes by submission it hands on to ours.
        name = "smtp-send to Dovecot, which hands on to smtp-receive"
        options = dict(at=self.receive)
        route = Route(server.submission, "starttls", **LOGIN)
        self.check(f"{name}, STARTTLS and AUTH", self.every_kind, self.send, route, server, "with ESMTPSA", **options)
        for mechanism in server.mechanisms:
            route = Route(server.submission, "starttls", auth=mechanism, **LOGIN)
            self.check(
                f"{name}, STARTTLS and AUTH {mechanism}", self.arrives, self.send, Message(), route, server, **options
            )
        self.check(f"{name}, BDAT", self.every_kind, self.send, route, server, at=self.receive, options=CHUNK)
        for mechanism in server.tokens:
            route = Route(server.submission, "starttls", user="alice", token=server.token, auth=mechanism)
            self.check(
                f"{name}, STARTTLS and AUTH {mechanism}", self.arrives, self.send, Message(), route, server, **options
            )
        route = Route(server.submission, "starttls", auth="EXTERNAL", certified=True)
        self.check(f"{name}, STARTTLS and AUTH EXTERNAL", self.arrives, self.send, Message(), route, server, **options)
        route = Route(server.implicit, "implicit", **LOGIN)
        self.check(f"{name}, TLS from the first octet and AUTH", self.every_kind, self.send, route, server, **options)
        route = Route(server.submission, "starttls", **LOGIN)
        self.check(f"{name}, two recipients", self.two_recipients, self.send, route, server, **options)

    def two_recipients(self, client, route, server, *trace, at=None, message=None, **options):
        message = message or Message()
        done = client.send(message, route, ALICE, BOB, **options)
        if done.returncode != 0:
            raise Failed(f"{client.name} ended with {done.returncode}: {said(done)}")
        for user in ("alice", "bob"):
            (at or server).boxes[user].holds(message, *trace)

    def ours_refused(self):
        for server in (self.postfix, self.exim, self.aiosmtpd):
            name, clear = f"smtp-send to {server.name}", Route(server.port)
            self.wrong_passwords(name, server)
            self.check(
                f"{name}, no login where one is wanted",
                self.refuses,
                self.send,
                Route(server.submission, "starttls"),
                server,
                NO_PERMISSION,
                "5[35][04]",
            )
            self.check(f"{name}, no such recipient", self.one_refused, clear, server, f"nobody@{DOMAIN}", "550")
            self.check(f"{name}, mailbox full", self.one_refused, clear, server, f"full@{DOMAIN}", "552")
            self.too_big(name, clear, server)
            self.distrusts(name, server)
        name, clear = "smtp-send to OpenSMTPD", Route(self.opensmtpd.port)
        self.check(f"{name}, no such recipient", self.one_refused, clear, self.opensmtpd, f"nobody@{DOMAIN}", "524")
        self.too_big(name, clear, self.opensmtpd)
        name = "smtp-send to Dovecot"
        self.wrong_passwords(name, self.dovecot)
        self.distrusts(name, self.dovecot)
        clear = Route(self.dovecot.lmtp, lmtp=True)
        self.check(f"{name}, LMTP, no such recipient", self.one_refused, clear, self.dovecot, f"nobody@{DOMAIN}", "550")
        self.check(
            "smtp-send to aiosmtpd, no STARTTLS offered",
            self.refuses,
            self.send,
            Route(self.aiosmtpd.bare, "starttls"),
            self.aiosmtpd,
            UNAVAILABLE,
        )

    def wrong_passwords(self, name, server):
        for mechanism in server.mechanisms:
            route = Route(server.submission, "starttls", auth=mechanism, **WRONG)
            self.check(
                f"{name}, wrong password, {mechanism}", self.refuses, self.send, route, server, NO_PERMISSION, "535"
            )

    def distrusts(self, name, server):
        route = Route(server.submission, "starttls", ca=self.bench.stranger, **LOGIN)
        self.check(f"{name}, certificate of a stranger", self.refuses, self.send, route, server, UNAVAILABLE)

    def too_big(self, name, route, server):
        self.check(
            f"{name}, message too big",
            self.refuses,
            self.send,
            route,
            server,
            UNAVAILABLE,
            "larger than the server takes",
            message=too_big(),
        )
        self.check(
            f"{name}, message from standard input too big",
            self.refuses,
            self.send,
            route,
            server,
            UNAVAILABLE,
            "larger than the server takes",
            message=too_big(),
            stdin=True,
        )

    def one_refused(self, route, server, refused, code):
        """Who was refused is told; the other one has the message."""
        message = Message()
        done = self.send.send(message, route, refused, ALICE)
        output = done.stdout.decode()
        if done.returncode != NO_USER or not re.search(f"{refused}.*{code}", output) or ALICE in output:
            raise Failed(f"smtp-send ended with {done.returncode}: {said(done)}")
        server.boxes["alice"].holds(message)

    # ---- our server

    def others_to_ours(self):
        ours = self.receive
        passwords = ["PLAIN", "LOGIN", "CRAM-MD5"]
        scram = ["SCRAM-SHA-1", "SCRAM-SHA-256"]
        ours_too = ["SCRAM-SHA-512", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS"]
        for client, mechanisms in {
            self.swaks: passwords,
            self.curl: passwords,
            self.msmtp: passwords + scram,
            self.smtplib: passwords,
            self.aiosmtplib: passwords,
            self.nodemailer: passwords,
            self.ruby: passwords,
            self.perl: [],  # it takes what it likes best
            self.send: passwords + scram + ours_too,
        }.items():
            name, clear, secret = f"{client.name} to smtp-receive", Route(ours.bare), Route(ours.port, "starttls")
            self.check(f"{name}, plain", self.every_kind, client, clear, ours, "with ESMTP")
            self.check(f"{name}, STARTTLS", self.arrives, client, Message(), secret, ours, "with ESMTPS")
            self.check(f"{name}, two recipients", self.two_recipients, client, clear, ours)
            route = Route(ours.port, "starttls", **LOGIN)
            self.check(f"{name}, STARTTLS and AUTH", self.known, client, route, BODIES)
            for mechanism in mechanisms:
                route = Route(ours.port, "starttls", auth=mechanism, **LOGIN)
                self.check(f"{name}, STARTTLS and AUTH {mechanism}", self.known, client, route)
            route = Route(ours.implicit, "implicit", **LOGIN)
            self.check(f"{name}, TLS from the first octet and AUTH", self.known, client, route, BODIES)
        for client in (self.curl, self.smtplib, self.aiosmtplib, self.nodemailer, self.send):
            name = f"{client.name} to smtp-receive, SMTPUTF8"
            self.check(name, self.arrives, client, with_utf8(), Route(ours.bare), ours, "with UTF8SMTP")
        name = "smtp-send to smtp-receive, BDAT"
        self.check(name, self.every_kind, self.send, Route(ours.bare), ours, options=CHUNK)
        name = "swaks to smtp-receive, pipelined"
        self.check(name, self.every_kind, self.swaks, Route(ours.bare), ours, pipeline=True)
        self.s_nail_to_ours()

    def s_nail_to_ours(self):
        """Without a login it says HELO, and does not ask for STARTTLS."""
        ours, name = self.receive, "s-nail to smtp-receive"
        kinds = dict(make=Written)
        for kind in AS_IT_IS:
            route = Route(ours.bare)
            self.check(f"{name}, plain, {kind}", self.arrives, self.s_nail, Written(kind), route, ours, "with SMTP")
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
            route = Route(ours.port, "starttls", auth=mechanism, **LOGIN)
            self.check(f"{name}, STARTTLS and AUTH {mechanism}", self.known, self.s_nail, route, **kinds)
        route = Route(ours.implicit, "implicit", **LOGIN)
        self.check(f"{name}, TLS from the first octet and AUTH", self.known, self.s_nail, route, **kinds)
        self.check(
            f"{name}, two recipients", self.two_recipients, self.s_nail, Route(ours.bare), ours, message=Written()
        )

    def tokens_to_ours(self):
        for client, mechanisms in {
            self.curl: ["OAUTHBEARER", "XOAUTH2"],
            self.msmtp: ["OAUTHBEARER", "XOAUTH2"],
            self.send: ["OAUTHBEARER", "XOAUTH2"],
            self.nodemailer: ["XOAUTH2"],
        }.items():
            for mechanism in mechanisms:
                route = Route(self.receive.port, "starttls", user="alice", token="alice-token", auth=mechanism)
                self.check(f"{client.name} to smtp-receive, STARTTLS and AUTH {mechanism}", self.known, client, route)

    def lmtp_to_ours(self):
        ours, clear = self.receive, Route(self.receive.lmtp, lmtp=True)
        for client in (self.swaks, self.msmtp, self.smtplib, self.nodemailer, self.send):
            self.lmtp(client, clear, ours, "with LMTP")
        for name, body in ("BDAT", self.every_kind), ("BDAT, two recipients", self.two_recipients):
            self.check(f"smtp-send to smtp-receive, LMTP, {name}", body, self.send, clear, ours, options=CHUNK)
        name = "swaks to smtp-receive, LMTP, pipelined"
        self.check(name, self.every_kind, self.swaks, clear, ours, pipeline=True)

    def more_to_ours(self):
        """Reports, proxies, errors."""
        ours, clear = self.receive, Route(self.receive.bare)
        original = (r"^Original-Envelope-ID: one\+1", r"^Original-Recipient: rfc822; other\+1@example\.org")
        for client, says in {
            self.smtplib: original,
            self.aiosmtplib: original,
            self.nodemailer: original,
            self.msmtp: (),
        }.items():
            for name, route in ("", clear), (", LMTP", Route(ours.lmtp, lmtp=True)):
                if name and client in (self.aiosmtplib, self.smtplib):
                    continue
                self.check(f"{client.name} to smtp-receive, DSN{name}", self.asks_for_reports, client, route, says)
        self.check("swaks to smtp-receive, XCLIENT", self.proxied, clear)
        self.check("smtplib to smtp-receive, errors", self.arrives, self.smtplib, Message(), clear, ours, commands=True)
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
            route = Route(ours.port, "starttls", auth=mechanism, **LOGIN)
            name = f"smtplib to smtp-receive, STARTTLS and AUTH {mechanism} without initial response"
            self.check(name, self.arrives, self.smtplib, Message(), route, ours, "with ESMTPSA", late=True)

    def asks_for_reports(self, client, route, says):
        message = Message(sender=BOB)
        self.arrives(client, message, route, self.receive, dsn=True)
        self.receive.boxes["bob"].reports(message, "^Action: delivered", f"^Final-Recipient: rfc822; {ALICE}", *says)

    def proxied(self, route):
        message = Message()
        xclient = [("addr", "192.0.2.7"), ("name", "proxied.example")]
        self.arrives(self.swaks, message, route, self.receive, "proxied.example", "192.0.2.7", xclient=xclient)
        if self.receive.said_of(message, route.port, "client") != "192.0.2.7":
            raise Failed("smtp-receive does not say whose message it was")

    def passed_on(self):
        """Ours, then the other or ours, with what the sender wants to know."""
        for server in (self.postfix, self.exim, self.opensmtpd):
            name = f"smtp-send to {server.name}, which relays to smtp-receive, DSN"
            self.check(name, self.reported, Route(server.port), server, to="alice@clear.relay.test", at=self.receive)
        self.check("smtp-send to Postfix, which relays to smtp-receive, XFORWARD", self.forwarded)
        to = "alice@clear.relay.test", "bob@clear.relay.test"
        name = "smtp-send to Exim, which relays to smtp-receive, PRDR"
        self.check(name, self.both, Route(self.exim.port), to)
        for server in (self.postfix, self.exim, self.opensmtpd):
            route = Route(self.receive.relay(self.bench, f"relay-{server.name}", server.port))
            name = f"smtp-send to smtp-receive, which relays to {server.name}"
            self.check(name, self.every_kind, self.send, route, server)
            self.check(f"{name}, two recipients", self.two_recipients, self.send, route, server)
            self.check(f"{name}, DSN", self.reported, route, server)
            self.check(f"{name}, no such recipient", self.one_refused, route, server, f"nobody@{DOMAIN}", "5[25][04]")

    def both(self, route, to):
        message = Message()
        done = self.send.send(message, route, *to)
        if done.returncode != 0:
            raise Failed(f"smtp-send ended with {done.returncode}: {said(done)}")
        for user in ("alice", "bob"):
            self.receive.boxes[user].holds(message)

    def forwarded(self):
        message, options = Message(), ["--xclient", "ADDR=192.0.2.7 NAME=proxied.example"]
        route, to = Route(self.postfix.port), "alice@clear.relay.test"
        self.arrives(self.send, message, route, self.postfix, at=self.receive, to=to, options=options)
        if (client := self.receive.said_of(message, self.receive.bare, "client")) != "192.0.2.7":
            raise Failed(f"smtp-receive says it came from {client}")

    def known(self, client, route, kinds=("plain",), make=Message):
        """It is alice who sends."""
        for kind in kinds:
            message = make(kind)
            self.arrives(client, message, route, self.receive, "with ESMTPSA")
            if self.receive.user_of(message, route.port) != "alice":
                raise Failed("smtp-receive does not know who has logged in")

    def others_refused(self):
        ours = self.receive
        for client in (self.swaks, self.curl, self.msmtp, self.smtplib, self.aiosmtplib, self.nodemailer, self.s_nail):
            name = f"{client.name} to smtp-receive"
            make = Written if client is self.s_nail else Message
            for mechanism in ["PLAIN", "LOGIN", "CRAM-MD5", *["SCRAM-SHA-256"] * (client is self.msmtp)]:
                route = Route(ours.port, "starttls", auth=mechanism, **WRONG)
                self.check(
                    f"{name}, wrong password, {mechanism}",
                    self.refuses,
                    client,
                    route,
                    ours,
                    client.bad_login,
                    "535",
                    message=make(),
                )
            self.check(
                f"{name}, no login where one is wanted",
                self.refuses,
                client,
                Route(ours.implicit, "implicit"),
                ours,
                client.no_login,
                "530",
                message=make(),
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
                message=make(),
            )
        for client in (self.curl, self.smtplib, self.nodemailer):
            self.check(
                f"{client.name} to smtp-receive, message too big",
                self.refuses,
                client,
                Route(ours.bare),
                ours,
                client.unknown_user,
                "552",
                message=too_big(),
            )

    def many(self):
        """Many messages at once, and many in one session."""
        ours = self.receive
        for name, route in ("", Route(ours.bare)), (", LMTP", Route(ours.lmtp, lmtp=True)):
            name = f"smtp-source to smtp-receive{name}"
            self.check(f"{name}, 100 messages in 10 sessions", self.copies, route, 100, sessions=10)
            self.check(f"{name}, 20 messages in one session", self.copies, route, 20, one_session=True)

    def copies(self, route, copies, **options):
        message = Message("dots")
        done = self.source.send(message, route, ALICE, copies=copies, **options)
        if done.returncode != 0:
            raise Failed(f"smtp-source ended with {done.returncode}: {said(done)}")
        self.receive.boxes["alice"].holds(message, times=copies)

    # ---- other servers that send to ours

    def relayed(self):
        """Ours, then the other, then ours."""
        traces = {"smtp": "with ESMTPSA", "smtps": "with ESMTPSA", "lmtp": "with LMTPS"}
        for server in (self.postfix, self.exim, self.opensmtpd):
            for relay in server.relays:
                trace = traces.get(relay, "with ESMTP")
                if server is self.opensmtpd and relay == "lmtp":
                    trace = "with LMTP"  # it has no TLS there
                name = f"smtp-send to {server.name}, which relays to smtp-receive, {HOW[relay]}"
                route, to = Route(server.port), f"alice@{relay}.relay.test"
                self.check(name, self.every_kind, self.send, route, self.receive, trace, to=to)
        for server in (self.postfix, self.exim):
            for relay in ("smtp", "lmtp"):
                name = f"smtp-send to {server.name}, which relays to smtp-receive, {HOW[relay]}, SMTPUTF8"
                route, to = Route(server.port), f"alice@{relay}.relay.test"
                self.check(name, self.arrives, self.send, with_utf8(), route, self.receive, to=to)


HOW = {
    "clear": "plain",
    "data": "plain, without BDAT",
    "smtp": "STARTTLS and AUTH",
    "smtps": "TLS from the first octet and AUTH",
    "lmtp": "LMTP",
}


def queue_is_empty(server):
    """What was accepted went its way: no bounce, nothing deferred."""
    end = time.monotonic() + 10
    while left := server.left():
        if time.monotonic() > end:
            raise Failed(f"in its queue: {left}")
        time.sleep(0.1)


def both_ways(exim):
    """K in its log says: by BDAT."""
    sent = [line for line in exim.sent() if ".relay.test" in line]
    chunked = [line for line in sent if " K " in line]
    if not chunked or any(("@data." in line) == (line in chunked) for line in sent):
        raise Failed(f"{len(chunked)} of {len(sent)} by BDAT")


def too_big():
    message = Message("2 MB")
    message.text, message.octets = (octets + octets for octets in (message.text, message.octets))
    return message


def main(arguments):
    began = time.monotonic()
    at.end_on_signals()
    try:
        install.install()
        programs = at.build("smtp-send", "smtp-receive", "pop3-fetch", "pop3-serve")
        with at.Bench() as bench:
            checks = Checks(bench, *programs, " ".join(arguments))
            report = checks.all()
            if report.failed:
                checks.logs()
    except Skipped as why:
        print(f"SKIPPED interop: {why}", flush=True)
        return 99
    except Failed as why:
        print(f"FAIL interop: {why}", flush=True)
        return 1
    print(f"{report.passed} ok, {report.failed} failed, in {time.monotonic() - began:.0f} s")
    return 0 if report.passed and not report.failed else 1
