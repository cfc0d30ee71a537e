"""The clients: ours and others. Each sends one message over a route and says how that ended.

Several threads use one of them at the same time.
"""

import dataclasses
import itertools
import json
import pathlib

import install
from bench import HOST, SYSTEM_PYTHON, run

HELO = "client.example.org"


@dataclasses.dataclass
class Route:
    """Where and how. `tls`: none, starttls, implicit. `auth`: a mechanism, or the client's own choice."""

    port: int
    tls: str = "none"
    lmtp: bool = False
    user: str = None
    password: str = None
    token: str = None
    auth: str = None
    ca: str = None  # trust these instead of the right ones
    certified: bool = False  # show alice's certificate

    @property
    def host(self):
        return HOST if self.tls == "none" else "localhost"  # as the certificate has it


class Client:
    def __init__(self, bench):
        self.bench = bench
        self.scratch = bench.folder("clients", f"{type(self).__module__}.{type(self).__name__}")
        self.serial = itertools.count()

    def file(self, octets, name="message"):
        path = self.scratch / f"{name}.{next(self.serial)}"
        path.touch(0o600)
        path.write_bytes(octets)
        return str(path)

    def ca(self, route):
        return route.ca or self.bench.ca


class Send(Client):
    """Ours."""

    name = "smtp-send"

    def __init__(self, bench, program):
        super().__init__(bench)
        self.program = program

    def send(self, message, route, *to, unix=False, stdin=False, options=()):
        command = [
            self.program,
            "--server",
            f"{route.host}:{route.port}",
            "--tls",
            route.tls,
            "--helo",
            HELO,
            "--from",
            message.sender,
        ]
        command += ["--ca", self.ca(route)] if route.tls != "none" else []
        command += ["--lmtp"] if route.lmtp else []
        secret = {}
        if route.token or route.password:
            command += ["--token-env" if route.token else "--password-env", "SECRET"]
            secret["SECRET"] = route.token or route.password
        command += ["--user", route.user] if route.user else []
        command += ["--auth", route.auth] if route.auth else []
        command += ["--tls-cert", self.bench.alice_certificate, "--tls-key", self.bench.alice_key] * route.certified
        command += [*options, *(word for address in to for word in ("--to", address))]
        octets = message.text if unix else message.octets
        file = "-" if stdin else self.file(octets)
        return run([*command, "--", file], input=octets if stdin else None, env=self.bench.environment(**secret))


class Swaks(Client):
    name = "swaks"
    no_login, unknown_user, bad_login = 23, 24, 28

    def send(self, message, route, *to, pipeline=False, xclient=()):
        # It is made to send the file as it is, and to put a line end behind it.
        stuffed = b"".join(
            b"." * line.startswith(b".") + line for line in message.delivered().splitlines(keepends=True)
        )
        command = [
            "swaks",
            "--server",
            route.host,
            "--port",
            str(route.port),
            "--protocol",
            "LMTP" if route.lmtp else "ESMTP",
            "--timeout",
            "20",
            "--helo",
            HELO,
            "--from",
            message.sender,
            "--to",
            ",".join(to),
            "--data",
            "@" + self.file(stuffed + b"."),
            "--no-data-fixup",
            *{"none": [], "starttls": ["--tls"], "implicit": ["--tls-on-connect"]}[route.tls],
        ]
        command += ["--tls-verify", "--tls-ca-path", self.ca(route)] if route.tls != "none" else []
        command += ["--pipeline"] if pipeline else []
        command += [word for name, value in xclient for word in (f"--xclient-{name}", value)]
        if route.user:
            command += ["--auth", route.auth or "", "--auth-user", route.user, "--auth-password", route.password]
        return run(command, env=self.bench.environment())


class Curl(Client):
    name = "curl"
    no_login, unknown_user, bad_login = 55, 55, 67

    def send(self, message, route, *to):
        scheme = "smtps" if route.tls == "implicit" else "smtp"
        command = [
            "curl",
            "-sS",
            "-v",
            "--noproxy",
            "*",
            "--max-time",
            "20",
            "--url",
            f"{scheme}://{route.host}:{route.port}/{HELO}",
            "--mail-from",
            message.sender,
            "--upload-file",
            self.file(message.octets),
        ]
        command += ["--ssl-reqd"] if route.tls == "starttls" else []
        command += ["--cacert", self.ca(route)] if route.tls != "none" else []
        command += [word for address in to for word in ("--mail-rcpt", address)]
        command += ["--login-options", f"AUTH={route.auth}"] if route.auth else []
        if route.token:
            command += ["--user", route.user, "--oauth2-bearer", route.token]
        elif route.user:
            command += ["--user", f"{route.user}:{route.password}"]
        return run(command, env=self.bench.environment())


class Msmtp(Client):
    name = "msmtp"
    no_login, unknown_user, bad_login = 65, 65, 77

    def send(self, message, route, *to, dsn=False):
        lines = [
            "account default",
            f"host {route.host}",
            f"port {route.port}",
            f"from {message.sender}",
            f"domain {HELO}",
            "timeout 20",
            f"protocol {'lmtp' if route.lmtp else 'smtp'}",
        ]
        if route.tls == "none":
            lines.append("tls off")
        else:
            lines += [
                "tls on",
                f"tls_starttls {'on' if route.tls == 'starttls' else 'off'}",
                f"tls_trust_file {self.ca(route)}",
            ]
        if route.user:
            lines += [
                f"auth {(route.auth or 'on').lower()}",
                f"user {route.user}",
                f"password {route.token or route.password}",
            ]
        lines += ["dsn_notify success,failure", "dsn_return headers"] * dsn
        settings = self.file("".join(f"{line}\n" for line in lines).encode(), "settings")
        return run(["msmtp", "--debug", "-C", settings, "--", *to], input=message.text, env=self.bench.environment())


class Scripted(Client):
    """A library, called by a script of ours that is told what to do in JSON."""

    no_login = unknown_user = bad_login = 1

    def how(self, message, route, to, **more):
        return json.dumps(
            {
                "host": route.host,
                "port": route.port,
                "tls": route.tls,
                "lmtp": route.lmtp,
                "user": route.user,
                "password": route.password,
                "token": route.token,
                "auth": route.auth,
                "ca": self.ca(route),
                "helo": HELO,
                "from": message.sender,
                "to": to,
                "file": self.file(message.octets),
                **more,
            }
        )


class Smtplib(Scripted):
    name, python = "smtplib", SYSTEM_PYTHON

    def send(self, message, route, *to, dsn=False, late=False, commands=False):
        utf8 = not message.sender.isascii()
        mail = ["BODY=8BITMIME", *["SMTPUTF8"] * utf8, *["RET=HDRS", "ENVID=one+2B1"] * dsn]
        rcpt = ["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;other+2B1@example.org"] * dsn
        how = self.how(message, route, to, library=self.name, mail=mail, rcpt=rcpt, late=late, commands=commands)
        script = str(pathlib.Path(__file__).with_name("python_client.py"))
        return run([self.python, script, how], env=self.bench.environment())


class Aiosmtplib(Smtplib):
    name = "aiosmtplib"

    def __init__(self, bench):
        super().__init__(bench)
        self.python = install.python_with_aiosmtplib()


class Nodemailer(Scripted):
    name = "nodemailer"

    def send(self, message, route, *to, dsn=False):
        asked = {"id": "one+1", "return": "headers", "notify": ["success", "failure"], "recipient": "rfc822;other+1@example.org"}
        how = self.how(message, route, to, dsn=asked if dsn else None)
        script = str(pathlib.Path(__file__).with_name("nodemailer_client.js"))
        environment = self.bench.environment(NODE_PATH=install.node_with_nodemailer())
        return run(["node", script, how], env=environment)


class Ruby(Scripted):
    name = "Ruby's net/smtp"

    def send(self, message, route, *to):
        script = str(pathlib.Path(__file__).with_name("ruby_client.rb"))
        return run(["ruby", script, self.how(message, route, to)], env=self.bench.environment())


class Perl(Scripted):
    name = "Perl's Net::SMTP"

    def send(self, message, route, *to):
        script = str(pathlib.Path(__file__).with_name("perl_client.pl"))
        return run(["perl", script, self.how(message, route, to)], env=self.bench.environment())


class SNail(Client):
    """It writes the header lines itself, of the message it takes the body alone."""

    name = "s-nail"
    no_login = unknown_user = bad_login = 4

    def send(self, message, route, *to):
        scheme = "smtps" if route.tls == "implicit" else "smtp"
        login = f"{route.user}:{route.password}@" if route.user else ""
        options = {
            "v15-compat": None,
            "mta": f"{scheme}://{login}{route.host}:{route.port}",
            "smtp-auth": (route.auth or "plain").lower() if route.user else "none",
            "hostname": HELO,
            "from": message.sender,
            "customhdr": f"X-Message: <{message.id}>",
            "mime-encoding": "8bit",
            "ttycharset": "utf-8",
            "sendcharsets": "utf-8",
            "sendwait": None,
            "nosave": None,
            "DEAD": "/dev/null",
            "tls-verify": "strict",
            "tls-ca-file": self.ca(route),
            "tls-ca-no-defaults": None,
        }
        if route.tls == "starttls":
            options["smtp-use-starttls"] = None
        settings = [
            word for name, value in options.items() for word in ("-S", name if value is None else f"{name}={value}")
        ]
        command = ["s-nail", "-:/", "-v", *settings, "-r", message.sender, "-s", message.kind, *to]
        return run(command, input=message.body.encode(), env=self.bench.environment())


class SmtpSource(Client):
    """Postfix's: many copies of a message, in several sessions; an empty line comes behind each."""

    name = "smtp-source"

    def send(self, message, route, *to, copies=1, sessions=1, one_session=False):
        command = ["smtp-source", "-4", *["-L"] * route.lmtp, "-M", HELO, "-f", message.sender, "-t", to[0], "-T", "20"]
        command += ["-m", str(copies), "-s", str(sessions), *["-d"] * one_session, "-F", self.file(message.text)]
        message.octets += b"\r\n" if message.octets.endswith(b"\r\n") else b"\r\n\r\n"
        return run([*command, f"{route.host}:{route.port}"], env=self.bench.environment())
