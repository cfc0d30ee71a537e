"""aiosmtpd with a Maildir for each user: ROOT CERTIFICATE KEY, five PORTs, USER:PASSWORD...

The ports: without TLS; with STARTTLS; a login wanted, and TLS before it; the same within TLS; LMTP.
"""

import asyncio
import functools
import pathlib
import ssl
import sys
import uuid

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, AuthResult

root, certificate, key = sys.argv[1:4]
plain, tls, submission, implicit, lmtp = map(int, sys.argv[4:9])
users = dict(user.split(":", 1) for user in sys.argv[9:])


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name, _, domain = address.partition("@")
        if domain != "example.test":
            return "554 5.7.1 This server relays nothing"
        if name == "full":
            return "552 5.2.2 Mailbox is full"
        if name not in users:
            return "550 5.1.1 No such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        secure = session.ssl or server.transport.get_extra_info("ssl_object")
        protocol = ("LMTP" if isinstance(server, LMTP) else "ESMTP") + ("S" if secure else "")
        protocol += "A" if session.authenticated else ""
        user = session.auth_data.login.decode() if session.authenticated else "-"
        trace = f"Received: from {session.host_name} (Authenticated sender: {user}) with {protocol}\r\n".encode()
        for address in envelope.rcpt_tos:
            box, name = pathlib.Path(root, address.partition("@")[0]), uuid.uuid4().hex
            (box / "tmp" / name).write_bytes(trace + envelope.original_content)
            (box / "tmp" / name).rename(box / "new" / name)
        # RFC 2033 §4.2: a reply for each recipient
        return "\r\n".join(["250 2.0.0 Stored"] * (len(envelope.rcpt_tos) if isinstance(server, LMTP) else 1))


def authenticate(server, session, envelope, mechanism, login):
    right = users.get(login.login.decode()) == login.password.decode()
    session.auth_data = login
    return AuthResult(success=right, handled=False, auth_data=login)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    options = dict(hostname="mail.example.test", data_size_limit=3_000_000, enable_SMTPUTF8=True)
    login = dict(tls_context=context, authenticator=authenticate)
    inside = dict(authenticator=authenticate, auth_required=True, auth_require_tls=False)
    loop = asyncio.get_running_loop()
    for kind, port, within, more in (
        (SMTP, plain, None, {}),
        (SMTP, tls, None, login),
        (SMTP, submission, None, dict(login, auth_required=True)),
        (SMTP, implicit, context, inside),
        (LMTP, lmtp, None, dict(tls_context=context)),
    ):
        made = functools.partial(kind, Handler(), **options, **more)
        await loop.create_server(made, "127.0.0.1", port, ssl=within)
    await asyncio.Event().wait()


asyncio.run(main())
