"""What every check stands on: a scratch folder, free ports, processes that end with us, and the report."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import pwd
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HOST = "127.0.0.1"
DOMAIN = "example.test"
# No command of these checks takes longer; a peer that waits for ever is a failure, not a hang.
PATIENCE = 30
SYSTEM_PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable

# The daemons stand in sbin.
os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"


class Failed(Exception):
    """A check did not hold; says why."""


class Skipped(Exception):
    """What a check needs is not here."""


# ---- commands


def as_root(*command):
    return list(command) if os.geteuid() == 0 else ["sudo", "-n", *command]


def owner():
    """For whom servers that began as root write mail: us, so that we can read it; instead of root, `mail`."""
    return pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


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


# ---- our programs


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

    def start(self, name, *command, root=False):
        """Starts a server that stays in the foreground."""
        if root:
            command = as_root(*command)
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
        """An authority, certificates by it for localhost and for alice, and an authority that signed nothing."""
        at = self.folder("certificates")
        self.ca, self.stranger = str(at / "ca.pem"), str(at / "stranger.pem")
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
        self.certificate, self.key = self.signed(
            new, "localhost", "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1"
        )
        self.alice_certificate, self.alice_key = self.signed(new, "alice", "extendedKeyUsage=clientAuth")

    def signed(self, new, name, extensions):
        certificate, key, request, wanted = (
            str(pathlib.Path(self.ca).with_name(f"{name}.{kind}")) for kind in ("pem", "key", "csr", "extensions")
        )
        must([*new, "-subj", f"/CN={name}", "-keyout", key, "-out", request])
        pathlib.Path(wanted).write_text(f"basicConstraints=CA:FALSE\n{extensions}\n")
        sign = ["openssl", "x509", "-req", "-days", "30", "-in", request, "-extfile", wanted, "-out", certificate]
        must([*sign, "-CA", self.ca, "-CAkey", f"{self.ca}.key", "-CAcreateserial"])
        os.chmod(key, 0o644)
        return certificate, key


def stop(process):
    """Its own end within five seconds, else ours."""
    for kill in ("-TERM", "-KILL"):
        if process.poll() is None:
            run(as_root("kill", kill, str(process.pid)))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
            return


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
        self.passed, self.failed, self.lock = 0, 0, threading.Lock()

    def all(self, checks):
        """Several at a time: they wait for servers more than they work. None may depend on another."""
        with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 2)) as pool:
            done = [pool.submit(self.check, *check) for check in checks]
            try:
                for one in done:
                    one.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def check(self, name, body):
        try:
            body()
        except Failed as why:
            self.fail(name, why)
        except Exception as error:  # one broken check must not hide the others
            self.fail(name, f"{type(error).__name__}: {error}")
        else:
            with self.lock:
                self.passed += 1
                print(f"ok {name}", flush=True)

    def fail(self, name, why):
        with self.lock:
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
