"""Sends one message by smtplib or aiosmtplib; what and how is the JSON in the first argument."""

import asyncio
import json
import smtplib
import ssl
import sys

how = json.loads(sys.argv[1])
with open(how["file"], "rb") as file:
    octets = file.read()
context = ssl.create_default_context(cafile=how["ca"])
login = how["user"], how["password"]


def by_smtplib():
    host, port = how["host"], how["port"]
    if how["lmtp"]:
        client = smtplib.LMTP(host, port, local_hostname=how["helo"], timeout=20)
    elif how["tls"] == "implicit":
        client = smtplib.SMTP_SSL(host, port, local_hostname=how["helo"], timeout=20, context=context)
    else:
        client = smtplib.SMTP(host, port, local_hostname=how["helo"], timeout=20)
    with client:
        client.set_debuglevel(1)
        if how["tls"] == "starttls":
            client.starttls(context=context)
        client.ehlo()
        if how["user"] and how["auth"]:
            client.user, client.password = login
            answer = getattr(client, "auth_" + how["auth"].lower().replace("-", "_"))
            client.auth(how["auth"], answer, initial_response_ok=not how["late"])
        elif how["user"]:
            client.login(*login)
        if how["commands"]:
            commands(client)
        refused = client.sendmail(how["from"], how["to"], octets, how["mail"], how["rcpt"])
        if refused:
            sys.exit(f"refused: {refused}")


def commands(client):
    """What is wrong is refused, each with its code, and nothing comes of it."""
    to = how["to"][0]
    for command, codes in (
        ("NOOP", {250}),
        ("RSET", {250}),
        (f"VRFY {to}", {250, 252}),
        ("HELP", {211, 214, 502}),
        ("XYZZY", {500, 502}),
        (f"RCPT TO:<{to}>", {503}),
        ("DATA", {503}),
        ("MAIL FROM:<me@example.org>", {250}),
        ("MAIL FROM:<me@example.org>", {503}),
        ("RCPT TO:<>", {501, 553}),
        (f"RCPT TO:<{to}>", {250}),
        ("RSET", {250}),
        ("DATA", {503}),
        ("noop", {250}),
    ):
        code, text = client.docmd(command)
        if code not in codes:
            sys.exit(f"{command}: {code} {text}")


async def by_aiosmtplib():
    import aiosmtplib

    client = aiosmtplib.SMTP(
        hostname=how["host"],
        port=how["port"],
        use_tls=how["tls"] == "implicit",
        start_tls=how["tls"] == "starttls",
        tls_context=None if how["tls"] == "none" else context,
        timeout=20,
        local_hostname=how["helo"],
    )
    async with client:
        if how["user"] and how["auth"]:
            await client.ehlo()
            name = how["auth"].lower().replace("cram-md5", "crammd5").replace("-", "_")
            await getattr(client, f"auth_{name}")(*login)
        elif how["user"]:
            await client.login(*login)
        options = dict(mail_options=how["mail"], rcpt_options=how["rcpt"])
        refused, _ = await client.sendmail(how["from"], how["to"], octets, **options)
        if refused:
            sys.exit(f"refused: {refused}")


if how["library"] == "smtplib":
    by_smtplib()
else:
    asyncio.run(by_aiosmtplib())
