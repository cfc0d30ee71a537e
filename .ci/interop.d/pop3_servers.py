"""POP3 servers: ours, Dovecot, Cyrus. Each check has a maildrop of its own there, for it has it alone while it runs."""

import itertools
import os
import pwd
import re
import smtplib
import time

from bench import DOMAIN, HOST, Failed, Skipped, as_root, free_port, must, owner, run, wait_open
from clients import Route
from servers import Boxed

MAILDROPS = 150


class Maildrops:
    """u1, u2 and so on, each with the password NAME-secret, each given to one check."""

    # What it puts in front of a message.
    trace = re.compile(rb"")
    # How to log in behind TLS; of its own choice the client takes the strongest.
    auth = None

    def __init__(self):
        self.serial = itertools.count(1)
        self.users = [f"u{number}" for number in range(1, MAILDROPS + 1)]

    def maildrop(self, messages):
        """A new one with these messages."""
        user = self.users[next(self.serial) - 1]
        self.fill(user, messages)
        return user

    def route(self, user, port, tls="none", **more):
        return Route(port, tls, user=user, password=f"{user}-secret", **more)


class Maildirs(Maildrops):
    """Those that lie in a folder each."""

    crlf = False

    def __init__(self, mail):
        super().__init__()
        self.mail = mail
        for user in self.users:
            for folder in ("new", "cur", "tmp"):
                (mail / user / folder).mkdir(parents=True)

    def fill(self, user, messages):
        for number, message in enumerate(messages):
            # Lines of Unix or of mail: both are found in Maildirs.
            octets = message.octets if self.crlf and number % 2 else message.text
            name = f"{1790000000 + number}.M{time.time_ns()}.test"
            path = self.mail / user / "tmp" / name
            path.write_bytes(octets)
            must(as_root("chown", f"{self.owner.pw_uid}:{self.owner.pw_gid}", str(path)))
            must(as_root("mv", str(path), str(self.mail / user / "new" / name)))

    def left(self, user):
        """How many messages are there."""
        folders = [str(self.mail / user / folder) for folder in ("new", "cur")]
        return len(must(as_root("find", *folders, "-type", "f")).splitlines())


class Serve(Maildirs):
    """Ours, three times over, with the same maildrops: in the clear, with STLS, within TLS."""

    name = "pop3-serve"
    mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    crlf = True

    def __init__(self, bench, program):
        super().__init__(bench.folder("serve", "mail"))
        self.owner = pwd.getpwuid(os.geteuid())
        users = bench.root / "serve" / "users"
        users.write_text("".join(f"{user}:{user}-secret\n" for user in self.users) + "u1:{TOKEN}u1-token\n")
        tls = ["--tls-cert", bench.certificate, "--tls-key", bench.key]
        self.logs = {}
        self.clear, self.port, self.implicit = (
            self.start(bench, program, name, "--users", str(users), *options)
            for name, options in {
                "clear": ["--dangerous-plaintext-auth"],
                "stls": [*tls, "--require-tls"],
                "implicit": [*tls, "--implicit-tls"],
            }.items()
        )

    def start(self, bench, program, name, *options):
        port = free_port()
        command = [program, "--listen", f"{HOST}:{port}", "--name", f"mail.{DOMAIN}", "--maildir", f"{self.mail}/%u"]
        log = bench.start(f"serve-{name}", *command, *options)
        self.logs[port] = log
        wait_open(log, port)
        return port

    def sessions(self, user, port):
        """What it says of the sessions of this user."""
        lines = self.logs[port].read_text().splitlines()
        fields = [dict(word.partition("=")[::2] for word in line.split()[1:]) for line in lines if " user=" in line]
        return [field for field in fields if field["user"] == user]


class Dovecot(Maildirs):
    name = "Dovecot"
    mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]

    def __init__(self, bench):
        version = must(["dovecot", "--version"]).decode().split()[0]
        if not version.startswith("2.3."):
            raise Skipped(f"these settings are for Dovecot 2.3, and here is {version}")
        self.root = bench.folder("dovecot-pop3")
        super().__init__(bench.folder("dovecot-pop3", "mail"))
        self.port, self.implicit = free_port(), free_port()
        self.clear = self.port
        for folder in ("run", "state"):
            bench.folder("dovecot-pop3", folder)
        (self.root / "users").write_text("".join(f"{user}:{{PLAIN}}{user}-secret:::::\n" for user in self.users))
        self.owner = owner()
        (self.root / "dovecot.conf").write_text(self.settings(bench))
        must(as_root("chown", "-R", f"{self.owner.pw_uid}:{self.owner.pw_gid}", str(self.root / "mail")))
        must(as_root("chmod", "-R", "a+rwX", str(self.root / "mail")))
        self.output = bench.start("dovecot-pop3", "dovecot", "-F", "-c", str(self.root / "dovecot.conf"), root=True)
        wait_open(self.output, self.port, self.implicit)

    def settings(self, bench):
        root = self.root
        return f"""
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
protocols = pop3
listen = {HOST}
ssl = yes
ssl_cert = <{bench.certificate}
ssl_key = <{bench.key}
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 apop
auth_username_format = %Ln
auth_failure_delay = 0
disable_plaintext_auth = no
first_valid_uid = 1
first_valid_gid = 1
mail_uid = {self.owner.pw_uid}
mail_gid = {self.owner.pw_gid}
mail_home = {root}/mail/%n
mail_location = maildir:{root}/mail/%n:INDEX=MEMORY
mail_max_userip_connections = 100
passdb {{
  driver = passwd-file
  args = username_format=%n {root}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%n {root}/users
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {self.port}
  }}
  inet_listener pop3s {{
    port = {self.implicit}
    ssl = yes
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""

    def log(self):
        return run(as_root("tail", "-n", "40", str(self.root / "dovecot.log"))).stdout.decode("utf-8", "replace")


class Cyrus(Boxed, Maildrops):
    """With another grammar and other words than Dovecot; messages come into it by LMTP."""

    name, package = "Cyrus", "cyrus-pop3d"
    mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
    trace = re.compile(rb"(?:(?:Return-Path|Received|X-Sieve|X-Cyrus-Session-Id): [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)+")
    # It offers -PLUS by a binding (tls-unique) that TLS 1.3 does not have, and there is no way back from -PLUS.
    auth = "SCRAM-SHA-256"

    def __init__(self, bench):
        super().__init__()
        self.users = self.users[:40]
        self.root = bench.folder("cyrus")
        self.box(bench, {"cyrus": None})
        for folder in ("lib", "spool"):
            bench.folder("cyrus", folder)
        for folder in "socket proc db user quota sieve lock msg log ptclient".split():
            bench.folder("cyrus", "lib", folder)
        self.port, self.implicit, self.lmtp = free_port(), free_port(), free_port()
        self.clear = self.port
        for user in self.users:
            secret = f"{user}-secret".encode()
            must(["saslpasswd2", "-p", "-c", "-f", f"{self.root}/sasldb2", "-u", f"mail.{DOMAIN}", user], input=secret)
        settings = self.settings(bench)
        (self.root / "imapd.conf").write_text(settings[0])
        (self.root / "cyrus.conf").write_text(settings[1])
        # The number that the user has in the box, and nowhere else.
        must(as_root("chown", "-R", "890:890", str(self.root)))
        must(as_root("chmod", "-R", "a+rX", str(self.root)))
        self.start(bench, "/usr/lib/cyrus/bin/master", *self.arguments())
        wait_open(self.output, self.port, self.implicit, self.lmtp)

    def arguments(self):
        root = self.root
        return ["-C", f"{root}/imapd.conf", "-M", f"{root}/cyrus.conf", "-p", f"{root}/pid", "-L", f"{root}/log", "-D"]

    def settings(self, bench):
        root = self.root
        return (
            f"""
configdirectory: {root}/lib
partition-default: {root}/spool
defaultpartition: default
admins: cyrus
servername: mail.{DOMAIN}
defaultdomain: mail.{DOMAIN}
virtdomains: off
unixhierarchysep: yes
altnamespace: yes
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {root}/sasldb2
sasl_mech_list: {" ".join(self.mechanisms)}
loginrealms: mail.{DOMAIN}
autocreate_quota: 0
autocreate_post: yes
autocreate_users: anyone
lmtpsocket: {root}/lib/socket/lmtp
duplicatesuppression: no
popminpoll: 0
popuseacl: no
tls_server_cert: {bench.certificate}
tls_server_key: {bench.key}
expunge_mode: immediate
delete_mode: immediate
sync_log: no
maxlogins_per_host: 0
""",
            f"""
START {{
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C {root}/imapd.conf -r"
}}
SERVICES {{
  pop3  cmd="/usr/lib/cyrus/bin/pop3d -C {root}/imapd.conf" listen="{HOST}:{self.port}" prefork=1
  pop3s cmd="/usr/lib/cyrus/bin/pop3d -C {root}/imapd.conf -s" listen="{HOST}:{self.implicit}" prefork=0
  lmtp  cmd="/usr/lib/cyrus/bin/lmtpd -C {root}/imapd.conf -a" listen="{HOST}:{self.lmtp}" prefork=1
}}
EVENTS {{
}}
""",
        )

    def fill(self, user, messages):
        with smtplib.LMTP(HOST, self.lmtp, local_hostname="client.example.org", timeout=20) as lmtp:
            for message in messages:
                refused = lmtp.sendmail("sender@example.org", [user], message.delivered(), ["BODY=8BITMIME"])
                if refused:
                    raise Failed(f"Cyrus refuses the message: {refused}")

    def log(self):
        return run(as_root("tail", "-n", "40", str(self.root / "log"))).stdout.decode("utf-8", "replace")
