"""POP3 clients: ours and others. Each fetches all messages of one maildrop, and says how that ended.

`fetch` gives the ended process and the messages, each with CRLF. `keeps` says how much of a message a client leaves as it
is: all of it, or the body alone, but for the line ends at its end.
"""

import json
import pathlib
import re
import sys

import install
from bench import SYSTEM_PYTHON, run
from clients import Client

ALL, TAIL = "all", "the body, but for its end"


def crlf(octets):
    return re.sub(b"\r?\n", b"\r\n", octets)


class PopClient(Client):
    keeps = ALL
    # What it cannot carry as it is.
    lacks = ()
    bad_login = 1

    def place(self):
        folder = self.scratch / f"run.{next(self.serial)}"
        folder.mkdir()
        return folder

    def files(self, folder):
        return [crlf(file.read_bytes()) for file in sorted(folder.iterdir())] if folder.exists() else []

    def mda(self, place):
        """A program that files what it reads."""
        (place / "got").mkdir()
        mda = place / "mda"
        mda.write_text(f"#!/bin/sh\nexec cat >'{place}/got/'$$.$(date +%s%N)\n")
        mda.chmod(0o755)
        return str(mda)


class Fetch(PopClient):
    """Ours."""

    name = "pop3-fetch"
    bad_login = 77

    def __init__(self, bench, program):
        super().__init__(bench)
        self.program = program

    def command(self, route, maildir, *options):
        command = [self.program, "--server", f"{route.host}:{route.port}", "--tls", route.tls, "--user", route.user]
        command += ["--ca", self.ca(route)] if route.tls != "none" else []
        command += ["--token-env" if route.token else "--password-env", "SECRET", "--maildir", str(maildir), *options]
        command += ["--auth", route.auth] if route.auth else []
        return command, self.bench.environment(SECRET=route.token or route.password)

    def fetch(self, route, delete=True, maildir=None, options=()):
        maildir = maildir or self.place() / "maildir"
        command, environment = self.command(route, maildir, "--json", *["--delete"] * delete, *options)
        done = run(command, env=environment)
        return done, [file.read_bytes() for file in sorted((maildir / "new").iterdir())] if maildir.exists() else []


class Curl(PopClient):
    """It takes one message a transfer; it deletes nothing."""

    name = "curl"
    bad_login = 67

    def fetch(self, route, delete=False, count=1):
        place = self.place()
        (place / "got").mkdir()
        scheme = "pop3s" if route.tls == "implicit" else "pop3"
        command = ["curl", "-sS", "--noproxy", "*", "--max-time", "20", "--user", f"{route.user}:{route.password}"]
        command += ["--ssl-reqd"] if route.tls == "starttls" else []
        command += ["--cacert", self.ca(route)] if route.tls != "none" else []
        command += ["--login-options", f"AUTH={route.auth}"] if route.auth else []
        url = f"{scheme}://{route.host}:{route.port}/[1-{count}]"
        done = run([*command, "--url", url, "--output", f"{place}/got/#1"], env=self.bench.environment())
        return done, [file.read_bytes() for file in sorted((place / "got").iterdir())]


class Mpop(PopClient):
    name = "mpop"
    bad_login = 77

    def fetch(self, route, delete=True, pipelining="auto"):
        place = self.place()
        for folder in ("cur", "new", "tmp"):
            (place / "got" / folder).mkdir(parents=True)
        lines = [
            "account default",
            f"host {route.host}",
            f"port {route.port}",
            f"user {route.user}",
            f"password {route.password}",
            f"auth {(route.auth or 'on').lower()}",
            "timeout 20",
            f"pipelining {pipelining}",
            f"delivery maildir {place}/got",
            f"uidls_file {place}/uidls",
            "received_header off",
            f"keep {'off' if delete else 'on'}",
        ]
        if route.tls == "none":
            lines.append("tls off")
        else:
            starttls = "on" if route.tls == "starttls" else "off"
            lines += ["tls on", f"tls_starttls {starttls}", f"tls_trust_file {self.ca(route)}"]
        settings = self.file("".join(f"{line}\n" for line in lines).encode(), "settings")
        done = run(["mpop", "-C", settings, "-q"], env=self.bench.environment())
        return done, self.files(place / "got" / "new")


class Fetchmail(PopClient):
    name = "fetchmail"
    bad_login = 3

    def fetch(self, route, delete=True):
        place = self.place()
        ssl = {
            "none": "sslproto ''",
            "starttls": f"sslproto TLS1.2+ sslcertck sslcertfile {self.ca(route)}",
            "implicit": f"ssl sslproto TLS1.2+ sslcertck sslcertfile {self.ca(route)}",
        }[route.tls]
        protocol, auth = ("apop", "") if route.auth == "APOP" else ("pop3", f"auth {route.auth}" if route.auth else "")
        settings = place / "settings"
        settings.touch(0o600)
        settings.write_text(
            f"set no bouncemail\nset invisible\npoll {route.host} protocol {protocol} service {route.port} timeout 20 {auth} "
            f'uidl user "{route.user}" password "{route.password}" {ssl} {"" if delete else "keep"} fetchall no rewrite '
            f'pass8bits no mimedecode mda "{self.mda(place)}"\n'
        )
        command = ["fetchmail", "-f", str(settings), "--nosyslog", "--pidfile", f"{place}/pid", "-i", f"{place}/ids"]
        done = run(command, env=self.bench.environment(FETCHMAILHOME=str(place)))
        return done, self.files(place / "got")


class Getmail(PopClient):
    """It writes every header line anew. Its STLS wants a name of the host that is not an address."""

    name = "getmail"
    keeps = TAIL
    bad_login = 127

    def fetch(self, route, delete=True):
        place = self.place()
        ssl = "SSL" if route.tls == "implicit" else ""
        lines = [
            "[retriever]",
            f"type = SimplePOP3{ssl}Retriever",
            f"server = {route.host}",
            f"port = {route.port}",
            f"username = {route.user}",
            f"password = {route.password}",
            "timeout = 20",
        ]
        lines += [f"ca_certs = {self.ca(route)}"] if route.tls != "none" else []
        lines += [f"use_apop = {route.auth == 'APOP'}"]
        lines += ["[destination]", "type = MDA_external", f"path = {self.mda(place)}", "allow_root_commands = true"]
        lines += ["unixfrom = false", "[options]", "read_all = true", f"delete = {str(delete).lower()}", "verbose = 0"]
        lines += ["delivered_to = false", "received = false", "max_messages_per_session = 0"]
        (place / "getmailrc").touch(0o600)
        (place / "getmailrc").write_text("".join(f"{line}\n" for line in lines))
        command = ["getmail", f"--getmaildir={place}", "--rcfile=getmailrc"]
        done = run(command, env=self.bench.environment())
        if b"rror" in done.stdout and done.returncode == 0:
            done.returncode = 1
        return done, self.files(place / "got")


class Poplib(PopClient):
    """Python's."""

    name = "poplib"

    def fetch(self, route, delete=True, **more):
        place = self.place()
        (place / "got").mkdir()
        how = {"host": route.host, "port": route.port, "tls": route.tls, "user": route.user, "auth": route.auth}
        how.update(password=route.password, ca=self.ca(route), delete=delete, to=f"{place}/got", **more)
        script = str(pathlib.Path(__file__).with_name("pop3_client.py"))
        done = run([SYSTEM_PYTHON, script, json.dumps(how)], env=self.bench.environment())
        return done, [file.read_bytes() for file in sorted((place / "got").iterdir())]


class NodePop3(PopClient):
    """It drops the last line end and leaves doubled dots as they are; it knows no STLS."""

    name = "node-pop3"
    keeps = TAIL
    lacks = ("dots", "first line a dot", "last line a dot", "998 octets in a line", "2 MB")

    def fetch(self, route, delete=True):
        place = self.place()
        (place / "got").mkdir()
        how = {"host": route.host, "port": route.port, "tls": route.tls, "user": route.user, "delete": delete}
        how.update(password=route.password, ca=self.ca(route), to=f"{place}/got")
        script = str(pathlib.Path(__file__).with_name("node_pop3_client.js"))
        environment = self.bench.environment(NODE_PATH=install.node_with("node-pop3", install.NODE_POP3))
        done = run(["node", script, json.dumps(how)], env=environment)
        return done, self.files(place / "got")


class SNail(PopClient):
    """It fetches into a folder of its own, which is an mbox to it: what looks like the beginning of one is encoded."""

    name = "s-nail"
    keeps = TAIL
    lacks = ("dots",)

    def fetch(self, route, delete=False):
        place = self.place()
        scheme = "pop3s" if route.tls == "implicit" else "pop3"
        options = {
            "v15-compat": None,
            "pop3-auth": "plain",
            "DEAD": "/dev/null",
            "nosave": None,
            "MBOX": "/dev/null",
            "emptystart": None,
            "ttycharset": "utf-8",
            "tls-verify": "strict",
            "tls-ca-file": self.ca(route),
            "tls-ca-no-defaults": None,
        }
        if route.tls == "starttls":
            options["pop3-use-starttls"] = None
        if route.tls == "none":
            options["pop3-no-apop"] = None
        if route.auth == "APOP":
            del options["pop3-no-apop"]
        settings = [
            word for name, value in options.items() for word in ("-S", name if value is None else f"{name}={value}")
        ]
        url = f"{scheme}://{route.user}:{route.password}@{route.host}:{route.port}"
        script = f"copy * maildir://{place}/got\nxit\n".encode()
        command = ["s-nail", "-:/", *settings, "-R", "-f", url]
        done = run(command, input=script, env=self.bench.environment())
        if not (place / "got").exists():
            done.returncode = done.returncode or 1
        return done, self.files(place / "got" / "new") + self.files(place / "got" / "cur")


class CClient(PopClient):
    """The library of Alpine and PHP, through its program mailutil, which moves out of a POP3 mailbox, into an mbox."""

    name = "c-client"
    keeps = TAIL
    lacks = ("dots",)

    def fetch(self, route, delete=True):
        place = self.place()
        # It knows TLS 1.0 alone for STLS, so there is no STLS here.
        flags = {"none": "/notls", "implicit": "/ssl/novalidate-cert"}[route.tls]
        box = f"{{{route.host}:{route.port}/pop3/user={route.user}{flags}}}INBOX"
        typing = str(pathlib.Path(__file__).with_name("type_password.py"))
        command = [sys.executable, typing, route.password, "mailutil", "move", box, f"#driver.unix{place}/got"]
        done = run(command, env=self.bench.environment(TERM="dumb"))
        if re.search(rb"failed|^\?|%%", done.stdout):
            done.returncode = done.returncode or 1
        file = place / "got"
        return done, self.mbox(file.read_bytes()) if file.exists() else []

    def mbox(self, octets):
        """Its messages, but for the one of its own that it puts in front."""
        parts = re.split(rb"(?:^|\n)From [^\n]*\n", b"\n" + octets)[1:]
        return [crlf(part) for part in parts if b"DON'T DELETE THIS MESSAGE" not in part]
