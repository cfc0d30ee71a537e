"""Dovecot: LMTP, and a submission server that hands on to ours."""

import base64
import hashlib
import hmac
import json
import time

from bench import DOMAIN, HOST, Skipped, as_root, free_port, must, owner, run, wait_open
from servers import MAX_SIZE, USERS, mailboxes


class Dovecot:
    name = "Dovecot"
    mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
    tokens = ["XOAUTH2", "OAUTHBEARER"]

    def __init__(self, bench, next_hop):
        version = must(["dovecot", "--version"]).decode().split()[0]
        if not version.startswith("2.3."):
            raise Skipped(f"these settings are for Dovecot 2.3, and here is {version}")
        self.root = bench.folder("dovecot")
        self.boxes = mailboxes(bench, "dovecot", lf=True)
        self.lmtp, self.submission, self.implicit = free_port(), free_port(), free_port()
        for folder in ("run", "state", "oauth/keys/default/HS256"):
            bench.folder("dovecot", folder)
        (self.root / "users").write_text(
            "".join(f"{user}:{{PLAIN}}{password}:::::\n" for user, password in [*USERS.items(), ("anonymous", "-")])
        )
        self.token = self.oauth()
        self.owner = owner()
        (self.root / "dovecot.conf").write_text(self.settings(bench, next_hop))
        must(as_root("chown", "-R", f"{self.owner.pw_uid}:{self.owner.pw_gid}", str(self.root / "mail")))
        log = bench.start("dovecot", "dovecot", "-F", "-c", str(self.root / "dovecot.conf"), root=True)
        wait_open(log, self.lmtp, self.submission, self.implicit)

    def oauth(self):
        """A token for alice, signed by a key that the server knows."""
        key = b"a key that is here for this alone"
        (self.root / "oauth/keys/default/HS256/default").write_bytes(base64.b64encode(key))
        now = int(time.time())
        parts = {"alg": "HS256", "typ": "JWT"}, {"sub": "alice", "email": "alice", "iat": now - 10, "exp": now + 86400}
        text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
        signature = base64.urlsafe_b64encode(hmac.new(key, text, hashlib.sha256).digest()).rstrip(b"=")
        (self.root / "oauth.conf").write_text(
            f"introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={self.root}/oauth/keys/\n"
            "username_attribute = email\nactive_attribute =\nactive_value =\n"
        )
        return f"{text.decode()}.{signature.decode()}"

    def settings(self, bench, next_hop):
        root = self.root
        return f"""
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
protocols = lmtp submission
listen = {HOST}
hostname = mail.{DOMAIN}
postmaster_address = postmaster@{DOMAIN}
ssl = yes
ssl_cert = <{bench.certificate}
ssl_key = <{bench.key}
ssl_ca = <{bench.ca}
ssl_verify_client_cert = yes
ssl_require_crl = no
ssl_cert_username_field = commonName
auth_ssl_username_from_cert = yes
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer anonymous external
auth_anonymous_username = anonymous
auth_username_format = %Ln
auth_failure_delay = 0
disable_plaintext_auth = yes
login_trusted_networks = {HOST}
first_valid_uid = 1
first_valid_gid = 1
mail_uid = {self.owner.pw_uid}
mail_gid = {self.owner.pw_gid}
mail_home = {root}/mail/%n
mail_location = maildir:{root}/mail/%n:INDEX=MEMORY
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth.conf
}}
passdb {{
  driver = static
  mechanisms = external
  args = nopassword=y
}}
passdb {{
  driver = passwd-file
  args = username_format=%n {root}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%n {root}/users
}}
submission_relay_host = {HOST}
submission_relay_port = {next_hop.bare}
submission_max_mail_size = {MAX_SIZE}
service submission-login {{
  inet_listener submission {{
    port = {self.submission}
  }}
  inet_listener submissions {{
    port = {self.implicit}
    ssl = yes
  }}
}}
service lmtp {{
  user = root
  inet_listener lmtp {{
    port = {self.lmtp}
  }}
}}
service anvil {{
  # Without this a failed login delays those that come after it.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""

    def log(self):
        return run(as_root("tail", "-n", "40", str(self.root / "dovecot.log"))).stdout.decode("utf-8", "replace")
