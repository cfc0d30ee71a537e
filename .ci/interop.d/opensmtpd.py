"""OpenSMTPD: as a server, and as one that carries mail on to ours. It runs in a box.

As a server in the clear only, and so without AUTH, which it has within TLS: this build of it, 6.8.0p2, cannot use its
private key with OpenSSL 3, and every handshake fails. As a client it has TLS. It knows neither BDAT nor SMTPUTF8, nor
PIPELINING as a server.
"""

from bench import DOMAIN, HOST, as_root, free_port, must, run, wait_open
from servers import MAX_SIZE, USERS, Boxed, mailboxes


class OpenSmtpd(Boxed):
    name, package = "OpenSMTPD", "opensmtpd"
    relays = ["clear", "smtp", "smtps", "lmtp"]

    def __init__(self, bench, next_hop):
        self.root = bench.folder("opensmtpd")
        self.boxes = mailboxes(bench, "opensmtpd", lf=True)
        self.port = free_port()
        own = self.box(bench, {"opensmtpd": None, "opensmtpq": None})
        for folder in ("run", "lib/opensmtpd/empty", "spool/smtpd", "etc/ssl/certs"):
            (own / folder).mkdir(parents=True)
        (own / "spool" / "smtpd").chmod(0o711)
        with open(bench.ca) as ca:
            (own / "etc" / "ssl" / "certs" / "ca-certificates.crt").write_text(ca.read())
        (own / "etc" / "mailname").write_text(f"mail.{DOMAIN}\n")
        self.files(next_hop)
        must(as_root("chown", "-R", f"{self.owner.pw_uid}:{self.owner.pw_gid}", str(self.root / "mail")))
        must(as_root("chown", "-R", "root", str(own), str(self.root / "smtpd.conf")))
        self.start(bench, "/usr/sbin/smtpd", "-d", "-f", str(self.root / "smtpd.conf"))
        wait_open(self.output, self.port)

    def files(self, next_hop):
        root, owner = self.root, self.owner
        (root / "users").write_text(
            "".join(f"{user}\t{owner.pw_uid}:{owner.pw_gid}:{root}/mail/{user}\n" for user in USERS)
        )
        (root / "boxes").write_text("".join(f"{user}@{DOMAIN}\t{user}\n" for user in USERS))
        (root / "logins").write_text(f"next\talice:{USERS['alice']}\n")
        hops = {
            "clear": f"smtp+notls://localhost:{next_hop.bare}",
            "smtp": f"smtp+tls://next@localhost:{next_hop.port}",
            "smtps": f"smtps://next@localhost:{next_hop.implicit}",
            "lmtp": f"lmtp://localhost:{next_hop.lmtp}",
        }
        trust = {"smtp": " tls auth <logins>", "smtps": " tls auth <logins>"}
        settings = root / "smtpd.conf"
        settings.write_text(
            f"""
table users file:{root}/users
table boxes file:{root}/boxes
table logins file:{root}/logins
smtp max-message-size "{MAX_SIZE}"
smtp limit max-rcpt 1000
smtp limit max-mails 1000
listen on {HOST} port {self.port} hostname mail.{DOMAIN}
action box maildir "%{{user.directory}}" userbase <users> virtual <boxes>
"""
            + "".join(f'action "{hop}" relay host "{url}"{trust.get(hop, "")}\n' for hop, url in hops.items())
            + f"match from any for domain {DOMAIN} action box\n"
            + "".join(f'match from any for domain {hop}.relay.test action "{hop}"\n' for hop in hops)
        )
        settings.chmod(0o600)

    def log(self):
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-40:])

    def left(self):
        return run(as_root("find", str(self.own / "spool" / "smtpd" / "queue"), "-type", "f")).stdout.decode()
