"""What every check stands on: installing, a scratch folder, free ports, processes that end with us, and the report."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HOST = "127.0.0.1"
DOMAIN = "example.test"
# No command of these checks takes longer; a peer that waits for ever is a failure, not a hang.
PATIENCE = 30
SYSTEM_PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable

# What must be there: a command that shows it, and the package that brings it. The daemons stand in sbin.
os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"
NEEDS = [
    (["openssl", "version"], ["openssl"]),
    (["postconf", "-d", "mail_version"], ["postfix"]),
    (
        [
            "sh",
            "-c",
            "command -v saslpasswd2 && ls /usr/lib*/sasl2/libscram.so* /usr/lib/*/sasl2/libscram.so* | grep .",
        ],
        ["sasl2-bin", "libsasl2-modules"],
    ),
    ([SYSTEM_PYTHON, "-c", "import aiosmtpd.smtp"], ["python3", "python3-aiosmtpd"]),
    (["swaks", "--version"], ["swaks"]),
    (
        ["perl", "-MNet::SSLeay", "-MAuthen::SASL", "-MDigest::HMAC_MD5", "-e1"],
        ["libnet-ssleay-perl", "libauthen-sasl-perl", "libdigest-hmac-perl"],
    ),
    (["curl", "--version"], ["curl"]),
    (["msmtp", "--version"], ["msmtp", "ca-certificates"]),
]


class Failed(Exception):
    """A check did not hold; says why."""


class Skipped(Exception):
    """What a check needs is not here."""


# ---- commands


def as_root(*command):
    return list(command) if os.geteuid() == 0 else ["sudo", "-n", *command]


def run(command, input=None, env=None, patience=PATIENCE):
    """Runs it to its end; standard output and error come back as one."""
    try:
        return subprocess.run(
            command,
            input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            env=env,
            timeout=patience,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(command, 127, stdout=str(error).encode())
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[0]} was not through after {patience} s") from None


def must(command, **options):
    done = run(command, **options)
    if done.returncode != 0:
        raise Failed(f"{command[0]}: exit {done.returncode}: {said(done)}")
    return done.stdout


def said(done):
    """The last lines of what a command said, in one line."""
    lines = [line.strip() for line in done.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
    return " | ".join(lines[-6:])[-700:]


# ---- installing


def install():
    """With apt-get, and only what is not there. Nothing that comes along is started."""
    missing = [package for shows, packages in NEEDS if run(shows).returncode for package in packages]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise Skipped(f"these are missing, and there is no apt-get to install them with: {' '.join(missing)}")
    print("installing", *missing, flush=True)
    policy = "/usr/sbin/policy-rc.d"
    made = not os.path.exists(policy)
    try:
        if made:
            run(as_root("sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' >{policy} && chmod 755 {policy}"))
        # Postfix asks what this machine is for: nothing. Ours has a configuration of its own.
        answer = b"postfix postfix/main_mailer_type select No configuration\n"
        if "postfix" in missing:
            run(as_root("debconf-set-selections"), input=answer)
        run(as_root("apt-get", "-qq", "update"), patience=300)  # an old list may still do
        done = run(
            as_root(
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "-qq",
                "-o",
                "DPkg::Lock::Timeout=120",
                "install",
                "-y",
                "--no-install-recommends",
                "--no-upgrade",
                *missing,
            ),
            patience=600,
        )
    finally:
        if made:
            run(as_root("rm", "-f", policy))
    absent = [packages for shows, packages in NEEDS if run(shows).returncode]
    if absent:
        raise Skipped(f"could not be installed: {absent}: {said(done)}")


def build(*programs):
    """Our programs, with the features that the tests build them with, so that little is built twice."""
    command = [
        "cargo",
        "build",
        "--locked",
        "--workspace",
        "--all-features",
        "--message-format=json-render-diagnostics",
    ]
    done = subprocess.run(
        command + [word for program in programs for word in ("--bin", program)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    if done.returncode != 0:
        raise Failed("our programs do not build")
    built = {}
    for line in done.stdout.splitlines():
        artifact = json.loads(line)
        if artifact.get("executable"):
            built[artifact["target"]["name"]] = artifact["executable"]
    return [built[program] for program in programs]


# ---- one run


class Bench:
    """A scratch folder with certificates, and what was started in it. Leaving it stops and removes all."""

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.root = pathlib.Path(tempfile.mkdtemp(prefix="mailwire-interop."))
            # By root: other users' processes have left files in it.
            stack.callback(lambda: run(as_root("rm", "-rf", str(self.root))))
            self.root.chmod(0o755)  # servers run as other users
            self.home = self.folder("home")
            self.certificates()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def folder(self, *names):
        path = self.root.joinpath(*names)
        path.mkdir(parents=True)
        return path

    def environment(self, **more):
        """Of a client: it must not read what this user has configured."""
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
        return {**kept, "HOME": str(self.home), "LC_ALL": "C.UTF-8", **more}

    def start(self, name, *command):
        """Starts a server that stays in the foreground."""
        log = self.root / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self.environment(),
            )
        self.stack.callback(stop, process)
        return log

    def certificates(self):
        """An authority, a certificate for localhost by it, and an authority that signed nothing."""
        at = self.folder("certificates")
        self.ca, self.stranger, self.certificate, self.key = (
            str(at / name) for name in ("ca.pem", "stranger.pem", "server.pem", "server.key")
        )
        new = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for ca in (self.ca, self.stranger):
            must(
                [
                    *new,
                    "-x509",
                    "-days",
                    "30",
                    "-subj",
                    "/CN=Authority",
                    "-keyout",
                    f"{ca}.key",
                    "-out",
                    ca,
                    "-addext",
                    "keyUsage=critical,keyCertSign,cRLSign",
                ]
            )
        must([*new, "-subj", "/CN=localhost", "-keyout", self.key, "-out", f"{self.certificate}.csr"])
        extensions = at / "extensions"
        extensions.write_text(
            "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"
        )
        must(
            [
                "openssl",
                "x509",
                "-req",
                "-days",
                "30",
                "-in",
                f"{self.certificate}.csr",
                "-CA",
                self.ca,
                "-CAkey",
                f"{self.ca}.key",
                "-CAcreateserial",
                "-extfile",
                str(extensions),
                "-out",
                self.certificate,
            ]
        )
        os.chmod(self.key, 0o644)


def stop(process):
    """Its own end within five seconds, else ours."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port(taken=set()):
    """Below the ports that outgoing connections are given, so that none of them can take it before its server does."""
    while True:
        port = random.randrange(20000, 32768)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port not in taken and not in_use(probe, port):
                taken.add(port)
                return port


def in_use(probe, port):
    try:
        probe.bind((HOST, port))
    except OSError:
        return True
    return False


def wait_open(log, *ports):
    """Until something listens at each of them."""
    for port in ports:
        end = time.monotonic() + PATIENCE
        while True:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, port)) == 0:
                    break
            if time.monotonic() > end:
                text = log.read_text(errors="replace") if log.exists() else "(no log)"
                raise Failed(f"no server at port {port}: {text[-2000:]}")
            time.sleep(0.05)


# ---- report


class Report:
    """A line for each check."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name, body, *arguments, **options):
        try:
            body(*arguments, **options)
        except Failed as why:
            self.fail(name, why)
        except Exception as error:  # one broken check must not hide the others
            self.fail(name, f"{type(error).__name__}: {error}")
        else:
            self.passed += 1
            print(f"ok {name}", flush=True)

    def fail(self, name, why):
        self.failed += 1
        print(f"FAIL {name}: {why}", flush=True)


def end_on_signals():
    """A signal ends the run as an exception does: through everything that is to be undone."""

    def end(number, _):
        for other in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(other, signal.SIG_IGN)  # the way out is not to be disturbed
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
