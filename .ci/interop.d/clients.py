"""The clients: swaks, curl, msmtp, and ours. Each sends one message over a route and says how that ended."""

import dataclasses

from bench import HOST, run
from messages import SENDER

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

    @property
    def host(self):
        return HOST if self.tls == "none" else "localhost"  # as the certificate has it


class Client:
    def __init__(self, bench):
        self.bench = bench
        self.scratch = bench.folder("clients", type(self).__name__)
        self.ca = bench.ca

    def file(self, octets):
        path = self.scratch / "message"
        path.write_bytes(octets)
        return str(path)


class Send(Client):
    """Ours."""

    name = "smtp-send"

    def __init__(self, bench, program):
        super().__init__(bench)
        self.program = program

    def send(self, message, route, *to, unix=False, stdin=False):
        command = [
            self.program,
            "--server",
            f"{route.host}:{route.port}",
            "--tls",
            route.tls,
            "--helo",
            HELO,
            "--from",
            SENDER,
        ]
        command += ["--ca", self.ca] if route.tls != "none" else []
        command += ["--lmtp"] if route.lmtp else []
        secret = {}
        if route.user:
            command += ["--user", route.user, "--token-env" if route.token else "--password-env", "SECRET"]
            command += ["--auth", route.auth or "auto"]
            secret["SECRET"] = route.token or route.password
        command += [word for address in to for word in ("--to", address)]
        octets = message.text if unix else message.octets
        file = "-" if stdin else self.file(octets)
        return run([*command, "--", file], input=octets if stdin else None, env=self.bench.environment(**secret))


class Swaks(Client):
    name = "swaks"
    no_login, unknown_user, bad_login = 23, 24, 28

    def send(self, message, route, *to, pipeline=False):
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
            SENDER,
            "--to",
            ",".join(to),
            "--data",
            "@" + self.file(stuffed + b"."),
            "--no-data-fixup",
            *{"none": [], "starttls": ["--tls"], "implicit": ["--tls-on-connect"]}[route.tls],
        ]
        command += ["--tls-verify", "--tls-ca-path", self.ca] if route.tls != "none" else []
        command += ["--pipeline"] if pipeline else []
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
            SENDER,
            "--upload-file",
            self.file(message.octets),
        ]
        command += ["--ssl-reqd"] if route.tls == "starttls" else []
        command += ["--cacert", self.ca] if route.tls != "none" else []
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

    def send(self, message, route, *to):
        lines = [
            "account default",
            f"host {route.host}",
            f"port {route.port}",
            f"from {SENDER}",
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
                f"tls_trust_file {self.ca}",
            ]
        if route.user:
            lines += [
                f"auth {(route.auth or 'on').lower()}",
                f"user {route.user}",
                f"password {route.token or route.password}",
            ]
        settings = self.scratch / "settings"
        settings.write_text("\n".join(lines) + "\n")
        settings.chmod(0o600)
        return run(
            ["msmtp", "--debug", "-C", str(settings), "--", *to], input=message.text, env=self.bench.environment()
        )
