"""The servers: ours, aiosmtpd, Postfix, and what the others share. Each is made for one run, on loopback.

All know alice and bob @example.test, with the password NAME-secret.
"""

import contextlib
import pathlib
import time

import install
from bench import DOMAIN, HOST, SYSTEM_PYTHON, as_root, free_port, must, owner, run, wait_open
from messages import Mailbox

USERS = {"alice": "alice-secret", "bob": "bob-secret"}
# What every server takes; more than the largest of our messages.
MAX_SIZE = 3_000_000
# Servers carry mail for NAME.relay.test on to ours: in the clear, in the clear and without BDAT, with STARTTLS and a
# login, with TLS from the first octet and a login, and by LMTP with STARTTLS.
RELAYS = ["clear", "data", "smtp", "smtps", "lmtp"]


def mailboxes(bench, name, lf=False):
    boxes = {}
    for user in USERS:
        box = bench.folder(name, "mail", user)
        for folder in ("new", "cur", "tmp"):
            (box / folder).mkdir()
        boxes[user] = Mailbox(box, lf)
    return boxes


class Receive:
    """Ours, four times over: with STARTTLS, within TLS, without either, and LMTP. The third one believes proxies; it and
    the last report deliveries, by the third."""

    name = "smtp-receive"

    def __init__(self, bench, program):
        self.boxes = mailboxes(bench, "receive")
        users = bench.root / "receive" / "users"
        users.write_text(
            "".join(f"{user}:{password}\n" for user, password in USERS.items()) + "alice:{TOKEN}alice-token\n"
        )
        tls = ["--tls-cert", bench.certificate, "--tls-key", bench.key, "--users", str(users)]
        self.logs, self.program = {}, program
        bare = free_port()
        reports = ["--reports", f"{HOST}:{bare}"]
        self.bare, self.port, self.implicit, self.lmtp = (
            self.start(bench, name, bare if name == "plain" else free_port(), *options)
            for name, options in {
                "plain": [*reports, "--xclient-from", HOST],
                "starttls": tls,
                "implicit": [*tls, "--implicit-tls", "--require-auth"],
                "lmtp": ["--lmtp", *tls, *reports],
            }.items()
        )

    def relay(self, bench, name, port):
        """One more, which has no mailboxes but passes on to the server at this port. Says where it listens."""
        ours = free_port()
        relay = ["--relay", f"{HOST}:{port}", "--name", "relay.example.test"]
        log = bench.start(f"receive-{name}", self.program, "--listen", f"{HOST}:{ours}", *relay)
        wait_open(log, ours)
        return ours

    def start(self, bench, name, port, *options):
        domains = [DOMAIN, *(f"{relay}.relay.test" for relay in RELAYS)]
        known = [f"{user}@{domain}" for user in USERS for domain in domains]
        log = bench.start(
            f"receive-{name}",
            self.program,
            "--listen",
            f"{HOST}:{port}",
            "--maildir",
            str(self.boxes["alice"].path.parent / "%u"),
            *(word for address in known for word in ("--rcpt", address)),
            "--max-size",
            str(MAX_SIZE),
            *options,
        )
        self.logs[port] = log
        wait_open(log, port)
        return port

    def user_of(self, message, port):
        """Who the program says had logged in when this message came."""
        return self.said_of(message, port, "user")

    def said_of(self, message, port, key):
        """What the program says of it."""
        files = [str(file) for file in self.boxes["alice"].files(message)]
        for line in self.logs[port].read_text().splitlines():
            if line.startswith("received ") and any(file in line for file in files):
                return dict(word.partition("=")[::2] for word in line.split()[1:])[key]
        return None


class Boxed:
    """A server that is only unpacked, in a folder `root` of its own: see `box`."""

    def box(self, bench, users):
        """Its private /etc, with users of its own; `None`: one with rights that nobody else has."""
        self.owner, self.own = owner(), bench.folder(self.root.name, "own")
        (self.own / "etc").mkdir()
        passwd, group = [], []
        for number, (name, user) in enumerate(users.items(), start=890):
            uid, gid = (user.pw_uid, user.pw_gid) if user else (number, number)
            passwd.append(f"{name}:x:{uid}:{gid}::/nonexistent:/usr/sbin/nologin\n")
            group.append(f"{name}:x:{gid}:\n")
        # In front of those of this machine, which may have one of this name.
        for name, lines in ("passwd", passwd), ("group", group):
            (self.own / "etc" / name).write_text("".join(lines) + pathlib.Path("/etc", name).read_text())
        return self.own

    def start(self, bench, *command):
        box = str(pathlib.Path(__file__).with_name("box"))
        unpacked = str(install.unpacked(self.package))
        self.output = bench.start(self.root.name, "sh", box, unpacked, str(self.own), *command, root=True)


class Aiosmtpd:
    """Python's: no PIPELINING, and AUTH PLAIN and LOGIN."""

    name = "aiosmtpd"
    mechanisms = ["PLAIN", "LOGIN"]

    def __init__(self, bench):
        self.boxes = mailboxes(bench, "aiosmtpd")
        ports = self.bare, self.port, self.submission, self.implicit, self.lmtp = [free_port() for _ in range(5)]
        log = bench.start(
            "aiosmtpd",
            SYSTEM_PYTHON,
            str(pathlib.Path(__file__).with_name("aiosmtpd_server.py")),
            str(self.boxes["alice"].path.parent),
            bench.certificate,
            bench.key,
            *map(str, ports),
            *(f"{user}:{password}" for user, password in USERS.items()),
        )
        wait_open(log, *ports)


class Postfix:
    """With Cyrus SASL. Mail for smtp.relay.test and lmtp.relay.test it carries on to `next_hop`, ours."""

    name = "Postfix"
    mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
    relays = ["clear", "smtp", "smtps", "lmtp"]

    def __init__(self, bench, next_hop):
        self.root = bench.folder("postfix")
        self.boxes = mailboxes(bench, "postfix", lf=True)
        self.port, self.submission, self.implicit = free_port(), free_port(), free_port()
        for folder in ("etc/sasl", "queue", "data"):
            bench.folder("postfix", folder)
        self.passwords()
        self.files(bench, next_hop)
        # The delivering process gives up root for this user.
        self.owner = owner()
        self.configure(bench, self.owner)
        must(as_root("chown", "-R", f"{self.owner.pw_uid}:{self.owner.pw_gid}", str(self.root / "mail")))
        must(as_root("chown", "postfix", str(self.root / "data")))
        bench.stack.callback(self.stop)
        must(as_root("postfix", "-c", str(self.root / "etc"), "start"))
        wait_open(self.root / "postfix.log", self.port, self.submission, self.implicit)

    def passwords(self):
        # Debian's Postfix looks into this folder of its configuration, whatever cyrus_sasl_config_path says.
        folder = self.root / "etc" / "sasl"
        base = folder / "users"
        for user, password in USERS.items():
            must(["saslpasswd2", "-p", "-c", "-f", str(base), "-u", f"mail.{DOMAIN}", user], input=password.encode())
        base.chmod(0o644)
        (folder / "smtpd.conf").write_text(
            f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {base}\nmech_list: {' '.join(self.mechanisms)} ANONYMOUS\n"
        )

    def files(self, bench, next_hop):
        etc = self.root / "etc"
        (etc / "mailboxes").write_text("".join(f"{user}@{DOMAIN} {user}/\n" for user in [*USERS, "full"]))
        (etc / "access").write_text(f"full@{DOMAIN} 552 5.2.2 Mailbox is full\n")
        hops = {
            "clear": f"clear:[localhost]:{next_hop.bare}",
            "smtp": f"smtp:[localhost]:{next_hop.port}",
            "smtps": f"smtps:[localhost]:{next_hop.implicit}",
            "lmtp": f"lmtp:inet:localhost:{next_hop.lmtp}",
        }
        (etc / "transport").write_text("".join(f"{name}.relay.test {hop}\n" for name, hop in hops.items()))
        ports = next_hop.port, next_hop.implicit
        (etc / "logins").write_text("".join(f"[localhost]:{port} alice:{USERS['alice']}\n" for port in ports))

    def configure(self, bench, owner):
        root, etc = self.root, self.root / "etc"
        settings = f"""
compatibility_level = 2
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file_prefixes = {root}
maillog_file = {root}/postfix.log
myhostname = mail.{DOMAIN}
mydestination =
mynetworks =
inet_interfaces = {HOST}
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
biff = no
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
lmtp_dns_support_level = disabled
smtp_host_lookup = native
lmtp_host_lookup = native
default_transport = error:5.7.1 nothing leaves this machine
relay_domains = relay.test
parent_domain_matches_subdomains = relay_domains
relay_transport = error:5.7.1 no such next hop
transport_maps = texthash:{etc}/transport
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = texthash:{etc}/mailboxes
virtual_uid_maps = static:{owner.pw_uid}
virtual_gid_maps = static:{owner.pw_gid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
message_size_limit = {MAX_SIZE}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:{etc}/access, reject_unauth_destination
smtpd_error_sleep_time = 0
smtpd_authorized_xclient_hosts = {HOST}
in_flow_delay = 0
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {etc}/sasl
smtpd_sasl_authenticated_header = yes
smtpd_sasl_security_options = noanonymous
smtpd_tls_auth_only = yes
smtpd_tls_security_level = may
smtpd_tls_cert_file = {bench.certificate}
smtpd_tls_key_file = {bench.key}
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = hostname
smtp_tls_CAfile = {bench.ca}
lmtp_tls_security_level = secure
lmtp_tls_secure_cert_match = hostname
lmtp_tls_CAfile = {bench.ca}
smtp_sasl_auth_enable = yes
smtp_sasl_security_options = noanonymous
smtp_sasl_password_maps = texthash:{etc}/logins
"""
        (etc / "main.cf").write_text(settings.lstrip())
        login = (
            "-o smtpd_relay_restrictions=permit_sasl_authenticated,reject "
            "-o smtpd_recipient_restrictions=permit_sasl_authenticated,reject"
        )
        services = f"""
{HOST}:{self.port} inet n - n - - smtpd -o smtpd_sasl_security_options=
{HOST}:{self.submission} inet n - n - - smtpd {login}
{HOST}:{self.implicit} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes {login}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
smtps unix - - n - - smtp -o smtp_tls_wrappermode=yes
clear unix - - n - - smtp -o smtp_tls_security_level=none -o smtp_sasl_auth_enable=no -o smtp_send_xforward_command=yes
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
        (etc / "master.cf").write_text(services.lstrip())

    def stop(self):
        """It has left us, so its end is waited for by its process id."""
        note = self.root / "queue" / "pid" / "master.pid"
        done = run(as_root("cat", str(note)))
        run(as_root("postfix", "-c", str(self.root / "etc"), "abort"))
        with contextlib.suppress(ValueError):
            process = pathlib.Path("/proc") / str(int(done.stdout))
            end = time.monotonic() + 10
            while process.exists() and "master" in (process / "comm").read_text():
                if time.monotonic() > end:
                    run(as_root("kill", "-KILL", process.name))
                    break
                time.sleep(0.05)

    def log(self):
        return run(as_root("tail", "-n", "40", str(self.root / "postfix.log"))).stdout.decode("utf-8", "replace")

    def left(self):
        """What is still in its queue."""
        queues = ("active", "bounce", "defer", "deferred", "incoming", "maildrop")
        folders = [str(self.root / "queue" / queue) for queue in queues]
        return must(as_root("find", *folders, "-type", "f")).decode()
