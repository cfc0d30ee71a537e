"""aiosmtpd with a Maildir for each user: ROOT CERTIFICATE KEY PLAIN-PORT TLS-PORT SUBMISSION-PORT USER:PASSWORD...

PLAIN-PORT has no TLS; TLS-PORT has STARTTLS; SUBMISSION-PORT wants a login, and TLS before it.
"""

import asyncio
import pathlib
import ssl
import sys
import uuid

from aiosmtpd.smtp import SMTP, AuthResult

root, certificate, key = sys.argv[1:4]
plain, tls, submission = map(int, sys.argv[4:7])
users = dict(user.split(":", 1) for user in sys.argv[7:])


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
        protocol = "ESMTP" + ("S" if session.ssl else "") + ("A" if session.authenticated else "")
        user = session.auth_data.login.decode() if session.authenticated else "-"
        trace = f"Received: from {session.host_name} (Authenticated sender: {user}) with {protocol}\r\n".encode()
        for address in envelope.rcpt_tos:
            box, name = pathlib.Path(root, address.partition("@")[0]), uuid.uuid4().hex
            (box / "tmp" / name).write_bytes(trace + envelope.original_content)
            (box / "tmp" / name).rename(box / "new" / name)
        return "250 2.0.0 Stored"


def authenticate(server, session, envelope, mechanism, login):
    right = users.get(login.login.decode()) == login.password.decode()
    session.auth_data = login
    return AuthResult(success=right, handled=False, auth_data=login)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    options = dict(hostname="mail.example.test", data_size_limit=3_000_000)
    login = dict(tls_context=context, authenticator=authenticate)
    loop = asyncio.get_running_loop()
    for port, more in (plain, {}), (tls, login), (submission, dict(login, auth_required=True)):
        await loop.create_server(lambda more=more: SMTP(Handler(), **options, **more), "127.0.0.1", port)
    await asyncio.Event().wait()


asyncio.run(main())
