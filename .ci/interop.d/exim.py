"""Exim: as a server, and as one that carries mail on to ours, with BDAT where that is offered. It runs in a box."""

import base64

from bench import DOMAIN, HOST, as_root, free_port, must, owner, run, wait_open
from servers import MAX_SIZE, USERS, Boxed, mailboxes


class Exim(Boxed):
    name, package = "Exim", "exim4-daemon-heavy"
    mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5"]
    relays = ["clear", "data", "smtp", "smtps", "lmtp"]

    def __init__(self, bench, next_hop):
        self.root = bench.folder("exim")
        self.boxes = mailboxes(bench, "exim", lf=True)
        self.port, self.submission, self.implicit = free_port(), free_port(), free_port()
        self.box(bench, {"Debian-exim": owner()})
        bench.folder("exim", "spool")
        (self.root / "logins").write_text(
            "".join(f"{user}: {base64.b64encode(secret.encode()).decode()}\n" for user, secret in USERS.items())
        )
        (self.root / "boxes").write_text("".join(f"{user}: {user}\n" for user in USERS))
        (self.root / "exim.conf").write_text(self.settings(bench, next_hop))
        # It gives up root, but not before it has read its settings, which must be root's.
        must(as_root("chown", "-R", f"{self.owner.pw_uid}:{self.owner.pw_gid}", str(self.root)))
        must(as_root("chown", "root", str(self.root / "exim.conf")))
        self.start(bench, "/usr/sbin/exim4", "-C", str(self.root / "exim.conf"), "-bdf", "-q1m")
        wait_open(self.output, self.port, self.submission, self.implicit)

    def settings(self, bench, next_hop):
        root = self.root
        ports = {
            "clear": next_hop.bare,
            "data": next_hop.bare,
            "smtp": next_hop.port,
            "smtps": next_hop.implicit,
            "lmtp": next_hop.lmtp,
        }
        routers = "".join(
            f"{name}:\n  driver = manualroute\n  domains = {name}.relay.test\n  self = send\n"
            f"  route_list = * localhost::{port} byname\n  transport = {name}\n"
            for name, port in ports.items()
        )
        secret = f"${{base64d:${{lookup{{$auth%d}}lsearch{{{root}/logins}}{{$value}}fail}}}}"
        return f"""
primary_hostname = mail.{DOMAIN}
spool_directory = {root}/spool
log_file_path = {root}/%slog
pid_file_path = {root}/exim.pid
log_selector = +smtp_protocol_error +smtp_syntax_error +received_recipients
deliver_drop_privilege = true
never_users =
keep_environment =
local_interfaces = {HOST}
daemon_smtp_ports = {self.port} : {self.submission} : {self.implicit}
tls_on_connect_ports = {self.implicit}
tls_advertise_hosts = *
tls_certificate = {bench.certificate}
tls_privatekey = {bench.key}
tls_verify_certificates = {bench.ca}
tls_try_verify_hosts = *
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
chunking_advertise_hosts = *
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
pipelining_advertise_hosts = *
prdr_enable = true
accept_8bitmime = true
message_size_limit = {MAX_SIZE}
host_lookup =
rfc1413_hosts =
smtp_accept_max = 100
smtp_accept_queue_per_connection = 0
queue_run_max = 1
acl_smtp_rcpt = rcpt
acl_smtp_data_prdr = accept
received_header_text = Received: from $sender_helo_name (Authenticated sender: $authenticated_id) with ${{uc:$received_protocol}}

begin acl
rcpt:
  deny    message = 5.7.1 Log in first
          condition = ${{if eq{{$received_port}}{{{self.port}}}{{no}}{{yes}}}}
          !authenticated = *
  deny    message = 552 5.2.2 Mailbox is full
          recipients = full@{DOMAIN}
  accept  domains = *.relay.test
  deny    message = 554 5.7.1 This server relays nothing
          !domains = {DOMAIN}
  require verify = recipient
  accept

begin routers
{routers}box:
  driver = accept
  domains = {DOMAIN}
  local_parts = lsearch;{root}/boxes
  transport = box

begin transports
box:
  driver = appendfile
  directory = {root}/mail/$local_part_data
  create_directory = false
  maildir_format
  user = Debian-exim
  mode = 0644
  message_prefix =
  message_suffix =
  check_string =
clear:
  driver = smtp
  allow_localhost
  hosts_avoid_tls = *
data:
  driver = smtp
  allow_localhost
  hosts_avoid_tls = *
  hosts_try_chunking =
smtp:
  driver = smtp
  allow_localhost
  hosts_require_auth = *
{within_tls(bench)}smtps:
  driver = smtp
  allow_localhost
  protocol = smtps
  hosts_require_auth = *
{within_tls(bench)}lmtp:
  driver = smtp
  allow_localhost
  protocol = lmtp
  port = {next_hop.lmtp}
{within_tls(bench)}
begin retry
* * F,1m,1s

begin authenticators
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = {secret % 1}
  server_set_id = $auth1
  client_name = alice
  client_secret = {USERS["alice"]}
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{{secret % 2}}}{{$auth3}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if eq{{{secret % 1}}}{{$auth2}}}}
  server_set_id = $auth1
external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = ${{if eq{{$tls_in_certificate_verified}}{{1}}}}
  server_param2 = ${{certextract{{subject,CN}}{{$tls_in_peercert}}}}
  server_condition = ${{if or{{{{eq{{$auth1}}{{}}}}{{eq{{$auth1}}{{$auth2}}}}}}}}
  server_set_id = $auth2
"""

    def log(self):
        return run(as_root("sh", "-c", f"tail -n 40 {self.root}/*log")).stdout.decode("utf-8", "replace")

    def sent(self):
        log = run(as_root("cat", str(self.root / "mainlog"))).stdout.decode("utf-8", "replace")
        return [line for line in log.splitlines() if " => " in line]

    def left(self):
        """What is still in its queue."""
        return run(as_root("find", str(self.root / "spool" / "input"), "-type", "f", "-name", "*-H")).stdout.decode()


def within_tls(bench):
    return f"""  hosts_require_tls = *
  tls_verify_certificates = {bench.ca}
  tls_verify_hosts = *
  tls_verify_cert_hostnames = *
"""
