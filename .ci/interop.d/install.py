"""What the checks need: Debian's packages, some of them unpacked only, one package of PyPI and two of npm."""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import sys

from bench import SYSTEM_PYTHON, Skipped, as_root, run, said

AIOSMTPLIB, NODEMAILER, NODE_POP3 = "5.1.3", "10.6.0", "0.11.0"

# A command that shows that it is there, and the packages that bring it. The daemons stand in sbin.
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
    (
        ["sh", "-c", "dovecot --version && cd /usr/lib/dovecot && ls lmtp submission submission-login pop3 pop3-login"],
        ["dovecot-core", "dovecot-lmtpd", "dovecot-submissiond", "dovecot-pop3d"],
    ),
    ([SYSTEM_PYTHON, "-c", "import aiosmtpd.smtp"], ["python3", "python3-aiosmtpd"]),
    ([SYSTEM_PYTHON, "-c", "import venv, ensurepip"], ["python3-venv"]),
    (["swaks", "--version"], ["swaks"]),
    (
        ["perl", "-MNet::SSLeay", "-MAuthen::SASL", "-MDigest::HMAC_MD5", "-e1"],
        ["libnet-ssleay-perl", "libauthen-sasl-perl", "libdigest-hmac-perl"],
    ),
    (["curl", "--version"], ["curl"]),
    (["msmtp", "--version"], ["msmtp", "ca-certificates"]),
    (["s-nail", "--version"], ["s-nail"]),
    (["mpop", "--version"], ["mpop"]),
    (["sh", "-c", "fetchmail --version >/dev/null && command -v fetchmail"], ["fetchmail"]),
    (["getmail", "--version"], ["getmail6"]),
    (["sh", "-c", "command -v mailutil"], ["uw-mailutils"]),
    (["ruby", "-rnet/smtp", "-ropenssl", "-e1"], ["ruby"]),
    (["perl", "-MNet::SMTP", "-MIO::Socket::SSL", "-MJSON::PP", "-e1"], ["libio-socket-ssl-perl"]),
    (["node", "--version"], ["nodejs"]),
    (["npm", "--version"], ["npm"]),
    (["unshare", "--version"], ["util-linux"]),
]

# Debian lets only one mail server be installed: these are unpacked, and run in a box.
UNPACKED = {
    "exim4-daemon-heavy": "usr/sbin/exim4",
    "opensmtpd": "usr/sbin/smtpd",
    "cyrus-pop3d": "usr/lib/cyrus/bin/pop3d",
}
# Of others of the same source, unpacked into the same folder.
BESIDE = {"cyrus-pop3d": ["cyrus-common", "cyrus-imapd"]}

CACHE = (
    pathlib.Path(
        os.environ.get("MAILWIRE_CI_CACHE")
        or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "mailwire-ci")
    )
    / "interop"
)


def install():
    """Only what is not there."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs share it
        missing = [package for shows, packages in NEEDS if run(shows).returncode for package in packages]
        packed = [package for package in UNPACKED if not unpacked(package).exists()]
        if missing or packed:
            if not shutil.which("apt-get"):
                raise Skipped(f"no apt-get to install these with: {' '.join(missing + packed)}")
            run(as_root("apt-get", "-qq", "update"), patience=300)  # an old list may still do
        apt_get(missing)
        absent = [packages for shows, packages in NEEDS if run(shows).returncode]
        if absent:
            raise Skipped(f"could not be installed: {absent}")
        for package in packed:
            unpack(package)
        python_with_aiosmtplib()
        node_with_nodemailer()
        node_with("node-pop3", NODE_POP3)


def apt_get(packages):
    """Installs them. Nothing that comes along is started."""
    if not packages:
        return
    print("installing", *packages, flush=True)
    policy = "/usr/sbin/policy-rc.d"
    made = not os.path.exists(policy)
    try:
        if made:
            run(as_root("sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' >{policy} && chmod 755 {policy}"))
        # Postfix asks what this machine is for: nothing. Ours has a configuration of its own.
        if "postfix" in packages:
            answer = b"postfix postfix/main_mailer_type select No configuration\n"
            run(as_root("debconf-set-selections"), input=answer)
        options = ["-qq", "-o", "DPkg::Lock::Timeout=120", "-y", "--no-install-recommends", "--no-upgrade"]
        done = run(
            as_root("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *options, "install", *packages), patience=600
        )
        if done.returncode:
            raise Skipped(f"could not be installed: {' '.join(packages)}: {said(done)}")
    finally:
        if made:
            run(as_root("rm", "-f", policy))


# ---- unpacked only


def unpacked(package):
    """Where the package's folders are."""
    return CACHE / package


def unpack(package):
    """The package, without what else it would bring; the libraries that it wants are installed as usual."""
    print("unpacking", package, flush=True)
    with fresh(unpacked(package)) as folder:
        all = [package, *BESIDE.get(package, [])]
        done = run(
            ["sh", "-c", f"cd '{folder}' && apt-get -qq -o APT::Sandbox::User=root download {' '.join(all)}"],
            patience=300,
        )
        files = list(folder.glob("*.deb"))
        if done.returncode or len(files) != len(all):
            raise Skipped(f"{package} could not be fetched: {said(done)}")
        for file in files:
            wants = run(["dpkg-deb", "--field", str(file), "Depends"]).stdout.decode()
            apt_get([name for name in re.findall(r"(?:^|, )((?:lib|zlib)[^ ,]*)", wants) if not is_installed(name)])
            done = run(["dpkg-deb", "--extract", str(file), str(folder)])
            file.unlink()
            if done.returncode:
                break
        if done.returncode or not (folder / UNPACKED[package]).exists():
            raise Skipped(f"{package} could not be unpacked: {said(done)}")


def is_installed(package):
    return run(["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]).stdout == b"installed"


@contextlib.contextmanager
def fresh(folder):
    """A folder that gets its name only when it is complete."""
    work = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    yield work
    shutil.rmtree(folder, ignore_errors=True)
    work.rename(folder)


# ---- PyPI and npm


def python_with_aiosmtplib():
    """The interpreter of an environment that has it."""
    folder = CACHE / f"aiosmtplib-{AIOSMTPLIB}-python{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / "bin" / "python3"
    if not (folder / "complete").exists():
        print(f"installing aiosmtplib {AIOSMTPLIB}", flush=True)
        # Made where it stays: an environment knows its own path.
        shutil.rmtree(folder, ignore_errors=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
        for command in ([SYSTEM_PYTHON, "-m", "venv", str(folder)], [*pip, f"aiosmtplib=={AIOSMTPLIB}"]):
            done = run(command, patience=300)
            if done.returncode:
                raise Skipped(f"aiosmtplib could not be installed: {said(done)}")
        (folder / "complete").touch()
    return str(python)


def node_with_nodemailer():
    """The folder of modules that has it."""
    return node_with("nodemailer", NODEMAILER)


def node_with(package, version):
    """The folder of modules that has this package of npm."""
    folder = CACHE / f"{package}-{version}"
    if not folder.exists():
        print(f"installing {package} {version}", flush=True)
        with fresh(folder) as work:
            (work / "package.json").write_text('{"private":true}\n')
            options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
            done = run(["npm", "install", "--prefix", str(work), *options, f"{package}@{version}"], patience=300)
            if done.returncode:
                raise Skipped(f"{package} could not be installed: {said(done)}")
    return str(folder / "node_modules")
